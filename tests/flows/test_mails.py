import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.flows.browsing import Visit, path_of, request_of_bookstore
from tests.support.provider import Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ADDRESS_IS_LIMITED = "Too many mails for this address."
TOO_MUCH = "Too many requests at the moment."
ProviderWith = Callable[..., Provider]


def refused(answer: httpx.Response, words: str) -> int:
    """Return the `Retry-After` of an answer that asks to wait, in these words."""
    assert answer.status_code == 429
    assert words in answer.text
    return int(answer.headers["retry-after"])


def asks(provider: Provider, email: str, source: str = "192.0.2.1") -> httpx.Response:
    """Send an address in a new browser."""
    return Visit.begin(provider, source=source).ask(email)


def is_accepted(answer: httpx.Response) -> bool:
    return answer.status_code == 303


def test_every_mail_of_a_verification_carries_the_same_code(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider)
    first = visit.code_for(ADA)
    either_provider.clock.advance(30 * SECOND)

    assert path_of(visit.send("/resend")) == visit.base + "/code"

    assert "We sent the same code again." in visit.page().text
    assert either_provider.code_for(ADA) == first
    assert path_of(visit.enter(first)) == visit.base + "/create-account"


def test_mails_leave_at_0_30_90_210_and_330_seconds(provider_with: ProviderWith) -> None:
    provider = provider_with(MAILS__PER_SOURCE_AND_ADDRESS=10)
    visit = Visit.begin(provider)
    visit.code_for(ADA)

    for wait in (30, 60, 120, 120):
        assert refused(visit.send("/resend"), "You can ask for another mail in") == wait
        provider.clock.advance((wait - 1) * SECOND)
        assert refused(visit.send("/resend"), "another mail in 1 second") == 1
        provider.clock.advance(SECOND)
        assert is_accepted(visit.send("/resend"))
        provider.next_mail(ADA)

    provider.clock.advance(120 * SECOND)
    assert refused(visit.send("/resend"), ADDRESS_IS_LIMITED) == 600 - 330 - 120
    assert "All mails of this request have been sent." in visit.page().text
    assert len(provider.mails(ADA)) == 5


