from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.flows.browsing import OWN_FORM, Visit, request_of_bookstore
from tests.support.person import forms_of
from tests.support.provider import Provider
from tests.web.conftest import Log

ADA = "ada@example.com"
ProviderWith = Callable[..., Provider]
Hop = tuple[str, list[str]]
FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/evil",
    "Forwarded": "host=evil.example;proto=https",
}


@pytest.mark.parametrize("source", ["192.0.2.1", "10.0.0.1"])
def test_forged_headers_change_neither_links_nor_mails(
    provider_with: ProviderWith, source: str
) -> None:
    provider = provider_with(TRUSTED_PROXIES="10.0.0.0/8")
    request = request_of_bookstore(provider)
    browser = provider.http(source=source)
    browser.headers.update(FORGED)
    seen: list[httpx.Response] = []
    browser.event_hooks["response"].append(seen.append)

    visit = Visit.begin(provider, request, http=browser)
    visit.enter(visit.code_for(ADA))
    visit.http.get(visit.decide().headers["location"])
    browser.get("/account")
    browser.get("/oidc/.well-known/openid-configuration")
    browser.get("/nothing")

    assert len(seen) > 8
    for answer in seen:
        assert "evil" not in answer.text + str(answer.headers)
        location = answer.headers.get("location", provider.endpoint)
        assert location.startswith((provider.endpoint, "http://localhost:3000/callback?"))
    (mail,) = provider.mails(ADA)
    assert "evil" not in mail["text"] + mail["html"] + mail["subject"]
    assert f"@localhost #{mail['code']}" in mail["text"]


@pytest.mark.parametrize("host", ["", "a b", "[", "localhost:3001/oidc", "x" * 300, "\xe9"])
def test_an_odd_host_changes_nothing(provider: Provider, host: str) -> None:
    for path in ("/sign-in", "/sign-in/unknown", "/nothing", "/oidc/jwks"):
        answer = provider.http().get(path, headers=[(b"Host", host.encode("latin-1"))])

        assert answer.status_code == {"/sign-in": 303, "/oidc/jwks": 200, "/nothing": 404}.get(
            path, 410
        )


UNTRUSTED, PROXY, OTHER_PROXY = "192.0.2.1", "10.0.0.1", "10.0.0.2"
ONE, TWO = "203.0.113.1", "203.0.113.2"


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ((ONE, []), (TWO, []), False),
        ((UNTRUSTED, [ONE]), (UNTRUSTED, [TWO]), True),
        ((PROXY, [ONE]), (PROXY, [TWO]), False),
        ((PROXY, [ONE]), (OTHER_PROXY, [ONE]), True),
        ((PROXY, [ONE]), (ONE, []), True),
        ((PROXY, [f"198.51.100.1, {ONE}"]), (PROXY, [f"198.51.100.2, {ONE}"]), True),
        ((PROXY, [f"198.51.100.1, {ONE}"]), (PROXY, [f"198.51.100.1, {TWO}"]), False),
        ((PROXY, [f"{ONE}, {OTHER_PROXY}"]), (PROXY, [f"{TWO}, {OTHER_PROXY}"]), False),
        ((PROXY, [ONE, OTHER_PROXY]), (PROXY, [TWO, OTHER_PROXY]), False),
        ((PROXY, ["198.51.100.1", ONE]), (PROXY, ["198.51.100.2", ONE]), True),
        ((PROXY, ["nonsense"]), (PROXY, ["rubbish"]), True),
        ((PROXY, [""]), (PROXY, []), True),
        (("2001:db8:1:2::1", []), ("2001:db8:1:2:ffff::9", []), True),
        (("2001:db8:1:2::1", []), ("2001:db8:1:3::1", []), False),
        (("::ffff:192.0.2.1", []), ("192.0.2.1", []), True),
        (("::ffff:192.0.2.1", []), ("::ffff:192.0.2.2", []), False),
        (("::ffff:10.0.0.1", [ONE]), (PROXY, [ONE]), True),
        ((PROXY, ["2001:db8:1:2::1"]), ("2001:db8:1:2::2", []), True),
        ((PROXY, [f"::ffff:{ONE}"]), (ONE, []), True),
        (("fe80::1%eth0", []), ("fe80::2%eth1", []), True),
        (("", []), ("no address", []), True),
    ],
)
def test_what_counts_as_one_source(
    provider_with: ProviderWith, first: Hop, second: Hop, *, is_same: bool
) -> None:
    provider = provider_with(TRUSTED_PROXIES="10.0.0.0/8", CODES__STARTS__PER_SOURCE_HOUR=1)

    def ask(hop: Hop, email: str) -> int:
        peer, forwarded = hop
        browser = provider.http(source=peer)
        browser.headers = httpx.Headers([("X-Forwarded-For", each) for each in forwarded])
        return Visit.begin(provider, http=browser).ask(email).status_code

    assert ask(first, ADA) == 303
    assert ask(second, "bob@example.com") == (429 if is_same else 303)


