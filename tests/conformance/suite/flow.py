"""The code flow as the suite runs it: each step is looked at before the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from tests.conformance.suite.browser import Arrival, Browser, asks_to_sign_in
from tests.conformance.suite.checks import (
    JsonObject,
    checked_claims,
    checked_description,
    checked_error,
    checked_id_token,
    checked_jws,
    checked_tokens,
    has_claims_of,
    json_of,
    shannon_bits,
)
from tests.conformance.suite.party import Party, next_name
from tests.conformance.suite.server import TestedServer

QUERY = "query"
FORM_POST = "form_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was sent to the authorization endpoint, and what came back to the relying party."""

    sent: Mapping[str, str]
    fields: Mapping[str, str]

    @property
    def code(self) -> str:
        return self.fields["code"]

    @property
    def error(self) -> str | None:
        return self.fields.get("error")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The end of a flow: the token response, and the claims of its verified ID token."""

    answer: Answer
    tokens: JsonObject
    claims: JsonObject

    @property
    def access_token(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def id_token(self) -> str:
        return str(self.tokens["id_token"])


class Flow:
    """One relying party and Jane's browser in front of it."""

    def __init__(self, party: Party, browser: Browser, mode: str = QUERY) -> None:
        self.party = party
        self.browser = browser
        self.mode = mode

    @property
    def server(self) -> TestedServer:
        return self.party.server

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; a change to None leaves one out."""
        wanted: dict[str, str | None] = {
            "client_id": self.party.id,
            "redirect_uri": self.party.redirect_uri,
            "scope": "openid",
            "state": next_name("state-._~"),
            "nonce": next_name("nonce-._~"),
            "response_type": "code",
            "response_mode": None if self.mode == QUERY else self.mode,
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def url(self, sent: Mapping[str, str]) -> str:
        """Return the address of an authorization request."""
        return f"{self.server.metadata['authorization_endpoint']}?{urlencode(sent)}"

    def page(self, **changes: str | None) -> httpx.Response:
        """Return what the browser comes to, with nothing done there."""
        return self.browser.open(self.url(self.parameters(**changes)))

    def answer(self, **changes: str | None) -> Answer:
        """Let Jane do what she is asked for, and return what the relying party gets."""
        sent = self.parameters(**changes)
        return self.read(sent, self.browser.answered(self.browser.open(self.url(sent))))

    def silent_answer(self, **changes: str | None) -> Answer:
        """Return what the relying party gets without a page in between."""
        sent = self.parameters(**changes)
        return self.read(sent, self.browser.open(self.url(sent)))

    def answer_after_sign_in(self, **changes: str | None) -> Answer:
        """Return what the relying party gets once Jane has been asked who she is."""
        sent = self.parameters(**changes)
        page = self.browser.open(self.url(sent))
        assert asks_to_sign_in(page), page.text
        return self.read(sent, self.browser.answered(page))

    def read(self, sent: Mapping[str, str], page: httpx.Response) -> Answer:
        """Look at the authorization response: in its place, exact, with nothing beside."""
        arrival = self.browser.arrival(page)
        fields = checked_place(arrival, sent)
        expected = {"error", "error_description", "error_uri"} if "error" in fields else {"code"}
        assert fields.keys() <= expected | {"state", "iss"}
        assert fields.get("state") == sent.get("state")
        assert fields["iss"] == self.server.issuer
        checked_description(fields)
        if "code" in fields:
            assert shannon_bits(fields["code"]) >= 96
        return Answer(sent=sent, fields=fields)

    def redeem(self, answer: Answer, **fields: str) -> SignedIn:
        """Exchange the code; look at the token response and the ID token."""
        assert answer.error is None, answer.fields
        tokens = checked_tokens(self.party.exchange(answer.code, **fields))
        claims = self.verified(tokens["id_token"], answer.sent.get("nonce"))
        return SignedIn(answer=answer, tokens=tokens, claims=claims)

    def verified(self, id_token: str, nonce: str | None) -> JsonObject:
        """Return the claims of an ID token for this relying party."""
        claims = checked_jws(id_token, self.server.key_set())
        return checked_id_token(
            claims, issuer=self.server.issuer, client_id=self.party.id, nonce=nonce
        )

    def complete(self, **changes: str | None) -> SignedIn:
        """Run the whole flow, userinfo included."""
        done = self.redeem(self.answer(**changes))
        self.userinfo(done)
        return done

    def userinfo(self, done: SignedIn) -> JsonObject:
        """Ask for the claims as every module does, and look at them."""
        return checked_userinfo(self.ask_userinfo(done, "GET"), done)

    def ask_userinfo(self, done: SignedIn, method: str) -> httpx.Response:
        """Ask for the claims with the token in the header."""
        headers = {"Authorization": f"Bearer {done.access_token}"}
        url = self.server.metadata["userinfo_endpoint"]
        return self.server.http.request(method, url, headers=headers)

    def renew(self, done: SignedIn, **fields: str) -> JsonObject:
        """Refresh, and look at what does not change (OIDC Core §12.2)."""
        tokens = checked_tokens(self.party.refresh(done.tokens["refresh_token"], **fields))
        # OIDC Core §12.2: a nonce would have to be the former one; there is none.
        claims = self.verified(tokens["id_token"], None)
        for name in ("iss", "sub", "aud", "azp", "auth_time"):
            assert claims.get(name) == done.claims.get(name)
        assert claims["iat"] >= done.claims["iat"]
        assert tokens["access_token"] != done.access_token
        return tokens


def checked_place(arrival: Arrival, sent: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters from where the mode puts them; the URI's own query survives."""
    registered = urlsplit(sent["redirect_uri"])
    if sent.get("response_mode") == FORM_POST:
        assert arrival.url == sent["redirect_uri"]
        assert arrival.body is not None
        return arrival.body
    assert arrival.body is None
    arrived = urlsplit(arrival.url)
    assert (arrived.netloc, arrived.path) == (registered.netloc, registered.path)
    assert arrived.query.startswith(registered.query)
    assert not arrived.fragment
    own = {pair.partition("=")[0] for pair in registered.query.split("&")}
    return {name: value for name, value in arrival.query.items() if name not in own}


def checked_userinfo(response: httpx.Response, done: SignedIn) -> JsonObject:
    """Return the claims of a userinfo answer that is JSON, for whom the ID token is."""
    claims = json_of(response)
    assert claims["sub"] == done.claims["sub"]
    checked_claims(claims)
    return claims


def checked_scope(flow: Flow, scope: str) -> None:
    """Ask for scopes; userinfo gives all that they stand for, and the ID token nothing of it."""
    done = flow.redeem(flow.answer(scope=scope))
    claims = flow.userinfo(done)
    assert has_claims_of(claims, scope.split())


def checked_refresh(flow: Flow, other: Party) -> None:
    """Do what the module for refresh tokens does: renew, and let another client try."""
    asked: dict[str, Any] = {"scope": "openid offline_access", "prompt": "consent"}
    done = flow.redeem(flow.answer(**asked))
    assert shannon_bits(done.tokens["refresh_token"]) >= 96
    renewed = flow.renew(done)
    stolen = other.refresh(renewed["refresh_token"])
    checked_error(stolen, "invalid_grant")
    # Whoever tried it destroyed nothing.
    flow.renew(SignedIn(answer=done.answer, tokens=renewed, claims=done.claims))