def test_a_new_verification_of_the_address_does_not_restart_the_waits(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    visit.code_for(ADA)
    either_provider.clock.advance(10 * SECOND)

    visit.send("/restart")
    assert refused(visit.ask(ADA), "another mail in 20 seconds") == 20
    visit.code_for(BOB)
    assert refused(visit.ask(ADA), "another mail in 20 seconds") == 20
    either_provider.clock.advance(20 * SECOND)
    visit.code_for(ADA)
    assert refused(visit.send("/resend"), "another mail in 1 minute.") == 60


def test_an_address_sent_twice_gets_one_mail(provider: Provider) -> None:
    visit = Visit.begin(provider)
    code = visit.code_for(ADA)

    assert path_of(visit.ask("ADA@example.com")) == visit.base + "/code"
    provider.clock.advance(29 * SECOND)
    assert path_of(visit.ask(ADA)) == visit.base + "/code"

    assert len(provider.mails(ADA)) == 1
    assert path_of(visit.enter(code)) == visit.base + "/create-account"


def test_one_tab_asking_does_not_void_or_delay_another(provider: Provider) -> None:
    mine, theirs = Visit.begin(provider), Visit.begin(provider)
    code = mine.code_for(ADA)

    theirs.code_for(ADA)

    assert path_of(mine.enter(code)) == mine.base + "/create-account"


def test_strangers_cause_seven_mails_a_day_to_one_address(either_provider: Provider) -> None:
    sources = [f"192.0.2.{number // 3}" for number in range(7)]
    for source in sources:
        assert is_accepted(asks(either_provider, ADA, source))
        either_provider.clock.advance(SECOND)

    wait = refused(asks(either_provider, "ADA@example.com", "192.0.2.9"), ADDRESS_IS_LIMITED)

    assert wait % 600 == 0
    assert is_accepted(asks(either_provider, BOB, "192.0.2.9"))
    either_provider.clock.advance(DAY - 8 * SECOND)
    assert refused(asks(either_provider, ADA, "192.0.2.9"), ADDRESS_IS_LIMITED) % 600 == 0
    either_provider.clock.advance(wait * SECOND - DAY + 8 * SECOND)
    assert is_accepted(asks(either_provider, ADA, "192.0.2.9"))


def test_one_source_causes_three_mails_a_day_to_one_address(provider: Provider) -> None:
    for _ in range(3):
        assert is_accepted(asks(provider, ADA))

    assert refused(asks(provider, ADA), ADDRESS_IS_LIMITED) % 600 == 0
    assert is_accepted(asks(provider, BOB))
    assert is_accepted(asks(provider, ADA, "192.0.2.2"))


def test_resends_count_against_the_mails_of_an_address(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.code_for(ADA)
    for wait in (30, 60):
        provider.clock.advance(wait * SECOND)
        assert is_accepted(visit.send("/resend"))
    provider.clock.advance(120 * SECOND)

    assert refused(visit.send("/resend"), ADDRESS_IS_LIMITED) % 600 == 0


def test_the_starts_of_a_source_are_limited_for_an_hour(provider_with: ProviderWith) -> None:
    provider = provider_with(STARTS__PER_SOURCE_HOUR=3)
    for number in range(3):
        assert is_accepted(asks(provider, f"person{number}@example.com"))

    wait = refused(asks(provider, ADA), TOO_MUCH)

    assert wait % 600 == 0
    assert is_accepted(asks(provider, ADA, "192.0.2.2"))
    provider.clock.advance(timedelta(minutes=59))
    assert refused(asks(provider, BOB), TOO_MUCH)
    provider.clock.advance(wait * SECOND - timedelta(minutes=59))
    assert is_accepted(asks(provider, BOB))


def test_the_mails_of_the_instance_are_limited(provider_with: ProviderWith) -> None:
    provider = provider_with(MAILS__PER_DAY=2)
    assert is_accepted(asks(provider, ADA))
    assert is_accepted(asks(provider, BOB))

    assert refused(asks(provider, "cyd@example.com", "192.0.2.2"), TOO_MUCH) % 600 == 0


def test_a_refused_request_charges_no_limit(provider_with: ProviderWith) -> None:
    provider = provider_with(
        STARTS__PER_SOURCE_HOUR=3, MAILS__PER_SOURCE_AND_ADDRESS=1, MAILS__PER_DAY=3
    )
    assert is_accepted(asks(provider, ADA))

    for _ in range(5):
        assert refused(asks(provider, ADA), ADDRESS_IS_LIMITED)

    assert is_accepted(asks(provider, BOB))
    visit = Visit.begin(provider, source="192.0.2.1")
    visit.code_for("cyd@example.com")
    assert refused(visit.send("/resend"), "another mail in 30 seconds") == 30
    assert refused(asks(provider, "dan@example.com"), TOO_MUCH)


def test_a_refused_address_leaves_the_code_on_its_way_as_it_is(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)
    for _ in range(3):
        asks(either_provider, BOB, "127.0.0.1")

    assert refused(visit.ask(BOB), ADDRESS_IS_LIMITED)

    assert path_of(visit.enter(code)) == visit.base + "/create-account"


def test_the_mail_says_for_which_page_it_is(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))
    visit.http.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    visit.ask(ADA)

    mail = provider.next_mail(ADA)

    label = re.search(r"Request <bdi>(\w{3})</bdi>", visit.page().text)
    assert label
    assert f"request {label[1]}" in mail["text"]
    assert "Firefox on Linux, 14:03 UTC" in mail["text"]
    assert "Bookstore" in mail["text"]
    assert mail["subject"] == f"{mail['code']} is your authserver sign-in code"


@pytest.mark.parametrize(
    ("path", "usage_type"), [("/sign-in", "SignIn"), ("/register", "Register")]
)
def test_each_purpose_has_its_own_mail(provider: Provider, path: str, usage_type: str) -> None:
    visit = Visit.begin(provider, path)
    visit.ask(ADA)

    assert provider.next_mail(ADA)["usage_type"] == usage_type


def test_the_mail_goes_to_the_address_of_the_account_not_to_a_variant(provider: Provider) -> None:
    provider.server.accounts.create("Ada.Lovelace@example.com")
    visit = Visit.begin(provider)
    visit.ask("ADA.LOVELACE@EXAMPLE.COM")

    mail = provider.next_mail("ada.lovelace@example.com")

    assert mail["to"] == "Ada.Lovelace@example.com"
    assert mail["code"]
    assert path_of(visit.enter(mail["code"])) == f"/oidc/auth/{visit.interaction}"
    assert len(provider.server.accounts.list()) == 1


def test_nothing_is_mailed_by_looking_at_pages(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.code_for(ADA)
    provider.clock.advance(timedelta(minutes=11))

    for suffix in ("", "/code", "/create-account", "/resend"):
        visit.http.get(visit.base + suffix)

    assert len(provider.mails(ADA)) == 1
