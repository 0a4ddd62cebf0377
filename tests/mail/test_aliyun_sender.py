import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from authserver.domain.mail_senders import AliyunSettings
from authserver.domain.outgoing_mail import ComposedMail, MailOutcome, MailResult
from authserver.domain.secret import Secret
from authserver.mail.senders.aliyun import AliyunSender, CallAllowance, outcome_of
from authserver.outbound.http_caller import Answer, HttpCaller
from authserver.outbound.trust import trusting_context
from tests.support.direct_mail import DirectMailServer, DirectMailService, Fault
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

pytestmark = pytest.mark.anyio

SECRET = "testsecret"


@pytest.fixture(scope="module")
def trust() -> ssl.SSLContext:
    return trusting_context()


@pytest.fixture
def server(clock: StoppedClock) -> Iterator[DirectMailServer]:
    with DirectMailServer(DirectMailService(now=clock.now)) as server:
        yield server


@pytest.fixture
def settings(server: DirectMailServer) -> AliyunSettings:
    return AliyunSettings(
        access_key_id="testid",
        access_key_secret=Secret(SECRET),
        account_name="noreply@mail.example.com",
        from_alias="验证 码",
        tag_name="otp",
        endpoint=server.url,
    )


@pytest.fixture
async def http(trust: ssl.SSLContext) -> AsyncIterator[HttpCaller]:
    http = HttpCaller(trust)
    yield http
    await http.close()


@pytest.fixture
def make_sender(http: HttpCaller, clock: StoppedClock) -> Callable[[AliyunSettings], AliyunSender]:
    randomness = KnownRandomness()
    return lambda settings: AliyunSender(settings, http, clock, randomness)


async def test_an_accepted_mail_arrives_once_with_both_parts_and_nothing_tracked(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    outcome = await make_sender(settings).send(mail)

    assert outcome.result is MailResult.ACCEPTED
    (accepted,) = server.service.accepted
    assert outcome.provider_id == accepted.envelope_id
    assert outcome.request_id is not None
    assert accepted.parameters == {
        "AccountName": "noreply@mail.example.com",
        "AddressType": "1",
        "ReplyToAddress": "false",
        "ToAddress": "Alice+x@example.org",
        "Subject": mail.subject,
        "TextBody": mail.text,
        "HtmlBody": mail.html,
        "FromAlias": "验证 码",
        "TagName": "otp",
        "ClickTrace": "0",
        "UnSubscribeLinkType": "disabled",
        "UnSubscribeFilterLevel": "disabled",
        "Headers": json.dumps({"Message-ID": mail.message_id}),
    }


async def test_each_attempt_has_a_nonce_of_its_own(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    sender = make_sender(settings)

    outcomes = [await sender.send(mail) for _ in range(3)]

    assert {outcome.result for outcome in outcomes} == {MailResult.ACCEPTED}
    assert len(server.service.accepted) == 3


@dataclass(frozen=True)
class Expected:
    result: MailResult
    code: str
    arrived: int = 0
    another_sender_may_try: bool = False


EXPECTED = {
    Fault.THROTTLED: Expected(MailResult.NOT_ACCEPTED, "Throttling.User"),
    Fault.UNAVAILABLE: Expected(MailResult.NOT_ACCEPTED, "ServiceUnavailable"),
    Fault.INTERNAL_ERROR: Expected(MailResult.UNKNOWN, "InternalError"),
    Fault.PROXY_PAGE: Expected(MailResult.UNKNOWN, "UnreadableAnswer"),
    Fault.UNREADABLE_SUCCESS: Expected(MailResult.UNKNOWN, "UnreadableAnswer"),
    Fault.REDIRECT: Expected(MailResult.UNKNOWN, "UnreadableAnswer"),
    Fault.CUT_BEFORE: Expected(MailResult.UNKNOWN, "RemoteProtocolError"),
    Fault.CUT_AFTER: Expected(MailResult.UNKNOWN, "RemoteProtocolError", arrived=1),
    Fault.SPAM_OR_QUOTA: Expected(MailResult.REFUSED, "InvalidSendMail.Spam"),
    Fault.SUPPRESSED: Expected(
        MailResult.RECIPIENT_REFUSED, "InvalidToAddress.Spam", another_sender_may_try=True
    ),
}


@pytest.mark.parametrize("fault", EXPECTED)
async def test_a_fault_of_the_service_has_its_class(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
    fault: Fault,
) -> None:
    expected = EXPECTED[fault]
    server.service.misbehave(fault)

    outcome = await make_sender(settings).send(mail)

    assert (outcome.result, outcome.error_code) == (expected.result, expected.code)
    assert not outcome.is_configuration_fault
    assert outcome.another_sender_may_try == expected.another_sender_may_try
    assert len(server.service.accepted) == expected.arrived


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.WRONG_SECRET, "SignatureDoesNotMatch"),
        (Fault.UNKNOWN_SENDER, "InvalidMailAddress.NotFound"),
        (Fault.FROZEN_SENDER, "InvalidMailAddressStatus.Malformed"),
        (Fault.NO_RIGHT, "Forbidden.RAM"),
    ],
)
async def test_a_configuration_fault_is_refused_and_named_as_one(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
    *,
    fault: Fault,
    code: str,
) -> None:
    server.service.misbehave(fault)

    outcome = await make_sender(settings).send(mail)

    assert (outcome.result, outcome.error_code) == (MailResult.REFUSED, code)
    assert outcome.is_configuration_fault
    assert server.service.accepted == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"access_key_secret": Secret("other")}, "SignatureDoesNotMatch"),
        ({"access_key_id": "nobody"}, "InvalidAccessKeyId.NotFound"),
        ({"account_name": "other@mail.example.com"}, "InvalidMailAddress.NotFound"),
        ({"security_token": Secret("expired")}, "InvalidSecurityToken.Malformed"),
    ],
)
async def test_wrong_settings_are_a_configuration_fault(
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
    *,
    change: dict[str, object],
    code: str,
) -> None:
    outcome = await make_sender(replace(settings, **change)).send(mail)  # type: ignore[arg-type]  # of several types

    assert (outcome.error_code, outcome.is_configuration_fault) == (code, True)


