"""What the link of a mail shows to browsers, scanners and logs."""

from collections.abc import Callable

import httpx
import pytest

from tests.flows.browsing import Visit, wrong
from tests.flows.links import OtherDevice, number_on
from tests.support.provider import Provider
from tests.web.conftest import Log

ADA = "ada.lovelace@example.com"


@pytest.fixture
def offering(provider_with: Callable[..., Provider]) -> Provider:
    """Return a server whose mails have links."""
    return provider_with(CODES__FINISH_ELSEWHERE="true")


def policy_of(page: httpx.Response) -> str:
    return str(page.headers["content-security-policy"])


def test_only_the_page_for_the_code_may_call_the_server_and_only_where_it_has_a_reason(
    offering: Provider,
) -> None:
    visit = Visit.begin(offering)
    first = visit.page()
    other = OtherDevice.after_asking(offering, visit, ADA)

    assert "; connect-src 'self'" in policy_of(visit.page())
    for page in (first, other.page(), visit.http.get(visit.base + "/news")):
        assert "connect-src" not in policy_of(page)


def test_by_default_no_page_may_call_the_server(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.ask(ADA)

    assert "connect-src" not in policy_of(visit.page())


def test_the_page_of_a_link_is_kept_nowhere_framed_nowhere_and_named_nowhere_else(
    offering: Provider,
) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    gone = other.http.get(f"/finish/{visit.interaction}/0")

    for page in (other.page(), other.http.head(other.path), gone):
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in policy_of(page)
        assert "form-action 'self'" in policy_of(page)
    for text in (other.page().text, gone.text):
        assert 'href="http' not in text
        assert 'src="http' not in text


def test_news_are_never_kept_and_not_for_other_origins(offering: Provider) -> None:
    visit = Visit.begin(offering)
    visit.ask(ADA)

    news = visit.http.get(visit.base + "/news", headers={"Origin": "https://evil.example"})

    assert news.json() == {"news": "waiting"}
    assert news.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in news.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_no_other_method_does_anything_to_a_link(offering: Provider, method: str) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    before = other.page().text

    answer = other.http.request(method, other.path, content=f"code={number_on(visit)}")

    assert answer.status_code == (200 if method == "HEAD" else 405)
    assert other.page().text == before


def test_neither_link_nor_number_is_written_to_the_log(offering: Provider, log: Log) -> None:
    visit = Visit.begin(offering)
    other = OtherDevice.after_asking(offering, visit, ADA)
    number, token = number_on(visit), other.path.rpartition("/")[2]
    other.enter(wrong(number))
    other.enter(number[:5])
    other.enter(number)
    other.page()
    visit.http.get(visit.base + "/news")
    visit.send("/finish")
    other.http.get(f"/finish/unknown/{token}")

    routes = {line["route"] for line in log.lines("request.handled")}

    assert {"/finish/{interaction}/{token}", "/sign-in/{interaction}/news"} <= routes
    for secret in (token[:12], number, ADA, ADA.partition("@")[0]):
        assert secret not in log.text


def test_the_page_of_a_link_has_the_language_of_the_request_until_another_is_chosen(
    offering: Provider,
) -> None:
    http = offering.http()
    http.headers["Accept-Language"] = "fr"
    visit = Visit.begin(offering, http=http)
    other = OtherDevice.after_asking(offering, visit, ADA)
    other.http.headers["Accept-Language"] = "de"

    assert '<html lang="fr"' in other.page().text
    other.http.cookies.set("authserver-language", "ja")
    assert '<html lang="ja"' in other.page().text
