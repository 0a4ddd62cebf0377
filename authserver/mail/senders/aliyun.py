"""Hands a mail over to Aliyun Direct Mail: one signed call of SingleSendMail."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import anyio

from authserver.domain.clock import Clock
from authserver.domain.mail_senders import AliyunSettings, aliyun_faults, envelope_address
from authserver.domain.outgoing_mail import ComposedMail, MailOutcome, MailResult
from authserver.domain.randomness import Randomness
from authserver.mail.direct_mail_api import DirectMailApi, json_members, safe_member
from authserver.outbound.http_caller import Answer, HttpCaller, NoAnswer, NotReached

ACTION: Final = "SingleSendMail"
LONGEST_WAIT_FOR_A_CALL_SECONDS: Final = 2.0

HTTP_OK: Final = 200
HTTP_BAD_REQUEST: Final = 400
HTTP_SERVER_ERROR: Final = 500
HTTP_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an error code means for the mail."""

    result: MailResult
    is_configuration_fault: bool = False
    another_sender_may_try: bool = False


NOT_ACCEPTED: Final = Verdict(result=MailResult.NOT_ACCEPTED)
UNKNOWN: Final = Verdict(result=MailResult.UNKNOWN)
REFUSED: Final = Verdict(result=MailResult.REFUSED)
MISCONFIGURED: Final = Verdict(result=MailResult.REFUSED, is_configuration_fault=True)
RECIPIENT_REFUSED: Final = Verdict(result=MailResult.RECIPIENT_REFUSED)
RECIPIENT_SUPPRESSED: Final = Verdict(
    result=MailResult.RECIPIENT_REFUSED, another_sender_may_try=True
)

# By prefix, the first that fits; so a specific name stands before the general `Invalid`.
VERDICTS: Final = (
    ("Throttling", NOT_ACCEPTED),
    ("ServiceUnavailable", NOT_ACCEPTED),
    ("InternalError", UNKNOWN),
    ("InternalFailure", UNKNOWN),
    # Each attempt has a nonce of its own: something on the way sent ours twice, one arrived.
    ("SignatureNonceUsed", UNKNOWN),
    ("InvalidTimeStamp", MISCONFIGURED),
    ("IllegalTimestamp", MISCONFIGURED),
    ("Signature", MISCONFIGURED),
    ("IncompleteSignature", MISCONFIGURED),
    ("InvalidAccessKeyId", MISCONFIGURED),
    ("InvalidSecurityToken", MISCONFIGURED),
    ("Forbidden", MISCONFIGURED),
    ("NoPermission", MISCONFIGURED),
    ("InvalidMailAddress", MISCONFIGURED),
    ("InvalidToAddress.Spam", RECIPIENT_SUPPRESSED),
    ("InvalidToAddress", RECIPIENT_REFUSED),
    ("InvalidSendMail", REFUSED),
    ("Missing", REFUSED),
    ("Invalid", REFUSED),
)


class AliyunSender:
    """Sends from one address of one region."""

    name = "aliyun"

    def __init__(
        self,
        settings: AliyunSettings,
        http: HttpCaller,
        clock: Clock,
        randomness: Randomness,
        *,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        """Take over a faultless configuration.

        Raises:
            ValueError: the configuration has faults.
        """
        if faults := aliyun_faults(settings):
            raise ValueError("; ".join(faults))
        self._settings = settings
        self._api = DirectMailApi(settings, http, clock, randomness)
        self._clock = clock
        self._calls = CallAllowance(settings.calls_per_second)
        self._sleep = sleep

    async def send(self, mail: ComposedMail) -> MailOutcome:
        """Make one call; the answer's `Code` decides, never its status alone."""
        wait = self._calls.reserve(self._clock.monotonic())
        if wait is None:
            return MailOutcome(result=MailResult.NOT_ACCEPTED, error_code="LocalCallRate")
        if wait > 0:
            await self._sleep(wait)
        try:
            answer = await self._api.call(ACTION, call_parameters(self._settings, mail))
        except NotReached as fault:
            return MailOutcome(result=MailResult.NOT_ACCEPTED, error_code=str(fault))
        except NoAnswer as fault:
            return MailOutcome(result=MailResult.UNKNOWN, error_code=str(fault))
        return outcome_of(answer)

    async def close(self) -> None:
        """Close the connections to the service."""
        await self._api.close()


class CallAllowance:
    """Spaces calls evenly, so that no second sees more than it may."""

    def __init__(self, calls_per_second: int) -> None:
        self._interval = 1 / calls_per_second
        self._next_call_at = 0.0

    def reserve(self, now: float) -> float | None:
        """Return how many seconds to wait before the call, or None where it would be too long."""
        wait = max(0.0, self._next_call_at - now)
        if wait > LONGEST_WAIT_FOR_A_CALL_SECONDS:
            return None
        self._next_call_at = now + wait + self._interval
        return wait


def call_parameters(settings: AliyunSettings, mail: ComposedMail) -> dict[str, str]:
    """Return the parameters of SingleSendMail."""
    parameters = {
        "AccountName": settings.account_name,
        "AddressType": "1",
        "ReplyToAddress": "false",
        "ToAddress": envelope_address(mail.to),
        "Subject": mail.subject,
        "TextBody": mail.text,
        "HtmlBody": mail.html,
        "ClickTrace": "0",
        # Somebody who unsubscribed from something else still wants a code.
        "UnSubscribeLinkType": "disabled",
        "UnSubscribeFilterLevel": "disabled",
        "Headers": json.dumps({"Message-ID": mail.message_id}),
    }
    if settings.from_alias:
        parameters["FromAlias"] = settings.from_alias
    if settings.tag_name:
        parameters["TagName"] = settings.tag_name
    return parameters


def outcome_of(answer: Answer) -> MailOutcome:
    """Return what an answer means; the service's `Message` is never looked at."""
    members = json_members(answer.body)
    envelope_id, code = safe_member(members, "EnvId"), safe_member(members, "Code")
    request_id = safe_member(members, "RequestId")
    if answer.status == HTTP_OK and envelope_id is not None:
        return MailOutcome(
            result=MailResult.ACCEPTED,
            provider_id=envelope_id,
            status=answer.status,
            request_id=request_id,
        )
    verdict = verdict_on(code, answer.status)
    return MailOutcome(
        result=verdict.result,
        error_code=code or "UnreadableAnswer",
        status=answer.status,
        request_id=request_id,
        retry_after=retry_after(answer.headers),
        is_configuration_fault=verdict.is_configuration_fault,
        another_sender_may_try=verdict.another_sender_may_try,
    )


def verdict_on(code: str | None, status: int) -> Verdict:
    """Return what an error code means; one that is unknown is judged by its status."""
    if code is None:
        # Some proxy's page: only 503 says that nobody took the request.
        return NOT_ACCEPTED if status == HTTP_UNAVAILABLE else UNKNOWN
    for prefix, verdict in VERDICTS:
        if code.startswith(prefix):
            return verdict
    if status == HTTP_UNAVAILABLE:
        return NOT_ACCEPTED
    return REFUSED if HTTP_BAD_REQUEST <= status < HTTP_SERVER_ERROR else UNKNOWN


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return the wait that the service asks for: its own header is in ms, HTTP's in seconds."""
    for name, milliseconds in (("x-acs-retry-after", 1), ("retry-after", 1000)):
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return timedelta(milliseconds=min(int(value), 10**9) * milliseconds)
    return None
