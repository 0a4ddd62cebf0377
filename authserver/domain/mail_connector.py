"""The connector as the tutorial has it: one JSON object with a sender and its templates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from authserver.domain.mail_senders import (
    CALLS_PER_SECOND,
    DEFAULT_REGION,
    AliyunSettings,
    aliyun_faults,
)
from authserver.domain.mail_template_rules import template_faults
from authserver.domain.mail_templates import OperatorTemplate
from authserver.domain.secret import Secret

REQUIRED_TYPES: Final = ("Register", "SignIn", "ForgotPassword", "Generic")


class ConnectorInvalid(ValueError):
    """The connector's JSON cannot be used; `faults` are whole sentences, all of them."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def parse_connector(
    document: Mapping[str, object], origin: str | None = None
) -> tuple[AliyunSettings, tuple[OperatorTemplate, ...]]:
    """Read the connector's JSON as the tutorial has it; unknown members are passed over.

    Links in templates may lead to `origin` only; without one they are not judged.

    Raises:
        ConnectorInvalid: with all faults together.
    """
    settings, faults = read_sender(document)
    templates = read_templates(document.get("templates"), faults, origin)
    if faults:
        raise ConnectorInvalid(tuple(faults))
    return settings, templates


def read_sender(document: Mapping[str, object]) -> tuple[AliyunSettings, list[str]]:
    """Return the sender of a connector's JSON and its faults."""
    faults: list[str] = []
    settings = AliyunSettings(
        access_key_id=text_of(document, "accessKeyId", faults),
        access_key_secret=Secret(text_of(document, "accessKeySecret", faults)),
        account_name=text_of(document, "accountName", faults),
        from_alias=text_of(document, "fromAlias", faults) or None,
        region_id=text_of(document, "regionId", faults) or DEFAULT_REGION,
        event_secret=optional_secret(text_of(document, "eventSecret", faults)),
        calls_per_second=number_of(document, "callsPerSecond", faults) or CALLS_PER_SECOND,
    )
    already_named = {field_of(fault) for fault in faults}
    faults.extend(
        fault for fault in aliyun_faults(settings) if field_of(fault) not in already_named
    )
    return settings, faults


def text_of(document: Mapping[str, object], name: str, faults: list[str]) -> str:
    """Return a member as text, empty where it is absent; note it where it is no text."""
    value = document.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    faults.append(f"{name}: must be text")
    return ""


def number_of(document: Mapping[str, object], name: str, faults: list[str]) -> int | None:
    """Return a member as a whole number, None where it is absent; note it where it is none."""
    value = document.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value):
        return value
    faults.append(f"{name}: must be a whole number above 0")
    return None


def optional_secret(text: str) -> Secret | None:
    """Return a secret, or None where none was given."""
    return Secret(text) if text else None


def field_of(fault: str) -> str:
    """Return the field that a sentence begins with."""
    return fault.partition(":")[0]


def read_templates(
    listed: object, faults: list[str], origin: str | None
) -> tuple[OperatorTemplate, ...]:
    """Return the templates of a connector and note their faults."""
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        faults.append("templates: must be a list")
        return ()
    templates = []
    for number, entry in enumerate(listed):
        if not isinstance(entry, Mapping):
            faults.append(f"templates[{number}]: must be an object")
            continue
        template, own_faults = read_template(entry, origin)
        faults.extend(f"templates[{number}].{fault}" for fault in own_faults)
        templates.append(template)
    faults.extend(list_faults([template.usage_type for template in templates]))
    return tuple(templates)


def read_template(
    entry: Mapping[str, object], origin: str | None
) -> tuple[OperatorTemplate, list[str]]:
    """Return one template of a connector and its faults."""
    faults: list[str] = []
    template = OperatorTemplate(
        usage_type=text_of(entry, "usageType", faults),
        subject=text_of(entry, "subject", faults),
        content=text_of(entry, "content", faults),
    )
    already_named = {field_of(fault) for fault in faults}
    faults.extend(
        fault for fault in template_faults(template, origin) if field_of(fault) not in already_named
    )
    return template, faults


def list_faults(usage_types: list[str]) -> Iterator[str]:
    """Yield sentences about required types that are missing and types that occur twice."""
    missing = [wanted for wanted in REQUIRED_TYPES if wanted not in usage_types]
    if missing:
        yield f"templates: there must be one for {', '.join(missing)}"
    for usage_type in sorted({each for each in usage_types if usage_types.count(each) > 1}):
        yield f"templates: there is more than one for {usage_type}"
