from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from authserver.domain.accounts import SignInLink
from authserver.domain.failure_budgets import BudgetKind, FailureBudget
from authserver.domain.interactions import InteractionId, InteractionState
from authserver.domain.limits import DAY, Limit, LimitKind
from authserver.domain.outgoing_mail import Attempt, MailId, MailOutcome, MailResult
from authserver.domain.recognised_browsers import RecognisedBrowser, RecognisedBrowserId
from authserver.domain.suppressions import after_bounce, by_operator
from authserver.domain.verifications import VerificationId
from authserver.storage.outgoing_mail import MailAttemptRow
from authserver.storage.pruning import Retention, prune
from authserver.storage.unit_of_work import Storage
from tests.storage.samples import (
    ADA,
    AUTHORIZATION,
    CLIENT,
    CODE_DIGEST,
    INTERACTION,
    LATER,
    NOW,
    REFRESH_DIGEST,
    SESSION,
    SUBJECT,
    a_mail,
    an_interaction,
    store_tokens,
    store_verification,
)

SECOND = timedelta(seconds=1)
DAYS = timedelta(days=1)


def removed(storage: Storage, now: datetime, batch: int = 500) -> dict[str, int]:
    """Prune, and return what was removed without the tables where there was nothing to do."""
    return {name: rows for name, rows in prune(storage, now, batch=batch).items() if rows}


def test_an_empty_database_has_nothing_to_prune(storage: Storage) -> None:
    assert removed(storage, NOW) == {}


def test_what_lives_stays(storage: Storage) -> None:
    store_tokens(storage)
    store_verification(storage)

    assert removed(storage, NOW) == {}


def test_an_unanswered_interaction_goes_a_day_after_its_expiry(storage: Storage) -> None:
    interaction = an_interaction()
    with storage.writing() as work:
        work.interactions.add(interaction)
        work.commit()

    early = removed(storage, interaction.expires_at + 7 * DAYS - SECOND)
    due = removed(storage, interaction.expires_at + 7 * DAYS)

    assert (early, due) == ({}, {"interactions": 1})


def test_a_settled_interaction_is_kept_for_seven_days(storage: Storage) -> None:
    with storage.writing() as work:
        work.interactions.add(an_interaction())
        work.interactions.settle(INTERACTION, InteractionState.COMPLETED, NOW)
        work.commit()

    early = removed(storage, NOW + 7 * DAYS - SECOND)
    due = removed(storage, NOW + 7 * DAYS)

    assert (early, due) == ({}, {"interactions": 1})


def test_an_ended_verification_is_kept_for_a_day(storage: Storage) -> None:
    store_verification(storage)

    early = removed(storage, LATER + DAYS - SECOND)
    due = removed(storage, LATER + DAYS)

    assert (early, due) == ({}, {"verifications": 1})


def test_a_verification_that_is_kept_longer_keeps_its_interaction(storage: Storage) -> None:
    verification = store_verification(storage)

    prune(storage, NOW + 5 * DAYS, retention=Retention(keep=30 * DAYS))

    with storage.reading() as work:
        assert work.verifications.find(verification) is not None
        assert work.interactions.find(INTERACTION) is not None


def test_tokens_go_as_they_expire_and_the_authorization_last(storage: Storage) -> None:
    store_tokens(storage)

    hour = removed(storage, NOW + timedelta(hours=1))
    day = removed(storage, NOW + timedelta(days=1, seconds=60))
    fortnight = removed(storage, NOW + 14 * DAYS)
    quarter = removed(storage, NOW + 90 * DAYS)
    year = removed(storage, NOW + 365 * DAYS)

    assert hour == {"access_tokens": 1}
    assert day == {"authorization_codes": 1}
    assert fortnight == {"refresh_tokens": 1}
    assert quarter == {"sessions": 1}
    assert year == {"authorizations": 1}


def test_a_spent_code_is_kept_for_a_day_so_that_its_replay_is_seen(storage: Storage) -> None:
    store_tokens(storage)

    prune(storage, NOW + timedelta(hours=23))

    with storage.reading() as work:
        assert work.authorization_codes.find(CODE_DIGEST, CLIENT) is not None


def test_an_authorization_takes_along_what_is_left_of_it(storage: Storage) -> None:
    store_tokens(storage)

    prune(storage, NOW + 400 * DAYS)

    with storage.reading() as work:
        assert work.authorizations.find(AUTHORIZATION) is None
        assert work.tokens.find_refresh(REFRESH_DIGEST, CLIENT) is None
        assert work.sessions.find(SESSION) is None
        assert work.accounts.find(SUBJECT) is not None


