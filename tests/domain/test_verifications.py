from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import InteractionId
from authserver.domain.verifications import (
    CROCKFORD_ALPHABET,
    CodeClass,
    CodeOutcome,
    CodePolicy,
    Purpose,
    Verification,
    VerificationId,
    VerificationState,
)

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
END = NOW + timedelta(minutes=10)
SECOND = timedelta(seconds=1)
MACS = st.integers(min_value=0, max_value=2**256 - 1)

LIVE = Verification(
    id=VerificationId("v1"),
    interaction_id=InteractionId("i1"),
    purpose=Purpose.SIGN_IN,
    address=EmailAddress(typed="Ada@example.com", canonical="ada@example.com"),
    client_id="shop",
    code_class=CodeClass.DIGITS6,
    key_id="k1",
    label="4F7",
    source="192.0.2.7",
    browser="Firefox",
    attempt_limit=5,
    mail_limit=5,
    next_mail_at=NOW,
    created_at=NOW,
    expires_at=END,
)


@pytest.mark.parametrize(
    ("code_class", "mac", "code"),
    [
        (CodeClass.DIGITS6, 0, "000000"),
        (CodeClass.DIGITS6, 7_000_042, "000042"),
        (CodeClass.DIGITS8, 42, "00000042"),
        (CodeClass.BASE32, 0, "0000000000000"),
        (CodeClass.BASE32, 2**256 - 1, "ZZZZZZZZZZZZZ"),
        (CodeClass.BASE32, 1 << 191, "0000000000001"),
        (CodeClass.BASE32, 1 << 255, "G000000000000"),
    ],
)
def test_a_code_is_spelled_from_its_mac(code_class: CodeClass, mac: int, code: str) -> None:
    assert code_class.spell(mac) == code


@given(MACS, st.sampled_from(CodeClass))
def test_a_code_has_the_length_of_its_class(mac: int, code_class: CodeClass) -> None:
    assert len(code_class.spell(mac)) == code_class.symbols


@given(MACS)
def test_a_long_code_is_the_first_sixty_five_bits(mac: int) -> None:
    number = 0
    for symbol in CodeClass.BASE32.spell(mac):
        number = number * 32 + CROCKFORD_ALPHABET.index(symbol)

    assert number == mac >> 191


def test_a_long_code_is_shown_in_groups_and_a_short_one_as_it_is() -> None:
    assert CodeClass.BASE32.show("0123456789ABC") == "0123-4567-89ABC"
    assert CodeClass.DIGITS6.show("123456") == "123456"


@pytest.mark.parametrize(
    ("changes", "now", "standing"),
    [
        ({}, NOW, None),
        ({}, END - SECOND, None),
        ({}, END, CodeOutcome.EXPIRED),
        ({"attempts": 4}, NOW, None),
        ({"attempts": 5}, NOW, CodeOutcome.EXHAUSTED),
        ({"attempts": 5}, END, CodeOutcome.EXPIRED),
        ({"state": VerificationState.VERIFIED}, NOW, CodeOutcome.ALREADY_USED),
        ({"state": VerificationState.VERIFIED}, END, CodeOutcome.ALREADY_USED),
        ({"state": VerificationState.REPLACED}, NOW, CodeOutcome.REPLACED),
        ({"state": VerificationState.CANCELLED}, END, CodeOutcome.REPLACED),
    ],
)
def test_a_verification_says_why_no_code_can_be_submitted(
    changes: dict[str, object], now: datetime, standing: CodeOutcome | None
) -> None:
    verification = replace(LIVE, **changes)  # type: ignore[arg-type]  # fields of several types

    assert verification.standing(now) is standing


@pytest.mark.parametrize(("attempts", "left"), [(0, 5), (4, 1), (5, 0), (6, 0)])
def test_tries_left_are_never_negative(attempts: int, left: int) -> None:
    assert replace(LIVE, attempts=attempts).tries_left == left


@pytest.mark.parametrize(
    ("state", "verified_at", "used_at", "after", "serves"),
    [
        (VerificationState.VERIFIED, NOW, None, timedelta(0), True),
        (VerificationState.VERIFIED, NOW, None, timedelta(minutes=10) - SECOND, True),
        (VerificationState.VERIFIED, NOW, None, timedelta(minutes=10), False),
        (VerificationState.VERIFIED, NOW, NOW, timedelta(0), False),
        (VerificationState.LIVE, None, None, timedelta(0), False),
        (VerificationState.CANCELLED, NOW, None, timedelta(0), False),
    ],
)
def test_a_proof_serves_once_and_for_its_life(
    state: VerificationState,
    verified_at: datetime | None,
    used_at: datetime | None,
    after: timedelta,
    serves: bool,  # noqa: FBT001 - a row of the table
) -> None:
    proof = replace(LIVE, state=state, verified_at=verified_at, proof_used_at=used_at)

    assert proof.proof_serves(NOW + after, CodePolicy()) is serves


@pytest.mark.parametrize(("mails", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 120), (9, 120)])
def test_waits_between_mails_grow_and_then_stay(mails: int, seconds: int) -> None:
    assert CodePolicy().wait_after(mails) == timedelta(seconds=seconds)


def test_mails_can_leave_at_the_instants_that_are_promised() -> None:
    policy = CodePolicy()
    instants = [0]
    for mails in range(1, policy.mails_per_verification):
        instants.append(instants[-1] + int(policy.wait_after(mails).total_seconds()))

    assert instants == [0, 30, 90, 210, 330]


def test_the_numbers_in_force_are_those_that_are_promised() -> None:
    policy = CodePolicy()

    assert (policy.life, policy.proof_life) == (timedelta(minutes=10), timedelta(minutes=10))
    assert (policy.tries, policy.start_class) == (5, CodeClass.DIGITS6)
    assert (policy.mails_per_address_day, policy.mails_device_share) == (10, 3)
    assert (policy.mails_per_source_and_address, policy.mails_per_day) == (3, 1600)
    assert policy.starts_per_source_hour == 50
