"""What people say about themselves: names, and the language of pages and notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.standard_claims import LONGEST_OWN_NAME, OWN_NAMES, text_faults
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    SignedInAccount,
    hold_signed_in,
)
from authserver.storage.unit_of_work import Storage, UnitOfWork

LOCALE: Final = "locale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The use cases of the sections `profile` and `language`."""

    storage: Storage
    clock: Clock
    lifetimes: Lifetimes

    def save_names(self, actor: Actor, typed: Mapping[str, str]) -> Said | Refused:
        """Keep the names; an empty one is removed. All or none is changed."""
        wanted = {name: typed[name].strip() for name in OWN_NAMES if name in typed}
        faulty = [name for name, text in wanted.items() if text and not is_fit(name, text)]
        if faulty:
            return Said(outcome="name_invalid", details={"field": faulty[0]})
        return self._save(actor, wanted)

    def choose_language(
        self, actor: Actor, language: str, known: tuple[str, ...]
    ) -> Said | Refused:
        """Keep the language of account pages and notices; an empty one leaves it to the browser."""
        if language and language not in known:
            return Said(outcome="language_unknown")
        return self._save(actor, {LOCALE: language})

    def _save(self, actor: Actor, wanted: Mapping[str, str]) -> Said | Refused:
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            before = held.account.claims
            changed = [name for name, text in wanted.items() if (before.get(name) or "") != text]
            if changed:
                self._write(work, held, {name: wanted[name] for name in changed}, actor, now)
                work.commit()
        return Said(outcome="saved")

    def _write(
        self,
        work: UnitOfWork,
        held: SignedInAccount,
        changes: Mapping[str, str],
        actor: Actor,
        now: datetime,
    ) -> None:
        """Write the changed claims; what operators set beside them stays."""
        merged = {**held.account.claims, **changes}
        claims = {name: value for name, value in merged.items() if value != ""}
        work.accounts.set_claims(held.account.subject, claims, now)
        event = AuditEvent(
            kind=AuditKind.ACCOUNT_CHANGED,
            subject=held.account.subject,
            source=actor.source,
            detail={"claims": " ".join(sorted(changes))},
        )
        work.record(event, now)


def is_fit(name: str, text: str) -> bool:
    """Tell whether people may call themselves so."""
    return len(text) <= LONGEST_OWN_NAME and not any(text_faults(name, text))