def test_the_prefix_of_ipv6_sources_is_a_setting(provider_with: ProviderWith) -> None:
    provider = provider_with(CODES__STARTS__IPV6_PREFIX=48, CODES__STARTS__PER_SOURCE_HOUR=1)

    answers = [
        Visit.begin(provider, source=source).ask(ADA).status_code
        for source in ("2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2::1")
    ]

    assert answers == [303, 429, 303]


def test_a_source_that_floods_is_turned_away_for_the_rest_of_the_minute(
    provider_with: ProviderWith,
) -> None:
    provider = provider_with(LIMITS__REQUESTS_PER_SOURCE_MINUTE=10)
    flooder, other = provider.http(source="192.0.2.1"), provider.http(source="192.0.2.2")

    answers = [flooder.get("/sign-in/unknown").status_code for _ in range(12)]

    assert answers == [410] * 10 + [429] * 2
    page = flooder.get("/sign-in/unknown")
    assert page.headers["retry-after"] == "60"
    assert 'data-outcome="flood"' in page.text
    assert 'href="/sign-in/unknown"' in page.text
    assert other.get("/sign-in").status_code == 303
    for path in ("/healthz", "/readyz", "/static/app.css"):
        assert flooder.get(path).status_code == 200
    provider.clock.advance(timedelta(minutes=1))
    assert flooder.get("/sign-in").status_code == 303


def test_clients_have_a_share_of_their_own_and_are_refused_in_json(
    provider_with: ProviderWith,
) -> None:
    provider = provider_with(LIMITS__CLIENT_REQUESTS_PER_SOURCE_MINUTE=10)
    server = provider.http(source="192.0.2.1")

    answers = [server.post("/oidc/token").status_code for _ in range(12)]

    assert answers == [415] * 10 + [429] * 2
    refused = server.post("/oidc/token")
    assert refused.headers["retry-after"] == "60"
    assert refused.json()["error"] == "temporarily_unavailable"
    assert server.get("/sign-in").status_code == 303


def test_a_forwarding_header_that_does_not_count_is_warned_of_once(
    provider: Provider, log: Log
) -> None:
    browser = provider.http()

    for _ in range(3):
        browser.get("/healthz", headers={"X-Forwarded-For": "198.51.100.7"})

    assert len(log.lines("proxy.not_trusted")) == 1


@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\r\nSet-Cookie: planted=1",
        "javascript:alert(1)",
        "@evil.example",
        ".evil.example",
        ":80@evil.example",
        "",
        None,
    ],
)
def test_the_language_switch_leads_nowhere_else(provider: Provider, return_to: str | None) -> None:
    data = {"language": "zh-CN"} | ({} if return_to is None else {"return_to": return_to})

    answer = provider.http().post("/language", data=data, headers=OWN_FORM)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{provider.endpoint}/account"
    assert "planted" not in str(answer.headers)


def test_the_language_switch_leads_back_to_its_page(provider: Provider) -> None:
    visit = Visit.begin(provider)
    switch = next(form for form in forms_of(visit.page()) if form.action.path == "/language")

    answer = visit.http.post(
        switch.action, data={**switch.fields, "language": "zh-CN"}, headers=OWN_FORM
    )

    assert answer.headers["location"] == provider.endpoint + visit.base
