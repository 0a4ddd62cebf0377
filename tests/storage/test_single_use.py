"""Of many who ask for one thing at once, exactly one gets it."""

from datetime import timedelta
from functools import partial

import pytest

from authserver.domain.accounts import SignInLink, Subject
from authserver.domain.interactions import InteractionState
from authserver.domain.verifications import VerificationId, VerificationState
from authserver.storage.unit_of_work import Storage
from authserver.storage.verifications import AlreadyLive
from tests.storage.racing import race, race_of
from tests.storage.samples import (
    ADA,
    CLIENT,
    CODE_DIGEST,
    INTERACTION,
    LATER,
    NOW,
    REFRESH_DIGEST,
    SUBJECT,
    a_verification,
    an_interaction,
    store_account,
    store_tokens,
    store_verification,
)

MANY = 12
LINK = b"link"


def claim_code(storage: Storage) -> bool:
    with storage.writing() as work:
        claimed = work.authorization_codes.claim(CODE_DIGEST, CLIENT, NOW)
        work.commit()
    return claimed is not None


def spend_refresh(storage: Storage, key_id: str = "key-1") -> bool:
    with storage.writing() as work:
        spent = work.tokens.spend_refresh(REFRESH_DIGEST, CLIENT, key_id, NOW)
        work.commit()
    return spent is not None


def consume(storage: Storage, verification: VerificationId) -> bool:
    with storage.writing() as work:
        consumed = work.verifications.consume(verification, NOW)
        work.commit()
    return consumed


def use_proof(storage: Storage, verification: VerificationId) -> bool:
    with storage.writing() as work:
        proven_after = NOW - timedelta(minutes=10)
        used = work.verifications.use_proof(verification, INTERACTION, proven_after, NOW)
        work.commit()
    return used


def cancel(storage: Storage) -> bool:
    with storage.writing() as work:
        work.verifications.cancel_for_address(ADA.canonical)
        work.commit()
    return True


def use_link(storage: Storage) -> Subject | None:
    with storage.writing() as work:
        subject = work.accounts.use_sign_in_link(LINK, NOW)
        work.commit()
    return subject


def test_of_many_exchanges_of_one_code_exactly_one_gets_it(storage: Storage) -> None:
    store_tokens(storage)

    outcomes = race(MANY, lambda: claim_code(storage))

    assert sorted(outcomes) == [False] * (MANY - 1) + [True]


def test_of_many_uses_of_one_refresh_token_exactly_one_spends_it(storage: Storage) -> None:
    store_tokens(storage)

    outcomes = race(MANY, lambda: spend_refresh(storage))

    assert outcomes.count(True) == 1


def test_a_spent_refresh_token_names_the_key_of_its_successor_for_good(storage: Storage) -> None:
    store_tokens(storage)
    spend_refresh(storage, "key-1")

    spend_refresh(storage, "key-2")

    with storage.reading() as work:
        spent = work.tokens.find_refresh(REFRESH_DIGEST, CLIENT)
    assert spent is not None
    assert (spent.spent_at, spent.successor_key_id) == (NOW, "key-1")


def test_of_many_right_codes_exactly_one_consumes_the_verification(storage: Storage) -> None:
    verification = store_verification(storage, code_mailed=True)

    outcomes = race(MANY, lambda: consume(storage, verification))

    assert outcomes.count(True) == 1


def test_a_verification_that_no_mail_has_carried_is_not_consumed(storage: Storage) -> None:
    verification = store_verification(storage, code_mailed=False)

    assert not consume(storage, verification)


def test_of_many_uses_of_one_proof_exactly_one_counts(storage: Storage) -> None:
    state = VerificationState.VERIFIED
    verification = store_verification(storage, state=state, verified_at=NOW)

    outcomes = race(MANY, lambda: use_proof(storage, verification))

    assert outcomes.count(True) == 1


