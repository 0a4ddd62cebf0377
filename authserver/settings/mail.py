"""Settings of the senders of mail: `AUTHSERVER_MAIL__*`."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from authserver.domain.mail_senders import (
    CALLS_PER_SECOND,
    DEFAULT_REGION,
    MOST_CALLS_PER_SECOND,
    SmtpTls,
)
from authserver.settings.addresses import HIGHEST_PORT
from authserver.settings.codes import Group
from authserver.settings.fields import Number, SecretText, Text, between, read_list


class SenderName(StrEnum):
    """The senders there are."""

    ALIYUN = "aliyun"
    SMTP = "smtp"
    OUTBOX = "outbox"


class AliyunGroup(Group):
    """Aliyun Direct Mail."""

    access_key_id: Text = Field(default=None, description="id of the access key")
    access_key_secret: SecretText | None = Field(
        default=None, description="secret of the access key"
    )
    account_name: Text = Field(default=None, description="sender address made in the console")
    from_alias: Text = Field(default=None, description="name of the sender, at most 14 characters")
    region_id: str = Field(default=DEFAULT_REGION, description="region of the sender address")
    endpoint: Text = Field(
        default=None,
        description="address of the service, where it is not that of the region; it counts for a "
        "sender configured in SQL, too",
    )
    tag_name: Text = Field(default=None, description="tag made in the console")
    calls_per_second: Annotated[Number, between(1, MOST_CALLS_PER_SECOND)] = Field(
        default=CALLS_PER_SECOND, description="calls that one process makes in a second at most"
    )
    security_token: SecretText | None = Field(default=None, description="token of a temporary key")
    event_secret: SecretText | None = Field(
        default=None,
        description="what delivery events must bring in a header, at least 20 characters; it "
        "counts for a sender configured in SQL, too",
    )


class SmtpGroup(Group):
    """A mail server."""

    host: Text = Field(default=None, description="name of the mail server")
    port: Annotated[Number, between(1, HIGHEST_PORT)] = Field(default=465, description="its port")
    username: Text = Field(default=None, description="user name, where it asks for one")
    password: SecretText | None = Field(default=None, description="password, where it asks for one")
    tls: SmtpTls = Field(default=SmtpTls.IMPLICIT, description="how it is protected")
    from_: Text = Field(default=None, description="sender, with or without a name before it")


class MailGroup(Group):
    """Senders of mail."""

    senders: Annotated[tuple[SenderName, ...], BeforeValidator(read_list)] | None = Field(
        default=None,
        description="the chain of senders in its order; the default is outbox on a loopback "
        "endpoint, else what is configured in SQL",
    )
    aliyun: AliyunGroup = AliyunGroup()
    smtp: SmtpGroup = SmtpGroup()
