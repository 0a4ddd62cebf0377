"""What operators do with APIs that access tokens can be asked for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from authserver.administration.mistakes import ApiInvalid, ApiUnknown
from authserver.domain.api_resources import ApiResource, ApiScope
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.scopes import SUPPORTED_SCOPES
from authserver.storage.api_resources import ResourceTaken
from authserver.storage.unit_of_work import Storage, UnitOfWork

LONGEST_INDICATOR: Final = 250
LONGEST_NAME: Final = 100
# RFC 6749 §3.3: what a scope word may be made of; a comma would split it in Logto's SDKs.
SCOPE_WORD: Final = re.compile(r"[A-Za-z0-9!#-+.\-/:;<=>?@\[\]^_`{|}~]{1,100}")
LONGEST_LIFETIME: Final = timedelta(days=1)
SHORTEST_LIFETIME: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChanges:
    """What to replace of an API; what is None stays.

    With `forgets_lifetime` tokens for it live as its clients or the settings say.
    """

    name: str | None = None
    scopes: Sequence[ApiScope] | None = None
    access_token_lifetime: timedelta | None = None
    forgets_lifetime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAdministration:
    """Registers APIs; every change reaches all processes within a second.

    `own` is the API of this server, which is there without being registered.
    """

    storage: Storage
    clock: Clock
    own: ApiResource

    def create(self, indicator: str, changes: ApiChanges) -> ApiResource:
        """Register an API; raises ApiInvalid with all faults together."""
        self.refuse_own(indicator)
        api = self.made_of(indicator, changes)
        refuse_faulty(api)
        with self.storage.writing() as work:
            try:
                work.api_resources.add(api)
            except ResourceTaken as taken:
                raise ApiInvalid(f"There is an API {indicator!r} already.") from taken
            changed(work, AuditKind.API_CHANGED, indicator, api.created_at)
            work.commit()
        return api

    def made_of(self, indicator: str, changes: ApiChanges) -> ApiResource:
        """Return the API that would be new with this, unjudged."""
        now = self.clock.now()
        return ApiResource(
            indicator=indicator,
            name=(changes.name or indicator)[:LONGEST_NAME].strip(),
            scopes=tuple(changes.scopes or ()),
            access_token_lifetime=changes.access_token_lifetime,
            created_at=now,
            updated_at=now,
        )

    def list(self) -> list[ApiResource]:
        """Return every API, that of this server first."""
        return [self.own, *self.registered()]

    def registered(self) -> Sequence[ApiResource]:
        """Return every API that was registered, but for one that has given way to our own."""
        with self.storage.reading() as work:
            found = work.api_resources.list()
        return [api for api in found if api.indicator != self.own.indicator]

    def show(self, indicator: str) -> ApiResource:
        """Return one API; raises ApiUnknown."""
        if indicator == self.own.indicator:
            return self.own
        with self.storage.reading() as work:
            return wanted(work, indicator)

    def update(self, indicator: str, changes: ApiChanges) -> ApiResource:
        """Replace what `changes` names; raises ApiInvalid with all faults together."""
        self.refuse_own(indicator)
        now = self.clock.now()
        with self.storage.writing() as work:
            before = wanted(work, indicator)
            api = replace(
                before,
                name=before.name if changes.name is None else changes.name.strip(),
                scopes=before.scopes if changes.scopes is None else tuple(changes.scopes),
                access_token_lifetime=lifetime_after(before, changes),
                updated_at=now,
            )
            refuse_faulty(api)
            work.api_resources.change(api)
            changed(work, AuditKind.API_CHANGED, indicator, now)
            work.commit()
        return api

    def delete(self, indicator: str) -> None:
        """Delete an API; nobody gets tokens for it any more."""
        self.refuse_own(indicator)
        now = self.clock.now()
        with self.storage.writing() as work:
            wanted(work, indicator)
            work.api_resources.delete(indicator)
            changed(work, AuditKind.API_DELETED, indicator, now)
            work.commit()

    def refuse_own(self, indicator: str) -> None:
        """Raise ApiInvalid for the API of this server, which stays as it is."""
        if indicator == self.own.indicator:
            raise ApiInvalid(f"{indicator} is this server's own API: roles permit its scopes.")


def lifetime_after(before: ApiResource, changes: ApiChanges) -> timedelta | None:
    """Return how long tokens for the API live from now on, None where it does not say."""
    if changes.forgets_lifetime:
        return None
    if changes.access_token_lifetime is None:
        return before.access_token_lifetime
    return changes.access_token_lifetime


def wanted(work: UnitOfWork, indicator: str) -> ApiResource:
    """Return the API, or raise ApiUnknown."""
    api = work.api_resources.find(indicator)
    if api is None:
        raise ApiUnknown(f"There is no API {indicator!r}; `resource list` shows all there are.")
    return api


def changed(work: UnitOfWork, kind: AuditKind, indicator: str, now: datetime) -> None:
    """Record the change and make every process see it."""
    work.configuration_changed(ConfigurationKind.API_RESOURCES)
    work.record(AuditEvent(kind=kind, detail={"resource": indicator}), now)


def refuse_faulty(api: ApiResource) -> None:
    """Raise ApiInvalid where an API has faults."""
    faults = [*api_faults(api)]
    if faults:
        raise ApiInvalid(*faults)


def api_faults(api: ApiResource) -> Iterator[str]:
    """Yield what is wrong with an API, a sentence each."""
    if not is_indicator(api.indicator):
        yield (
            "The indicator must be an absolute URI without fragment, blank or comma, of at most "
            f"{LONGEST_INDICATOR} ASCII characters (RFC 8707 §2)."
        )
    if not 1 <= len(api.name) <= LONGEST_NAME or not api.name.isprintable():
        yield f"The name must have 1 to {LONGEST_NAME} printable characters."
    names = [scope.name for scope in api.scopes]
    for name in names:
        if not SCOPE_WORD.fullmatch(name):
            yield f"{name!r} cannot be a scope (RFC 6749 §3.3)."
        elif name in SUPPORTED_SCOPES:
            yield f"{name!r} is a scope of this server itself."
    if len(set(names)) < len(names):
        yield "A scope is named twice."
    lifetime = api.access_token_lifetime
    if lifetime is not None and not SHORTEST_LIFETIME <= lifetime <= LONGEST_LIFETIME:
        yield "Access tokens must live from 1 minute to 1 day."


def is_indicator(text: str) -> bool:
    """Tell whether `text` can stand as a resource indicator."""
    if len(text) > LONGEST_INDICATOR or not text.isascii() or not text.isprintable():
        return False
    if any(symbol in text for symbol in " ,#"):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path)
