"""The section `[mail]` of a configuration document: the sender in SQL, and templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from authserver.administration.as_code import Change, Files, require_table
from authserver.administration.mail import MailAdministration
from authserver.administration.mail_templates import MailTemplates, name_of
from authserver.administration.mistakes import ConfigurationInvalid, OperatorMistake
from authserver.domain.mail_senders import AliyunSettings
from authserver.domain.mail_templates import OperatorTemplate
from authserver.domain.secret import Secret

ALIYUN: Final = "aliyun"
TEMPLATES: Final = "templates"
SECRETS: Final = ("accessKeySecret", "eventSecret")
PLAIN: Final = {
    "accessKeyId": "access_key_id",
    "accountName": "account_name",
    "fromAlias": "from_alias",
    "regionId": "region_id",
    "callsPerSecond": "calls_per_second",
}


@dataclass(frozen=True, slots=True)
class MailSection:
    """`aliyun` has the connector's members; `templates` is the whole list of templates.

    Secrets are never exported. `…SecretFile` names a file beside the document; a secret that
    is left out stays as it is stored.
    """

    mail: MailAdministration
    templates: MailTemplates

    @property
    def key(self) -> str:
        """Return the key."""
        return "mail"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return what is to be changed of sender and templates."""
        table = require_table(wanted, "Mail")
        faults = [
            f"Mail has no {member!r}; it has {ALIYUN} and {TEMPLATES}."
            for member in table
            if member not in {ALIYUN, TEMPLATES}
        ]
        changes: list[Change] = []
        for member, plan in (
            (ALIYUN, lambda value: self._plan_sender(value, files)),
            (TEMPLATES, self._plan_templates),
        ):
            if member not in table:
                continue
            try:
                changes += plan(table[member])
            except OperatorMistake as mistake:
                faults += mistake.faults
        if faults:
            raise ConfigurationInvalid(*faults)
        return changes

    def export(self) -> object:
        """Return sender and templates that are stored, without secrets."""
        found: dict[str, object] = {}
        stored = self.mail.stored_sender()
        if stored is not None:
            values = {member: getattr(stored, name) for member, name in PLAIN.items()}
            found[ALIYUN] = {member: value for member, value in values.items() if value}
        templates = [document_of(each.template) for each in self.templates.list() if each.template]
        return {**found, **({TEMPLATES: templates} if templates else {})}

    def _plan_sender(self, value: object, files: Files) -> list[Change]:
        table = require_table(value, "The sender aliyun")
        stored = self.mail.stored_sender()
        wanted = self.mail.judge_sender(with_secrets(table, stored, files))
        if wanted == stored:
            return []
        return [
            Change(
                section=self.key,
                name=f"sender {ALIYUN}",
                action="create" if stored is None else "change",
                carry_out=lambda: self.mail.put_sender(wanted),
            )
        ]

    def _plan_templates(self, value: object) -> list[Change]:
        if not isinstance(value, list):
            raise ConfigurationInvalid("The templates must be a list of tables.")
        wanted = self._judged(value)
        present = {
            name_of(each.template): each.template for each in self.templates.list() if each.template
        }
        changes = [
            self._change(name, "change" if name in present else "create", template)
            for name, template in wanted.items()
            if present.get(name) != template
        ]
        return changes + [
            self._change(name, "remove", template)
            for name, template in present.items()
            if name not in wanted
        ]

    def _judged(self, listed: list[object]) -> dict[str, OperatorTemplate]:
        wanted: dict[str, OperatorTemplate] = {}
        faults: list[str] = []
        for number, each in enumerate(listed, start=1):
            place = f"Template {number}: "
            try:
                template = self.templates.judge(require_table(each, "A template"))
            except OperatorMistake as mistake:
                faults += [f"{place}{fault}" for fault in mistake.faults]
                continue
            if name_of(template) in wanted:
                faults.append(f"{place}there is more than one for {name_of(template)}.")
            wanted[name_of(template)] = template
        if faults:
            raise ConfigurationInvalid(*faults)
        return wanted

    def _change(self, name: str, action: str, template: OperatorTemplate) -> Change:
        language = template.language or ""

        def carry_out() -> None:
            if action == "remove":
                self.templates.remove(template.usage_type, language)
            else:
                self.templates.set(document_of(template))

        return Change(section=self.key, name=f"template {name}", action=action, carry_out=carry_out)


def document_of(template: OperatorTemplate) -> dict[str, str]:
    """Return a template as documents have it."""
    return {
        "usageType": template.usage_type,
        "language": template.language or "",
        "subject": template.subject,
        "content": template.content,
    }


def with_secrets(
    table: Mapping[str, object], stored: AliyunSettings | None, files: Files
) -> dict[str, object]:
    """Return the table with its secrets: its own, those of files, or those that are stored."""
    known = {*PLAIN, *SECRETS, *(f"{secret}File" for secret in SECRETS)}
    faults = [f"The sender aliyun has no {each!r}." for each in table if each not in known]
    filled = {member: value for member, value in table.items() if not member.endswith("File")}
    for member, kept in stored_secrets(stored).items():
        file = table.get(f"{member}File")
        if isinstance(file, str):
            content = files(file)
            if content is None:
                faults.append(f"{member}File: there is no file {file}.")
            filled[member] = (content or b"").decode(errors="replace").removesuffix("\n")
        elif member not in table and kept is not None:
            filled[member] = kept.reveal()
    if faults:
        raise ConfigurationInvalid(*faults)
    return filled


def stored_secrets(stored: AliyunSettings | None) -> dict[str, Secret | None]:
    """Return the secrets of a sender by their members."""
    if stored is None:
        return dict.fromkeys(SECRETS)
    return dict(zip(SECRETS, (stored.access_key_secret, stored.event_secret), strict=True))
