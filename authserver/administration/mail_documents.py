"""The mail sender as a document of configuration: its secret sealed, the rest in the clear."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from authserver.crypto.key_ring import KeyRing
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.mail_senders import AliyunSettings
from authserver.domain.mail_templates import OperatorTemplate
from authserver.domain.secret import Secret

SEAL_LABEL: Final = "mail-sender:aliyun"


def document_of(
    settings: AliyunSettings, templates: Sequence[OperatorTemplate], key_ring: KeyRing
) -> dict[str, object]:
    """Return the document in the connector's member names."""
    secret = settings.access_key_secret.reveal().encode()
    return {
        "accessKeyId": settings.access_key_id,
        "accessKeySecret": key_ring.seal(secret, SEAL_LABEL),
        "accountName": settings.account_name,
        "fromAlias": settings.from_alias,
        "regionId": settings.region_id,
        "templates": [
            {
                "usageType": template.usage_type,
                "subject": template.subject,
                "content": template.content,
            }
            for template in templates
        ],
    }


def read_document(body: Mapping[str, object], key_ring: KeyRing) -> MailConfiguration:
    """Return the configuration of a document; raises CannotOpen where the keys do not fit."""
    # Only `document_of` writes such documents, so their shape is known.
    texts = cast("Mapping[str, str]", body)
    templates = cast("Sequence[Mapping[str, str]]", body["templates"])
    secret = key_ring.open(texts["accessKeySecret"], SEAL_LABEL)
    settings = AliyunSettings(
        access_key_id=texts["accessKeyId"],
        access_key_secret=Secret(secret.decode()),
        account_name=texts["accountName"],
        from_alias=texts["fromAlias"],
        region_id=texts["regionId"],
    )
    return MailConfiguration(
        senders=(settings,),
        templates=tuple(
            OperatorTemplate(
                usage_type=template["usageType"],
                subject=template["subject"],
                content=template["content"],
            )
            for template in templates
        ),
    )
