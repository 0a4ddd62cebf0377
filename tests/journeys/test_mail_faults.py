"""Whole sign-ins while Direct Mail misbehaves and a mail server stands by."""

import email
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default

import pytest

from authserver.domain.outgoing_mail import MailState
from tests.journeys.conftest import StartProvider
from tests.journeys.mail_walks import (
    begin,
    code_in,
    eventually,
    has_arrived,
    message_id_of,
    settled,
    tried,
)
from tests.support.direct_mail import DirectMailServer, Fault
from tests.support.provider import Provider
from tests.support.smtp_server import SmtpServer

ANNA = "anna@example.com"
FORBIDDEN_IN_LOGS = ("testsecret", "Credential=", "string to sign", "HtmlBody", ANNA)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What Direct Mail does, what the timeline tells, and how many mails arrived where."""

    faults: list[Fault]
    story: list[str]
    arrived: tuple[int, int]
    errors: list[str | None] = field(default_factory=list)


TROUBLES = {
    "throttled twice": Trouble(
        faults=[Fault.THROTTLED] * 2,
        story=["aliyun not_accepted"] * 2 + ["aliyun accepted"],
        arrived=(1, 0),
        errors=["Throttling.User", "Throttling.User", None],
    ),
    "throttled for good": Trouble(
        faults=[Fault.THROTTLED] * 3,
        story=["aliyun not_accepted"] * 3 + ["smtp accepted"],
        arrived=(0, 1),
    ),
    "internal error": Trouble(
        faults=[Fault.INTERNAL_ERROR],
        story=["aliyun unknown", "aliyun accepted"],
        arrived=(1, 0),
        errors=["InternalError", None],
    ),
    "a proxy's page": Trouble(
        faults=[Fault.PROXY_PAGE] * 2,
        story=["aliyun unknown"] * 2 + ["smtp accepted"],
        arrived=(0, 1),
    ),
    "cut before acceptance": Trouble(
        faults=[Fault.CUT_BEFORE], story=["aliyun unknown", "aliyun accepted"], arrived=(1, 0)
    ),
    "cut after acceptance": Trouble(
        faults=[Fault.CUT_AFTER], story=["aliyun unknown", "aliyun accepted"], arrived=(2, 0)
    ),
    "cut after acceptance twice": Trouble(
        faults=[Fault.CUT_AFTER] * 2,
        story=["aliyun unknown"] * 2 + ["smtp accepted"],
        arrived=(2, 1),
    ),
    "wrong secret": Trouble(
        faults=[Fault.WRONG_SECRET],
        story=["aliyun refused", "smtp accepted"],
        arrived=(0, 1),
        errors=["SignatureDoesNotMatch", None],
    ),
    "quota": Trouble(
        faults=[Fault.SPAM_OR_QUOTA], story=["aliyun refused", "smtp accepted"], arrived=(0, 1)
    ),
}


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


def arrived_mails(direct_mail: DirectMailServer, smtp: SmtpServer) -> list[tuple[str, str]]:
    """Return the code and the `Message-ID` of each mail that arrived, over both ways."""
    return [
        *(
            (code_in(mail.parameters["TextBody"]), message_id_of(mail))
            for mail in direct_mail.service.accepted
        ),
        *(
            (code_of(message), str(message["Message-ID"]))
            for message in (parsed(received.content) for received in smtp.received)
        ),
    ]


def code_of(message: EmailMessage) -> str:
    text = message.get_body(("plain",))
    assert text is not None
    return code_in(text.get_content())


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_the_person_gets_in_whatever_the_first_provider_does(
    start: StartProvider,
    chain_settings: dict[str, str],
    direct_mail: DirectMailServer,
    smtp: SmtpServer,
    trouble: Trouble,
    log: Callable[[], str],
) -> None:
    for fault in trouble.faults:
        direct_mail.service.misbehave(fault)

    with start(chain_settings) as provider:
        walk = begin(provider, ANNA)
        story = settled(provider, ANNA)
        mails = arrived_mails(direct_mail, smtp)
        answer = walk.enter(mails[-1][0])

    assert has_arrived(answer)
    # Several mails are one mail to a mailbox: the same code under the same Message-ID.
    assert len(set(mails)) == 1
    assert (len(direct_mail.service.accepted), len(smtp.received)) == trouble.arrived
    assert (story.mail.state, tried(story)) == (MailState.ACCEPTED, trouble.story)
    if trouble.errors:
        assert [each.outcome.error_code for each in story.attempts] == trouble.errors
    assert '"mail.attempt"' in log()
    for forbidden in (*FORBIDDEN_IN_LOGS, mails[0][0]):
        assert forbidden not in log()
        assert forbidden not in repr(story.attempts)


def test_a_provider_that_keeps_failing_is_spared_and_probed_after_a_while(
    start: StartProvider,
    chain_settings: dict[str, str],
    direct_mail: DirectMailServer,
    smtp: SmtpServer,
) -> None:
    direct_mail.service.misbehave(Fault.UNAVAILABLE, calls=5)

    with start(chain_settings) as provider:
        for name in ("anna", "ben", "cleo"):
            begin(provider, f"{name}@example.com")
            settled(provider, f"{name}@example.com")
        calls_before_probe = len(direct_mail.service.calls)
        provider.clock.advance(timedelta(seconds=30))
        walk = begin(provider, "dora@example.com")
        probe = settled(provider, "dora@example.com")
        cleo = settled(provider, "cleo@example.com")
        answer = walk.enter(arrived_mails(direct_mail, smtp)[0][0])

    assert calls_before_probe == 5
    assert len(smtp.received) == 3
    assert tried(cleo) == ["smtp accepted"]
    assert tried(probe) == ["aliyun accepted"]
    assert has_arrived(answer)


def test_a_recipient_whom_the_provider_refuses_is_told_to_the_operator_alone(
    start: StartProvider,
    chain_settings: dict[str, str],
    direct_mail: DirectMailServer,
    smtp: SmtpServer,
) -> None:
    direct_mail.service.misbehave(Fault.BAD_RECIPIENT)

    with start(chain_settings) as provider:
        usual = begin(provider, "ben@example.com").code_page
        story = settled(provider, "ben@example.com")
        other = begin(provider, "bob@example.com").code_page
        settled(provider, "bob@example.com")

    assert (story.mail.state, tried(story)) == (MailState.REFUSED, ["aliyun recipient_refused"])
    assert smtp.received == []
    assert without_what_differs(usual.text) == without_what_differs(other.text)


def without_what_differs(page: str) -> str:
    """Return a page without address, form tokens, ids and the label of the request."""
    page = re.sub(r"b(?:en|ob)@example\.com", "", page)
    page = re.sub(
        r'name="form_token" value="[^"]*"|/sign-in/[\w-]+|<bdi[^>]*>[^<]*</bdi>', "", page
    )
    return re.sub(r"\?wished=[^\"]*", "", page)


def test_a_timeline_shows_a_mail_that_nobody_could_take(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.misbehave(Fault.FROZEN_SENDER, calls=1)

    with start(aliyun_settings) as provider:
        begin(provider, ANNA)
        eventually(lambda: provider.server.mail.log(ANNA)[0].attempts, "the refused attempt")
        for wait in (2, 10, 30, 60):
            wait_for_claim(provider, timedelta(seconds=wait))
        story = settled(provider, ANNA)

    # The breaker is open for longer than the mail is worth: the sender is asked once.
    assert len(direct_mail.service.calls) == 1
    assert (story.mail.state, story.mail.reason) == (MailState.GIVEN_UP, "no_sender")
    assert story.attempts[0].outcome.error_code == "InvalidMailAddressStatus.Malformed"


def wait_for_claim(provider: Provider, wait: timedelta) -> None:
    """Let time pass, and the dispatcher take the mail once more and put it away again."""
    claims = provider.server.mail.log(ANNA)[0].mail.claims
    provider.clock.advance(wait)

    def is_put_away() -> bool:
        mail = provider.server.mail.log(ANNA)[0].mail
        return mail.claims > claims and mail.state is not MailState.SENDING

    eventually(is_put_away, "the next claim")
