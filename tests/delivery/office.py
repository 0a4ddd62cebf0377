"""A post office: delivery with real parts, mails that are owed, and what became of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from authserver.composition.foundation import Foundation
from authserver.delivery.outgoing_mail import MailDelivery
from authserver.domain.emails import UsageType
from authserver.domain.interactions import InteractionId
from authserver.domain.outgoing_mail import Attempt, MailId, MailOutcome, MailResult
from authserver.domain.verifications import Verification, VerificationId
from authserver.settings.sources import load
from authserver.storage.outgoing_mail import MailStory
from tests.storage.samples import ADA, a_mail, a_verification, an_interaction
from tests.support.known_randomness import KnownRandomness
from tests.support.provider import ENDPOINT, SECRET_KEY
from tests.support.stopped_clock import StoppedClock

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Office:
    """Owes mails and tells what became of them."""

    base: Foundation
    clock: StoppedClock
    delivery: MailDelivery

    def owe(self, number: int = 1, **changes: Any) -> Verification:
        """Owe the mail of a verification that begins now; `changes` are those of its row."""
        now = self.clock.now()
        interaction = InteractionId(f"interaction-{number}")
        valid: dict[str, Any] = {
            "id": VerificationId(f"verification-{number}"),
            "interaction_id": interaction,
            "key_id": self.base.deriver.keys.newest_id,
            "address": ADA,
            "next_mail_at": now,
            "created_at": now,
            "expires_at": now + LIFE,
        }
        verification = a_verification(**valid | changes)
        mail = a_mail(
            id=MailId(f"mail-{number}"),
            verification_id=verification.id,
            usage_type=UsageType(verification.purpose),
            address=verification.address.typed,
            due_at=now,
            created_at=now,
        )
        with self.base.storage.writing() as work:
            if work.interactions.find(interaction) is None:
                work.interactions.add(an_interaction(id=interaction))
            work.verifications.add(verification)
            work.outgoing_mails.add(mail)
            work.commit()
        return verification

    def owe_many(self, count: int) -> list[MailId]:
        """Owe that many mails and return their ids."""
        for number in range(count):
            self.owe(number)
        return [MailId(f"mail-{number}") for number in range(count)]

    def story(self, number: int = 1) -> MailStory:
        """Return what became of a mail."""
        with self.base.storage.reading() as work:
            stories = work.outgoing_mails.recent(None, 1000)
        return next(story for story in stories if story.mail.id == f"mail-{number}")

    def is_code_mailed(self, number: int = 1) -> bool:
        with self.base.storage.reading() as work:
            verification = work.verifications.find(f"verification-{number}")
        assert verification is not None
        return verification.code_mailed

    def attempt(self, result: MailResult = MailResult.ACCEPTED) -> Attempt:
        """Return one attempt that came to `result`."""
        return Attempt(
            sender="outbox",
            started_at=self.clock.now(),
            duration=timedelta(milliseconds=3),
            outcome=MailOutcome(result=result, error_code=None if result == "accepted" else "x"),
        )


@contextmanager
def open_office(database_url: str, folder: Path) -> Iterator[Office]:
    """Yield an office over the database."""
    clock = StoppedClock()
    loaded = load(
        environment={
            "AUTHSERVER_ENDPOINT": ENDPOINT,
            "AUTHSERVER_DATA_DIR": str(folder),
            "AUTHSERVER_DATABASE_URL": database_url,
            "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
        }
    )
    base = Foundation(loaded, clock, KnownRandomness())
    delivery = MailDelivery(
        storage=base.storage,
        clients=base.clients,
        deriver=base.deriver,
        clock=clock,
        policy=base.policy,
        endpoint=base.endpoint,
        brands=base.brands,
        experience=base.experience,
        fallback_language="en",
    )
    try:
        yield Office(base, clock, delivery)
    finally:
        base.storage.database.close()
