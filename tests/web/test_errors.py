import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.delivery.outage import database_away
from tests.flows.browsing import Visit, path_of
from tests.support.databases import PostgresServer
from tests.support.provider import Provider, running_provider
from tests.web.conftest import Log

ADA = "ada@example.com"
REFERENCE = re.compile(r"Reference number: <bdi>(\w{10})</bdi>")


def reference_of(page: httpx.Response) -> str:
    found = REFERENCE.search(page.text)
    assert found, page.text
    return found[1]


def break_table(provider: Provider, table: str) -> None:
    """Make every statement on a table fail: our own fault, as far as the server can tell."""
    with provider.server.storage.writing() as work:
        work.connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone")
        work.commit()


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/sign-in/x/nothing", "/account/", "/SIGN-IN", "/static/../pyproject.toml",
     "/static/%2e%2e/passage.py", "/static/", "/.env", "/%00", "/oidc/unknown", "/sign-in/"],
)  # fmt: skip
def test_an_unknown_path_gets_a_page_whose_number_the_log_knows(
    provider: Provider, log: Log, path: str
) -> None:
    page = provider.http().get(path)

    assert page.status_code == 404
    assert "There is no such page" in page.text
    (line,) = [
        line for line in log.lines("request.handled") if line["request"] == reference_of(page)
    ]
    assert line["status"] == 404
    assert line["level"] == "info"


def test_each_request_has_a_number_of_its_own(provider: Provider) -> None:
    numbers = {reference_of(provider.http().get("/nothing")) for _ in range(5)}

    assert len(numbers) == 5


@pytest.mark.parametrize("path", ["/oidc/token/x", "/oidc/me/x", "/oidc/.well-known/x"])
def test_programs_are_told_of_an_unknown_path_in_json(provider: Provider, path: str) -> None:
    answer = provider.http().get(path)

    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "error_description", "code", "message"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/account", {"GET", "HEAD"}),
        ("POST", "/account", {"GET", "HEAD"}),
        ("GET", "/language", {"POST"}),
        ("TRACE", "/sign-in", {"GET"}),
        ("PUT", "/healthz", {"GET", "HEAD"}),
        ("GET", "/sign-in/x/resend", {"POST"}),
        ("POST", "/oidc/jwks", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_a_path_does_not_know_is_refused(
    provider: Provider, method: str, path: str, allowed: set[str]
) -> None:
    answer = provider.http().request(method, path)

    assert answer.status_code == 405
    named = answer.headers.get("allow", "")
    assert set(filter(None, re.split(r",\s*", named))) == allowed


def test_a_head_request_gets_the_headers_alone(provider: Provider) -> None:
    answer = provider.http().head("/nothing")

    assert answer.status_code == 404


def test_our_own_fault_gives_a_page_and_the_log_its_trace_without_secrets(
    either_provider: Provider, log: Log
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)
    break_table(either_provider, "verifications")

    page = visit.enter(code)

    assert page.status_code == 500
    assert "The fault is ours" in page.text
    assert "verifications" not in page.text
    assert "Traceback" not in page.text
    (line,) = log.lines("request.failed")
    assert line["request"] == reference_of(page)
    assert line["level"] == "error"
    assert "authserver/flows/email_code.py" in line["trace"]
    assert line["route"] == "/sign-in/{interaction}/code"
    cookies = list(visit.http.cookies.values())
    for secret in (code, ADA, visit.interaction, visit.hidden()["form_token"], *cookies):
        assert secret not in log.text


def test_programs_are_told_of_our_own_fault_in_json(provider: Provider, log: Log) -> None:
    break_table(provider, "access_tokens")

    answer = provider.http().get("/oidc/me", headers={"Authorization": "Bearer " + "x" * 43})

    assert answer.status_code == 500
    assert answer.json()["error"] == "server_error"
    assert "access_tokens" not in answer.text
    assert log.lines("request.failed")
    assert "x" * 43 not in log.text


def test_the_server_goes_on_after_its_own_fault(provider: Provider) -> None:
    visit = Visit.begin(provider)
    break_table(provider, "limit_counters")

    assert visit.ask(ADA).status_code == 500
    assert visit.page().status_code == 200
    assert provider.mails(ADA) == []


def test_health_is_told_without_the_database_and_readiness_with_it(provider: Provider) -> None:
    browser = provider.http()
    assert browser.get("/healthz").text == "ok\n"
    assert browser.get("/readyz").json() == {"ready": True, "reasons": []}

    provider.server.drain()

    assert browser.get("/healthz").status_code == 200
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["draining"]}


def test_the_metrics_name_routes_and_no_person(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.code_for(ADA)

    metrics = visit.http.get("/metrics").text

    assert 'route="/sign-in/{interaction}"' in metrics
    for secret in (visit.interaction, ADA, "ada"):
        assert secret not in metrics


def test_no_page_is_to_be_found_by_search_engines(provider: Provider) -> None:
    assert provider.http().get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert '<meta name="robots" content="noindex">' in Visit.begin(provider).page().text


def test_while_the_database_is_away_everybody_is_asked_to_come_back(
    postgres: PostgresServer, postgres_database: str, tmp_path: Path, log: Log
) -> None:
    with running_provider(tmp_path, postgres_database) as provider:
        visit = Visit.begin(provider)
        code = visit.code_for(ADA)
        provider.clock.advance(timedelta(seconds=10))
        with database_away(postgres, postgres_database):
            page = visit.enter(code)
            told = provider.http().get("/oidc/me", headers={"Authorization": "Bearer x"})
            ready = provider.http().get("/readyz")
            alive = provider.http().get("/healthz")
        answer = visit.enter(code)

    assert (page.status_code, told.status_code, ready.status_code) == (503, 503, 503)
    assert alive.status_code == 200
    assert "We cannot answer at the moment" in page.text
    assert int(page.headers["retry-after"]) >= 1
    assert int(told.headers["retry-after"]) >= 1
    assert told.json()["error"] == "temporarily_unavailable"
    assert ready.json() == {"ready": False, "reasons": ["database"]}
    assert path_of(answer) == visit.base + "/create-account"
    assert log.lines("request.failed") == []
