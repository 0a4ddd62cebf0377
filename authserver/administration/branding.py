"""What operators do with the brand of the instance, and with what clients have of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from authserver.administration.mistakes import BrandInvalid, ClientUnknown
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.brand_images import BrandImage, ImageUnfit, read_image
from authserver.domain.brand_rules import brand_faults
from authserver.domain.branding import (
    A_TEXT,
    COLOURS,
    KINDS,
    MEMBERS,
    MEMBERS_OF_CLIENTS,
    NOTHING_CHOSEN,
    Brand,
    read_brand,
)
from authserver.domain.clock import Clock
from authserver.domain.colours import read_colour
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.brands import (
    CLIENT_PREFIX,
    INSTANCE,
    StoredBrands,
    find_image,
    keep_image,
    read_brands,
)
from authserver.storage.unit_of_work import Storage, UnitOfWork

OPERATOR: Final = "operator"
MOST_VERSIONS_SHOWN: Final = 50
BEFORE_THE_FIRST: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandChanges:
    """What to replace of a brand, by its members; images are files, or names of stored ones."""

    values: Mapping[str, object] = field(default_factory=dict)
    images: Mapping[str, bytes | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandVersion:
    """What was chosen once, by whom and when."""

    version: int
    brand: Brand
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandAdministration:
    """Changes brands; pages and mails of every process follow within a second.

    Without a client it is about the instance.
    """

    storage: Storage
    brands: StoredBrands
    clock: Clock

    def show(self, client_id: str | None = None) -> Brand:
        """Return what was chosen."""
        with self.storage.reading() as work:
            require_client(work, client_id)
            return chosen(work, client_id)

    def set(
        self, changes: BrandChanges, client_id: str | None = None, *, changed_by: str = OPERATOR
    ) -> Brand:
        """Replace what `changes` names; raises BrandInvalid with all faults together."""
        with self.storage.writing() as work:
            require_client(work, client_id)
            brand = self._changed(work, chosen(work, client_id), changes, client_id, changed_by)
            self._put(work, brand, client_id, changed_by)
            work.commit()
        return brand

    def put(
        self, changes: BrandChanges, client_id: str | None = None, *, changed_by: str = OPERATOR
    ) -> Brand:
        """Choose what `changes` names and nothing else."""
        with self.storage.writing() as work:
            require_client(work, client_id)
            brand = self._changed(work, NOTHING_CHOSEN, changes, client_id, changed_by)
            if brand != chosen(work, client_id):
                self._put(work, brand, client_id, changed_by)
                work.commit()
        return brand

    def judge(self, changes: BrandChanges, client_id: str | None = None) -> Brand:
        """Return what `put` would choose, and store nothing."""
        with self.storage.reading() as work:
            require_client(work, client_id)
            return merged(work, NOTHING_CHOSEN, changes, client_id)

    def remove(
        self,
        members: Sequence[str] = (),
        client_id: str | None = None,
        *,
        changed_by: str = OPERATOR,
    ) -> Brand:
        """Let what `members` name be as it comes; without members, everything."""
        unknown = [member for member in members if member not in MEMBERS]
        if unknown:
            raise BrandInvalid(f"A brand has no {unknown[0]!r}; it has {', '.join(MEMBERS)}.")
        with self.storage.writing() as work:
            # The client may be gone while something of its own is left.
            brand = chosen(work, client_id)
            kept = replace(brand, **dict.fromkeys(members or MEMBERS))
            if kept != brand:
                self._put(work, kept, client_id, changed_by)
                work.commit()
        return kept

    def history(self, client_id: str | None = None) -> list[BrandVersion]:
        """Return what was chosen so far, newest first."""
        with self.storage.reading() as work:
            return versions(work, client_id)

    def undo(
        self,
        client_id: str | None = None,
        *,
        to: int | None = None,
        changed_by: str = OPERATOR,
    ) -> Brand:
        """Choose again what an earlier version has, the last but one unless told which."""
        with self.storage.writing() as work:
            known = versions(work, client_id)
            if not known:
                raise BrandInvalid("There is nothing to undo: nothing was chosen yet.")
            wanted = known[0].version - 1 if to is None else to
            found = {each.version: each.brand for each in known}
            found.setdefault(BEFORE_THE_FIRST, NOTHING_CHOSEN)
            if wanted not in found:
                raise BrandInvalid(f"There is no version {wanted}; `brand history` shows them.")
            self._put(work, found[wanted], client_id, changed_by)
            work.commit()
        return found[wanted]

    def client_ids(self) -> list[str]:
        """Return the clients there are that have something of their own."""
        with self.storage.reading() as work:
            known = {client.id for client in work.clients.list()}
            return sorted(known.intersection(read_brands(work).of_clients))

    def image(self, name: str) -> BrandImage | None:
        """Return a stored image."""
        return self.brands.image(name)

    def _changed(
        self,
        work: UnitOfWork,
        brand: Brand,
        changes: BrandChanges,
        client_id: str | None,
        changed_by: str,
    ) -> Brand:
        wanted = merged(work, brand, changes, client_id)
        now = self.clock.now()
        for given in changes.images.values():
            if isinstance(given, bytes):
                keep_image(work, read_image(given), changed_by=changed_by, now=now)
        return wanted

    def _put(self, work: UnitOfWork, brand: Brand, client_id: str | None, changed_by: str) -> None:
        now = self.clock.now()
        kind = ConfigurationKind.BRANDING
        work.configuration.put(
            kind, name_of(client_id), brand.document(), changed_by=changed_by, now=now
        )
        work.configuration_changed(kind)
        detail = {"members": ", ".join(brand.document())}
        event = AuditEvent(kind=AuditKind.BRAND_CHANGED, client_id=client_id, detail=detail)
        work.record(event, now)


def merged(work: UnitOfWork, brand: Brand, changes: BrandChanges, client_id: str | None) -> Brand:
    """Return the brand with the changes; raises BrandInvalid with all faults together."""
    given = [*changes.values, *changes.images]
    allowed = MEMBERS if client_id is None else MEMBERS_OF_CLIENTS
    faults = [
        f"{'A brand' if client_id is None else 'A client'} has no {member!r} of its own; "
        f"there are {', '.join(allowed)}."
        for member in given
        if member not in allowed
    ]
    values = dict(changes.values)
    faults += [
        f"{member} must be {KINDS.get(member, A_TEXT)[1]}."
        for member, value in values.items()
        # Exactly so: a truth value would pass for a number.
        if type(value) is not KINDS.get(member, A_TEXT)[0]
    ]
    for member, image in changes.images.items():
        try:
            values[member] = image_name(work, image)
        except ImageUnfit as unfit:
            faults.append(f"The {member.replace('_', ' ')} cannot be used, because {unfit}.")
    if faults:
        raise BrandInvalid(*faults)
    wanted = replace(brand, **values)  # type: ignore[arg-type]  # names of fields
    faults = brand_faults(wanted)
    if faults:
        raise BrandInvalid(*faults)
    spelled = {
        member: str(read_colour(text)) for member in COLOURS if (text := getattr(wanted, member))
    }
    return replace(wanted, **spelled)  # type: ignore[arg-type]  # names of fields


def image_name(work: UnitOfWork, given: bytes | str) -> str:
    """Return the name of an image; raises ImageUnfit for what is none."""
    if isinstance(given, bytes):
        return read_image(given).name
    if find_image(work, given) is None:
        raise ImageUnfit(f"there is no file {given!r}")
    return given


def chosen(work: UnitOfWork, client_id: str | None) -> Brand:
    """Return what was chosen."""
    document = work.configuration.find(ConfigurationKind.BRANDING, name_of(client_id))
    return NOTHING_CHOSEN if document is None else read_brand(document.body)


def versions(work: UnitOfWork, client_id: str | None) -> list[BrandVersion]:
    """Return what was chosen so far, newest first."""
    documents = work.configuration.history(
        ConfigurationKind.BRANDING, name_of(client_id), MOST_VERSIONS_SHOWN
    )
    return [
        BrandVersion(
            version=document.version,
            brand=read_brand(document.body),
            changed_by=document.changed_by,
            changed_at=document.changed_at,
        )
        for document in documents
    ]


def name_of(client_id: str | None) -> str:
    """Return the name of the document."""
    return INSTANCE if client_id is None else f"{CLIENT_PREFIX}{client_id}"


def require_client(work: UnitOfWork, client_id: str | None) -> None:
    """Raise ClientUnknown where there is no such client."""
    if client_id is not None and work.clients.find(client_id) is None:
        raise ClientUnknown(f"There is no client {client_id!r}; `client list` shows all there are.")
