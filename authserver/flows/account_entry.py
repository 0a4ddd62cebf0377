"""Who acts on an account page, and whether their sign-in is fresh enough for what they ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from authserver.domain.account_sections import Confirmation, confirmation_due
from authserver.domain.accounts import Account
from authserver.domain.interactions import InteractionId
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.sessions import Session
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A browser on the account page; its cookies are secrets, so repr hides them.

    `locale` is the language of a page for somebody who has chosen none.
    """

    session_secret: str | None
    device_secret: str | None
    interaction_cookies: Mapping[str, str]
    source: str
    browser: str
    chosen_locale: str | None
    locale: str

    def visitor(self, interaction_id: InteractionId, cookie: str | None = None) -> Visitor:
        """Return the same browser as one on a page of the interaction."""
        return Visitor(
            interaction_id=interaction_id,
            interaction_cookie=cookie or self.interaction_cookies.get(interaction_id),
            session_secret=self.session_secret,
            device_secret=self.device_secret,
            source=self.source,
            browser=self.browser,
            chosen_locale=self.chosen_locale,
        )

    def locale_for(self, account: Account) -> str:
        """Return the language of pages: the one chosen by hand, else the account's own."""
        return self.chosen_locale or account.locale or self.locale

    def __repr__(self) -> str:
        return f"Actor({self.browser!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInAccount:
    """The browser's session and whose it is."""

    session: Session
    account: Account


class Refused(StrEnum):
    """Why nothing was done, where that is no fault of what was entered."""

    SIGNED_OUT = "signed_out"
    CONFIRM_FIRST = "confirm_first"
    NOTHING_DUE = "nothing_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an action came to: a code that the section's page words, with its details."""

    outcome: str
    details: Mapping[str, object] = field(default_factory=dict)


def find_signed_in(
    work: UnitOfWork, secret: str | None, now: datetime, lifetimes: Lifetimes
) -> SignedInAccount | None:
    """Return who is signed in in a browser."""
    session = work.sessions.find_live(secret, now, lifetimes)
    account = None if session is None else work.accounts.find(session.subject)
    if session is None or account is None:
        return None
    return SignedInAccount(session=session, account=account)


def hold_signed_in(
    work: UnitOfWork, secret: str | None, now: datetime, lifetimes: Lifetimes
) -> SignedInAccount | None:
    """Return who is signed in; until the commit account and session stay as they are.

    So a change never comes beside a deletion, a suspension, or the end of its session.
    """
    session = work.sessions.find_live(secret, now, lifetimes)
    account = None if session is None else work.accounts.hold(session.subject)
    if session is None or account is None or not account.is_active:
        return None
    if not work.sessions.hold(session.id, now):
        return None
    return SignedInAccount(session=session, account=account)


def confirmation_of(work: UnitOfWork, entered: SignedInAccount, now: datetime) -> Confirmation:
    """Return what is still to be done before a sensitive change."""
    factors = work.second_factors.list(entered.account.subject)
    return confirmation_due(entered.session, has_second_factor=bool(factors), now=now)


def hold_confirmed(
    work: UnitOfWork, secret: str | None, now: datetime, lifetimes: Lifetimes
) -> SignedInAccount | Refused:
    """Return who is signed in, freshly enough for a sensitive change, held until the commit."""
    held = hold_signed_in(work, secret, now, lifetimes)
    if held is None:
        return Refused.SIGNED_OUT
    if confirmation_of(work, held, now) is not Confirmation.NONE:
        return Refused.CONFIRM_FIRST
    return held
