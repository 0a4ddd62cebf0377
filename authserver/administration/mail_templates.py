"""Mail templates of the operator, one for a usage type and a language, with their history."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from authserver.administration.mistakes import MailInvalid
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.mail_template_rules import USAGE_TYPES, nearest, template_faults
from authserver.domain.mail_templates import OperatorTemplate
from authserver.storage.configuration import Document
from authserver.storage.unit_of_work import Storage, UnitOfWork

KIND: Final = ConfigurationKind.MAIL_TEMPLATES
OPERATOR: Final = "operator"
MOST_VERSIONS: Final = 100
BEFORE_THE_FIRST: Final = 0
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
MEMBERS: Final = frozenset({"usageType", "language", "subject", "content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """One version of a template; `template` is None where it was removed."""

    version: int
    template: OperatorTemplate | None
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTemplates:
    """What commands, documents and the console do with templates; the rules are in the domain.

    Links in a template may lead to `origin` only.
    """

    storage: Storage
    clock: Clock
    origin: str

    def list(self) -> list[TemplateVersion]:
        """Return the newest version of each template there is, by type and language."""
        with self.storage.reading() as work:
            newest = [version_of(each) for each in work.configuration.newest(KIND)]
        return [each for each in newest if each.template is not None]

    def show(self, usage_type: str, language: str) -> TemplateVersion:
        """Return a template; raises MailInvalid where there is none."""
        history = self.history(usage_type, language)
        if not history or history[0].template is None:
            raise MailInvalid(f"There is no template of your own for {usage_type} in {language}.")
        return history[0]

    def judge(self, document: Mapping[str, object]) -> OperatorTemplate:
        """Return the template of a document, and store nothing.

        Raises MailInvalid with all faults together.
        """
        faults = [
            f"{member}: a template has no such member{nearest(member, tuple(sorted(MEMBERS)))}"
            for member in document
            if member not in MEMBERS
        ]
        texts = {name: document.get(name, "") for name in MEMBERS}
        faults += [f"{name}: must be text" for name, text in texts.items() if type(text) is not str]
        if faults:
            raise MailInvalid(*sorted(faults))
        template = OperatorTemplate(
            usage_type=cast("str", texts["usageType"]),
            language=cast("str", texts["language"]),
            subject=cast("str", texts["subject"]),
            content=cast("str", texts["content"]),
        )
        faults = [*language_faults(template.language), *template_faults(template, self.origin)]
        if faults:
            raise MailInvalid(*faults)
        return template

    def set(
        self, document: Mapping[str, object], *, changed_by: str = OPERATOR
    ) -> OperatorTemplate:
        """Store a template; raises MailInvalid with all faults together."""
        template = self.judge(document)
        with self.storage.writing() as work:
            self._put(work, name_of(template), template, changed_by)
            work.commit()
        return template

    def remove(self, usage_type: str, language: str, *, changed_by: str = OPERATOR) -> None:
        """Let mails be as they come; the history stays."""
        self.show(usage_type, language)
        with self.storage.writing() as work:
            self._put(work, f"{usage_type}/{language}", None, changed_by)
            work.commit()

    def history(self, usage_type: str, language: str) -> tuple[TemplateVersion, ...]:
        """Return the versions of a template, newest first."""
        faults = [*usage_type_faults(usage_type), *language_faults(language)]
        if faults:
            raise MailInvalid(*faults)
        with self.storage.reading() as work:
            documents = work.configuration.history(KIND, f"{usage_type}/{language}", MOST_VERSIONS)
        return tuple(version_of(document) for document in documents)

    def undo(
        self,
        usage_type: str,
        language: str,
        *,
        to: int | None = None,
        changed_by: str = OPERATOR,
    ) -> OperatorTemplate | None:
        """Store again what an earlier version has, the last but one unless told which.

        The rules may have changed since: what they refuse now is refused.
        """
        known = self.history(usage_type, language)
        if not known:
            raise MailInvalid("There is nothing to undo: no such template was stored yet.")
        wanted = known[0].version - 1 if to is None else to
        found = {each.version: each.template for each in known}
        found.setdefault(BEFORE_THE_FIRST, None)
        if wanted not in found:
            raise MailInvalid(f"There is no version {wanted}; `mail template history` shows them.")
        template = found[wanted]
        faults = () if template is None else template_faults(template, self.origin)
        if faults:
            raise MailInvalid(*faults)
        with self.storage.writing() as work:
            self._put(work, f"{usage_type}/{language}", template, changed_by)
            work.commit()
        return template

    def _put(
        self, work: UnitOfWork, name: str, template: OperatorTemplate | None, changed_by: str
    ) -> None:
        now = self.clock.now()
        body = (
            {} if template is None else {"subject": template.subject, "content": template.content}
        )
        work.configuration.put(KIND, name, body or {}, changed_by=changed_by, now=now)
        # What is in force is kept with the senders.
        work.configuration_changed(ConfigurationKind.MAIL_SENDERS)
        detail = {"template": name, "action": "set" if template else "removed"}
        work.record(AuditEvent(kind=AuditKind.MAIL_TEMPLATE_CHANGED, detail=detail), now)


def stored_templates(work: UnitOfWork) -> tuple[OperatorTemplate, ...]:
    """Return the templates in force, for those who compose."""
    versions = (version_of(each) for each in work.configuration.newest(KIND))
    return tuple(each.template for each in versions if each.template is not None)


def name_of(template: OperatorTemplate) -> str:
    """Return the name of the document that keeps a template."""
    return f"{template.usage_type}/{template.language}"


def version_of(document: Document) -> TemplateVersion:
    """Return what a stored document stands for."""
    usage_type, _, language = document.name.partition("/")
    # Only `_put` writes such documents, so their shape is known.
    body = cast("Mapping[str, str]", document.body)
    template = OperatorTemplate(
        usage_type=usage_type,
        language=language,
        subject=body.get("subject", ""),
        content=body.get("content", ""),
    )
    return TemplateVersion(
        version=document.version,
        template=template if body else None,
        changed_by=document.changed_by,
        changed_at=document.changed_at,
    )


def usage_type_faults(usage_type: str) -> tuple[str, ...]:
    """Return a sentence where the type is none that a mail can have."""
    if usage_type in USAGE_TYPES:
        return ()
    return (f"usageType: {usage_type!r} is not known{nearest(usage_type, USAGE_TYPES)}",)


def language_faults(language: str | None) -> tuple[str, ...]:
    """Return a sentence where the language is no tag like `en` or `zh-CN`."""
    if LANGUAGE.fullmatch(language or ""):
        return ()
    return ("language: write a tag like en or zh-CN",)