def test_of_many_clicks_on_one_sign_in_link_exactly_one_signs_in(storage: Storage) -> None:
    store_account(storage)
    with storage.writing() as work:
        link = SignInLink(digest=LINK, subject=SUBJECT, created_at=NOW, expires_at=LATER)
        work.accounts.add_sign_in_link(link)
        work.commit()

    outcomes = race(MANY, lambda: use_link(storage))

    assert outcomes.count(SUBJECT) == 1
    assert outcomes.count(None) == MANY - 1


def test_of_many_answers_to_one_interaction_exactly_one_settles_it(storage: Storage) -> None:
    with storage.writing() as work:
        work.interactions.add(an_interaction())
        work.commit()

    def settle() -> bool:
        with storage.writing() as work:
            settled = work.interactions.settle(INTERACTION, InteractionState.COMPLETED, NOW)
            work.commit()
        return settled

    assert race(MANY, settle).count(True) == 1


def test_tries_never_exceed_their_limit(storage: Storage) -> None:
    verification = store_verification(storage, attempt_limit=5)

    def claim() -> bool:
        with storage.writing() as work:
            claimed = work.verifications.claim_try(verification, NOW)
            work.commit()
        return claimed is not None

    outcomes = race(40, claim)

    assert outcomes.count(True) == 5
    with storage.reading() as work:
        found = work.verifications.find(verification)
    assert found is not None
    assert found.attempts == 5


def test_of_many_asked_at_once_one_mail_is_permitted_for_each_wait(storage: Storage) -> None:
    verification = store_verification(storage)

    def permit() -> bool:
        with storage.writing() as work:
            permitted = work.verifications.permit_mail(
                verification, NOW, NOW + timedelta(seconds=30)
            )
            work.commit()
        return permitted

    assert race(MANY, permit).count(True) == 1


def test_of_simultaneous_starts_in_one_interaction_one_is_live(storage: Storage) -> None:
    with storage.writing() as work:
        work.interactions.add(an_interaction())
        work.commit()

    def start(name: str) -> bool:
        try:
            with storage.writing() as work:
                work.verifications.add(a_verification(id=VerificationId(name)))
                work.commit()
        except AlreadyLive:
            return False
        return True

    started = race_of([partial(start, f"verification-{number}") for number in range(MANY)])

    assert started.count(True) == 1


def test_a_replaced_verification_makes_room_and_can_never_be_consumed(storage: Storage) -> None:
    earlier = store_verification(storage, code_mailed=True)

    with storage.writing() as work:
        work.verifications.replace(earlier)
        work.verifications.add(a_verification(id=VerificationId("verification-2")))
        work.commit()

    assert not consume(storage, earlier)


def test_nothing_survives_a_cancellation_beside_the_right_code(storage: Storage) -> None:
    verification = store_verification(storage, code_mailed=True)

    race_of([partial(consume, storage, verification), partial(cancel, storage)])

    # Either the code was dead already, or the proof that it gave ended unused.
    with storage.reading() as work:
        found = work.verifications.find(verification)
    assert found is not None
    assert found.state is VerificationState.CANCELLED
    assert not use_proof(storage, verification)


def test_a_proof_is_used_or_cancelled_never_both(storage: Storage) -> None:
    verification = store_verification(storage, code_mailed=True)
    assert consume(storage, verification)

    [was_used, _] = race_of([partial(use_proof, storage, verification), partial(cancel, storage)])

    with storage.reading() as work:
        found = work.verifications.find(verification)
    assert found is not None
    expected = VerificationState.VERIFIED if was_used else VerificationState.CANCELLED
    assert found.state is expected
    assert (found.proof_used_at is not None) is was_used


@pytest.mark.parametrize("wrong_client", ["other", ""])
def test_a_foreign_client_spends_nothing(storage: Storage, wrong_client: str) -> None:
    store_tokens(storage)
    stranger = type(CLIENT)(wrong_client)

    with storage.writing() as work:
        taken = (
            work.authorization_codes.claim(CODE_DIGEST, stranger, NOW),
            work.tokens.spend_refresh(REFRESH_DIGEST, stranger, "key-1", NOW),
            work.tokens.revoke_access(b"access", stranger, NOW),
        )
        work.commit()

    assert taken == (None, None, False)
    assert claim_code(storage)
