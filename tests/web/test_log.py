import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.flows.browsing import OWN_FORM, Visit, request_of_client, wrong
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider
from tests.web.conftest import Log

ADA = "ada.lovelace@example.com"


def signing_in(provider: Provider, client_id: str) -> tuple[Visit, dict[str, str]]:
    """Register for a client; return the browser and what is secret in it."""
    request = request_of_client(
        client_id,
        scope="openid email offline_access",
        prompt="consent",
        login_hint=ADA,
        state="a-state-that-is-secret",
        nonce="a-nonce-that-is-secret",
    )
    visit = Visit.begin(provider, request)
    visit.http.headers["Referer"] = f"{provider.endpoint}/?email={ADA}"
    code = visit.code_for(ADA)
    visit.enter(wrong(code))
    visit.enter(code[:5])
    visit.send("/resend")
    visit.enter(code)
    answer = visit.http.get(visit.decide().headers["location"])
    issued = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    token = visit.hidden()["form_token"]
    return visit, {"form token": token, "code": code, "authorization code": issued}


def calling(http: httpx.Client, client_id: str, secrets: dict[str, str]) -> dict[str, str]:
    """Use, as the client, the code twice and each token, rightly and wrongly."""
    as_client = (client_id, secrets["client secret"])
    exchanged = {
        "grant_type": "authorization_code",
        "code": secrets["authorization code"],
        "redirect_uri": CALLBACK,
    }
    answer = http.post("/oidc/token", data=exchanged, auth=as_client).json()
    tokens = {name: text for name, text in answer.items() if name.endswith("_token")}
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    http.get("/oidc/me", headers={"Authorization": f"Bearer {access}"})
    http.post("/oidc/me", data={"access_token": access})
    for token in (refresh, refresh, access, "x" * 43):
        data = {"grant_type": "refresh_token", "refresh_token": token}
        tokens[f"after {token}"] = (
            http.post("/oidc/token", data=data, auth=as_client).json().get("refresh_token", token)
        )
    http.post("/oidc/token", data=exchanged, auth=as_client)
    http.post("/oidc/token", data=exchanged, auth=(client_id, "wrong" * 9))
    return tokens


def walk(provider: Provider) -> dict[str, str]:
    """Register, sign in, use every kind of token, sign out; return all that is secret in it."""
    made = provider.new_client(requires_pkce=False)
    assert made.secret
    visit, secrets = signing_in(provider, made.client.id)
    secrets["client secret"] = made.secret.reveal()
    secrets.update(calling(visit.http, made.client.id, secrets))
    visit.http.get("/account")
    secrets["link"] = provider.server.accounts.make_sign_in_link(ADA).token.reveal()
    link = f"/sign-in-link/{secrets['link']}"
    visit.http.post(link, data=forms_of(visit.http.get(link))[0].fields, headers=OWN_FORM)
    visit.http.get(f"/nothing/{secrets['code']}?code={secrets['code']}&email={ADA}")
    secrets.update(visit.http.cookies.items())
    visit.http.get("/oidc/session/end", params={"id_token_hint": secrets["id_token"]})
    return secrets


def assert_keeps_secrets(written: str, secrets: dict[str, str]) -> None:
    # A prefix: what is cut off in the middle must not appear either.
    told = [name for name, secret in secrets.items() if secret[:30] in written]
    assert told == []
    assert ADA not in written
    assert ADA.partition("@")[0] not in written
    assert "that-is-secret" not in written


def test_a_whole_walk_leaves_no_secret_and_no_address_in_the_log(
    either_provider: Provider, log: Log
) -> None:
    secrets = walk(either_provider)

    assert {"access_token", "id_token", "code", "authserver-session"} <= set(secrets)
    assert len(log.lines("request.handled")) > 20
    assert_keeps_secrets(log.text, secrets)
    assert not re.search(r"\b" + secrets["code"] + r"\b", log.text)


def test_no_record_of_the_log_even_holds_a_secret_that_would_have_to_be_hidden(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="authserver")
    secrets = walk(provider)

    records = [record for record in caplog.records if record.name.startswith("authserver")]

    assert len(records) > 20
    assert_keeps_secrets("\n".join(str(vars(record)) for record in records), secrets)


def test_a_line_tells_route_status_and_source(provider: Provider, log: Log) -> None:
    provider.http(source="192.0.2.7").get("/sign-in/unknown")

    (line,) = log.lines("request.handled")

    assert line["method"] == "GET"
    assert line["route"] == "/sign-in/{interaction}"
    assert line["status"] == 410
    assert line["source"] == "192.0.2.7"


@pytest.mark.parametrize("injected", ["/x%0d%0a{}", "/%1b[31m", "/x\u2028y"])
def test_a_path_cannot_write_lines_of_its_own(provider: Provider, log: Log, injected: str) -> None:
    browser = provider.http()
    browser.get("/nothing", headers={"User-Agent": "x\u001b[31m", "X-Forwarded-For": "\u001b"})
    browser.get(injected)

    events = [*log.lines("request.handled"), *log.lines("proxy.not_trusted")]
    assert len(events) == len(log.text.splitlines()) == 3
    assert "\x1b" not in log.text


def test_a_limit_that_was_reached_is_logged(
    provider_with: Callable[..., Provider], log: Log
) -> None:
    provider = provider_with(CODES__STARTS__PER_SOURCE_HOUR=1)
    for _ in range(2):
        Visit.begin(provider).ask(ADA)

    (line,) = log.lines("request.limited")

    assert line["outcome"] == "source_limited"


@pytest.mark.parametrize(
    ("claimed", "logged"),
    [("unknown-client", "unknown-client"), ("x" * 41, None), ("a\nb", None), ("ä", None)],
)
def test_a_client_that_is_refused_is_named_where_its_name_can_be_one(
    provider: Provider, log: Log, claimed: str, logged: str | None
) -> None:
    made = provider.new_client()
    for client_id, secret in ((made.client.id, "wrong" * 9), (claimed, "wrong" * 9)):
        fields = {"client_id": client_id, "client_secret": secret, "grant_type": "refresh_token"}
        assert provider.http().post("/oidc/token", data=fields).status_code == 401

    named = [line.get("client") for line in log.lines("oauth.refused")]
    assert named == [made.client.id, logged]
    assert "wrong" not in log.text
