"""Hands a mail over to an SMTP server."""

import asyncio
import contextlib
import re
import ssl
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

import aiosmtplib
import anyio

from authserver.domain.clock import Clock
from authserver.domain.mail_senders import SmtpSettings, SmtpTls, envelope_address, smtp_faults
from authserver.domain.outgoing_mail import ComposedMail, MailOutcome, MailResult

OPERATION_SECONDS: Final = 5.0
GOODBYE_SECONDS: Final = 0.5
ACCEPTED: Final = 250
TEMPORARY: Final = range(400, 500)
REFUSING: Final = range(400, 600)

# Bodies are encoded, so that no server on the way has to understand eight bits.
ASCII_ONLY: Final = SMTP.clone(cte_type="7bit")
UTF8_HEADERS: Final = SMTPUTF8.clone(cte_type="7bit")

# Aliyun's SMTP door: the sender differs from the login; the recipient is in its invalid-address
# library, the global one or the account's own.
SENDER_DIFFERS_FROM_LOGIN: Final = 436
INVALID_ADDRESS_LIBRARY: Final = frozenset({559, 563})

UNKNOWN_MAILBOX: Final = frozenset({501, 510, 511, 512, 513, 550, 551, 553, 556})
BAD_CREDENTIALS: Final = frozenset({530, 534, 535, 538})
BAD_SENDER: Final = frozenset({501, 530, 535, 550, 551, 553, SENDER_DIFFERS_FROM_LOGIN})

ENVELOPE_ID: Final = re.compile(r"\benvid=([A-Za-z0-9._-]{1,128})", re.IGNORECASE)


class Stage(StrEnum):
    """How far a conversation has come; nothing is handed over before `DATA`."""

    CONNECT = "Connect"
    LOGIN = "Login"
    MAIL = "Mail"
    RECIPIENT = "Recipient"
    DATA = "Data"


