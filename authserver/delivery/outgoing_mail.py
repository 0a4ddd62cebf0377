"""Mails that leave after the answer: claim them, choose what is sent, record what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from authserver.crypto.deriver import Deriver
from authserver.delivery.choice import Chosen, choose_mail, choose_notice, user_of
from authserver.delivery.open_seats import by_verification, give_seats_back, take_seats
from authserver.domain.branding import accent_of, shown_name
from authserver.domain.clock import Clock
from authserver.domain.email_address import parse_email_address
from authserver.domain.emails import NOTICES_TO_ACCOUNTS, NOTICES_TO_FORMER_ADDRESSES, Email
from authserver.domain.endpoint import Endpoint
from authserver.domain.finish_elsewhere import FINISHED_ELSEWHERE, path_of_link
from authserver.domain.outgoing_mail import (
    Attempt,
    MailOutcome,
    MailResult,
    MailState,
    OutgoingMail,
    deciding,
    next_step,
)
from authserver.domain.secret import Secret
from authserver.domain.sign_in_experience import SignInExperience
from authserver.domain.suppressions import (
    EVERY_SENDER,
    SUPPRESSED,
    on_providers_list,
    suppression_event,
)
from authserver.domain.verifications import CodePolicy, Verification
from authserver.storage.brands import StoredBrands
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Storage, UnitOfWork

LEASE: Final = timedelta(seconds=60)
# More than waits and restarts explain: something about the mail breaks whoever takes it.
MOST_CLAIMS: Final = 30
ONE_MINUTE: Final = timedelta(minutes=1)
NOBODY_TRIED: Final = MailOutcome(result=MailResult.NOT_ACCEPTED, error_code="no_sender")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailToSend:
    """A claimed mail, what it says, and the senders that refuse its address anyway."""

    mail: OutgoingMail
    email: Email
    suppressed_at: frozenset[str] = frozenset()

    @property
    def log_fields(self) -> Mapping[str, str]:
        """Return what the log says of it."""
        return {"mail": self.mail.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    """The use cases of the mail dispatcher."""

    storage: Storage
    clients: RegisteredClients
    deriver: Deriver
    clock: Clock
    policy: CodePolicy
    endpoint: Endpoint
    brands: StoredBrands
    experience: StoredSignInExperience
    fallback_language: str

    def claim(self, at_most: int) -> list[MailToSend]:
        """Take due mails under a lease; those that are not worth sending are dropped.

        Only here accounts are looked up: the person who asked never waits for it, nor sees it.
        """
        now = self.clock.now()
        experience = self.experience.current()
        with self.storage.writing() as work:
            due = [
                (mail, chosen)
                for mail in work.outgoing_mails.claim_due(now, now + LEASE, at_most)
                if (chosen := self._choose(work, mail, experience, now)) is not None
            ]
            seated, dropped = take_seats(work, self.policy, due, now)
            for mail in dropped:
                self._drop(work, mail, now, "kept_for_accounts")
            claimed = [
                (mail, chosen)
                for mail, chosen in sorted(seated, key=by_verification)
                if self._mark(work, mail, chosen, now)
            ]
            give_seats_back(work, dropped, now)
            work.commit()
        return [
            MailToSend(
                mail=mail,
                email=self._email(mail, chosen, now),
                suppressed_at=chosen.suppressed_at,
            )
            for mail, chosen in claimed
        ]

    def record(self, mail: OutgoingMail, attempts: Sequence[Attempt]) -> MailState:
        """Keep what was tried and settle what follows."""
        now = self.clock.now()
        outcome = deciding(attempts) or NOBODY_TRIED
        step = next_step(outcome, mail.claims, is_notice=mail.is_notice)
        with self.storage.writing() as work:
            work.outgoing_mails.add_attempts(mail, attempts)
            remember_refusals(work, mail, attempts, now)
            if step.wait is None:
                work.outgoing_mails.finish(mail, step.state, now, outcome.error_code)
            else:
                work.outgoing_mails.put_back(mail, now + step.wait)
            work.commit()
        return step.state

    def give_back(self, mails: Sequence[OutgoingMail]) -> None:
        """Let others claim at once what this process will not send any more."""
        now = self.clock.now()
        with self.storage.writing() as work:
            for mail in mails:
                work.outgoing_mails.put_back(mail, now)
            work.commit()

    def _choose(
        self, work: UnitOfWork, mail: OutgoingMail, experience: SignInExperience, now: datetime
    ) -> Chosen | None:
        """Return what answers a claimed mail; None where it is not worth sending."""
        if mail.claims > MOST_CLAIMS:
            work.outgoing_mails.finish(mail, MailState.GIVEN_UP, now, "never_settled")
            return None
        if mail.verification_id is None:
            return self._choose_notice(work, mail, now)
        verification = work.verifications.find(mail.verification_id)
        return self._choose_code(work, mail, verification, experience, now)

    def _choose_code(
        self,
        work: UnitOfWork,
        mail: OutgoingMail,
        verification: Verification | None,
        experience: SignInExperience,
        now: datetime,
    ) -> Chosen | None:
        # A verification whose secret key is gone is as good as expired.
        if (
            verification is None
            or verification.standing(now) is not None
            or self.deriver.code(verification) is None
        ):
            return self._drop(work, mail, now, "code_over")
        if verification.expires_at - now < self.policy.least_life_to_send:
            return self._drop(work, mail, now, "too_late")
        account = work.accounts.find_by_address(verification.address.canonical)
        chosen = choose_mail(mail, verification, account, experience)
        if not chosen.carries_code and not self.policy.mails_to_unknown:
            return self._drop(work, mail, now, "no_code_to_send")
        suppressed_at = work.suppressions.senders_for(verification.address.canonical, now)
        if EVERY_SENDER in suppressed_at:
            return self._drop(work, mail, now, SUPPRESSED)
        return replace(chosen, suppressed_at=suppressed_at)

    def _mark(self, work: UnitOfWork, mail: OutgoingMail, chosen: Chosen, now: datetime) -> bool:
        """Note that a code leaves, before it does: a reader may be faster than the provider."""
        verification = chosen.verification
        if not chosen.carries_code or verification is None:
            return True
        if work.verifications.mark_mailed(verification.id, now):
            return True
        self._drop(work, mail, now, "code_over")
        return False

    def _choose_notice(self, work: UnitOfWork, mail: OutgoingMail, now: datetime) -> Chosen | None:
        account, address = None, parse_email_address(mail.address)
        if address is not None and mail.usage_type not in NOTICES_TO_FORMER_ADDRESSES:
            account = work.accounts.find_by_address(address.canonical)
        if mail.usage_type in NOTICES_TO_ACCOUNTS and (account is None or not account.is_active):
            return self._drop(work, mail, now, "no_account")
        canonical = mail.address if address is None else address.canonical
        suppressed_at = work.suppressions.senders_for(canonical, now)
        if EVERY_SENDER in suppressed_at:
            return self._drop(work, mail, now, SUPPRESSED)
        return replace(
            choose_notice(mail, account, self.fallback_language), suppressed_at=suppressed_at
        )

    def _drop(
        self, work: UnitOfWork, mail: OutgoingMail, now: datetime, reason: str
    ) -> Chosen | None:
        """Note that the mail is not worth sending; nothing is chosen."""
        work.outgoing_mails.finish(mail, MailState.DROPPED, now, reason)
        return None

    def _email(self, mail: OutgoingMail, chosen: Chosen, now: datetime) -> Email:
        brands = self.brands.all()
        brand = shown_name(brands.instance)
        email = Email(
            usage_type=chosen.usage_type,
            to=chosen.to,
            locale=chosen.locale,
            brand=brand,
            accent=accent_of(brands.instance),
            support=(brands.instance.support_url or "").removeprefix("mailto:"),
            host=self.endpoint.host,
            endpoint=self.endpoint.url,
            application_id="",
            application_name=brand,
            request_label="",
            requested_at=mail.created_at,
            browser=mail.details.get("browser", ""),
            details=mail.details,
            user=user_of(chosen),
        )
        verification = chosen.verification
        if verification is None:
            return email
        registered = self.clients.find(verification.client_id)
        client = None if registered is None else registered.client
        minutes = -(-(verification.expires_at - now) // ONE_MINUTE)
        return replace(
            email,
            accent=accent_of(brands.towards(client)),
            application_id=verification.client_id,
            application_name=brand if client is None else brands.name_of(client),
            request_label=verification.label,
            requested_at=verification.created_at,
            browser=verification.browser,
            code=self.deriver.code(verification) if chosen.carries_code else None,
            minutes=minutes if chosen.carries_code else None,
            link=self._link(verification) if chosen.carries_code else None,
        )

    def _link(self, verification: Verification) -> Secret | None:
        """Return the link that goes with the code, where mails have one."""
        if not self.policy.finish_elsewhere or verification.purpose not in FINISHED_ELSEWHERE:
            return None
        token = self.deriver.finish_link(verification)
        if token is None:
            return None
        return Secret(self.endpoint.at(path_of_link(verification.interaction_id, token)))


def remember_refusals(
    work: UnitOfWork, mail: OutgoingMail, attempts: Sequence[Attempt], now: datetime
) -> None:
    """Spare a sender whose own list of invalid addresses holds this one; others may still try."""
    address = parse_email_address(mail.address)
    for attempt in attempts:
        if address is not None and is_on_providers_list(attempt.outcome):
            suppression = on_providers_list(address.canonical, attempt.sender, now)
            work.suppressions.put(suppression)
            work.record(suppression_event(suppression, mail.id), now)


def is_on_providers_list(outcome: MailOutcome) -> bool:
    """Tell whether a sender refuses the recipient although the mailbox may exist."""
    return outcome.result is MailResult.RECIPIENT_REFUSED and outcome.another_sender_may_try
