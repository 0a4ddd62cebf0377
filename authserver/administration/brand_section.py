"""The section `[brand]` of a configuration document."""

from collections.abc import Mapping
from dataclasses import dataclass

from authserver.administration.as_code import Change, Files, require_table
from authserver.administration.branding import BrandAdministration, BrandChanges
from authserver.administration.mistakes import ConfigurationInvalid, OperatorMistake
from authserver.domain.branding import IMAGES

CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class BrandSection:
    """The brand of the instance, and below `clients` what clients have of their own."""

    branding: BrandAdministration

    @property
    def key(self) -> str:
        """Return the key."""
        return "brand"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return which brands are to be changed."""
        table = require_table(wanted, "The brand")
        of_clients = require_table(table.get(CLIENTS, {}), "The brands of clients")
        own = {member: value for member, value in table.items() if member != CLIENTS}
        brands: list[tuple[str | None, object]] = [*of_clients.items()]
        if own or not of_clients:
            brands.insert(0, (None, own))
        changes: list[Change] = []
        faults: list[str] = []
        for client_id, value in brands:
            try:
                changes += self._plan_one(client_id, value, files)
            except OperatorMistake as mistake:
                place = "" if client_id is None else f"Client {client_id}: "
                faults += [f"{place}{fault}" for fault in mistake.faults]
        if faults:
            raise ConfigurationInvalid(*faults)
        return changes

    def export(self) -> object:
        """Return the brands that were chosen; images by the names they are stored under."""
        clients = {
            client_id: self.branding.show(client_id).document()
            for client_id in self.branding.client_ids()
        }
        return {**self.branding.show().document(), **({CLIENTS: clients} if clients else {})}

    def _plan_one(self, client_id: str | None, value: object, files: Files) -> list[Change]:
        table = require_table(value, "A brand")
        changes = changes_of(table, files)
        wanted = self.branding.judge(changes, client_id)
        present = self.branding.show(client_id)
        if wanted == present:
            return []
        return [
            Change(
                section=self.key,
                name="instance" if client_id is None else f"client {client_id}",
                action="create" if present.is_empty else "change",
                carry_out=lambda: self.branding.put(changes, client_id),
            )
        ]


def changes_of(table: Mapping[str, object], files: Files) -> BrandChanges:
    """Return what a table chooses; an image is a file beside the document, or a stored one."""
    images: dict[str, bytes | str] = {}
    for member in IMAGES:
        name = table.get(member)
        if isinstance(name, str):
            content = files(name)
            images[member] = name if content is None else content
    values = {member: value for member, value in table.items() if member not in images}
    return BrandChanges(values=values, images=images)
