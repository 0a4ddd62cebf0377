"""Whether the server can do its work: thoroughly for the operator, cheaply for a probe."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from authserver.administration.audit_log import AuditLog
from authserver.administration.deployment import Deployment, deployment_findings
from authserver.administration.findings import Finding, failed, passed
from authserver.administration.mail import MailAdministration
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.key_ring import CannotOpen
from authserver.domain.audit_chain import Break
from authserver.domain.clock import Clock
from authserver.domain.mail_configuration import MailConfiguration, OutboxSettings, SenderSettings
from authserver.domain.mail_senders import AliyunSettings, aliyun_faults, smtp_faults
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningKeyState
from authserver.domain.unavailable import ServiceUnavailable
from authserver.storage.maintenance import SchemaState, SchemaStatus, schema_status
from authserver.storage.unit_of_work import Storage

MOST_CLOCK_DIFFERENCE: Final = timedelta(seconds=5)
SCHEMA_IS_GOOD_FOR_SECONDS: Final = 10.0
LONGEST_WAIT_FOR_A_PLACE: Final = timedelta(hours=1)
SCHEMA_ADVICE: Final = {
    SchemaState.EMPTY: "Run `authserver migrate`.",
    SchemaState.BEHIND: "Run `authserver migrate`.",
    SchemaState.AHEAD_INCOMPATIBLE: "Run the version of the server that made it, or a newer one.",
    SchemaState.UNKNOWN: "Point AUTHSERVER_DATABASE_URL at a database of this server alone.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The parts that a diagnosis looks at."""

    storage: Storage
    migrations: Path
    signing_keys: SigningKeyAdministration
    mail: MailAdministration
    audit_log: AuditLog
    deployment: Deployment


class Diagnosis:
    """Answers `authserver doctor` and `/readyz`."""

    def __init__(self, examined: Examined, clock: Clock) -> None:
        self._examined = examined
        self._clock = clock
        self._is_draining = False
        self._lock = threading.Lock()
        self._schema: SchemaStatus | None = None
        self._schema_known_at = 0.0

    def drain(self) -> None:
        """Be ready no more: this process is about to stop."""
        self._is_draining = True

    def readiness(self) -> list[str]:
        """Return why requests are not welcome, as codes; none where they are.

        The codes are `draining`, `database`, `schema` and `signing_key`.
        """
        reasons = ["draining"] if self._is_draining else []
        try:
            if not self._serving_schema().can_serve:
                return [*reasons, "schema"]
            if not self._has_usable_key():
                reasons.append("signing_key")
        except ServiceUnavailable:
            reasons.append("database")
        return reasons

    def run(self) -> list[Finding]:
        """Look at everything and send nothing; what depends on a failed thing is left out."""
        return [*self._database(), *deployment_findings(self._examined.deployment)]

    def _database(self) -> Iterator[Finding]:
        storage = self._examined.storage
        kind = "SQLite" if storage.database.is_sqlite else "PostgreSQL"
        try:
            yield self._clocks()
            status = schema_status(storage.database, self._examined.migrations)
        except ServiceUnavailable as fault:
            advice = "Look at AUTHSERVER_DATABASE_URL, and whether the database runs."
            yield failed("database", f"{kind} does not answer: {cause_of(fault)}", advice)
            return
        yield passed("database", f"{kind} answers.")
        yield schema_finding(status)
        if status.can_serve:
            yield self._signing_keys()
            yield self._senders()
            yield self._spray_alarm()
            yield self._audit_chain()

    def _clocks(self) -> Finding:
        with self._examined.storage.reading() as work:
            difference = abs(work.database_time() - self._clock.now())
        if difference > MOST_CLOCK_DIFFERENCE:
            return failed(
                "clock",
                f"The clocks of server and database differ by {difference.total_seconds():.0f} s.",
                "Let both follow a time server: codes and tokens would end early or late.",
            )
        return passed("clock", "Server and database agree on the time.")

    def _signing_keys(self) -> Finding:
        keys = self._examined.signing_keys
        sealed = ", ".join(key.kid for key in keys.sealed_elsewhere())
        if sealed:
            return failed(
                "signing_key",
                f"The secret keys do not open the signing key {sealed}.",
                "Put the secret key that sealed it back into AUTHSERVER_SECRET_KEYS, after the "
                "newest one.",
            )
        if not self._has_usable_key():
            advice = "Start the server once, or run `authserver signing-key rotate`."
            return failed("signing_key", f"There is no key for {DEFAULT_ALGORITHM}.", advice)
        published = sum(key.is_published for key in keys.list())
        return passed(
            "signing_key", f"Keys are published: {published}; those that sign, now and next, open."
        )

    def _spray_alarm(self) -> Finding:
        with self._examined.storage.reading() as work:
            holds_until = work.spray_alarm.holds_until()
        if holds_until is None or holds_until <= self._clock.now():
            return passed("spray_alarm", "No spray alarm holds.")
        # A warning, not a fault: the server protects itself.
        return passed(
            "spray_alarm",
            f"The spray alarm holds until {holds_until:%Y-%m-%d %H:%M} UTC: an unusual share of "
            "the codes entered is wrong, and new codes of strangers are longer.",
            "Look at the sources of `code.refused` in the audit log. Where the list of addresses "
            "is public, set AUTHSERVER_CODES__START_CLASS=digits8.",
        )

    def _audit_chain(self) -> Finding:
        verdict = self._examined.audit_log.glance()
        broken, since = verdict.broken, verdict.waiting_since
        if broken is not None and broken.what is Break.KEY_GONE:
            return failed(
                "audit",
                f"The audit log is chained under the secret key {broken.key_id}, which is not "
                "configured.",
                "Where another server has it in front already, give it to this one, too; else run "
                "`authserver audit verify`.",
            )
        if broken is not None:
            return failed(
                "audit",
                "The chain of the audit log is not as this server left it.",
                "Run `authserver audit verify`.",
            )
        counts = f"{verdict.end.position} are chained, {verdict.waiting} wait for it"
        is_long = since is not None and self._clock.now() - since > LONGEST_WAIT_FOR_A_PLACE
        return passed(
            "audit",
            f"Events in the audit log: {counts}.",
            "Some wait for long. They get their places while a server runs: where one does, look "
            "for audit.* and job.failed in its log."
            if is_long
            else None,
        )

    def _senders(self) -> Finding:
        try:
            configuration = self._examined.mail.configuration()
        except CannotOpen as fault:
            return failed(
                "mail",
                f"The secret of the mail sender does not open: {fault}.",
                "Run `authserver mail configure` again, or put the secret key back.",
            )
        return mail_finding(configuration)

    def _serving_schema(self) -> SchemaStatus:
        now = self._clock.monotonic()
        with self._lock:
            known = self._schema
            if (
                known
                and known.can_serve
                and now - self._schema_known_at < SCHEMA_IS_GOOD_FOR_SECONDS
            ):
                return known
        status = schema_status(self._examined.storage.database, self._examined.migrations)
        with self._lock:
            self._schema, self._schema_known_at = status, now
        return status

    def _has_usable_key(self) -> bool:
        keys = self._examined.signing_keys
        sealed = {key.kid for key in keys.sealed_elsewhere()}
        return any(
            key.algorithm is DEFAULT_ALGORITHM
            and key.state is SigningKeyState.CURRENT
            and key.kid not in sealed
            for key in keys.list()
        )


