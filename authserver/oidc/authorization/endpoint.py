"""The authorization endpoint: begin a request, resume it after a pause, issue the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from authserver.crypto.deriver import Deriver
from authserver.crypto.jose import TokenInvalid, read_own_token
from authserver.domain.accounts import Subject
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.clock import Clock
from authserver.domain.grants import Authorization, AuthorizationId
from authserver.domain.interactions import Interaction, InteractionId, InteractionState
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.sessions import Session
from authserver.domain.tokens import AuthorizationCode
from authserver.oidc.authorization.next_step import Issue, Refuse, SignIn, decide
from authserver.oidc.authorization.outcomes import Answer, Ended, Paused, ToAccount
from authserver.oidc.authorization.request import (
    AuthorizationRequest,
    RedirectTarget,
    find_redirect_target,
    read_request,
)
from authserver.oidc.authorization.rules import check_request
from authserver.oidc.errors import AccessDenied, LoginRequired, OAuthError
from authserver.oidc.keys import ProviderKeys
from authserver.oidc.parameters import Parameters
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork

KEPT_PARAMETERS: Final = frozenset(
    {
        "client_id",
        "redirect_uri",
        "response_mode",
        "state",
        "response_type",
        "scope",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "first_screen",
        "interaction_mode",
        "claims",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationEndpoint:
    """The use cases of `/oidc/auth`."""

    storage: Storage
    clients: RegisteredClients
    keys: ProviderKeys
    deriver: Deriver
    clock: Clock
    randomness: Randomness
    lifetimes: Lifetimes
    issuer: str

    def begin(
        self, parameters: Parameters, session_secret: str | None, locale: str
    ) -> Answer | Paused:
        """Answer the request at once or pause it for a person.

        Raises OAuthError where the fault must be shown, because no redirect URI is trusted.
        """
        target = find_redirect_target(parameters, self.clients)
        try:
            request = read_request(parameters, target)
            check_request(request)
        except OAuthError as error:
            return self._error(target, error)
        now = self.clock.now()
        with self.storage.writing() as work:
            session = work.sessions.find_live(session_secret, now, self.lifetimes)
            hinted = self._hinted_subject(request)
            match decide(request, session, None, hinted_subject=hinted, now=now):
                case Refuse(error=refusal):
                    return self._error(target, refusal)
                case SignIn(register=register):
                    kept = {
                        name: value
                        for name, value in parameters.values.items()
                        if name in KEPT_PARAMETERS
                    }
                    paused = self._pause(work, target.client.id, kept, locale, now)
                    work.commit()
                    return Paused(
                        interaction_id=paused[0], cookie=Secret(paused[1]), register=register
                    )
                case Issue(session=session):
                    return self._issue(work, request, session, now)

    def begin_for_account(self, locale: str, *, register: bool) -> Paused:
        """Start an interaction of this server's own account page."""
        with self.storage.writing() as work:
            paused = self._pause(work, ACCOUNT_CLIENT, {}, locale, self.clock.now())
            work.commit()
        return Paused(interaction_id=paused[0], cookie=Secret(paused[1]), register=register)

    def resume(
        self, interaction_id: InteractionId, cookie: str | None, session_secret: str | None
    ) -> Answer | Paused | ToAccount | Ended:
        """Go on with a paused request, deciding anew from what is stored."""
        now = self.clock.now()
        with self.storage.writing() as work:
            interaction = work.interactions.find(interaction_id)
            if interaction is None or cookie is None:
                return Ended(reason="unknown")
            if not compare_digest(interaction.cookie_digest, fingerprint(cookie)):
                return Ended(reason="other_browser")
            if interaction.state is not InteractionState.REFUSED and not (
                interaction.is_open(now) or interaction.hands_out_again(now)
            ):
                used = interaction.state is InteractionState.COMPLETED
                return Ended(reason="used" if used else "expired", client_id=interaction.client_id)
            again, session = self._session_of(work, interaction, cookie, session_secret, now)
            if interaction.client_id == ACCOUNT_CLIENT:
                return self._to_account(work, interaction, session, again, now)
            return self._resume(work, interaction, session, again, now)

    def _resume(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        session: Session | None,
        again: Secret | None,
        now: datetime,
    ) -> Answer | Paused | Ended:
        parameters = Parameters.of(interaction.parameters.items())
        try:
            target = find_redirect_target(parameters, self.clients)
            request = read_request(parameters, target)
        except OAuthError:
            # The client was changed or deleted meanwhile.
            return Ended(reason="used", client_id=None)
        if interaction.state is InteractionState.REFUSED:
            return self._error(target, AccessDenied("the person did not sign in"))
        hinted = self._hinted_subject(request)
        match decide(request, session, interaction, hinted_subject=hinted, now=now):
            case Refuse(error=error):
                return self._error(target, error)
            case SignIn(register=register):
                return Paused(interaction_id=interaction.id, cookie=None, register=register)
            case Issue(session=session):
                work.interactions.settle(interaction.id, InteractionState.COMPLETED, now)
                return self._issue(work, request, session, now, again=again)

    def _to_account(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        session: Session | None,
        again: Secret | None,
        now: datetime,
    ) -> Paused | ToAccount:
        if session is None and interaction.state is InteractionState.PAUSED:
            return Paused(interaction_id=interaction.id, cookie=None, register=False)
        if work.interactions.settle(interaction.id, InteractionState.COMPLETED, now):
            work.commit()
        return ToAccount(session_secret=again)

    def _pause(
        self,
        work: UnitOfWork,
        client_id: str,
        parameters: Mapping[str, str],
        locale: str,
        now: datetime,
    ) -> tuple[InteractionId, str]:
        cookie = new_token(self.randomness)
        interaction = Interaction(
            id=InteractionId(new_identifier(self.randomness)),
            cookie_digest=fingerprint(cookie),
            client_id=client_id,
            parameters=parameters,
            locale=locale,
            created_at=now,
            expires_at=now + self.lifetimes.interaction,
        )
        work.interactions.add(interaction)
        return interaction.id, cookie

    def _session_of(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        cookie: str,
        session_secret: str | None,
        now: datetime,
    ) -> tuple[Secret | None, Session | None]:
        """Return the browser's live session, and its secret where it has to be given again."""
        session = work.sessions.find_live(session_secret, now, self.lifetimes)
        if session is not None or not interaction.hands_out_again(now):
            return None, session
        secret = self.deriver.session_cookie(interaction.id, cookie)
        session = work.sessions.find_live(secret.reveal(), now, self.lifetimes)
        return (None, None) if session is None else (secret, session)

    def _hinted_subject(self, request: AuthorizationRequest) -> str | None:
        """Return whom `id_token_hint` names; an expired hint is good, a foreign one nobody's."""
        if request.id_token_hint is None:
            return None
        try:
            claims = read_own_token(
                request.id_token_hint, self.keys.load().published, issuer=self.issuer
            )
        except TokenInvalid:
            return ""
        return str(claims["sub"])

    def _issue(
        self,
        work: UnitOfWork,
        request: AuthorizationRequest,
        session: Session,
        now: datetime,
        *,
        again: Secret | None = None,
    ) -> Answer:
        if not work.sessions.hold(session.id, now):
            return self._error(request.target, LoginRequired("the session has just ended"))
        authorization = Authorization(
            id=AuthorizationId(new_identifier(self.randomness)),
            client_id=request.client.id,
            subject=Subject(session.subject),
            session_id=session.id,
            scopes=request.scopes,
            authenticated_at=session.authenticated_at,
            amr=session.amr,
            acr=session.acr,
            nonce=request.nonce,
            requested_claims=request.requested_claims,
            created_at=now,
        )
        code = new_token(self.randomness)
        work.authorizations.add(authorization, now + self.lifetimes.refresh_max)
        work.authorization_codes.add(
            AuthorizationCode(
                digest=fingerprint(code),
                authorization_id=authorization.id,
                client_id=request.client.id,
                redirect_uri=request.target.redirect_uri,
                code_challenge=request.code_challenge,
                created_at=now,
                expires_at=now + self.lifetimes.authorization_code,
            )
        )
        work.commit()
        return self._answer(request.target, {"code": code}, again)

    def _error(self, target: RedirectTarget, error: OAuthError) -> Answer:
        described = {"error": error.code, "error_description": error.description}
        return self._answer(target, described, None)

    def _answer(
        self, target: RedirectTarget, parameters: Mapping[str, str], again: Secret | None
    ) -> Answer:
        state = {} if target.state is None else {"state": target.state}
        # RFC 9207 §2: the issuer stands in every answer, errors too.
        return Answer(
            target=target,
            parameters={**parameters, **state, "iss": self.issuer},
            session_secret=again,
        )
