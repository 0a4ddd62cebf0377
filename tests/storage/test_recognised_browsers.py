from datetime import timedelta

from authserver.domain.recognised_browsers import RecognisedBrowser, RecognisedBrowserId
from authserver.storage.unit_of_work import Storage
from tests.storage.samples import NOW, SUBJECT, store_tokens

BROWSER = RecognisedBrowserId("a-browser")
UNTIL = NOW + timedelta(days=180)


def store_browser(storage: Storage) -> None:
    store_tokens(storage)
    browser = RecognisedBrowser(
        id=BROWSER,
        subject=SUBJECT,
        canonical_address="anna@example.com",
        name="Firefox on Linux",
        first_used_at=NOW,
        last_used_at=NOW,
        expires_at=UNTIL,
    )
    with storage.writing() as work:
        work.recognised_browsers.add(browser, "a secret")
        work.commit()


def abandon(storage: Storage) -> None:
    with storage.writing() as work:
        work.recognised_browsers.abandon(BROWSER)
        work.commit()


def is_known(storage: Storage) -> bool:
    with storage.reading() as work:
        return work.recognised_browsers.find("a secret", NOW) is not None


def test_an_abandoned_browser_is_not_found_any_more(storage: Storage) -> None:
    store_browser(storage)

    abandon(storage)

    assert not is_known(storage)


def test_a_browser_that_signs_in_just_now_is_not_abandoned_and_nobody_waits(
    postgres_storage: Storage,
) -> None:
    store_browser(postgres_storage)

    with postgres_storage.writing() as work:
        work.recognised_browsers.renew(BROWSER, "a secret", NOW, UNTIL)
        abandon(postgres_storage)
        work.commit()

    assert is_known(postgres_storage)