class SmtpSender:
    """Sends through one account, over a connection of its own for each mail."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, clock: Clock, trust: ssl.SSLContext) -> None:
        """Take over a faultless configuration.

        Raises:
            ValueError: the configuration has faults.
        """
        if faults := smtp_faults(settings):
            raise ValueError("; ".join(faults))
        self._settings = settings
        self._clock = clock
        self._trust = trust

    async def send(self, mail: ComposedMail) -> MailOutcome:
        """Hold one conversation; where it breaks off decides what it came to."""
        conversation = Conversation(self._settings, self._trust)
        message = message_of(mail, self._settings, format_datetime(mail.created_at))
        try:
            reply = await conversation.hand_over(envelope_address(mail.to), message)
        except aiosmtplib.SMTPResponseException as refusal:
            return outcome_of_reply(conversation.stage, refusal.code)
        except (aiosmtplib.SMTPException, OSError, ValueError) as fault:
            return outcome_of_fault(conversation.stage, fault)
        finally:
            conversation.hang_up()
        found = ENVELOPE_ID.search(reply)
        return MailOutcome(
            result=MailResult.ACCEPTED,
            provider_id=found.group(1) if found else None,
            status=ACCEPTED,
        )

    async def close(self) -> None:
        """Do nothing: no connection outlives its mail."""


class Conversation:
    """One connection to the server and how far it has come."""

    def __init__(self, settings: SmtpSettings, trust: ssl.SSLContext) -> None:
        self.stage = Stage.CONNECT
        self._transport: asyncio.BaseTransport | None = None
        self._settings = settings
        self._client = aiosmtplib.SMTP(
            # Else the machine's own name is looked up and told to the server.
            local_hostname=settings.envelope_from.rpartition("@")[2],
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls is SmtpTls.IMPLICIT,
            # Never "if offered": whoever sits in between could take the offer out.
            start_tls=settings.tls is SmtpTls.STARTTLS,
            tls_context=trust if settings.tls is not SmtpTls.NONE else None,
            timeout=OPERATION_SECONDS,
        )

    async def hand_over(self, recipient: str, message: EmailMessage) -> str:
        """Bring one message to the server; return its final reply."""
        client, settings = self._client, self._settings
        await client.connect()
        self._transport = client.transport
        if settings.username is not None and settings.password is not None:
            self.stage = Stage.LOGIN
            await client.login(settings.username, settings.password.reveal())
        self.stage = Stage.MAIL
        options: list[str] = []
        if not recipient.isascii():
            options = ["SMTPUTF8"]
            await client.ehlo()
            if not client.supports_extension("smtputf8"):
                self.stage = Stage.RECIPIENT
                raise aiosmtplib.SMTPNotSupported("the recipient needs SMTPUTF8")
        content = message.as_bytes(policy=UTF8_HEADERS if options else ASCII_ONLY)
        await client.mail(settings.envelope_from, options=options, encoding="utf-8")
        self.stage = Stage.RECIPIENT
        await client.rcpt(recipient, encoding="utf-8")
        self.stage = Stage.DATA
        reply = await client.data(content)
        await self._say_goodbye()
        return reply.message

    async def _say_goodbye(self) -> None:
        # The mail is accepted: neither a slow farewell nor a time-out around us may undo that.
        with anyio.move_on_after(GOODBYE_SECONDS, shield=True):
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit()

    def hang_up(self) -> None:
        """Drop the connection at once: closing in due form would wait for a silent server."""
        self._client.close()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()


def message_of(mail: ComposedMail, settings: SmtpSettings, date: str) -> EmailMessage:
    """Return the message: both parts, text first, and the headers that keep robots silent."""
    message = EmailMessage(policy=ASCII_ONLY)
    message["From"] = settings.from_address
    message["To"] = envelope_address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = date
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    # Only now: making parts moves every header of content into the first of them.
    message["Content-Language"] = mail.locale
    return message


def outcome_of_reply(stage: Stage, code: int) -> MailOutcome:
    """Return what a refusing reply means at this stage; its text is never looked at."""
    result = result_of_reply(stage, code)
    return MailOutcome(
        result=result,
        error_code=f"{stage}{code}",
        status=code,
        is_configuration_fault=result is MailResult.REFUSED
        and (
            stage is Stage.LOGIN
            or code in BAD_CREDENTIALS
            or (stage is Stage.MAIL and code in BAD_SENDER)
        ),
        another_sender_may_try=code in INVALID_ADDRESS_LIBRARY,
    )


def result_of_reply(stage: Stage, code: int) -> MailResult:
    """Return the class of a reply that is not the expected one."""
    if code not in REFUSING:
        # No reply that means anything: after the content it may still stand for success.
        return MailResult.UNKNOWN if stage is Stage.DATA else MailResult.NOT_ACCEPTED
    if code in INVALID_ADDRESS_LIBRARY:
        return MailResult.RECIPIENT_REFUSED
    if stage is Stage.MAIL and code == SENDER_DIFFERS_FROM_LOGIN:
        return MailResult.REFUSED
    if code in TEMPORARY:
        return MailResult.NOT_ACCEPTED
    if stage is Stage.RECIPIENT and code in UNKNOWN_MAILBOX:
        return MailResult.RECIPIENT_REFUSED
    return MailResult.REFUSED


def outcome_of_fault(stage: Stage, fault: Exception) -> MailOutcome:
    """Return what it means that a conversation broke off at this stage."""
    name = type(fault).__name__
    is_lasting = is_lasting_fault(fault)
    match stage:
        case Stage.DATA:
            return MailOutcome(result=MailResult.UNKNOWN, error_code=name)
        case Stage.RECIPIENT if is_lasting:
            return MailOutcome(
                result=MailResult.RECIPIENT_REFUSED, error_code=name, another_sender_may_try=True
            )
        case Stage.CONNECT | Stage.LOGIN if is_lasting:
            return MailOutcome(
                result=MailResult.REFUSED, error_code=name, is_configuration_fault=True
            )
        case _:
            return MailOutcome(result=MailResult.NOT_ACCEPTED, error_code=name)


def is_lasting_fault(fault: Exception) -> bool:
    """Tell whether the server lacks what was asked for: STARTTLS, a way to log in, SMTPUTF8."""
    if isinstance(fault, aiosmtplib.SMTPNotSupported):
        return True
    return type(fault) in {aiosmtplib.SMTPException, ValueError}
