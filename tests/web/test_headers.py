from collections.abc import Callable

import httpx
import pytest

from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.clients import ClientKind
from tests.flows.browsing import OWN_FORM, Visit, request_of_bookstore, request_of_client
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
Ask = Callable[[Provider], httpx.Response]


def limited(provider: Provider) -> httpx.Response:
    visit = Visit.begin(provider)
    visit.ask(ADA)
    return visit.send("/resend")


def broken(provider: Provider) -> httpx.Response:
    visit = Visit.begin(provider)
    with provider.server.storage.writing() as work:
        work.connection.exec_driver_sql("ALTER TABLE interactions RENAME TO gone")
        work.commit()
    return visit.http.get(visit.base)


def get(path: str) -> Ask:
    return lambda provider: provider.http().get(path)


ANSWERS: dict[str, tuple[int, Ask]] = {
    "page": (200, lambda provider: Visit.begin(provider).page()),
    "redirect": (303, get("/sign-in")),
    "request of a client": (303, lambda p: p.http().get(request_of_bookstore(p))),
    "request that is wrong": (400, get("/oidc/auth")),
    "foreign form": (
        403,
        lambda p: p.http().post("/language", data={"a": "1"}, headers={"Origin": "null"}),
    ),
    "unknown path": (404, get("/nothing")),
    "other method": (405, lambda provider: provider.http().delete("/account")),
    "ended": (410, get("/sign-in/unknown")),
    "too large": (413, lambda p: p.http().post("/language", data={"a": "x" * 20_000})),
    "wrong type": (415, lambda provider: provider.http().post("/language", json={})),
    "limited": (429, limited),
    "own fault": (500, broken),
    "metadata": (200, get("/oidc/.well-known/openid-configuration")),
    "keys": (200, get("/oidc/jwks")),
    "token error": (401, lambda p: p.http().post("/oidc/token", data={"grant_type": "x"})),
    "userinfo error": (401, get("/oidc/me")),
    "health": (200, get("/healthz")),
    "readiness": (200, get("/readyz")),
    "metrics": (200, get("/metrics")),
    "robots": (200, get("/robots.txt")),
    "style": (200, get("/static/app.css")),
    "missing file": (404, get("/static/nothing.css")),
    "inbox": (200, get("/dev/mail")),
    "inbox for scripts": (200, get("/dev/mail.json")),
}


# What an application may open a window for has to leave it its opener.
WALKED = {"page", "request of a client", "request that is wrong", "foreign form", "ended"}
WALKED |= {"too large", "wrong type", "limited", "own fault"}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_bears_the_headers_that_keep_browsers_safe(
    provider: Provider, kind: str
) -> None:
    status, ask = ANSWERS[kind]

    answer = ask(provider)

    assert answer.status_code == status
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    opener = "unsafe-none" if kind in WALKED else "same-origin"
    assert headers["cross-origin-opener-policy"] == opener
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "strict-transport-security" not in headers
    assert "access-control-allow-credentials" not in headers
    assert "server" not in headers
    public = {"metadata", "keys", "style"}
    assert ("no-store" in headers["cache-control"]) is (kind not in public)


@pytest.mark.parametrize(
    "path",
    ["/account", "/account/signed-out", "/oidc/session/end", "/dev/mail", "/", "/sign-in-link/x"],
)
def test_what_belongs_to_the_person_alone_has_no_opener(provider: Provider, path: str) -> None:
    answer = provider.http().get(path)

    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nothing", "/static/app.css"])
def test_over_tls_browsers_are_told_to_stay_there(secure_provider: Provider, path: str) -> None:
    age = secure_provider.http().get(path).headers["strict-transport-security"]

    assert int(age.removeprefix("max-age=").partition(";")[0]) >= 31536000


def form_action(page: httpx.Response) -> str:
    policy = page.headers["content-security-policy"].split("; ")
    (directive,) = [each for each in policy if each.startswith("form-action")]
    return str(directive)


def test_forms_lead_to_this_server_and_to_the_client_and_nowhere_else(provider: Provider) -> None:
    of_client = Visit.begin(provider, request_of_bookstore(provider))
    pages = [of_client.page()]
    of_client.ask(ADA)
    pages.append(of_client.page())

    for page in pages:
        assert form_action(page) == "form-action 'self' http://localhost:3000"
        assert "base-uri 'none'" in page.headers["content-security-policy"]
    # A callback may lead on to the home page, and Chromium asks at each hop.
    metadata = ClientMetadata(client_uri="https://www.example.com/books")
    made = provider.server.clients.create(
        name="Books",
        kind=ClientKind.WEB,
        redirect_uris=[CALLBACK],
        requires_pkce=False,
        metadata=metadata,
    )
    onward = form_action(Visit.begin(provider, request_of_client(made.client.id)).page())
    assert onward == "form-action 'self' http://localhost:3000 https://www.example.com"
    own = form_action(Visit.begin(provider).page()).split()
    assert set(own) <= {"form-action", "'self'", provider.endpoint}


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider)
    visit.ask(ADA)
    for page in (visit.page(), provider.http().get("/nothing"), provider.http().get("/dev/mail")):
        text = page.text.lower()
        assert "<script>" not in text
        assert "<style" not in text
        assert "onclick=" not in text
        assert 'src="http' not in text
        assert 'href="http' not in text


def test_no_page_bears_an_address_or_code_in_its_url(provider: Provider) -> None:
    visit = Visit.begin(provider)
    answers = [visit.ask(ADA), visit.enter("12"), visit.enter("000000"), visit.send("/restart")]

    for answer in answers:
        location = answer.headers["location"]
        assert "?" not in location
        assert "ada" not in location


def test_the_answer_to_a_form_is_a_redirect_to_a_page_that_can_be_reloaded(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider)
    for answer in (
        visit.ask("none"),
        visit.ask(ADA),
        visit.enter("000000"),
        visit.http.post("/language", data={"language": "en"}, headers=OWN_FORM),
    ):
        assert answer.status_code == 303
