"""The relying party: authorization code flow with PKCE, refresh, userinfo and sign-out."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, urlencode

from authserver.demo.failures import (
    ProviderDownError,
    SignInDeniedError,
    SignInEndedError,
    SignInError,
)
from authserver.demo.id_tokens import Expectation, IdTokenJudge
from authserver.demo.metadata import DISCOVERY_PATH, ProviderMetadata
from authserver.demo.provider_calls import JsonObject, ProviderAnswer, ProviderCaller
from authserver.demo.remembered import Remembered
from authserver.demo.tokens import Tokens

SCOPE = "openid profile email offline_access"
KEEP_SECONDS = 300.0
KEY_REST_SECONDS = 10.0
RANDOM_BYTES = 32
MAX_ERROR_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistration:
    """How the shop is registered at the provider."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    post_logout_redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignIn:
    """A sign-in under way; stays on the server, bound to the browser that began it."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, as the provider attests it, and the tokens that came along."""

    tokens: Tokens
    id_token: str = field(repr=False)
    nonce: str = field(repr=False)
    claims: JsonObject
    userinfo: JsonObject

    @property
    def email(self) -> str | None:
        """Return the address to greet the person by, if the provider tells one."""
        address = self.userinfo.get("email", self.claims.get("email"))
        return address if isinstance(address, str) else None