def test_a_sign_in_link_goes_a_day_after_its_expiry(storage: Storage) -> None:
    store_tokens(storage)
    with storage.writing() as work:
        link = SignInLink(digest=b"link", subject=SUBJECT, created_at=NOW, expires_at=NOW)
        work.accounts.add_sign_in_link(link)
        work.commit()

    assert "sign_in_links" not in removed(storage, NOW + DAYS - SECOND)
    assert removed(storage, NOW + DAYS)["sign_in_links"] == 1


def test_a_mail_goes_with_its_attempts_after_thirty_days(storage: Storage) -> None:
    with storage.writing() as work:
        work.outgoing_mails.add(a_mail())
        [mail] = work.outgoing_mails.claim_due(NOW, LATER, 1)
        outcome = MailOutcome(result=MailResult.ACCEPTED)
        attempt = Attempt(sender="smtp", started_at=NOW, duration=SECOND, outcome=outcome)
        work.outgoing_mails.add_attempts(mail, [attempt])
        work.commit()

    early = removed(storage, NOW + 30 * DAYS - SECOND)
    due = removed(storage, NOW + 30 * DAYS)

    assert (early, due) == ({}, {"outgoing_mails": 1})
    with storage.reading() as work:
        assert work.connection.execute(select(MailAttemptRow)).all() == []


def test_a_suppression_goes_with_its_expiry_and_one_of_the_operator_stays(
    storage: Storage,
) -> None:
    with storage.writing() as work:
        work.suppressions.put(after_bounce("bounced@example.com", NOW))
        work.suppressions.put(by_operator("unwanted@example.com", NOW))
        work.commit()

    early = removed(storage, NOW + 30 * DAYS - SECOND)
    due = removed(storage, NOW + 300 * DAYS)

    assert (early, due) == ({}, {"mail_suppressions": 1})
    with storage.reading() as work:
        [left] = work.suppressions.list(NOW, 10)
    assert left.address == "unwanted@example.com"


def test_a_counter_goes_once_its_window_has_passed(storage: Storage) -> None:
    limit = Limit(kind=LimitKind.MAILS_TO_ADDRESS, key=ADA.canonical, most=1, window=DAY)
    with storage.writing() as work:
        work.limits.charge(limit, NOW)
        work.commit()

    early = removed(storage, NOW + timedelta(hours=24))
    due = removed(storage, NOW + timedelta(hours=25))

    assert (early, due) == ({}, {"limit_counters": 1})


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_batches_of_any_size_remove_all_and_no_more(storage: Storage, batch: int) -> None:
    with storage.writing() as work:
        for number in range(7):
            work.outgoing_mails.add(a_mail(id=MailId(f"old-{number}")))
        work.outgoing_mails.add(a_mail(id=MailId("new"), created_at=NOW + 31 * DAYS))
        work.commit()

    assert removed(storage, NOW + 31 * DAYS, batch) == {"outgoing_mails": 7}


def test_a_row_in_somebodys_hands_is_passed_over(postgres_storage: Storage) -> None:
    for name in ("held", "free"):
        with postgres_storage.writing() as work:
            work.interactions.add(an_interaction(id=InteractionId(name)))
            work.commit()

    with postgres_storage.writing() as work:
        work.interactions.note(InteractionId("held"), {})
        assert removed(postgres_storage, NOW + 8 * DAYS) == {"interactions": 1}

    assert removed(postgres_storage, NOW + 8 * DAYS) == {"interactions": 1}


def test_failures_go_with_their_window_and_browsers_with_their_recognition(
    storage: Storage,
) -> None:
    store_tokens(storage)
    budget = FailureBudget(BudgetKind.ADDRESS, "anna@example.com")
    browser = RecognisedBrowser(
        id=RecognisedBrowserId("a-browser"),
        subject=SUBJECT,
        canonical_address="anna@example.com",
        name="Firefox on Linux",
        first_used_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + 7 * DAYS,
    )
    with storage.writing() as work:
        work.failure_budgets.hold(budget, NOW)
        work.failure_budgets.charge(budget, VerificationId("a-verification"), 1, NOW)
        work.recognised_browsers.add(browser, "a secret")
        work.commit()

    early = removed(storage, NOW + 7 * DAYS - SECOND)
    week = removed(storage, NOW + 7 * DAYS)
    month = removed(storage, NOW + 30 * DAYS)

    assert "recognised_browsers" not in early
    assert week["recognised_browsers"] == 1
    assert (month["failures"], month["failure_budgets"]) == (1, 1)
