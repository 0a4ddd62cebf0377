"""The first schema."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = False

INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_accounts()
    create_audit_events()
    create_clients()
    create_configuration_documents()
    create_configuration_versions()
    create_interactions()
    create_limit_counters()
    create_outgoing_mails()
    create_schema_info()
    create_signing_keys()
    create_authorizations()
    create_client_secrets()
    create_mail_attempts()
    create_sessions()
    create_sign_in_links()
    create_verifications()
    create_access_tokens()
    create_authorization_codes()
    create_refresh_tokens()


def downgrade() -> None:
    op.drop_table("refresh_tokens")
    op.drop_table("authorization_codes")
    op.drop_table("access_tokens")
    op.drop_table("verifications")
    op.drop_table("sign_in_links")
    op.drop_table("sessions")
    op.drop_table("mail_attempts")
    op.drop_table("client_secrets")
    op.drop_table("authorizations")
    op.drop_table("signing_keys")
    op.drop_table("schema_info")
    op.drop_table("outgoing_mails")
    op.drop_table("limit_counters")
    op.drop_table("interactions")
    op.drop_table("configuration_versions")
    op.drop_table("configuration_documents")
    op.drop_table("clients")
    op.drop_table("audit_events")
    op.drop_table("accounts")


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("canonical_address", sa.String(254), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("email_proven_at", INSTANT),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_accounts"),
    )
    op.create_index("uq_accounts_canonical_address", "accounts", ["canonical_address"], unique=True)


def create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(40)),
        sa.Column("client_id", sa.String(40)),
        sa.Column("source", sa.String(50)),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_happened_at", "audit_events", ["happened_at"])
    op.create_index("ix_audit_events_subject", "audit_events", ["subject"])


def create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("post_logout_redirect_uris", sa.JSON(), nullable=False),
        sa.Column("is_exempt_from_pkce", sa.Boolean(), nullable=False),
        sa.Column("has_claims_in_id_token", sa.Boolean(), nullable=False),
        sa.Column("id_token_algorithm", sa.String(10), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )


def create_configuration_documents() -> None:
    op.create_table(
        "configuration_documents",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(60), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "version", name="pk_configuration_documents"),
    )


def create_configuration_versions() -> None:
    op.create_table(
        "configuration_versions",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_configuration_versions"),
    )


def create_interactions() -> None:
    op.create_table(
        "interactions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("cookie_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("address", sa.String(254)),
        sa.Column("canonical_address", sa.String(254)),
        sa.Column("verification_id", sa.String(40)),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(40)),
        sa.Column("session_id", sa.String(40)),
        sa.Column("signed_in_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
    )
    op.create_index("ix_interactions_expires_at", "interactions", ["expires_at"])


def create_limit_counters() -> None:
    op.create_table(
        "limit_counters",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_limit_counters"),
    )
    op.create_index("ix_limit_counters_expires_at", "limit_counters", ["expires_at"])


def create_outgoing_mails() -> None:
    op.create_table(
        "outgoing_mails",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("verification_id", sa.String(40), nullable=False),
        sa.Column("usage_type", sa.String(30), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_mails"),
    )
    op.create_index("ix_outgoing_mails_created_at", "outgoing_mails", ["created_at"])
    op.create_index(
        "ix_outgoing_mails_due_at",
        "outgoing_mails",
        ["due_at"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_outgoing_mails_verification_id", "outgoing_mails", ["verification_id"])


def create_schema_info() -> None:
    op.create_table(
        "schema_info",
        sa.Column("oldest_compatible_revision", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("oldest_compatible_revision", name="pk_schema_info"),
    )


def create_signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("sealed_private_key", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )
    op.create_index(
        "uq_signing_keys_current",
        "signing_keys",
        ["algorithm"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )


def create_authorizations() -> None:
    op.create_table(
        "authorizations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("outlives_session", sa.Boolean(), nullable=False),
        sa.Column("authenticated_at", INSTANT, nullable=False),
        sa.Column("amr", sa.String(100), nullable=False),
        sa.Column("acr", sa.String(100), nullable=False),
        sa.Column("nonce", sa.String(1000)),
        sa.Column("requested_claims", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_authorizations"),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name="fk_authorizations_client_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["accounts.subject"],
            name="fk_authorizations_subject",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_authorizations_client_id", "authorizations", ["client_id"])
    op.create_index("ix_authorizations_expires_at", "authorizations", ["expires_at"])
    op.create_index(
        "ix_authorizations_session_id_client_id", "authorizations", ["session_id", "client_id"]
    )
    op.create_index("ix_authorizations_subject", "authorizations", ["subject"])


def create_client_secrets() -> None:
    op.create_table(
        "client_secrets",
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("client_id", "name", name="pk_client_secrets"),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name="fk_client_secrets_client_id",
            ondelete="CASCADE",
        ),
    )


def create_mail_attempts() -> None:
    op.create_table(
        "mail_attempts",
        sa.Column("mail_id", sa.String(40), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(20), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(20), nullable=False),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("error_code", sa.String(100)),
        sa.Column("status", sa.Integer()),
        sa.Column("request_id", sa.String(100)),
        sa.PrimaryKeyConstraint("mail_id", "claim", "number", name="pk_mail_attempts"),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["outgoing_mails.id"],
            name="fk_mail_attempts_mail_id",
            ondelete="CASCADE",
        ),
    )


def create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("authenticated_at", INSTANT, nullable=False),
        sa.Column("amr", sa.String(100), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["accounts.subject"],
            name="fk_sessions_subject",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_subject", "sessions", ["subject"])
    op.create_index("uq_sessions_digest", "sessions", ["digest"], unique=True)


def create_sign_in_links() -> None:
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_links"),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["accounts.subject"],
            name="fk_sign_in_links_subject",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sign_in_links_expires_at", "sign_in_links", ["expires_at"])
    op.create_index("ix_sign_in_links_subject", "sign_in_links", ["subject"])


def create_verifications() -> None:
    op.create_table(
        "verifications",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("interaction_id", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("canonical_address", sa.String(254), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("code_class", sa.String(10), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("label", sa.String(10), nullable=False),
        sa.Column("source", sa.String(50), nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempt_limit", sa.Integer(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("mails_before", sa.Integer(), nullable=False),
        sa.Column("mail_limit", sa.Integer(), nullable=False),
        sa.Column("next_mail_at", INSTANT, nullable=False),
        sa.Column("code_mailed", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("verified_at", INSTANT),
        sa.Column("proof_used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_verifications"),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name="fk_verifications_interaction_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_verifications_canonical_address", "verifications", ["canonical_address"])
    op.create_index("ix_verifications_expires_at", "verifications", ["expires_at"])
    op.create_index("ix_verifications_interaction_id", "verifications", ["interaction_id"])
    op.create_index(
        "uq_verifications_live",
        "verifications",
        ["interaction_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )


def create_access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("authorization_id", sa.String(40), nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_access_tokens"),
        sa.ForeignKeyConstraint(
            ["authorization_id"],
            ["authorizations.id"],
            name="fk_access_tokens_authorization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_access_tokens_authorization_id", "access_tokens", ["authorization_id"])
    op.create_index("ix_access_tokens_expires_at", "access_tokens", ["expires_at"])


def create_authorization_codes() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("authorization_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("redirect_uri", sa.String(2048), nullable=False),
        sa.Column("code_challenge", sa.String(128)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("spent_at", INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_authorization_codes"),
        sa.ForeignKeyConstraint(
            ["authorization_id"],
            ["authorizations.id"],
            name="fk_authorization_codes_authorization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_authorization_codes_authorization_id", "authorization_codes", ["authorization_id"]
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])


def create_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("authorization_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("family_expires_at", INSTANT, nullable=False),
        sa.Column("spent_at", INSTANT),
        sa.Column("successor_key_id", sa.String(20)),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["authorization_id"],
            ["authorizations.id"],
            name="fk_refresh_tokens_authorization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_authorization_id", "refresh_tokens", ["authorization_id"])
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])
