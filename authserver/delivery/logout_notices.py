"""Logout notices that leave after the answer: claim them, sign their tokens, record the outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from authserver.crypto.jose import LOGOUT_TOKEN_JWT, KeyPair
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.logout_notices import (
    LogoutNotice,
    LogoutNoticeState,
    NoticeAnswer,
    next_state,
    wait_after,
)
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage

LEASE: Final = timedelta(seconds=60)
TOKEN_LIVES: Final = timedelta(minutes=2)
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
NO_ADDRESS: Final = "no_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeToSend:
    """A claimed notice, where it goes, and the form that is posted there."""

    notice: LogoutNotice
    url: str
    body: bytes

    @property
    def log_fields(self) -> Mapping[str, str]:
        """Return what the log says of it."""
        return {"client": self.notice.client_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutDelivery:
    """The use cases of the dispatcher of logout notices; `keys` gives the current ones."""

    storage: Storage
    clients: RegisteredClients
    keys: Callable[[], Mapping[SigningAlgorithm, KeyPair]]
    clock: Clock
    issuer: str

    def claim(self, at_most: int) -> list[NoticeToSend]:
        """Take due notices under a lease; who has no address for them any more is not told."""
        now = self.clock.now()
        with self.storage.reading() as work:
            # Most often there is none: that must not cost the one writer.
            if not work.logout_notices.is_any_due(now):
                return []
        with self.storage.writing() as work:
            notices = work.logout_notices.claim_due(now, now + LEASE, at_most)
            work.commit()
        owed: list[NoticeToSend] = []
        for notice in notices:
            client = self.clients.client(notice.client_id)
            url = None if client is None else client.metadata.backchannel_logout_uri
            if client is None or url is None:
                self._give_up(notice, now)
            else:
                form = self._form(notice, client, now)
                owed.append(NoticeToSend(notice=notice, url=url, body=form))
        return owed

    def _give_up(self, notice: LogoutNotice, now: datetime) -> None:
        with self.storage.writing() as work:
            work.logout_notices.finish(notice, LogoutNoticeState.GIVEN_UP, NO_ADDRESS, now)
            work.commit()

    def record(self, owed: NoticeToSend, sent: NoticeAnswer) -> LogoutNoticeState:
        """Keep what the client answered and settle what follows."""
        now = self.clock.now()
        notice = owed.notice
        state = next_state(sent, notice.claims)
        wait = wait_after(notice.claims)
        with self.storage.writing() as work:
            if state is LogoutNoticeState.QUEUED and wait is not None:
                work.logout_notices.put_back(notice, sent.outcome, now + wait)
            else:
                work.logout_notices.finish(notice, state, sent.outcome, now)
            work.commit()
        return state

    def give_back(self, owed: Sequence[NoticeToSend]) -> None:
        """Let others claim at once what this process will not send any more."""
        now = self.clock.now()
        with self.storage.writing() as work:
            for each in owed:
                work.logout_notices.put_back(each.notice, each.notice.last_outcome, now)
            work.commit()

    def _form(self, notice: LogoutNotice, client: Client, now: datetime) -> bytes:
        """Return the request's body (OIDC Back-Channel Logout §2.4, §2.5).

        Each try has a `jti` of its own: a client that broke down half-way takes the next one.
        """
        issued_at = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": client.id,
            "iat": issued_at,
            "exp": issued_at + int(TOKEN_LIVES.total_seconds()),
            "jti": f"{notice.id}-{notice.claims}",
            "events": {LOGOUT_EVENT: {}},
            "sub": notice.subject,
            "sid": notice.session_id,
        }
        key = self.keys()[client.id_token_algorithm]
        token = key.sign(claims, typ=LOGOUT_TOKEN_JWT)
        return urlencode({"logout_token": token}).encode("ascii")
