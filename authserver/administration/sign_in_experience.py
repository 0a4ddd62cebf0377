"""What operators do with the sign-in experience: see it, choose, and take a choice back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.administration.as_code import Change, Files, require_table
from authserver.administration.mistakes import SignInExperienceInvalid
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.sign_in_experience import AS_IT_COMES, SignInExperience
from authserver.domain.sign_in_rules import ExperienceInvalid, parse_experience
from authserver.storage.sign_in_experience import INSTANCE, chosen_experience
from authserver.storage.unit_of_work import Storage, UnitOfWork

KIND: Final = ConfigurationKind.SIGN_IN_EXPERIENCE
OPERATOR: Final = "operator"
MOST_VERSIONS_SHOWN: Final = 50
BEFORE_THE_FIRST: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperienceVersion:
    """What was chosen once, by whom and when."""

    version: int
    experience: SignInExperience
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInExperienceAdministration:
    """Changes the experience; every process follows within a second."""

    storage: Storage
    clock: Clock

    def show(self) -> SignInExperience:
        """Return what is in force."""
        with self.storage.reading() as work:
            return chosen_experience(work)

    def set(self, changes: Mapping[str, object], *, changed_by: str = OPERATOR) -> SignInExperience:
        """Replace what `changes` names, in the members of the document, and keep the rest.

        Raises SignInExperienceInvalid with all faults together.
        """
        with self.storage.writing() as work:
            document = merged(chosen_experience(work).document(), changes)
            chosen = judged(document)
            self._put(work, chosen, changed_by)
            work.commit()
        return chosen

    def put(
        self, document: Mapping[str, object], *, changed_by: str = OPERATOR
    ) -> SignInExperience:
        """Choose what the document names; all else becomes as it comes."""
        chosen = judged(document)
        with self.storage.writing() as work:
            self._put(work, chosen, changed_by)
            work.commit()
        return chosen

    def history(self) -> list[ExperienceVersion]:
        """Return what was chosen so far, newest first."""
        with self.storage.reading() as work:
            return versions(work)

    def undo(self, *, to: int | None = None, changed_by: str = OPERATOR) -> SignInExperience:
        """Choose again what version `to` has, or the last but one; this is a new version, too."""
        with self.storage.writing() as work:
            found = {version.version: version.experience for version in versions(work)}
            if not found:
                raise SignInExperienceInvalid("Nothing was chosen yet, so nothing can be undone.")
            found.setdefault(BEFORE_THE_FIRST, AS_IT_COMES)
            wanted = max(found) - 1 if to is None else to
            if wanted not in found:
                raise SignInExperienceInvalid(
                    f"There is no version {wanted}; `sign-in-experience history` shows them."
                )
            self._put(work, found[wanted], changed_by)
            work.commit()
        return found[wanted]

    def _put(self, work: UnitOfWork, chosen: SignInExperience, changed_by: str) -> None:
        """Store a new version, unless it is just what holds."""
        if chosen == chosen_experience(work):
            return
        now = self.clock.now()
        work.configuration.put(KIND, INSTANCE, chosen.document(), changed_by=changed_by, now=now)
        work.configuration_changed(KIND)
        detail = {"mode": chosen.mode.value, "methods": " ".join(chosen.methods)}
        work.record(AuditEvent(kind=AuditKind.SIGN_IN_EXPERIENCE_CHANGED, detail=detail), now)


@dataclass(frozen=True, slots=True)
class SignInExperienceSection:
    """The section `[sign_in_experience]` of a configuration document."""

    administration: SignInExperienceAdministration

    @property
    def key(self) -> str:
        """Return the key."""
        return "sign_in_experience"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return whether the experience is to be changed."""
        document = require_table(wanted, "The sign-in experience")
        if judged(document) == self.administration.show():
            return []
        return [
            Change(
                section=self.key,
                name="instance",
                action="change",
                carry_out=lambda: self.administration.put(document),
            )
        ]

    def export(self) -> object:
        """Return what was chosen; empty while it is as it comes."""
        chosen = self.administration.show()
        return {} if chosen == AS_IT_COMES else chosen.document()


def judged(document: Mapping[str, object]) -> SignInExperience:
    """Return what the document chooses; raises SignInExperienceInvalid with all faults."""
    try:
        return parse_experience(document)
    except ExperienceInvalid as invalid:
        raise SignInExperienceInvalid(*invalid.faults) from invalid


def merged(document: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return the document with the changes; tables are merged, all else is replaced."""
    result = dict(document)
    for name, value in changes.items():
        present = result.get(name)
        both = isinstance(present, dict) and isinstance(value, dict)
        result[name] = merged(present, value) if both else value  # type: ignore[arg-type]  # both are tables
    return result


def versions(work: UnitOfWork) -> list[ExperienceVersion]:
    """Return what was chosen so far, newest first."""
    return [
        ExperienceVersion(
            version=document.version,
            experience=parse_experience(document.body),
            changed_by=document.changed_by,
            changed_at=document.changed_at,
        )
        for document in work.configuration.history(KIND, INSTANCE, MOST_VERSIONS_SHOWN)
    ]
