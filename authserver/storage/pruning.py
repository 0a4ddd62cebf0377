"""Deleting what has expired, in small batches, so that nobody waits long for the writer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    bindparam,
    delete,
    exists,
    inspect,
    select,
    tuple_,
)

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ClientId
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.interactions import KEPT_FOR
from authserver.storage.accounts import SignInLinkRow
from authserver.storage.authorization_codes import AuthorizationCodeRow
from authserver.storage.client_assertions import UsedAssertionRow
from authserver.storage.clients import ClientRow
from authserver.storage.consents import GrantRow
from authserver.storage.database import Row
from authserver.storage.failure_budgets import FailureBudgetRow, FailureRow
from authserver.storage.grants import AuthorizationRow
from authserver.storage.interactions import InteractionRow
from authserver.storage.limits import LimitCounterRow
from authserver.storage.logout_notices import LogoutNoticeRow
from authserver.storage.outgoing_mail import OutgoingMailRow
from authserver.storage.recognised_browsers import RecognisedBrowserRow
from authserver.storage.registration_tokens import InitialAccessTokenRow
from authserver.storage.sessions import SessionRow
from authserver.storage.spray_alarm import CodeTallyRow
from authserver.storage.suppressions import SuppressionRow
from authserver.storage.tokens import AccessTokenRow, RefreshTokenRow
from authserver.storage.unit_of_work import Storage
from authserver.storage.verifications import VerificationRow

BATCH: Final = 500
AT_ONCE: Final = timedelta(0)
# A replayed code is recognised for as long: it ends the tokens that it was exchanged for.
CODES_KEPT_FOR: Final = timedelta(days=1)
LINKS_KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long rows are kept after they have served; the names are those of the settings."""

    keep: timedelta = timedelta(hours=24)
    keep_timeline: timedelta = timedelta(days=30)
    budget_window: timedelta = timedelta(days=30)
    keep_unused: timedelta = timedelta(days=30)


def oldest(row: type[Row], *conditions: ColumnElement[bool]) -> Delete:
    """Return the statement that deletes at most `batch` rows that meet the conditions.

    Rows in somebody's hands are passed over until the next time. The rows are chosen in a
    common table expression because PostgreSQL may run a limited sub-select more than once; it
    is nested because SQLite counts deleted rows only where DELETE is the first word.
    """
    keys = inspect(row).primary_key
    doomed = (
        select(*keys)
        .where(*conditions)
        .limit(bindparam("batch"))
        .with_for_update(skip_locked=True)
        .cte("doomed", nesting=True)
    )
    return delete(row).where(tuple_(*keys).in_(select(*doomed.columns)))


CUTOFF: Final[BindParameter[datetime]] = bindparam("cutoff")

# Its verifications go first: they may be kept longer, and rows are locked in that order.
HAS_NO_VERIFICATION: Final = ~exists().where(VerificationRow.interaction_id == InteractionRow.id)

VERIFICATIONS: Final = oldest(VerificationRow, VerificationRow.expires_at <= CUTOFF)
UNANSWERED: Final = oldest(
    InteractionRow,
    InteractionRow.expires_at <= CUTOFF,
    InteractionRow.completed_at.is_(None),
    HAS_NO_VERIFICATION,
)
SETTLED: Final = oldest(InteractionRow, InteractionRow.completed_at <= CUTOFF, HAS_NO_VERIFICATION)
CODES: Final = oldest(AuthorizationCodeRow, AuthorizationCodeRow.expires_at <= CUTOFF)
ACCESS_TOKENS: Final = oldest(AccessTokenRow, AccessTokenRow.expires_at <= CUTOFF)
REFRESH_TOKENS: Final = oldest(RefreshTokenRow, RefreshTokenRow.expires_at <= CUTOFF)
AUTHORIZATIONS: Final = oldest(AuthorizationRow, AuthorizationRow.expires_at <= CUTOFF)
SESSIONS: Final = oldest(SessionRow, SessionRow.expires_at <= CUTOFF)
LINKS: Final = oldest(SignInLinkRow, SignInLinkRow.expires_at <= CUTOFF)
MAILS: Final = oldest(OutgoingMailRow, OutgoingMailRow.created_at <= CUTOFF)
FAILURES: Final = oldest(FailureRow, FailureRow.failed_at <= CUTOFF)
BUDGETS: Final = oldest(FailureBudgetRow, FailureBudgetRow.touched_at <= CUTOFF)
BROWSERS: Final = oldest(RecognisedBrowserRow, RecognisedBrowserRow.expires_at <= CUTOFF)
NOTICES: Final = oldest(LogoutNoticeRow, LogoutNoticeRow.created_at <= CUTOFF)
ASSERTIONS: Final = oldest(UsedAssertionRow, UsedAssertionRow.expires_at <= CUTOFF)
INITIAL_TOKENS: Final = oldest(InitialAccessTokenRow, InitialAccessTokenRow.expires_at <= CUTOFF)
SUPPRESSIONS: Final = oldest(SuppressionRow, SuppressionRow.expires_at <= CUTOFF)
TALLIES: Final = oldest(CodeTallyRow, CodeTallyRow.expires_at <= CUTOFF)
# Whoever signed in to a client has allowed it something; a grant stays until it is withdrawn.
UNUSED_CLIENTS: Final = oldest(
    ClientRow,
    ClientRow.updated_at <= CUTOFF,
    ClientRow.details["is_dynamic"].as_boolean(),
    ~exists().where(GrantRow.client_id == ClientRow.id),
    ~exists().where(AuthorizationRow.client_id == ClientRow.id),
).returning(ClientRow.id)
COUNTERS: Final = oldest(LimitCounterRow, LimitCounterRow.expires_at <= CUTOFF)