class OidcClient:
    """Talks OpenID Connect with one provider, of which it knows the endpoint only."""

    def __init__(
        self,
        caller: ProviderCaller,
        registration: ClientRegistration,
        *,
        provider: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._caller = caller
        self._registration = registration
        self._issuer = provider.rstrip("/") + "/oidc"
        self._now = now
        self._metadata = Remembered(self._fetch_metadata, keep_seconds=KEEP_SECONDS)
        keys = Remembered(
            self._fetch_keys, keep_seconds=KEEP_SECONDS, rest_seconds=KEY_REST_SECONDS
        )
        self._judge = IdTokenJudge(keys, now)

    async def begin(self, *, prompt: str | None = None) -> tuple[PendingSignIn, str]:
        """Return what must be remembered of a new sign-in and the URL to send the browser to."""
        metadata = await self._metadata.get()
        pending = PendingSignIn(
            state=secrets.token_urlsafe(RANDOM_BYTES),
            nonce=secrets.token_urlsafe(RANDOM_BYTES),
            verifier=secrets.token_urlsafe(RANDOM_BYTES),
        )
        challenge = hashlib.sha256(pending.verifier.encode()).digest()
        parameters = {
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if prompt is not None:
            parameters["prompt"] = prompt
        return pending, _with_query(metadata.authorization_endpoint, parameters)

    async def finish(self, pending: PendingSignIn, answer: Mapping[str, str]) -> SignedIn:
        """Turn the parameters of the callback into a sign-in; raise `SignInError` if it is none."""
        metadata = await self._metadata.get()
        _check_issuer(answer, metadata)
        if "error" in answer:
            raise _told_error(answer)
        if not answer.get("code"):
            raise SignInError("The sign-in service sent you back without a code.")
        tokens = await self._exchange(metadata, pending, answer["code"])
        if tokens.id_token is None:
            raise SignInError("The sign-in service did not say who you are.", detail="no id_token")
        expected = self._expectation(metadata, tokens, pending.nonce)
        claims = await self._judge.claims(tokens.id_token, expected)
        return SignedIn(
            tokens=tokens,
            id_token=tokens.id_token,
            nonce=pending.nonce,
            claims=claims,
            userinfo=await self._userinfo(metadata, tokens.access_token, claims["sub"]),
        )

    async def refresh(self, signed_in: SignedIn) -> Tokens:
        """Return new tokens, not yet judged; raise `SignInEndedError` if the sign-in has ended."""
        metadata = await self._metadata.get()
        old = signed_in.tokens
        if old.refresh_token is None:
            raise SignInEndedError("There is no refresh token. Please sign in again.")
        fields = {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
        answer = await self._ask_for_tokens(metadata, fields)
        if not answer.is_success:
            raise SignInEndedError(
                "The sign-in service does not renew it any more. Please sign in again.",
                detail=f"refresh: {answer.error}",
            )
        tokens = Tokens.read(answer.body, asked_scope=old.scope, now=self._now())
        # RFC 6749 §6: without a new refresh token the old one stays good.
        return replace(tokens, refresh_token=tokens.refresh_token or old.refresh_token)

    async def renewed(self, signed_in: SignedIn, tokens: Tokens) -> SignedIn:
        """Return the sign-in with the tokens of a refresh; raise `SignInError` on a wrong one."""
        metadata = await self._metadata.get()
        claims = signed_in.claims
        if tokens.id_token is not None:
            expected = self._expectation(metadata, tokens, signed_in.nonce, claims)
            claims = await self._judge.claims(tokens.id_token, expected)
        return replace(
            signed_in,
            tokens=tokens,
            id_token=tokens.id_token or signed_in.id_token,
            claims=claims,
            userinfo=await self._userinfo(metadata, tokens.access_token, claims["sub"]),
        )

    async def sign_out_url(self, id_token: str, state: str) -> str | None:
        """Return where the browser signs out at the provider; None if it offers no such place."""
        metadata = await self._metadata.get()
        if metadata.end_session_endpoint is None:
            return None
        parameters = {
            "id_token_hint": id_token,
            "client_id": self._registration.client_id,
            "post_logout_redirect_uri": self._registration.post_logout_redirect_uri,
            "state": state,
        }
        return _with_query(metadata.end_session_endpoint, parameters)

    async def _exchange(
        self, metadata: ProviderMetadata, pending: PendingSignIn, code: str
    ) -> Tokens:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._registration.redirect_uri,
            "code_verifier": pending.verifier,
        }
        answer = await self._ask_for_tokens(metadata, fields)
        if not answer.is_success:
            raise SignInError(
                "The sign-in service did not accept this attempt. Please start again.",
                detail=f"code exchange: {answer.error}",
            )
        return Tokens.read(answer.body, asked_scope=SCOPE, now=self._now())

    async def _ask_for_tokens(
        self, metadata: ProviderMetadata, fields: Mapping[str, str]
    ) -> ProviderAnswer:
        # RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
        name = quote_plus(self._registration.client_id)
        secret = quote_plus(self._registration.client_secret)
        credentials = base64.b64encode(f"{name}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        return await self._caller.post_form(metadata.token_endpoint, fields, headers)

    async def _userinfo(
        self, metadata: ProviderMetadata, access_token: str, subject: object
    ) -> JsonObject:
        if metadata.userinfo_endpoint is None:
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = await self._caller.get(metadata.userinfo_endpoint, headers)
        # Core §5.3.2: an answer about another subject must not be used.
        if not answer.is_success or answer.body.get("sub") != subject:
            raise SignInError(
                "The sign-in service gave two different answers about who you are.",
                detail=f"userinfo: status {answer.status}",
            )
        return answer.body

    def _expectation(
        self,
        metadata: ProviderMetadata,
        tokens: Tokens,
        nonce: str,
        previous: JsonObject | None = None,
    ) -> Expectation:
        return Expectation(
            issuer=metadata.issuer,
            client_id=self._registration.client_id,
            algorithms=metadata.algorithms,
            access_token=tokens.access_token,
            nonce=nonce,
            previous=previous,
        )

    async def _fetch_metadata(self) -> ProviderMetadata:
        answer = await self._caller.get(self._issuer + DISCOVERY_PATH)
        if not answer.is_success:
            raise ProviderDownError(f"discovery: status {answer.status}")
        return ProviderMetadata.read(answer.body, issuer=self._issuer)

    async def _fetch_keys(self) -> Sequence[JsonObject]:
        metadata = await self._metadata.get()
        answer = await self._caller.get(metadata.jwks_uri)
        keys = answer.body.get("keys")
        if not answer.is_success or not isinstance(keys, list):
            raise ProviderDownError(f"key set: status {answer.status}")
        return [key for key in keys if isinstance(key, dict)]


def _check_issuer(answer: Mapping[str, str], metadata: ProviderMetadata) -> None:
    # RFC 9207 §2.4: compared as text; a provider that announces it must send it.
    given = answer.get("iss", None if metadata.sends_issuer else metadata.issuer)
    if given is None or not hmac.compare_digest(given.encode(), metadata.issuer.encode()):
        raise SignInError(
            "This answer comes from another sign-in service than the one we asked.",
            detail="callback: iss",
        )


def _told_error(answer: Mapping[str, str]) -> SignInError:
    code = answer["error"][:MAX_ERROR_TEXT]
    if code == "access_denied":
        return SignInDeniedError("The sign-in was declined. Nothing was shared with us.")
    words = answer.get("error_description", "")[:MAX_ERROR_TEXT]
    told = f"The sign-in service says: {words}" if words else f"The sign-in service says “{code}”."
    return SignInError(told, detail=f"callback: {code}")


def _with_query(url: str, parameters: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
