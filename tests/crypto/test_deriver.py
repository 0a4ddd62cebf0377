import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.crypto.deriver import Deriver, authenticate
from authserver.crypto.key_ring import KeyRing
from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import InteractionId
from authserver.domain.secret import Secret
from authserver.domain.verifications import (
    CROCKFORD_ALPHABET,
    CodeClass,
    Purpose,
    Verification,
    VerificationId,
)
from tests.support.known_randomness import KnownRandomness

OLD = Secret("old-secret-key-of-thirty-two-characters")
NEW = Secret("new-secret-key-of-thirty-two-characters")
NOW = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
ALPHABETS = {
    CodeClass.DIGITS6: "0123456789",
    CodeClass.DIGITS8: "0123456789",
    CodeClass.BASE32: CROCKFORD_ALPHABET,
}


def deriver(*secrets: Secret) -> Deriver:
    return Deriver(KeyRing(secrets or (OLD,), KnownRandomness()))


VERIFICATION = Verification(
    id=VerificationId("v1"),
    interaction_id=InteractionId("i1"),
    purpose=Purpose.SIGN_IN,
    address=EmailAddress(typed="Ada@example.com", canonical="ada@example.com"),
    client_id="shop",
    code_class=CodeClass.DIGITS6,
    key_id=deriver().keys.newest_id,
    label="4F7",
    source="192.0.2.7",
    browser="Firefox",
    attempt_limit=5,
    mail_limit=5,
    next_mail_at=NOW,
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
)


def code_of(verification: Verification, *secrets: Secret) -> str:
    code = deriver(*secrets).code(verification)
    assert code is not None
    return code.reveal()


@given(st.sampled_from(CodeClass), st.text(min_size=1, max_size=30))
def test_a_code_has_the_shape_of_its_class(code_class: CodeClass, name: str) -> None:
    code = code_of(replace(VERIFICATION, id=VerificationId(name), code_class=code_class))

    assert len(code) == code_class.symbols
    assert set(code) <= set(ALPHABETS[code_class])


@pytest.mark.parametrize(
    ("code_class", "code"),
    [
        (CodeClass.DIGITS6, "705264"),
        (CodeClass.DIGITS8, "58166394"),
        (CodeClass.BASE32, "WB92DKJ2KN5PH"),
    ],
)
def test_codes_never_change(code_class: CodeClass, code: str) -> None:
    assert code_of(replace(VERIFICATION, code_class=code_class)) == code


@pytest.mark.parametrize("code_class", CodeClass)
@pytest.mark.parametrize(
    "other",
    [
        {"id": VerificationId("v2")},
        {"purpose": Purpose.REGISTER},
        {"address": EmailAddress(typed="bob@example.com", canonical="bob@example.com")},
    ],
)
def test_a_code_is_bound_to_what_it_is_for(code_class: CodeClass, other: dict[str, object]) -> None:
    verification = replace(VERIFICATION, code_class=code_class)

    changed = replace(verification, **other)  # type: ignore[arg-type]  # one field of its own type each

    assert code_of(verification) != code_of(changed)


def test_a_longer_code_is_not_the_shorter_one_continued() -> None:
    shorter = code_of(VERIFICATION)
    longer = code_of(replace(VERIFICATION, code_class=CodeClass.DIGITS8))

    assert shorter not in longer


def test_the_spelling_of_the_address_and_the_browser_do_not_change_the_code() -> None:
    retyped = EmailAddress(typed="ADA@example.com", canonical="ada@example.com")

    other = replace(VERIFICATION, address=retyped, browser="Safari", attempts=3, mails=2)

    assert code_of(other) == code_of(VERIFICATION)


def test_a_code_outlives_a_rotation_of_the_keys_and_dies_with_its_key() -> None:
    assert code_of(VERIFICATION, NEW, OLD) == code_of(VERIFICATION, OLD)
    assert deriver(NEW).code(VERIFICATION) is None
    assert not deriver(NEW).code_matches(VERIFICATION, code_of(VERIFICATION))


def test_only_the_code_itself_matches() -> None:
    code = code_of(VERIFICATION)

    outcomes = [
        deriver().code_matches(VERIFICATION, entered)
        for entered in (code, code[:-1], code + "0", "", "é" * 6)
    ]

    assert outcomes == [True, False, False, False, False]


