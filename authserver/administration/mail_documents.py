"""The mail sender as a document of configuration: its secret sealed, the rest in the clear."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from authserver.crypto.key_ring import KeyRing
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.mail_senders import CALLS_PER_SECOND, AliyunSettings
from authserver.domain.mail_templates import OperatorTemplate
from authserver.domain.secret import Secret

SEAL_LABEL: Final = "mail-sender:aliyun"
EVENT_SEAL_LABEL: Final = "mail-sender:aliyun:events"


def document_of(
    settings: AliyunSettings, templates: Sequence[OperatorTemplate], key_ring: KeyRing
) -> dict[str, object]:
    """Return the document in the connector's member names."""
    secret = settings.access_key_secret.reveal().encode()
    event_secret = settings.event_secret
    return {
        "accessKeyId": settings.access_key_id,
        "accessKeySecret": key_ring.seal(secret, SEAL_LABEL),
        "accountName": settings.account_name,
        "fromAlias": settings.from_alias,
        "regionId": settings.region_id,
        "callsPerSecond": settings.calls_per_second,
        "eventSecret": event_secret
        and key_ring.seal(event_secret.reveal().encode(), EVENT_SEAL_LABEL),
        "templates": [
            {
                "usageType": template.usage_type,
                "subject": template.subject,
                "content": template.content,
            }
            for template in templates
        ],
    }


def opened(sealed: str | None, key_ring: KeyRing) -> Secret | None:
    """Return the secret of delivery events, where the document has one."""
    return None if sealed is None else Secret(key_ring.open(sealed, EVENT_SEAL_LABEL).decode())


def read_sender_document(body: Mapping[str, object], key_ring: KeyRing) -> AliyunSettings:
    """Return the sender of a document; raises CannotOpen where the keys do not fit."""
    # Only `document_of` writes such documents, so their shape is known.
    texts = cast("Mapping[str, str]", body)
    sealed_event_secret = cast("Mapping[str, str | None]", body).get("eventSecret")
    secret = key_ring.open(texts["accessKeySecret"], SEAL_LABEL)
    return AliyunSettings(
        access_key_id=texts["accessKeyId"],
        access_key_secret=Secret(secret.decode()),
        account_name=texts["accountName"],
        from_alias=texts["fromAlias"],
        region_id=texts["regionId"],
        event_secret=opened(sealed_event_secret, key_ring),
        # Documents of earlier versions do not have it.
        calls_per_second=cast("int", body.get("callsPerSecond", CALLS_PER_SECOND)),
    )


def read_document(body: Mapping[str, object], key_ring: KeyRing) -> MailConfiguration:
    """Return the configuration of a document; raises CannotOpen where the keys do not fit."""
    templates = cast("Sequence[Mapping[str, str]]", body["templates"])
    return MailConfiguration(
        senders=(read_sender_document(body, key_ring),),
        templates=tuple(
            OperatorTemplate(
                usage_type=template["usageType"],
                subject=template["subject"],
                content=template["content"],
            )
            for template in templates
        ),
    )
