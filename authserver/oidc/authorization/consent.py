"""Consent: what the person is asked, and what becomes of the answer."""

from dataclasses import dataclass, replace
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.api_resources import ApiResource
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client
from authserver.domain.grants import Grant, GrantId
from authserver.domain.interactions import Interaction, InteractionId, InteractionState
from authserver.domain.randomness import new_identifier
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import Session
from authserver.oidc.authorization.code_issuer import CodeIssuer
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.oidc.authorization.next_step import Access, Consent, decide
from authserver.oidc.authorization.outcomes import Ended, Paused
from authserver.oidc.authorization.request import AuthorizationRequest
from authserver.oidc.authorization.resumption import Resumption, agree
from authserver.storage.grants import ClientOrAccountGone
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page asks: whom, about which client, for which access."""

    interaction: Interaction
    request: AuthorizationRequest
    session: Session
    account: Account
    access: Access

    @property
    def client(self) -> Client:
        """Return the client that asks."""
        return self.request.client

    @property
    def apis(self) -> tuple[ApiResource, ...]:
        """Return the APIs of which the client would have any scope."""
        return tuple(api for api in self.request.apis if self.access.resources[api.indicator])

    @property
    def facts(self) -> tuple[str, ...]:
        """Return what an answer is bound to: it is good for this question alone."""
        resources = sorted(self.access.resources.items())
        return (
            self.interaction.id,
            self.session.id,
            str(self.access.scopes),
            *(" ".join((indicator, *scopes)) for indicator, scopes in resources),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDue:
    """There is nothing to ask: the authorization endpoint decides what follows."""

    interaction_id: InteractionId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStep:
    """The use cases of `/consent/{interaction}`; cookie and session must be this browser's."""

    resumption: Resumption
    endpoint: AuthorizationEndpoint
    codes: CodeIssuer

    def ask(
        self, interaction_id: InteractionId, cookie: str | None, session_secret: str | None
    ) -> Question | NotDue | Ended:
        """Return what the person is asked at this moment."""
        now = self.codes.clock.now()
        interaction = self.resumption.find(interaction_id, cookie, now)
        if isinstance(interaction, Ended):
            return interaction
        request = self.resumption.stored_request(interaction)
        if request is None or interaction.state is not InteractionState.PAUSED:
            return NotDue(interaction_id=interaction_id)
        hinted = self.codes.hinted_subjects(request)
        with self.resumption.storage.reading() as work:
            session = work.sessions.find_live(session_secret, now, self.codes.lifetimes)
            known = self.codes.circumstances(work, request, session, hinted)
            account = None if session is None else work.accounts.find(session.subject)
        is_due = isinstance(decide(request, session, interaction, known, now), Consent)
        if session is None or account is None or known.consent is None:
            return NotDue(interaction_id=interaction_id)
        if not (is_due and agree(interaction, session)):
            return NotDue(interaction_id=interaction_id)
        return Question(
            interaction=interaction,
            request=request,
            session=session,
            account=account,
            access=known.consent.access,
        )

    def allow(self, question: Question) -> None:
        """Keep what was asked as a grant, with what was allowed before."""
        now = self.codes.clock.now()
        with self.resumption.storage.writing() as work:
            # Whoever signs out or is suspended at this moment has allowed nothing.
            if not work.sessions.hold(question.session.id, now):
                return
            try:
                work.grants.put(self._grant(work, question, now))
            except ClientOrAccountGone:
                return
            record(work, AuditKind.CONSENT_GIVEN, question, now)
            work.commit()

    def deny(self, question: Question) -> None:
        """Refuse; the client is told (RFC 6749 §4.1.2.1). What was allowed before stays."""
        now = self.codes.clock.now()
        with self.resumption.storage.writing() as work:
            if work.interactions.settle(question.interaction.id, InteractionState.REFUSED, now):
                record(work, AuditKind.CONSENT_REFUSED, question, now)
                work.commit()

    def sign_in_anew(self, question: Question) -> Paused:
        """Let somebody else sign in for the same request."""
        return self.endpoint.begin_anew(question.interaction)

    def _grant(self, work: UnitOfWork, question: Question, now: datetime) -> Grant:
        access = question.access
        subject, client_id = question.session.subject, question.client.id
        earlier = work.grants.hold(subject, client_id)
        if earlier is None:
            return Grant(
                id=GrantId(new_identifier(self.codes.randomness)),
                subject=subject,
                client_id=client_id,
                scopes=access.scopes,
                resources=access.resources,
                created_at=now,
                updated_at=now,
            )
        resources = {
            indicator: tuple(
                sorted(
                    {*earlier.resources.get(indicator, ()), *access.resources.get(indicator, ())}
                )
            )
            for indicator in {*earlier.resources, *access.resources}
        }
        scopes = ScopeSet(earlier.scopes.words | access.scopes.words)
        return replace(earlier, scopes=scopes, resources=resources, updated_at=now)


def record(work: UnitOfWork, kind: AuditKind, question: Question, now: datetime) -> None:
    """Record what the person has decided."""
    event = AuditEvent(
        kind=kind,
        subject=question.session.subject,
        client_id=question.client.id,
        detail={"scope": str(question.access.scopes)},
    )
    work.record(event, now)
