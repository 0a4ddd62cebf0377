import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from authserver.domain.outgoing_mail import ComposedMail, MailResult
from authserver.mail.outbox_folder import read_outbox
from authserver.mail.senders.outbox import OutboxSender
from tests.support.stopped_clock import StoppedClock

pytestmark = pytest.mark.anyio


async def test_a_mail_is_kept_as_one_private_file_with_the_promised_members(
    tmp_path: Path, clock: StoppedClock, mail: ComposedMail
) -> None:
    folder = tmp_path / "outbox"

    outcome = await OutboxSender(folder, clock).send(mail)

    assert outcome.result is MailResult.ACCEPTED
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "id": outcome.provider_id,
        "to": "Alice+x@example.org",
        "usage_type": "SignIn",
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "code": "493817",
        "sent_at": "2026-11-22T14:03:00.000000+00:00",
    }


async def test_kept_mails_are_read_newest_first_and_by_recipient(
    tmp_path: Path, clock: StoppedClock, mail: ComposedMail
) -> None:
    sender = OutboxSender(tmp_path, clock)
    for number, to in enumerate(["ada@example.org", "bob@example.org", "ada@example.org"]):
        await sender.send(replace(mail, to=to, subject=f"mail {number}", code=None))
    clock.advance(timedelta(minutes=1))
    await OutboxSender(tmp_path, clock).send(replace(mail, to="ada@example.org", subject="mail 3"))

    everything, adas = read_outbox(tmp_path), read_outbox(tmp_path, "ADA@example.org")

    assert [kept["subject"] for kept in everything] == ["mail 3", "mail 2", "mail 1", "mail 0"]
    assert [kept["subject"] for kept in adas] == ["mail 3", "mail 2", "mail 0"]
    assert adas[1]["code"] is None


def test_a_folder_that_does_not_exist_yet_holds_no_mails(tmp_path: Path) -> None:
    assert read_outbox(tmp_path / "outbox") == []


async def test_a_folder_that_cannot_be_made_has_not_accepted_the_mail(
    tmp_path: Path, clock: StoppedClock, mail: ComposedMail
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    outcome = await OutboxSender(tmp_path / "file" / "outbox", clock).send(mail)

    assert outcome.result is MailResult.NOT_ACCEPTED