def prune(
    storage: Storage, now: datetime, *, retention: Retention | None = None, batch: int = BATCH
) -> dict[str, int]:
    """Delete what has expired, `batch` rows to a transaction; return how many rows of what.

    Children go before their parents, so that no batch takes an unforeseen number with it.
    """
    kept = retention or Retention()
    pruned: dict[str, int] = {}
    for row, statement, after in (
        (VerificationRow, VERIFICATIONS, kept.keep),
        (InteractionRow, UNANSWERED, KEPT_FOR),
        (InteractionRow, SETTLED, KEPT_FOR),
        (AuthorizationCodeRow, CODES, CODES_KEPT_FOR),
        (AccessTokenRow, ACCESS_TOKENS, AT_ONCE),
        (RefreshTokenRow, REFRESH_TOKENS, AT_ONCE),
        (AuthorizationRow, AUTHORIZATIONS, AT_ONCE),
        (SessionRow, SESSIONS, AT_ONCE),
        (SignInLinkRow, LINKS, LINKS_KEPT_FOR),
        (OutgoingMailRow, MAILS, kept.keep_timeline),
        (SuppressionRow, SUPPRESSIONS, AT_ONCE),
        (LimitCounterRow, COUNTERS, AT_ONCE),
        (CodeTallyRow, TALLIES, AT_ONCE),
        (LogoutNoticeRow, NOTICES, kept.keep_timeline),
        (UsedAssertionRow, ASSERTIONS, AT_ONCE),
        (InitialAccessTokenRow, INITIAL_TOKENS, AT_ONCE),
        (FailureRow, FAILURES, kept.budget_window),
        (FailureBudgetRow, BUDGETS, kept.budget_window),
        (RecognisedBrowserRow, BROWSERS, AT_ONCE),
    ):
        name = row.__tablename__
        pruned[name] = pruned.get(name, 0) + sweep(storage, statement, now - after, batch)
    pruned[ClientRow.__tablename__] = sweep_clients(storage, now, kept.keep_unused, batch)
    return pruned


def sweep_clients(storage: Storage, now: datetime, kept_for: timedelta, batch: int) -> int:
    """Delete clients that registered themselves and were never used; return how many."""
    total = 0
    while True:
        with storage.writing() as work:
            parameters = {"cutoff": now - kept_for, "batch": batch}
            removed = work.connection.execute(UNUSED_CLIENTS, parameters).scalars().all()
            for client_id in map(ClientId, removed):
                work.record(
                    AuditEvent(
                        kind=AuditKind.CLIENT_DELETED, client_id=client_id, detail={"by": "pruning"}
                    ),
                    now,
                )
            if removed:
                work.configuration_changed(ConfigurationKind.CLIENTS)
            work.commit()
        total += len(removed)
        if len(removed) < batch:
            return total


def sweep(storage: Storage, statement: Delete, cutoff: datetime, batch: int) -> int:
    """Run `statement` until it finds less than a full batch; return how many rows it deleted."""
    total = 0
    while True:
        with storage.writing() as work:
            parameters = {"cutoff": cutoff, "batch": batch}
            removed = work.connection.execute(statement, parameters).rowcount
            work.commit()
        total += removed
        if removed < batch:
            return total
