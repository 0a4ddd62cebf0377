"""The second step after the password, switched on and off, and its recovery codes."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from authserver.crypto.deriver import Deriver
from authserver.domain.account_sections import Section
from authserver.domain.accounts import Account
from authserver.domain.clock import Clock
from authserver.domain.code_entry import MalformedCode, read_recovery_code
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.passwords import StoredPassword
from authserver.domain.randomness import new_identifier
from authserver.domain.second_factors import (
    SecondFactor,
    SecondFactorKind,
    show_recovery_code,
)
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    SignedInAccount,
    hold_confirmed,
)
from authserver.flows.account_interaction import OpenInteraction, SectionInteractions
from authserver.flows.notices import SecondFactorChange, tell_of_second_factor
from authserver.flows.recovery_codes import RecoveryCodes
from authserver.storage.unit_of_work import Storage, UnitOfWork

SET_UP: Final = "set_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorStanding:
    """What the section shows; `codes` are those that wait to be confirmed in this browser."""

    has_password: bool
    is_on: bool
    codes_left: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """New codes are shown in this browser until one of them is typed back."""

    opened: OpenInteraction


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSecondFactor:
    """The use cases of the section `second-factor`.

    New recovery codes are derived for the browser that asked, and stored, as hashes, only once
    one of them is typed back: so nobody switches on what they cannot get past.
    """

    storage: Storage
    interactions: SectionInteractions
    recovery_codes: RecoveryCodes
    deriver: Deriver
    clock: Clock

    @property
    def lifetimes(self) -> Lifetimes:
        """Return the lifetimes in force."""
        return self.interactions.lifetimes

    def look(self, actor: Actor, entered: SignedInAccount) -> SecondFactorStanding:
        """Return what the section shows."""
        subject, now = entered.account.subject, self.clock.now()
        with self.storage.reading() as work:
            has_password = work.passwords.find(subject) is not None
            is_on = bool(work.second_factors.list(subject))
            left = work.second_factors.count_codes(subject)
            opened = self.interactions.find(work, actor, entered, Section.SECOND_FACTOR, now)
        codes = () if opened is None else self._codes(opened)
        return SecondFactorStanding(
            has_password=has_password,
            is_on=is_on,
            codes_left=left,
            codes=tuple(map(show_recovery_code, codes)),
        )

    def begin(self, actor: Actor) -> Begun | Said | Refused:
        """Show new recovery codes: to switch the second step on, or to replace the old ones."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
            if isinstance(held, Refused):
                return held
            if work.passwords.find(held.account.subject) is None:
                return Said(outcome="password_needed")
            opened = self.interactions.open(work, actor, held, Section.SECOND_FACTOR, now)
            notice = {SET_UP: new_identifier(self.interactions.randomness)}
            work.interactions.note(opened.interaction.id, notice)
            work.commit()
        return Begun(opened=opened)

    def finish(self, actor: Actor, entered: SignedInAccount, typed: str) -> Said | Refused:
        """Switch it on, or replace the codes, once one of the shown codes is typed back."""
        now = self.clock.now()
        with self.storage.reading() as work:
            opened = self.interactions.find(work, actor, entered, Section.SECOND_FACTOR, now)
            stored = work.passwords.find(entered.account.subject)
        codes = () if opened is None else self._codes(opened)
        if opened is None or not codes:
            return Refused.NOTHING_DUE
        if stored is None:
            return Said(outcome="password_needed")
        code = read_recovery_code(typed)
        if isinstance(code, MalformedCode) or not any(compare_digest(code, c) for c in codes):
            return Said(outcome="recovery_code_wrong")
        kept = self.recovery_codes.keep(entered.account.subject, codes, now)
        with self.storage.writing() as work:
            held = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
            if isinstance(held, Refused):
                return held
            if not self._is_same(work, opened, stored):
                return Refused.NOTHING_DUE
            was_on = bool(work.second_factors.list(held.account.subject))
            work.second_factors.replace_codes(held.account.subject, kept)
            if not was_on:
                self._switch_on(work, stored, now)
            work.interactions.note(opened.interaction.id, {})
            self._tell(work, held.account, actor, "codes" if was_on else "on", now)
            work.commit()
        return Said(outcome="codes_replaced" if was_on else "second_step_on")

    def switch_off(self, actor: Actor) -> Said | Refused:
        """Ask for no second step any more, and forget the recovery codes."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
            if isinstance(held, Refused):
                return held
            if not work.second_factors.list(held.account.subject):
                return Said(outcome="unknown")
            work.second_factors.remove_all(held.account.subject)
            self._tell(work, held.account, actor, "off", now)
            work.commit()
        return Said(outcome="second_step_off")

    def _codes(self, opened: OpenInteraction) -> tuple[str, ...]:
        """Return the codes that wait to be confirmed; none where nothing was begun."""
        drawn_for = opened.interaction.notice.get(SET_UP)
        if not isinstance(drawn_for, str):
            return ()
        cookie = opened.visitor.interaction_cookie or ""
        return self.recovery_codes.draw(self.deriver.recovery_chance(drawn_for, cookie))

    def _is_same(self, work: UnitOfWork, opened: OpenInteraction, stored: StoredPassword) -> bool:
        """Tell whether codes and password are still those that were looked at."""
        present = work.interactions.find(opened.interaction.id)
        password = work.passwords.find(stored.subject)
        return (
            present is not None
            and present.notice.get(SET_UP) == opened.interaction.notice.get(SET_UP)
            and password is not None
            and password.hash == stored.hash
        )

    def _switch_on(self, work: UnitOfWork, stored: StoredPassword, now: datetime) -> None:
        factor = SecondFactor(subject=stored.subject, kind=SecondFactorKind.MAIL, created_at=now)
        work.second_factors.add(factor)
        # From now on something else than mail stands beside it.
        work.passwords.confirm(stored)

    def _tell(
        self, work: UnitOfWork, account: Account, actor: Actor, change: str, now: datetime
    ) -> None:
        happened = SecondFactorChange(change=change, browser=actor.browser, source=actor.source)
        locale, randomness = actor.locale_for(account), self.interactions.randomness
        tell_of_second_factor(work, account, locale, happened, randomness, now)
