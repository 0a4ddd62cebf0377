"""Configuration as one document: sections that are compared with what is in force, and applied."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from authserver.administration.mistakes import ConfigurationInvalid, OperatorMistake

# Returns what a file beside the document holds, None where there is none.
Files = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as the document has it; `carry_out` makes it so."""

    section: str
    name: str
    action: str
    carry_out: Callable[[], object]


class Section(Protocol):
    """One top-level key of the document."""

    @property
    def key(self) -> str:
        """Return the key."""

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return what is to be changed, and change nothing; raises OperatorMistake."""

    def export(self) -> object:
        """Return what is in force, as `plan` would take it; empty where nothing was configured."""


@dataclass(frozen=True, slots=True)
class ConfigurationAsCode:
    """Applies and exports documents; what a document does not name stays as it is."""

    sections: Sequence[Section]

    def plan(self, document: Mapping[str, object], files: Files) -> list[Change]:
        """Return all changes in the order of sections; raises with the faults of all of them."""
        known = [section.key for section in self.sections]
        faults = [unknown_fault(key, known) for key in document if key not in known]
        changes: list[Change] = []
        for section in self.sections:
            if section.key not in document:
                continue
            try:
                changes += section.plan(document[section.key], files)
            except OperatorMistake as mistake:
                faults += [f"[{section.key}] {fault}" for fault in mistake.faults]
        if faults:
            raise ConfigurationInvalid(*faults)
        return changes

    def apply(self, document: Mapping[str, object], files: Files) -> list[Change]:
        """Make everything as the document has it; return what had to be changed.

        Nothing is changed unless everything can be. Applied again, it changes nothing.
        """
        changes = self.plan(document, files)
        for change in changes:
            change.carry_out()
        return changes

    def export(self) -> dict[str, object]:
        """Return the document of what is in force."""
        found = {section.key: section.export() for section in self.sections}
        return {key: value for key, value in found.items() if value}


def unknown_fault(key: str, known: Sequence[str]) -> str:
    """Return the sentence for a section there is not, with the nearest there is."""
    near = difflib.get_close_matches(key, known, n=1)
    advice = f"did you mean [{near[0]}]?" if near else f"there are {', '.join(known)}."
    return f"There is no section [{key}]: {advice}"


def require_table(value: object, what: str) -> dict[str, object]:
    """Return the table, or raise ConfigurationInvalid."""
    if not isinstance(value, dict):
        raise ConfigurationInvalid(f"{what} must be a table.")
    return value
