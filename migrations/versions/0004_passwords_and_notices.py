"""Passwords, second factors and their recovery codes; notices by mail; more about sessions."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("interactions", sa.Column("first_factor", sa.JSON()))
    op.create_index("ix_interactions_session_id", "interactions", ["session_id"])
    op.add_column("sessions", sa.Column("acr", sa.String(60)))
    op.add_column("sessions", sa.Column("source", sa.String(50)))
    op.add_column("sessions", sa.Column("browser", sa.String(60)))
    op.add_column("outgoing_mails", sa.Column("details", sa.JSON()))
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.alter_column("verification_id", existing_type=sa.String(40), nullable=True)
    op.create_table(
        "passwords",
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("hash", sa.String(300), nullable=False),
        sa.Column("rests_on_mail", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_passwords"),
        of_account("passwords"),
    )
    op.create_table(
        "second_factors",
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", name="pk_second_factors"),
        of_account("second_factors"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("selector", sa.String(10), nullable=False),
        sa.Column("hash", sa.String(300), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("subject", "selector", name="pk_recovery_codes"),
        of_account("recovery_codes"),
    )


def of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["subject"], ["accounts.subject"], name=f"fk_{table}_subject", ondelete="CASCADE"
    )


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
    op.drop_table("passwords")
    # Without a verification there were no mails: notices go.
    op.execute("DELETE FROM outgoing_mails WHERE verification_id IS NULL")
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.drop_column("details")
        batch.alter_column("verification_id", existing_type=sa.String(40), nullable=False)
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("browser")
        batch.drop_column("source")
        batch.drop_column("acr")
    op.drop_index("ix_interactions_session_id", "interactions")
    with op.batch_alter_table("interactions") as batch:
        batch.drop_column("first_factor")