async def test_a_temporary_credential_is_signed_with_its_token(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    server.service.security_token = "sts-token"

    outcome = await make_sender(replace(settings, security_token=Secret("sts-token"))).send(mail)

    assert outcome.result is MailResult.ACCEPTED


async def test_a_clock_that_is_off_is_a_configuration_fault(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
    clock: StoppedClock,
) -> None:
    late = StoppedClock(clock.now() + timedelta(minutes=16))
    server.service.now = late.now

    outcome = await make_sender(settings).send(mail)

    assert (outcome.error_code, outcome.is_configuration_fault) == (
        "InvalidTimeStamp.Expired",
        True,
    )


async def test_a_recipient_whom_the_service_cannot_read_is_refused_for_good(
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    outcome = await make_sender(settings).send(replace(mail, to="josé@example.org"))

    assert outcome == MailOutcome(
        result=MailResult.RECIPIENT_REFUSED,
        error_code="InvalidToAddress",
        status=400,
        request_id=outcome.request_id,
    )


async def test_a_domain_in_another_script_travels_as_ascii(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    await make_sender(settings).send(replace(mail, to="Ada@bücher.example"))

    assert [accepted.to for accepted in server.service.accepted] == ["Ada@xn--bcher-kva.example"]


async def test_a_wait_that_the_service_asks_for_is_passed_on(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    server.service.retry_after_ms = 1500
    server.service.misbehave(Fault.THROTTLED)

    outcome = await make_sender(settings).send(mail)

    assert outcome.retry_after == timedelta(milliseconds=1500)


async def test_a_service_that_cannot_be_reached_has_accepted_nothing(
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
) -> None:
    outcome = await make_sender(replace(settings, endpoint="http://127.0.0.1:1")).send(mail)

    assert outcome.result is MailResult.NOT_ACCEPTED


async def test_an_answer_that_echoes_the_mail_leaves_no_trace_of_it(
    server: DirectMailServer,
    settings: AliyunSettings,
    make_sender: Callable[[AliyunSettings], AliyunSender],
    mail: ComposedMail,
    log: Callable[[], str],
) -> None:
    server.service.misbehave(Fault.WRONG_SECRET)

    outcome = await make_sender(settings).send(mail)

    assert mail.code is not None
    for forbidden in (mail.code.reveal(), SECRET, "Credential=", "string to sign"):
        assert forbidden not in repr(outcome)
        assert forbidden not in log()


async def test_a_code_that_is_no_name_is_not_passed_on() -> None:
    body = json.dumps({"Code": "your code 493817", "RequestId": "<script>"}).encode()

    outcome = outcome_of(Answer(status=400, headers={}, body=body))

    assert outcome == MailOutcome(
        result=MailResult.UNKNOWN, error_code="UnreadableAnswer", status=400
    )


def test_a_configuration_with_faults_makes_no_sender(settings: AliyunSettings) -> None:
    with pytest.raises(ValueError, match="fromAlias"):
        AliyunSender(
            replace(settings, from_alias="x" * 15),
            None,  # type: ignore[arg-type]  # is never reached
            StoppedClock(),
            KnownRandomness(),
        )


def test_calls_are_spaced_so_that_no_second_sees_more_than_allowed() -> None:
    allowance = CallAllowance(50)

    starts = [wait for _ in range(200) if (wait := allowance.reserve(10.0)) is not None]

    assert len(starts) == 101
    assert all(sum(start <= other < start + 1 for other in starts) <= 51 for start in starts)
