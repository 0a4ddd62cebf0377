"""Going on with an authorization request after its pause."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from authserver.crypto.deriver import Deriver
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.interactions import (
    RETURN_TO,
    Interaction,
    InteractionId,
    InteractionState,
)
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.sessions import Session
from authserver.oidc.authorization.code_issuer import CodeIssuer
from authserver.oidc.authorization.next_step import Consent, Issue, Refuse, SignIn, decide
from authserver.oidc.authorization.outcomes import Answer, Ended, FirstPage, Paused, ToAccount
from authserver.oidc.authorization.request import (
    AuthorizationRequest,
    find_redirect_target,
    read_request,
)
from authserver.oidc.errors import AccessDenied, OAuthError
from authserver.oidc.parameters import Parameters
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserStanding:
    """The browser's live session, and its secret where it has to be given again."""

    session: Session | None
    again: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """The use case of `/oidc/auth/{interaction}`: cookie, interaction and session must agree."""

    storage: Storage
    clients: RegisteredClients
    deriver: Deriver
    codes: CodeIssuer

    def resume(
        self, interaction_id: InteractionId, cookie: str | None, session_secret: str | None
    ) -> Answer | Paused | ToAccount | Ended:
        """Go on with a paused request, deciding anew from what is stored."""
        now = self.codes.clock.now()
        interaction = self.find(interaction_id, cookie, now)
        if isinstance(interaction, Ended):
            return interaction
        request = self.stored_request(interaction)
        hinted = None if request is None else self.codes.hinted_subjects(request)
        with self.storage.writing() as work:
            browser = self._browser(work, interaction, cookie or "", session_secret, now)
            if not agree(interaction, browser.session):
                step = None
            elif interaction.client_id == ACCOUNT_CLIENT:
                return self._to_account(work, interaction, browser, now)
            elif request is None:
                step = None
            else:
                step = self._go_on(work, interaction, request, browser, hinted)
        return step or Ended(reason="used", client_id=interaction.client_id)

    def find(
        self, interaction_id: InteractionId, cookie: str | None, now: datetime
    ) -> Interaction | Ended:
        """Return the interaction of this browser, unless it is over."""
        with self.storage.reading() as work:
            interaction = work.interactions.find(interaction_id)
        if interaction is None or not interaction.has_flow or cookie is None:
            return Ended(reason="unknown")
        if not compare_digest(interaction.cookie_digest, fingerprint(cookie)):
            return Ended(reason="other_browser")
        if is_over(interaction, now):
            is_used = interaction.state is InteractionState.COMPLETED
            return Ended(reason="used" if is_used else "expired", client_id=interaction.client_id)
        return interaction

    def stored_request(self, interaction: Interaction) -> AuthorizationRequest | None:
        """Return the request as it was; None where its client was changed or deleted since."""
        parameters = Parameters.of(interaction.parameters.items())
        try:
            return read_request(
                parameters, find_redirect_target(parameters, self.clients), self.codes.apis
            )
        except OAuthError:
            return None

    def _go_on(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        request: AuthorizationRequest,
        browser: BrowserStanding,
        hinted: frozenset[str] | None,
    ) -> Answer | Paused | None:
        """Return the next step; None where another answer was given before."""
        now = self.codes.clock.now()
        if interaction.state is InteractionState.REFUSED:
            return self.codes.error(request.target, AccessDenied("the person has refused"))
        known = self.codes.circumstances(work, request, browser.session, hinted)
        match decide(request, browser.session, interaction, known, now):
            case Refuse(error=error):
                return self.codes.error(request.target, error)
            case SignIn(register=register):
                page = FirstPage.REGISTER if register else FirstPage.SIGN_IN
                return Paused(interaction_id=interaction.id, page=page)
            case Consent():
                return to_consent(interaction, browser)
            case Issue():
                return self._issue(work, interaction, request, browser, now)

    def _issue(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        request: AuthorizationRequest,
        browser: BrowserStanding,
        now: datetime,
    ) -> Answer | Paused | None:
        if browser.session is None:
            return None
        # The session before the interaction, as a sign-in does: or they deadlock.
        ended = self.codes.ended(work, request, browser.session, now)
        if ended is not None:
            return ended
        completed = work.interactions.settle(interaction.id, InteractionState.COMPLETED, now)
        if not (completed or interaction.hands_out_again(now)):
            return None
        issued = self.codes.issue(work, request, browser.session, now, again=browser.again)
        return issued or to_consent(interaction, browser)

    def _to_account(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        browser: BrowserStanding,
        now: datetime,
    ) -> Paused | ToAccount:
        waits = browser.session is None or asks_for_sign_in(interaction)
        if waits and interaction.state is InteractionState.PAUSED:
            return Paused(interaction_id=interaction.id)
        if work.interactions.settle(interaction.id, InteractionState.COMPLETED, now):
            work.commit()
        return ToAccount(
            session_secret=browser.again, section=interaction.parameters.get(RETURN_TO)
        )

    def _browser(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        cookie: str,
        session_secret: str | None,
        now: datetime,
    ) -> BrowserStanding:
        lifetimes = self.codes.lifetimes
        session = work.sessions.find_live(session_secret, now, lifetimes)
        if session is not None or not interaction.hands_out_again(now):
            return BrowserStanding(session=session)
        for secret in self.deriver.session_cookies(interaction.id, cookie):
            session = work.sessions.find_live(secret.reveal(), now, lifetimes)
            if session is not None:
                return BrowserStanding(session=session, again=secret)
        return BrowserStanding(session=None)


def to_consent(interaction: Interaction, browser: BrowserStanding) -> Paused:
    """Return the way to the page that asks; it needs the session, so a lost one comes along."""
    return Paused(
        interaction_id=interaction.id, page=FirstPage.CONSENT, session_secret=browser.again
    )


def is_over(interaction: Interaction, now: datetime) -> bool:
    """Tell whether nothing can be answered any more; a refusal is told whenever asked."""
    return interaction.state is not InteractionState.REFUSED and not (
        interaction.is_open(now) or interaction.hands_out_again(now)
    )


def asks_for_sign_in(interaction: Interaction) -> bool:
    """Tell whether nobody has signed in yet who was to do so anew."""
    return interaction.signed_in_at is None and interaction.parameters.get("prompt") == "login"


def agree(interaction: Interaction, session: Session | None) -> bool:
    """Tell whether whoever signed in here is still whom the browser belongs to."""
    if interaction.signed_in_at is None:
        return True
    return session is not None and session.id == interaction.session_id
