"""The chain over its real senders: how many mails arrive, and where."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import anyio
import pytest

from authserver.domain.mail_senders import AliyunSettings, SmtpSettings, SmtpTls
from authserver.domain.outgoing_mail import ComposedMail, MailResult
from authserver.domain.secret import Secret
from authserver.mail.sender_chain import SenderChain, TimeLimits
from authserver.mail.senders.aliyun import AliyunSender
from authserver.mail.senders.smtp import SmtpSender
from authserver.outbound.http_caller import HttpCaller
from authserver.outbound.trust import trusting_context
from tests.support.direct_mail import DirectMailServer, DirectMailService, Fault
from tests.support.known_randomness import KnownRandomness
from tests.support.smtp_server import SmtpServer
from tests.support.stopped_clock import StoppedClock

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Post:
    """A chain of Direct Mail and SMTP, and the two services behind it."""

    chain: SenderChain
    direct_mail: DirectMailServer
    smtp: SmtpServer

    @property
    def arrived(self) -> tuple[int, int]:
        return len(self.direct_mail.service.accepted), len(self.smtp.received)


@pytest.fixture
def direct_mail(clock: StoppedClock) -> Iterator[DirectMailServer]:
    with DirectMailServer(DirectMailService(now=clock.now)) as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
async def post(
    clock: StoppedClock, direct_mail: DirectMailServer, smtp: SmtpServer
) -> AsyncIterator[Post]:
    trust = trusting_context()
    http = HttpCaller(trust)
    aliyun_settings = AliyunSettings(
        access_key_id="testid",
        access_key_secret=Secret("testsecret"),
        account_name="noreply@mail.example.com",
        endpoint=direct_mail.url,
    )
    smtp_settings = SmtpSettings(
        host="127.0.0.1", port=smtp.port, tls=SmtpTls.NONE, from_address="noreply@mail.example.com"
    )
    chain = SenderChain(
        [
            AliyunSender(aliyun_settings, http, clock, KnownRandomness(), sleep=no_sleep),
            SmtpSender(smtp_settings, clock, trust),
        ],
        clock=clock,
        randomness=KnownRandomness(),
        sleep=no_sleep,
        limits=TimeLimits(attempt=timedelta(seconds=0.5), sender=timedelta(seconds=5)),
    )
    yield Post(chain=chain, direct_mail=direct_mail, smtp=smtp)
    await chain.close()
    await http.close()


async def no_sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    ("faults", "arrived"),
    [
        ([], (1, 0)),
        ([Fault.THROTTLED] * 2, (1, 0)),
        ([Fault.THROTTLED] * 3, (0, 1)),
        ([Fault.UNAVAILABLE] * 3, (0, 1)),
        ([Fault.CUT_BEFORE], (1, 0)),
        ([Fault.CUT_BEFORE] * 2, (0, 1)),
        ([Fault.CUT_AFTER], (2, 0)),
        ([Fault.CUT_AFTER] * 2, (2, 1)),
        ([Fault.INTERNAL_ERROR], (1, 0)),
        ([Fault.HANG] * 2, (0, 1)),
        ([Fault.SUPPRESSED], (0, 1)),
        ([Fault.SPAM_OR_QUOTA], (0, 1)),
        ([Fault.WRONG_SECRET], (0, 1)),
        ([Fault.NO_RIGHT], (0, 1)),
    ],
)
async def test_a_mail_arrives_whatever_the_first_provider_does(
    post: Post, mail: ComposedMail, faults: list[Fault], arrived: tuple[int, int]
) -> None:
    for fault in faults:
        post.direct_mail.service.misbehave(fault)

    attempts = await post.chain.send(mail)

    assert attempts[-1].outcome.result is MailResult.ACCEPTED
    assert post.arrived == arrived


async def test_a_duplicate_carries_the_same_code_and_message_id(
    post: Post, mail: ComposedMail
) -> None:
    post.direct_mail.service.misbehave(Fault.CUT_AFTER)

    await post.chain.send(mail)

    first, second = (each.parameters for each in post.direct_mail.service.accepted)
    assert first == second
    assert json.loads(first["Headers"]) == {"Message-ID": mail.message_id}


async def test_a_recipient_who_cannot_be_written_to_is_tried_nowhere_else(
    post: Post, mail: ComposedMail
) -> None:
    post.direct_mail.service.misbehave(Fault.BAD_RECIPIENT)

    attempts = await post.chain.send(mail)

    assert [attempt.outcome.result for attempt in attempts] == [MailResult.RECIPIENT_REFUSED]
    assert post.arrived == (0, 0)


@pytest.mark.parametrize("fault", [each for each in Fault if each is not Fault.HANG])
async def test_no_fault_brings_code_secret_or_address_into_the_log(
    post: Post, mail: ComposedMail, log: Callable[[], str], fault: Fault
) -> None:
    post.direct_mail.service.misbehave(fault, calls=3)

    attempts = await post.chain.send(mail)

    assert mail.code is not None
    for forbidden in (mail.code.reveal(), "testsecret", "Credential=", mail.to, "string to sign"):
        assert forbidden not in log()
        assert forbidden not in repr(attempts)
