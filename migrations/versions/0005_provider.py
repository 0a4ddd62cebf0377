"""API resources, roles, grants, tokens of services, logout notices, registration tokens."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("clients", sa.Column("details", sa.JSON()))
    op.add_column("authorizations", sa.Column("resources", sa.JSON()))
    with op.batch_alter_table("access_tokens") as batch:
        batch.add_column(sa.Column("client_id", sa.String(40)))
        batch.add_column(sa.Column("audience", sa.String(250)))
        batch.alter_column("authorization_id", existing_type=sa.String(40), nullable=True)
        batch.create_foreign_key(
            "fk_access_tokens_client_id", "clients", ["client_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index("ix_access_tokens_client_id", "access_tokens", ["client_id"])
    create_api_resources()
    create_grants()
    create_logout_notices()
    create_registration_tokens()


def create_api_resources() -> None:
    op.create_table(
        "api_resources",
        sa.Column("indicator", sa.String(250), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("lifetime_seconds", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("indicator", name="pk_api_resources"),
    )
    op.create_table(
        "roles",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("description", sa.String(300), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_roles"),
    )
    for table, owner, owners, key in (
        ("account_roles", "subject", "accounts", "subject"),
        ("client_roles", "client_id", "clients", "id"),
    ):
        op.create_table(
            table,
            sa.Column(owner, sa.String(40), nullable=False),
            sa.Column("role", sa.String(60), nullable=False),
            sa.PrimaryKeyConstraint(owner, "role", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(
                [owner], [f"{owners}.{key}"], name=f"fk_{table}_{owner}", ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["role"], ["roles.name"], name=f"fk_{table}_role", ondelete="CASCADE"
            ),
        )
        op.create_index(f"ix_{table}_role", table, ["role"])


def create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.ForeignKeyConstraint(
            ["subject"], ["accounts.subject"], name="fk_grants_subject", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name="fk_grants_client_id", ondelete="CASCADE"
        ),
    )
    op.create_index("uq_grants_subject_client_id", "grants", ["subject", "client_id"], unique=True)
    op.create_index("ix_grants_client_id", "grants", ["client_id"])


def create_logout_notices() -> None:
    op.create_table(
        "logout_notices",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(60)),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_logout_notices"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name="fk_logout_notices_client_id", ondelete="CASCADE"
        ),
    )
    unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_logout_notices_due_at",
        "logout_notices",
        ["due_at"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_index("ix_logout_notices_created_at", "logout_notices", ["created_at"])
    op.create_index("ix_logout_notices_client_id", "logout_notices", ["client_id"])


def create_registration_tokens() -> None:
    op.create_table(
        "used_assertions",
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])
    op.create_table(
        "initial_access_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("uses_left", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_initial_access_tokens"),
    )
    op.create_index("ix_initial_access_tokens_expires_at", "initial_access_tokens", ["expires_at"])
    op.create_table(
        "registration_access_tokens",
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_registration_access_tokens"),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name="fk_registration_access_tokens_client_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "uq_registration_access_tokens_digest",
        "registration_access_tokens",
        ["digest"],
        unique=True,
    )


def downgrade() -> None:
    for table in (
        "registration_access_tokens",
        "initial_access_tokens",
        "used_assertions",
        "logout_notices",
        "grants",
        "client_roles",
        "account_roles",
        "roles",
        "api_resources",
    ):
        op.drop_table(table)
    # Tokens of services and for APIs mean nothing to the former version.
    op.execute("DELETE FROM access_tokens WHERE authorization_id IS NULL OR audience IS NOT NULL")
    op.drop_index("ix_access_tokens_client_id", "access_tokens")
    with op.batch_alter_table("access_tokens") as batch:
        batch.drop_constraint("fk_access_tokens_client_id", type_="foreignkey")
        batch.drop_column("audience")
        batch.drop_column("client_id")
        batch.alter_column("authorization_id", existing_type=sa.String(40), nullable=False)
    with op.batch_alter_table("authorizations") as batch:
        batch.drop_column("resources")
    with op.batch_alter_table("clients") as batch:
        batch.drop_column("details")
