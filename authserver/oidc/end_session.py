"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from authserver.crypto.jose import TokenInvalid, read_own_token
from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientId
from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.sessions import Session
from authserver.oidc.errors import InvalidRequest
from authserver.oidc.keys import ProviderKeys
from authserver.oidc.parameters import Parameters
from authserver.storage.endings import end_session
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What a client asks for; `redirect_to` is registered for `client`, with the state added."""

    client: Client | None
    subject: str | None
    redirect_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """The session has ended, or there was none; the browser is to load the URLs `told`."""

    redirect_to: str | None
    client: Client | None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFirst:
    """Only the person can say whether this is meant."""

    client: Client | None
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """The use case of `/oidc/session/end`."""

    storage: Storage
    clients: RegisteredClients
    keys: ProviderKeys
    clock: Clock
    lifetimes: Lifetimes
    issuer: str

    def sign_out(
        self,
        parameters: Parameters,
        session_secret: str | None,
        *,
        confirmed: bool = False,
        forgotten_device: str | None = None,
    ) -> SignedOut | AskFirst:
        """End the browser's session where the request proves that it is meant, else ask.

        The browser whose device cookie is `forgotten_device` is a stranger to the account again.

        Raises InvalidRequest where the post_logout_redirect_uri is not the client's.
        """
        request = self._read(parameters)
        now = self.clock.now()
        told: list[ClientId] = []
        with self.storage.writing() as work:
            session = work.sessions.find_live(session_secret, now, self.lifetimes)
            account = None if session is None else work.accounts.find(session.subject)
            if session is not None and account is not None:
                if not (confirmed or self._is_meant(work, request, session)):
                    return AskFirst(client=request.client, account=account)
                told = work.authorizations.clients_of_session(session.id)
                end_session(work, session, request.client, now)
                forget_browser(work, account, forgotten_device, now)
                work.commit()
        return SignedOut(
            redirect_to=request.redirect_to,
            client=request.client,
            told=()
            if session is None
            else self.clients.front_channel_urls(told, self.issuer, session.id),
        )

    def _is_meant(self, work: UnitOfWork, request: LogoutRequest, session: Session) -> bool:
        if request.client is None:
            return False
        if request.subject is not None:
            # A valid hint of somebody else says nothing about this browser's session.
            return request.subject == session.subject
        return work.authorizations.session_holds(session.id, request.client.id)

    def _read(self, parameters: Parameters) -> LogoutRequest:
        parameters.refuse_repeated()
        hint = parameters.get("id_token_hint")
        client_id = parameters.get("client_id")
        subject = None
        if hint is not None:
            try:
                claims = read_own_token(hint, self.keys.load().published, issuer=self.issuer)
            except TokenInvalid:
                # A hint that is present but not ours spoils the request: nobody is redirected.
                return LogoutRequest(client=None, subject=None, redirect_to=None)
            if client_id not in {None, claims["aud"]}:
                raise InvalidRequest("client_id is not the audience of id_token_hint")
            client_id, subject = str(claims["aud"]), str(claims["sub"])
        registered = None if client_id is None else self.clients.find(client_id)
        if client_id is not None and (registered is None or registered.client.is_built_in):
            raise InvalidRequest("client_id is not known")
        client = None if registered is None else registered.client
        return LogoutRequest(
            client=client, subject=subject, redirect_to=self._target(parameters, client)
        )

    def _target(self, parameters: Parameters, client: Client | None) -> str | None:
        uri = parameters.get("post_logout_redirect_uri")
        if uri is None or client is None:
            return None
        if not client.accepts_post_logout_redirect_uri(uri):
            raise InvalidRequest("post_logout_redirect_uri is not registered for this client")
        state = parameters.get("state")
        if state is None:
            return uri
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


def forget_browser(
    work: UnitOfWork, account: Account, device_secret: str | None, now: datetime
) -> None:
    """Make a stranger of the browser with that device cookie, if the account knows it."""
    browser = work.recognised_browsers.find(device_secret, now)
    if browser is None or not work.recognised_browsers.forget(browser.id, account.subject):
        return
    work.record(AuditEvent(kind=AuditKind.BROWSERS_FORGOTTEN, subject=account.subject), now)
