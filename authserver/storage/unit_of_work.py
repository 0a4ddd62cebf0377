"""Transactions: everything a use case reads and writes goes through one unit of work."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.domain.audit_events import AuditEvent
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.unavailable import ServiceUnavailable
from authserver.storage.accounts import Accounts
from authserver.storage.api_resources import ApiResources
from authserver.storage.audit_events import AuditEvents
from authserver.storage.authorization_codes import AuthorizationCodes
from authserver.storage.client_assertions import ClientAssertions
from authserver.storage.client_logos import ClientLogos
from authserver.storage.clients import Clients
from authserver.storage.configuration import Configuration
from authserver.storage.connected_applications import ConnectedApplications
from authserver.storage.consents import Grants
from authserver.storage.database import Database, UtcDateTime
from authserver.storage.delivery_events import DeliveryEvents
from authserver.storage.failure_budgets import FailureBudgets
from authserver.storage.grants import Authorizations
from authserver.storage.instance_counter import InstanceCounter
from authserver.storage.interactions import Interactions
from authserver.storage.limits import Limits
from authserver.storage.logout_notices import LogoutNotices
from authserver.storage.mail_pace import MailPaces
from authserver.storage.outgoing_mail import OutgoingMails
from authserver.storage.passwords import Passwords
from authserver.storage.personal_records import PersonalRecords
from authserver.storage.recognised_browsers import RecognisedBrowsers
from authserver.storage.registration_tokens import RegistrationTokens
from authserver.storage.roles import Roles
from authserver.storage.second_factors import SecondFactors
from authserver.storage.sessions import Sessions
from authserver.storage.signing_keys import SigningKeys
from authserver.storage.spray_alarm import SprayAlarm
from authserver.storage.suppressions import Suppressions
from authserver.storage.tokens import Tokens
from authserver.storage.verifications import Verifications


class Notice(StrEnum):
    """What the rest of this process is told once a unit is durable; a lost one costs a second."""

    MAIL_OWED = "mail_owed"
    LOGOUT_OWED = "logout_owed"


PRESENT: Final = select(func.current_timestamp(type_=UtcDateTime))

Repository = TypeVar("Repository")
# A kind of configuration says that it was changed.
Told = Notice | ConfigurationKind
Listener = Callable[[frozenset[Told], tuple[AuditEvent, ...]], None]


class Bound(Generic[Repository]):
    """A repository of a unit of work, made when it is first asked for."""

    def __init__(self, make: Callable[[Connection], Repository]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: "UnitOfWork", owner: type) -> Repository:
        repository = self._make(work.connection)
        # What stands in the instance is found before this descriptor from now on.
        work.__dict__[self._name] = repository
        return repository


class UnitOfWork:
    """One transaction and the repositories bound to it; without `commit()` it is undone."""

    accounts = Bound(Accounts)
    api_resources = Bound(ApiResources)
    authorization_codes = Bound(AuthorizationCodes)
    authorizations = Bound(Authorizations)
    client_assertions = Bound(ClientAssertions)
    client_logos = Bound(ClientLogos)
    clients = Bound(Clients)
    configuration = Bound(Configuration)
    connected_applications = Bound(ConnectedApplications)
    delivery_events = Bound(DeliveryEvents)
    audit_events = Bound(AuditEvents)
    failure_budgets = Bound(FailureBudgets)
    grants = Bound(Grants)
    instance_mails = Bound(InstanceCounter)
    interactions = Bound(Interactions)
    limits = Bound(Limits)
    logout_notices = Bound(LogoutNotices)
    mail_paces = Bound(MailPaces)
    outgoing_mails = Bound(OutgoingMails)
    passwords = Bound(Passwords)
    personal_records = Bound(PersonalRecords)
    recognised_browsers = Bound(RecognisedBrowsers)
    registration_tokens = Bound(RegistrationTokens)
    roles = Bound(Roles)
    second_factors = Bound(SecondFactors)
    sessions = Bound(Sessions)
    signing_keys = Bound(SigningKeys)
    spray_alarm = Bound(SprayAlarm)
    suppressions = Bound(Suppressions)
    tokens = Bound(Tokens)
    verifications = Bound(Verifications)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_committed = False
        self.notices: set[Told] = set()
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent, now: datetime) -> None:
        """Write `event` to the audit log; listeners hear of it after the commit."""
        self.audit_events.add(event, now)
        self.events.append(event)

    def announce(self, notice: Told) -> None:
        """Tell the rest of the process after the commit."""
        self.notices.add(notice)

    def configuration_changed(self, kind: ConfigurationKind) -> None:
        """Make every process load this kind of configuration anew."""
        self.configuration.raise_version(kind)
        self.announce(kind)

    def database_time(self) -> datetime:
        """Return what the database takes the present instant for, in whole seconds or finer."""
        return self.connection.execute(PRESENT).scalar_one()

    def commit(self) -> None:
        """Make everything durable; nothing may follow in this unit."""
        transaction = self.connection.get_transaction()
        if transaction is None or self.is_committed:
            raise RuntimeError("a unit of work commits once")
        transaction.commit()
        self.is_committed = True


class Storage:
    """Hands out units of work over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._listeners: list[Listener] = []

    def on_commit(self, listener: Listener) -> None:
        """Call `listener` after each commit that has notices or events, in the same thread."""
        self._listeners.append(listener)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open a unit that may write; SQLite's one writer is handed out in order."""
        work = None
        try:
            with connected(self.database.writer) as connection:
                connection.begin()
                work = UnitOfWork(connection)
                yield work
        finally:
            # A refusal is raised after the commit of what must outlive it: that is told, too.
            if work is not None and work.is_committed:
                self._tell(frozenset(work.notices), tuple(work.events))

    def _tell(self, notices: frozenset[Told], events: tuple[AuditEvent, ...]) -> None:
        if notices or events:
            for listener in self._listeners:
                listener(notices, events)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Open a unit that only looks."""
        with connected(self.database.reader) as connection:
            yield UnitOfWork(connection)


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Yield a connection; a busy or lost database becomes ServiceUnavailable."""
    try:
        with engine.connect() as connection:
            yield connection
    except PoolTimeoutError as fault:
        raise ServiceUnavailable("no database connection became free in time") from fault
    except OperationalError as fault:
        if is_our_own(fault):
            raise
        raise ServiceUnavailable("the database is busy or away") from fault
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise ServiceUnavailable("the database connection was lost") from fault
        raise


def is_our_own(fault: OperationalError) -> bool:
    """Tell whether SQLite blames the statement: a missing table, a write while only looking."""
    return isinstance(fault.orig, sqlite3.Error) and fault.orig.sqlite_errorcode in {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_READONLY,
    }
