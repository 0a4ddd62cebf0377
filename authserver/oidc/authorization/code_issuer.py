"""The end of an authorization request: a code for the client, or an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.crypto.jose import TokenInvalid, read_own_token
from authserver.domain.api_resources import permitted_scopes
from authserver.domain.clock import Clock
from authserver.domain.grants import Authorization, AuthorizationId
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.scopes import ScopeSet, releasing
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.sessions import Session
from authserver.domain.tokens import AuthorizationCode
from authserver.oidc.authorization.next_step import Access, Circumstances, ConsentStanding
from authserver.oidc.authorization.outcomes import Answer
from authserver.oidc.authorization.request import AuthorizationRequest, RedirectTarget
from authserver.oidc.errors import InvalidRequest, LoginRequired, OAuthError
from authserver.oidc.keys import ProviderKeys
from authserver.storage.grants import ClientOrAccountGone
from authserver.storage.registered_apis import RegisteredApis
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIssuer:
    """Issues authorization codes and makes authorization responses."""

    keys: ProviderKeys
    apis: RegisteredApis
    clock: Clock
    randomness: Randomness
    lifetimes: Lifetimes
    issuer: str

    def ended(
        self, work: UnitOfWork, request: AuthorizationRequest, session: Session, now: datetime
    ) -> Answer | None:
        """Hold the session for `issue`; return the answer where it has just ended."""
        if work.sessions.hold(session.id, now):
            return None
        return self.error(request.target, LoginRequired("the session has just ended"))

    def issue(
        self,
        work: UnitOfWork,
        request: AuthorizationRequest,
        session: Session,
        now: datetime,
        *,
        again: Secret | None = None,
    ) -> Answer | None:
        """Write authorization and code, commit, and return the answer for the client.

        None where the person has withdrawn a moment ago what they allowed.
        """
        access = self._access(work, request, session)
        if request.client.asks_for_consent:
            # Held until the commit: a withdrawal beside this ends what is issued here.
            held = work.grants.hold(session.subject, request.client.id)
            if not access.is_within(held):
                return None
        authorization = Authorization(
            id=AuthorizationId(new_identifier(self.randomness)),
            client_id=request.client.id,
            subject=session.subject,
            session_id=session.id,
            scopes=request.scopes,
            authenticated_at=session.authenticated_at,
            amr=session.amr,
            acr=request.context_told(session.acr),
            nonce=request.nonce,
            requested_claims=request.claims.names,
            resources=access.resources,
            created_at=now,
        )
        code = new_token(self.randomness)
        try:
            work.authorizations.add(authorization, now + self.lifetimes.authorization)
        except ClientOrAccountGone as fault:
            raise InvalidRequest("client_id is not known") from fault
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

    def _access(self, work: UnitOfWork, request: AuthorizationRequest, session: Session) -> Access:
        """Return what is asked for: of each API the scopes that the person's roles permit."""
        roles = work.roles.of_account(session.subject) if request.apis else ()
        named = (name for names in request.claims.names.values() for name in names)
        return Access(
            # What is asked for claim by claim is no less asked for.
            scopes=ScopeSet(request.scopes.words | releasing(named).words),
            resources={
                api.indicator: tuple(sorted(request.scope_words & permitted_scopes(api, roles)))
                for api in request.apis
            },
        )

    def circumstances(
        self,
        work: UnitOfWork,
        request: AuthorizationRequest,
        session: Session | None,
        hinted: frozenset[str] | None,
    ) -> Circumstances:
        """Return what `decide` has to know beside request and session."""
        consent = None
        if session is not None and request.client.asks_for_consent:
            consent = ConsentStanding(
                access=self._access(work, request, session),
                grant=work.grants.find(session.subject, request.client.id),
            )
        return Circumstances(
            hinted_subjects=hinted,
            has_second_factor=self._may_step_up(work, request, session),
            consent=consent,
        )

    def error(self, target: RedirectTarget, error: OAuthError) -> Answer:
        """Return the answer that tells the client why it gets no code."""
        described = {"error": error.code, "error_description": error.description}
        return self._answer(target, described, None)

    def _may_step_up(
        self, work: UnitOfWork, request: AuthorizationRequest, session: Session | None
    ) -> bool:
        """Tell whether the account has a second factor, where the request asks for two."""
        if session is None or not request.wants_two_factors:
            return False
        return bool(work.second_factors.list(session.subject))

    def hinted_subjects(self, request: AuthorizationRequest) -> frozenset[str] | None:
        """Return whom the request may be about: `sub` in its claims, or `id_token_hint`.

        An expired hint is good, a foreign one names nobody.
        """
        if request.claims.subjects is not None:
            return request.claims.subjects
        if request.id_token_hint is None:
            return None
        try:
            claims = read_own_token(
                request.id_token_hint, self.keys.load().published, issuer=self.issuer
            )
        except TokenInvalid:
            return frozenset()
        return frozenset({str(claims["sub"])})

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
