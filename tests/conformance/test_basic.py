"""Basic and Form Post Basic: a test for each module, with dynamic and with static clients."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.conformance.suite.browser import Browser
from tests.conformance.suite.checks import (
    ID_TOKEN_CLAIMS,
    checked_error,
    checked_error_page,
    checked_hash,
    seconds_now,
)
from tests.conformance.suite.flow import (
    FORM_POST,
    QUERY,
    Flow,
    SignedIn,
    checked_refresh,
    checked_scope,
    checked_userinfo,
)
from tests.conformance.suite.party import SECRET_POST, WITH_REFRESH, Party, leaving
from tests.conformance.suite.request_objects import (
    checked_object_with_redirect_uri,
    checked_unsigned_object,
    checked_unsigned_request_uri,
)
from tests.conformance.suite.server import TestedServer
from tests.oidc.relying_party import VERIFIER, challenge_of, header_of

DYNAMIC, STATIC = "dynamic", "static"
SCOPES = "openid profile email address phone"
LONG_STATE = "aZ0-._~" * 18 + "xy"


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A code that was redeemed, and when."""

    flow: Flow
    done: SignedIn
    at: float


@pytest.fixture(scope="module", autouse=True)
def used_code(server: TestedServer) -> Iterator[UsedCode]:
    """Redeem a code before all else here, so that its module has little left to wait for."""
    browser = Browser(server)
    flow = Flow(Party.registered(server), browser)
    yield UsedCode(flow, flow.complete(), time.monotonic())
    browser.close()


@pytest.fixture(params=[DYNAMIC, STATIC])
def whose(request: pytest.FixtureRequest) -> str:
    """Return who registers the client: the client itself, or the operator."""
    return str(request.param)


@pytest.fixture(params=[QUERY, FORM_POST])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def party(whose: str, request: pytest.FixtureRequest) -> Iterator[Party]:
    """Return the first client of the plan."""
    if whose == STATIC:
        yield request.getfixturevalue("static_parties")["first"]
        return
    server: TestedServer = request.getfixturevalue("server")
    yield from leaving(Party.registered(server, grant_types=WITH_REFRESH))


@pytest.fixture
def other_party(whose: str, request: pytest.FixtureRequest) -> Iterator[Party]:
    """Return the second client of the plan."""
    if whose == STATIC:
        yield request.getfixturevalue("static_parties")["second"]
        return
    server: TestedServer = request.getfixturevalue("server")
    yield from leaving(Party.registered(server, grant_types=WITH_REFRESH))


@pytest.fixture
def post_party(whose: str, request: pytest.FixtureRequest) -> Iterator[Party]:
    """Return the client that sends its secret in the body."""
    if whose == STATIC:
        yield request.getfixturevalue("static_parties")["second"]
        return
    server: TestedServer = request.getfixturevalue("server")
    yield from leaving(Party.registered(server, token_endpoint_auth_method=SECRET_POST))


@pytest.fixture
def flow(party: Party, browser: Browser, mode: str) -> Flow:
    return Flow(party, browser, mode)


only_dynamic = pytest.mark.parametrize("whose", [DYNAMIC], indirect=True)
once = pytest.mark.parametrize(("whose", "mode"), [(DYNAMIC, QUERY)], indirect=True)


def test_oidcc_server(flow: Flow) -> None:
    done = flow.complete()

    assert done.claims.keys() <= ID_TOKEN_CLAIMS
    checked_hash(done.claims, "at_hash", done.access_token)
    checked_hash(done.claims, "c_hash", done.answer.code)


def test_oidcc_response_type_missing(flow: Flow) -> None:
    answer = flow.silent_answer(response_type=None)

    assert answer.error in {"unsupported_response_type", "invalid_request"}


@only_dynamic
def test_oidcc_idtoken_signature(flow: Flow) -> None:
    assert "RS256" in flow.server.metadata["id_token_signing_alg_values_supported"]

    header = header_of(flow.complete().id_token)

    assert header["alg"] == "RS256"
    assert header["kid"]


def test_oidcc_idtoken_unsigned(server: TestedServer) -> None:
    # The suite skips this module unless unsigned ID tokens are offered.
    assert "none" not in server.metadata["id_token_signing_alg_values_supported"]

    refused = Party.asked(server, id_token_signed_response_alg="none")

    checked_error(refused, "invalid_client_metadata")


def test_oidcc_userinfo_get(flow: Flow) -> None:
    done = flow.redeem(flow.answer())

    checked_userinfo(flow.ask_userinfo(done, "GET"), done)


def test_oidcc_userinfo_post_header(flow: Flow) -> None:
    done = flow.redeem(flow.answer())

    checked_userinfo(flow.ask_userinfo(done, "POST"), done)


def test_oidcc_userinfo_post_body(flow: Flow) -> None:
    done = flow.redeem(flow.answer())

    posted = flow.server.http.post(
        flow.server.metadata["userinfo_endpoint"], data={"access_token": done.access_token}
    )

    checked_userinfo(posted, done)


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(flow: Flow) -> None:
    assert "nonce" not in flow.complete(nonce=None).claims


def test_oidcc_scope_profile(flow: Flow) -> None:
    checked_scope(flow, "openid profile")


def test_oidcc_scope_email(flow: Flow) -> None:
    checked_scope(flow, "openid email")


def test_oidcc_scope_address(flow: Flow) -> None:
    checked_scope(flow, "openid address")


