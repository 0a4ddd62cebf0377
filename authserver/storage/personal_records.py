"""Everything that is stored about one person, for the person; digests and hashes stay inside."""

from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, Executable, bindparam, func, select

from authserver.domain.accounts import Account
from authserver.storage.accounts import AccountRow, SignInLinkRow
from authserver.storage.audit_events import AuditEventRow
from authserver.storage.consents import GrantRow
from authserver.storage.grants import AuthorizationRow
from authserver.storage.outgoing_mail import OutgoingMailRow
from authserver.storage.passwords import PasswordRow
from authserver.storage.recognised_browsers import RecognisedBrowserRow
from authserver.storage.roles import AccountRoleRow
from authserver.storage.second_factors import RecoveryCodeRow, SecondFactorRow
from authserver.storage.sessions import SessionRow
from authserver.storage.verifications import VerificationRow

SUBJECT: Final[BindParameter[str]] = bindparam("wanted_subject")
CANONICAL: Final[BindParameter[str]] = bindparam("wanted_canonical")
TYPED: Final[BindParameter[str]] = bindparam("wanted_typed")

# Under the name of each part: the statement that selects its rows. Whoever adds a table with
# something of a person adds its line here.
PARTS: Final[dict[str, Executable]] = {
    "account": select(
        AccountRow.subject,
        AccountRow.address,
        AccountRow.canonical_address,
        AccountRow.status,
        AccountRow.is_admin,
        AccountRow.email_proven_at,
        AccountRow.claims,
        AccountRow.origin,
        AccountRow.created_at,
        AccountRow.updated_at,
    ).where(AccountRow.subject == SUBJECT),
    "password": select(PasswordRow.changed_at).where(PasswordRow.subject == SUBJECT),
    "second_factors": select(SecondFactorRow.kind, SecondFactorRow.created_at).where(
        SecondFactorRow.subject == SUBJECT
    ),
    "recovery_codes": select(RecoveryCodeRow.created_at, RecoveryCodeRow.used_at)
    .where(RecoveryCodeRow.subject == SUBJECT)
    .order_by(RecoveryCodeRow.selector),
    "sessions": select(
        SessionRow.id,
        SessionRow.source,
        SessionRow.browser,
        SessionRow.authenticated_at,
        SessionRow.amr,
        SessionRow.acr,
        SessionRow.created_at,
        SessionRow.last_used_at,
        SessionRow.ended_at,
    )
    .where(SessionRow.subject == SUBJECT)
    .order_by(SessionRow.created_at, SessionRow.id),
    "recognised_browsers": select(
        RecognisedBrowserRow.name,
        RecognisedBrowserRow.first_used_at,
        RecognisedBrowserRow.last_used_at,
        RecognisedBrowserRow.expires_at,
    )
    .where(RecognisedBrowserRow.subject == SUBJECT)
    .order_by(RecognisedBrowserRow.first_used_at, RecognisedBrowserRow.id),
    "authorizations": select(
        AuthorizationRow.client_id,
        AuthorizationRow.scopes,
        AuthorizationRow.session_id,
        AuthorizationRow.authenticated_at,
        AuthorizationRow.amr,
        AuthorizationRow.acr,
        AuthorizationRow.created_at,
        AuthorizationRow.used_at,
        AuthorizationRow.revoked_at,
    )
    .where(AuthorizationRow.subject == SUBJECT)
    .order_by(AuthorizationRow.created_at, AuthorizationRow.id),
    "grants": select(GrantRow.client_id, GrantRow.scopes, GrantRow.created_at, GrantRow.updated_at)
    .where(GrantRow.subject == SUBJECT)
    .order_by(GrantRow.created_at, GrantRow.id),
    "roles": select(AccountRoleRow.role)
    .where(AccountRoleRow.subject == SUBJECT)
    .order_by(AccountRoleRow.role),
    "sign_in_links": select(
        SignInLinkRow.created_at, SignInLinkRow.expires_at, SignInLinkRow.used_at
    )
    .where(SignInLinkRow.subject == SUBJECT)
    .order_by(SignInLinkRow.created_at),
    "verifications": select(
        VerificationRow.purpose,
        VerificationRow.address,
        VerificationRow.client_id,
        VerificationRow.source,
        VerificationRow.browser,
        VerificationRow.state,
        VerificationRow.attempts,
        VerificationRow.mails,
        VerificationRow.created_at,
        VerificationRow.expires_at,
        VerificationRow.verified_at,
    )
    .where(VerificationRow.canonical_address == CANONICAL)
    .order_by(VerificationRow.created_at, VerificationRow.id),
    "mails": select(
        OutgoingMailRow.usage_type,
        OutgoingMailRow.address,
        OutgoingMailRow.locale,
        OutgoingMailRow.state,
        OutgoingMailRow.created_at,
        OutgoingMailRow.finished_at,
    )
    .where(func.lower(OutgoingMailRow.address).in_([TYPED, CANONICAL]))
    .order_by(OutgoingMailRow.created_at, OutgoingMailRow.id),
    "events": select(
        AuditEventRow.happened_at,
        AuditEventRow.kind,
        AuditEventRow.client_id,
        AuditEventRow.source,
        AuditEventRow.detail,
    )
    .where(AuditEventRow.subject == SUBJECT)
    .order_by(AuditEventRow.id),
}


class PersonalRecords:
    """What one unit of work finds about a person."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def collect(self, account: Account) -> dict[str, list[dict[str, object]]]:
        """Return all parts by name, as rows of JSON values."""
        parameters = {
            "wanted_subject": account.subject,
            "wanted_canonical": account.address.canonical,
            "wanted_typed": account.address.typed.lower(),
        }
        return {
            name: [
                {column: in_json(value) for column, value in row._mapping.items()}  # noqa: SLF001 - public in spite of its name
                for row in self.connection.execute(statement, parameters)
            ]
            for name, statement in PARTS.items()
        }


def in_json(value: object) -> object:
    """Return a column's value as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value
