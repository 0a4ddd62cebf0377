"""After the first factor: the session at once, or a second step for accounts that ask for one.

Every way to sign in calls `after_first_factor`, so that none passes the second factor by.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.interactions import FirstFactor, Interaction
from authserver.domain.passwords import StoredPassword
from authserver.domain.second_factors import mail_and_password, one_factor
from authserver.domain.sessions import Authentication, AuthenticationMethod
from authserver.domain.verifications import CodeOutcome, Purpose, Verification
from authserver.flows.code_entries import CodeRefused
from authserver.flows.completion import Completion, SignedIn
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.steps import Proceed, Step, notice_of_refusal, replace_short_code, send_again
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork
from authserver.storage.verifications import AlreadyLive


class Way(StrEnum):
    """How the second step can be taken; a recovery code serves beside each of them."""

    MAIL = "mail"
    PASSWORD = "password"  # noqa: S105 - the name of a way
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStanding:
    """What the page of the second step shows."""

    interaction: Interaction
    first: FirstFactor
    account: Account
    password: StoredPassword | None
    verification: Verification | None
    client: Client | None
    now: datetime

    @property
    def way(self) -> Way:
        """Return the way that is offered first: another kind of factor than the first one."""
        if self.first.method is not AuthenticationMethod.MAILED_CODE:
            return Way.MAIL
        return Way.RECOVERY_CODE if self.password is None else Way.PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """The use cases of the second step by a mailed code, and what all ways have in common."""

    storage: Storage
    clients: RegisteredClients
    codes: EmailCode
    completion: Completion
    clock: Clock

    def after_first_factor(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        visitor: Visitor,
        account: Account,
        first: FirstFactor,
    ) -> SignedIn | Proceed | GoOn:
        """Sign in, or keep the first factor until the second one is shown; commits.

        The caller holds the account and has found it active.
        """
        if not work.second_factors.list(account.subject):
            return self.sign_in(work, visitor, account, one_factor(first.method), first.proven_at)
        if not work.interactions.note_first_factor(interaction.id, first):
            return GoOn(interaction_id=interaction.id)
        event = AuditEvent(
            kind=AuditKind.FIRST_FACTOR_PROVEN,
            subject=account.subject,
            source=visitor.source,
            detail={"amr": first.method},
        )
        work.record(event, first.proven_at)
        work.commit()
        return Proceed(interaction_id=interaction.id, step=Step.SECOND_STEP)

    def look(self, visitor: Visitor) -> SecondStanding | Proceed | InteractionGone | GoOn:
        """Return what to show; nothing is written."""
        with self.storage.reading() as work:
            return self.standing(work, visitor, self.clock.now())

    def is_due(self, work: UnitOfWork, interaction: Interaction, now: datetime) -> bool:
        """Tell whether only the second factor is missing."""
        return interaction.first_factor is not None and isinstance(
            self._standing_of(work, interaction, now), SecondStanding
        )

    def ask_for_mail(self, visitor: Visitor) -> Proceed | MailRefused | InteractionGone | GoOn:
        """Mail a code, or the same code again; never after a mailed code."""
        now = self.clock.now()
        proceed = Proceed(interaction_id=visitor.interaction_id, step=Step.SECOND_STEP)
        try:
            with self.storage.writing() as work:
                standing = self.standing(work, visitor, now)
                if not isinstance(standing, SecondStanding) or standing.way is not Way.MAIL:
                    return proceed if isinstance(standing, SecondStanding) else standing
                sent = self._mail(work, standing, visitor)
                if isinstance(sent, MailRefused):
                    asked = standing.interaction
                    return replace(sent, locale=asked.locale, client_id=asked.client_id)
                if sent is not CodeOutcome.PENDING:
                    work.commit()
        except AlreadyLive:
            # A simultaneous request has won, and its mail is on the way.
            return proceed
        return proceed

    def submit_code(
        self, visitor: Visitor, entered: str
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Check the mailed code; a right one signs in."""
        now = self.clock.now()
        with self.storage.writing() as work:
            standing = self.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            proceed = Proceed(interaction_id=visitor.interaction_id, step=Step.SECOND_STEP)
            if standing.way is not Way.MAIL:
                return proceed
            checked = self.codes.check(
                work, standing.interaction, Purpose.MFA_VERIFICATION, entered, visitor, now
            )
            if isinstance(checked, Verification):
                return self._after_mailed_code(work, standing, checked, visitor)
            if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                return self.refuse(work, standing, checked)
        replace_short_code(self.storage, standing.interaction, Step.SECOND_STEP)
        return proceed

    def standing(
        self, work: UnitOfWork, visitor: Visitor, now: datetime
    ) -> SecondStanding | Proceed | InteractionGone | GoOn:
        """Return what stands of the second step, or where to go instead of it."""
        found = find_interaction(work, visitor, now)
        return self._standing_of(work, found, now) if isinstance(found, Interaction) else found

    def _standing_of(
        self, work: UnitOfWork, found: Interaction, now: datetime
    ) -> SecondStanding | Proceed:
        """Return the standing of an interaction.

        A first factor serves as long as any proof does, for an active account that has not been
        changed since: neither its address, nor its password, nor whether it may be used.
        """
        first = found.first_factor
        begin_anew = Proceed(interaction_id=found.id, step=Step.ADDRESS)
        if first is None or not first.serves_sign_in(now, self.codes.policy.proof_life):
            return begin_anew
        account = work.accounts.find(first.subject)
        password = work.passwords.find(first.subject)
        if account is None or not still_serves(first, found, account, password):
            return begin_anew
        verification = self.codes.pending(work, found, Purpose.MFA_VERIFICATION)
        goes_to_owner = (
            verification is not None and verification.address.canonical == account.address.canonical
        )
        registered = self.clients.find(found.client_id)
        return SecondStanding(
            interaction=found,
            first=first,
            account=account,
            password=password,
            verification=verification if goes_to_owner else None,
            client=None if registered is None else registered.client,
            now=now,
        )

    def finish(
        self,
        work: UnitOfWork,
        standing: SecondStanding,
        visitor: Visitor,
        authentication: Authentication,
    ) -> SignedIn | Proceed | GoOn:
        """Sign in with both factors, where the account may still be used; commits."""
        account = work.accounts.hold(standing.account.subject)
        if account is None or not account.is_active:
            work.interactions.forget_first_factor(standing.interaction)
            work.commit()
            return Proceed(interaction_id=standing.interaction.id, step=Step.ADDRESS)
        return self.sign_in(work, visitor, account, authentication, standing.now)

    def sign_in(
        self,
        work: UnitOfWork,
        visitor: Visitor,
        account: Account,
        authentication: Authentication,
        now: datetime,
    ) -> SignedIn | GoOn:
        """Start the session; commits."""
        signed_in = self.completion.sign_in(work, visitor, account, authentication, now)
        if signed_in is None:
            return GoOn(interaction_id=visitor.interaction_id)
        work.commit()
        return signed_in

    def refuse(
        self,
        work: UnitOfWork,
        standing: SecondStanding,
        refused: CodeRefused,
        step: Step = Step.SECOND_STEP,
    ) -> Proceed:
        """Keep the counted try and the message; commits."""
        work.interactions.note(standing.interaction.id, notice_of_refusal(refused, step))
        work.commit()
        return Proceed(interaction_id=standing.interaction.id, step=step)

    def _mail(
        self, work: UnitOfWork, standing: SecondStanding, visitor: Visitor
    ) -> CodeOutcome | MailRefused:
        found, verification, now = standing.interaction, standing.verification, standing.now
        if verification is not None:
            return send_again(self.codes, work, found, verification, visitor, now)
        address = standing.account.address
        return self.codes.start(work, found, Purpose.MFA_VERIFICATION, address, visitor, now)

    def _after_mailed_code(
        self,
        work: UnitOfWork,
        standing: SecondStanding,
        verification: Verification,
        visitor: Visitor,
    ) -> SignedIn | Proceed | GoOn:
        if not self.codes.use_proof(work, verification, standing.interaction, standing.now):
            return Proceed(interaction_id=standing.interaction.id, step=Step.SECOND_STEP)
        authentication = mail_and_password(
            standing.first.method, rests_on_mail=standing.first.rests_on_mail
        )
        return self.finish(work, standing, visitor, authentication)


def still_serves(
    first: FirstFactor, found: Interaction, account: Account, password: StoredPassword | None
) -> bool:
    """Tell whether a first factor stands for the account as it is by now.

    A suspension that is over, too, has ended it: `updated_at` remembers.
    """
    if not account.is_active or account.updated_at > first.proven_at:
        return False
    if found.address is not None and found.address.canonical != account.address.canonical:
        return False
    if password is None:
        return first.method is not AuthenticationMethod.PASSWORD
    return password.changed_at <= first.proven_at
