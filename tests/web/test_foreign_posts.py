"""Every route that takes a POST, whoever adds it: what another site makes a browser send."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from authserver.web.passage import Passage
from tests.flows.browsing import OWN_FORM, Visit, signed_in
from tests.flows.factors import allow_passwords
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
# What clients and providers of mail call: they bring a secret of their own and no cookie counts.
# The first two are begun by other sites by design (OIDC Core §3.1.2.1, RP-Initiated Logout §2).
NOT_FOR_BROWSERS = {
    "/oidc/auth",
    "/oidc/session/end",
    "/oidc/token",
    "/oidc/token/revocation",
    "/oidc/token/introspection",
    "/oidc/me",
    "/oidc/reg",
    "/hooks/mail/aliyun",
    "/api/v1/verifications",
    "/api/v1/verifications/{verification}/resend",
    "/api/v1/verifications/{verification}/code",
}
# The first changes a language alone, and has no page of its own whose token it could bring. The
# second leads on where nothing is to be asked; the token of a question is tested with it.
WITHOUT_TOKEN = {"/language", "/consent/{interaction}"}
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3001"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
)


@pytest.fixture
def offering(sqlite_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server on which everything is switched on that has forms."""
    settings = {
        "AUTHSERVER_CODES__FINISH_ELSEWHERE": "true",
        "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "100000",
    }
    with running_provider(tmp_path, sqlite_database, settings=settings) as running:
        allow_passwords(running)
        yield running


def posts_of(provider: Provider) -> list[str]:
    """Return the paths of all routes that take a POST."""
    passage = provider.server.application
    assert isinstance(passage, Passage)
    application = passage.application
    assert isinstance(application, Starlette)
    routes = [each for each in application.routes if isinstance(each, Route)]
    return [each.path for each in routes if "POST" in (each.methods or ())]


def filled(path: str, visit: Visit) -> str:
    """Return a path of a route with real parameters."""
    values = {"interaction": visit.interaction, "section": "deletion", "token": "t" * 32}
    return path.format(**values)


def test_no_form_of_a_browser_is_taken_from_another_site(offering: Provider) -> None:
    page, visit = signed_in(offering, ADA), Visit.begin(offering, "/register")
    paths = [path for path in posts_of(offering) if path not in NOT_FOR_BROWSERS]
    assert len(paths) > 40

    for path in paths:
        http = visit.http if "{interaction}" in path else page.http
        for headers in FOREIGN:
            answer = http.post(filled(path, visit), data=visit.hidden(), headers=headers)
            assert answer.status_code == 403, (path, headers, answer.status_code)


def test_no_form_of_a_browser_is_taken_without_its_token(offering: Provider) -> None:
    page, visit = signed_in(offering, ADA), Visit.begin(offering, "/register")
    paths = [path for path in posts_of(offering) if path not in NOT_FOR_BROWSERS | WITHOUT_TOKEN]

    for path in paths:
        http = visit.http if "{interaction}" in path else page.http
        for fields in ({}, {"form_token": ""}, {"form_token": "x" * 43}):
            answer = http.post(filled(path, visit), data=fields, headers=OWN_FORM)
            assert answer.status_code in {403, 415}, (path, fields, answer.status_code)

    assert page.http.get("/account").status_code == 200