def test_a_derived_secret_does_not_show_itself() -> None:
    code = deriver().code(VERIFICATION)

    assert code is not None
    assert code.reveal() not in f"{code!r} {code}"


def beside_code(verification: Verification, *secrets: Secret) -> tuple[str, str]:
    """Return the token of the link and the number of the first tab."""
    link = deriver(*secrets).finish_link(verification)
    number = deriver(*secrets).finish_number(verification)
    assert link is not None
    assert number is not None
    return link.reveal(), number.reveal()


@pytest.mark.parametrize("code_class", CodeClass)
def test_link_and_number_keep_their_length_and_hold_nothing_of_the_code(
    code_class: CodeClass,
) -> None:
    verification = replace(VERIFICATION, code_class=code_class)
    link, number = beside_code(verification)

    assert re.fullmatch("[0-9a-f]{32}", link)
    assert re.fullmatch("[0-9]{6}", number)
    assert number not in code_of(verification)
    assert number not in link


def test_link_and_number_never_change() -> None:
    assert beside_code(VERIFICATION) == ("52967a3e8ca593931d2dbbaedc1d0a78", "554714")


@pytest.mark.parametrize(
    "other",
    [
        {"id": VerificationId("v2")},
        {"purpose": Purpose.REGISTER},
        {"code_class": CodeClass.DIGITS8},
        {"address": EmailAddress(typed="bob@example.com", canonical="bob@example.com")},
    ],
)
def test_link_and_number_are_bound_to_what_they_are_for(other: dict[str, object]) -> None:
    changed = replace(VERIFICATION, **other)  # type: ignore[arg-type]  # one field of its own type each

    assert not set(beside_code(VERIFICATION)) & set(beside_code(changed))


def test_link_and_number_outlive_a_rotation_of_the_keys_and_die_with_their_key() -> None:
    link, number = beside_code(VERIFICATION, NEW, OLD)

    assert (link, number) == beside_code(VERIFICATION, OLD)
    assert deriver(NEW).finish_link(VERIFICATION) is None
    assert deriver(NEW).finish_number(VERIFICATION) is None
    assert not deriver(NEW).finish_link_matches(VERIFICATION, link)
    assert not deriver(NEW).number_matches(VERIFICATION, number)


def test_only_link_and_number_themselves_match() -> None:
    link, number = beside_code(VERIFICATION)

    assert deriver().finish_link_matches(VERIFICATION, link)
    assert deriver().number_matches(VERIFICATION, number)
    for entered in ("", link[:-1], link.upper(), number[:-1], "é", "\udcff", code_of(VERIFICATION)):
        assert not deriver().finish_link_matches(VERIFICATION, entered)
        assert not deriver().number_matches(VERIFICATION, entered)


def test_a_refresh_token_has_one_successor_under_each_key() -> None:
    key_id = deriver().keys.newest_id

    successors = [deriver(NEW, OLD).refresh_successor("token", key_id) for _ in range(2)]

    assert successors == [deriver(OLD).refresh_successor("token", key_id)] * 2
    assert successors[0] != deriver(NEW, OLD).refresh_successor("other", key_id)
    assert successors[0] != deriver(NEW).refresh_successor("token", deriver(NEW).keys.newest_id)
    assert deriver(NEW).refresh_successor("token", key_id) is None


def test_a_successor_has_two_hundred_and_fifty_six_bits() -> None:
    successor = deriver().refresh_successor("token", deriver().keys.newest_id)

    assert successor is not None
    assert len(successor.reveal()) == 43


def test_one_sign_in_has_one_session_cookie() -> None:
    cookies = [
        deriver().session_cookie(interaction, cookie).reveal()
        for interaction, cookie in [("i1", "c1"), ("i1", "c1"), ("i2", "c1"), ("i1", "c2")]
    ]

    assert cookies[0] == cookies[1]
    assert len(set(cookies)) == 3


def test_equal_input_for_different_purposes_gives_different_values() -> None:
    key_id = deriver().keys.newest_id
    successor = deriver().refresh_successor("a", key_id)
    assert successor is not None

    assert deriver().form_token("a") != successor.reveal()
    assert deriver().form_token("a", "b") != deriver().session_cookie("a", "b").reveal()


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_fields_cannot_be_shifted_into_one_another(first: list[str], second: list[str]) -> None:
    macs = [authenticate(b"k" * 32, *fields) for fields in (first, second)]

    assert (macs[0] == macs[1]) == (first == second)