def test_oidcc_scope_phone(flow: Flow) -> None:
    checked_scope(flow, "openid phone")


def test_oidcc_scope_all(flow: Flow) -> None:
    checked_scope(flow, SCOPES)


def test_oidcc_alternate_happy_flow(flow: Flow) -> None:
    sent = flow.parameters(scope=" ".join(reversed(SCOPES.split())))
    reordered = dict(reversed(sent.items()))

    page = flow.browser.answered(flow.browser.open(flow.url(reordered)))

    flow.userinfo(flow.redeem(flow.read(sent, page)))


def test_oidcc_display_page(flow: Flow) -> None:
    flow.complete(display="page")


def test_oidcc_display_popup(flow: Flow) -> None:
    flow.complete(display="popup")


def test_oidcc_prompt_login(flow: Flow) -> None:
    first = flow.complete()
    wait_for_next_second(first.claims["auth_time"])

    second = flow.redeem(flow.answer_after_sign_in(prompt="login"))

    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_prompt_none_not_logged_in(flow: Flow) -> None:
    answer = flow.silent_answer(prompt="none", state=LONG_STATE)

    assert answer.error == "login_required"


def test_oidcc_prompt_none_logged_in(flow: Flow) -> None:
    first = flow.complete()

    second = flow.redeem(flow.silent_answer(prompt="none"))

    assert same_sign_in(first, second)


@once
def test_oidcc_max_age_1(flow: Flow) -> None:
    first = flow.complete()
    # The module waits so long; in the other modes nothing else would be looked at.
    time.sleep(2.0)

    second = flow.redeem(flow.answer_after_sign_in(max_age="1"))

    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert seconds_now() - second.claims["auth_time"] < 10
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_max_age_10000(flow: Flow) -> None:
    first = flow.redeem(flow.answer(max_age="15000"))

    second = flow.redeem(flow.silent_answer(max_age="10000"))

    assert isinstance(first.claims["auth_time"], int)
    assert same_sign_in(first, second)


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(flow: Flow) -> None:
    flow.complete(extra="foobar")


def test_oidcc_id_token_hint(flow: Flow) -> None:
    first = flow.complete()

    second = flow.redeem(flow.silent_answer(prompt="none", id_token_hint=first.id_token))

    assert same_sign_in(first, second)


def test_oidcc_login_hint(flow: Flow) -> None:
    flow.complete(login_hint="buffy@localhost:8443")


def test_oidcc_ui_locales(flow: Flow) -> None:
    flow.complete(ui_locales="se")


def test_oidcc_claims_locales(flow: Flow) -> None:
    flow.complete(claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(flow: Flow) -> None:
    offered = flow.server.metadata["acr_values_supported"]

    done = flow.complete(acr_values=" ".join(offered))

    assert done.claims["acr"] in offered


def test_oidcc_codereuse(flow: Flow) -> None:
    done = flow.complete()

    again = flow.party.exchange(done.answer.code)

    checked_error(again, "invalid_grant")


def test_oidcc_ensure_registered_redirect_uri(flow: Flow) -> None:
    unregistered = f"{flow.party.redirect_uri}/LEvZYcXvQN"

    checked_error_page(flow.page(redirect_uri=unregistered))
    checked_error_page(flow.page(redirect_uri=unregistered, prompt="none"))


def test_oidcc_ensure_post_request_succeeds(flow: Flow) -> None:
    sent = flow.parameters()

    page = flow.browser.post(flow.server.metadata["authorization_endpoint"], sent)

    flow.redeem(flow.read(sent, flow.browser.answered(page)))


def test_oidcc_server_client_secret_post(post_party: Party, browser: Browser, mode: str) -> None:
    Flow(post_party, browser, mode).complete()


@only_dynamic
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    flow: Flow,
) -> None:
    checked_unsigned_request_uri(flow)


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    flow: Flow,
) -> None:
    checked_unsigned_object(flow)


def test_oidcc_claims_essential(flow: Flow) -> None:
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})

    done = flow.redeem(flow.answer(claims=wanted))

    assert flow.userinfo(done)["name"]
    assert "name" not in done.claims


def test_oidcc_ensure_request_object_with_redirect_uri(flow: Flow) -> None:
    checked_object_with_redirect_uri(flow)


def test_oidcc_refresh_token(flow: Flow, other_party: Party) -> None:
    assert "refresh_token" in flow.server.metadata["grant_types_supported"]

    checked_refresh(flow, other_party)


def test_oidcc_ensure_request_with_valid_pkce_succeeds(flow: Flow) -> None:
    challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}

    flow.redeem(flow.answer(**challenge), code_verifier=VERIFIER)


def test_oidcc_codereuse_30seconds(used_code: UsedCode) -> None:
    # The module's wait; most of it has gone by while the others ran.
    time.sleep(max(0.0, used_code.at + 30 - time.monotonic()))

    again = used_code.flow.party.exchange(used_code.done.answer.code)

    checked_error(again, "invalid_grant")
    answer = used_code.flow.ask_userinfo(used_code.done, "GET")
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def same_sign_in(first: SignedIn, second: SignedIn) -> bool:
    """Tell whether both ID tokens speak of one person who signed in once."""
    return all(first.claims.get(name) == second.claims.get(name) for name in ("sub", "auth_time"))


def wait_for_next_second(auth_time: int) -> None:
    """Wait, as the module does, until a new sign-in cannot have the time of the former."""
    while seconds_now() < auth_time + 1:
        time.sleep(0.02)
