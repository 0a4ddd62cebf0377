"""Every event worth keeping, with a stable name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AuditKind(StrEnum):
    """The names of events; operators filter by them, metrics count them."""

    VERIFICATION_STARTED = "verification.started"
    CODE_REFUSED = "code.refused"
    CODE_EXHAUSTED = "code.exhausted"
    MAILBOX_PROVEN_TO_CLIENT = "mailbox.proven_to_client"
    MAILBOX_PROVEN_ELSEWHERE = "mailbox.proven_elsewhere"
    LONGER_CODES_DEMANDED = "failure_budget.longer_codes"
    FAILURES_RELEASED = "failure_budget.released"
    SPRAY_ALARM_RAISED = "spray_alarm.raised"
    PASSWORD_REFUSED = "password.refused"  # noqa: S105 - the name of an event
    FIRST_FACTOR_PROVEN = "first_factor.proven"
    SECOND_FACTOR_REFUSED = "second_factor.refused"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODE_USED = "recovery_code.used"
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an event
    SIGNED_IN = "session.started"
    SIGNED_OUT = "session.ended"
    ACCOUNT_REGISTERED = "account.registered"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_MADE_ADMIN = "account.made_admin"
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_RESUMED = "account.resumed"
    ACCOUNT_DELETED = "account.deleted"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_EXPORTED = "account.exported"
    IDENTITY_CONFIRMED = "session.confirmed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    SECOND_FACTOR_CHANGED = "second_factor.changed"
    ADDRESS_CHANGED = "address.changed"
    SESSIONS_ENDED = "sessions.ended"
    BROWSERS_FORGOTTEN = "browsers.forgotten"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    APPLICATION_WITHDRAWN = "application.withdrawn"
    SIGN_IN_LINK_MADE = "sign_in_link.made"
    SIGN_IN_LINK_USED = "sign_in_link.used"
    CLIENT_CREATED = "client.created"
    CLIENT_UPDATED = "client.updated"
    CLIENT_DELETED = "client.deleted"
    CLIENT_SECRET_ADDED = "client.secret_added"  # noqa: S105 - the name of an event
    CLIENT_SECRET_REMOVED = "client.secret_removed"  # noqa: S105 - the name of an event
    REGISTRATION_TOKEN_CREATED = "registration_token.created"  # noqa: S105 - the name of an event
    TOKENS_ISSUED = "tokens.issued"
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event
    AUTHORIZATION_CODE_REPLAYED = "authorization_code.replayed"
    REFRESH_TOKEN_REUSED = "refresh_token.reused"  # noqa: S105 - the name of an event
    API_CHANGED = "api.changed"
    API_DELETED = "api.deleted"
    ROLE_CHANGED = "role.changed"
    ROLE_DELETED = "role.deleted"
    ROLE_ASSIGNED = "role.assigned"
    ROLE_REMOVED = "role.removed"
    SIGNING_KEY_CREATED = "signing_key.created"
    SIGNING_KEY_ROTATED = "signing_key.rotated"
    SIGNING_KEY_RETIRED = "signing_key.retired"
    MAIL_SENDER_CONFIGURED = "mail_sender.configured"
    SIGN_IN_EXPERIENCE_CHANGED = "sign_in_experience.changed"
    BRAND_CHANGED = "brand.changed"
    MAIL_SUPPRESSED = "mail.suppressed"
    MAIL_SUPPRESSION_REMOVED = "mail.suppression_removed"
    MAIL_QUOTA_LOW = "mail.quota_low"
    MAIL_TEMPLATE_CHANGED = "mail_template.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that happened; `detail` holds short values, never a secret."""

    kind: AuditKind
    subject: str | None = None
    client_id: str | None = None
    source: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