def cause_of(fault: ServiceUnavailable) -> str:
    """Return the driver's own words about a database that is away, on one line."""
    cause = fault.__cause__
    words = str(getattr(cause, "orig", None) or fault)
    return " ".join(words.split())


def schema_finding(status: SchemaStatus) -> Finding:
    """Return what there is to say about the schema."""
    revision = ", ".join(status.revisions) or "none"
    message = f"The schema is at {revision}; this server is made for {status.head}."
    if status.can_serve:
        return passed("schema", message)
    return failed("schema", message, SCHEMA_ADVICE[status.state])


def mail_finding(configuration: MailConfiguration) -> Finding:
    """Return what there is to say about the senders, without sending."""
    if not configuration.senders:
        return failed(
            "mail",
            "No sender is configured: nobody can sign in by mailed code.",
            "Run `authserver mail configure --file connector.json`, or set "
            "AUTHSERVER_MAIL__SENDERS.",
        )
    faults = [fault for sender in configuration.senders for fault in faults_of(sender)]
    if faults:
        return failed("mail", "; ".join(faults), "Correct these settings of the sender.")
    chain = ", then ".join(map(name_of, configuration.senders))
    origin = "from the settings" if configuration.is_fixed else "as configured"
    return passed("mail", f"Mails leave through {chain} ({origin}).")


def faults_of(sender: SenderSettings) -> list[str]:
    """Return what is wrong with the configuration of one sender."""
    match sender:
        case OutboxSettings():
            return []
        case AliyunSettings():
            return aliyun_faults(sender)
        case _:
            return smtp_faults(sender)


def name_of(sender: SenderSettings) -> str:
    """Return what an operator calls the sender."""
    match sender:
        case OutboxSettings(folder=folder):
            return f"the outbox folder {folder}"
        case AliyunSettings(account_name=account_name):
            return f"Aliyun Direct Mail ({account_name})"
        case _:
            return f"the mail server {sender.host}"
