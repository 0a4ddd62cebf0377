"""Failure budgets, recognised browsers."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("verifications", sa.Column("recognised_browser_id", sa.String(40)))
    op.create_table(
        "failure_budgets",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_failure_budgets"),
    )
    op.create_index("ix_failure_budgets_touched_at", "failure_budgets", ["touched_at"])
    op.create_table(
        "failures",
        sa.Column("verification_id", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("verification_id", "attempt", name="pk_failures"),
    )
    op.create_index("ix_failures_failed_at", "failures", ["failed_at"])
    op.create_index("ix_failures_kind_key_failed_at", "failures", ["kind", "key", "failed_at"])
    create_recognised_browsers()


def create_recognised_browsers() -> None:
    op.create_table(
        "recognised_browsers",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("canonical_address", sa.String(254), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("first_used_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recognised_browsers"),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["accounts.subject"],
            name="fk_recognised_browsers_subject",
            ondelete="CASCADE",
        ),
    )
    op.create_index("uq_recognised_browsers_digest", "recognised_browsers", ["digest"], unique=True)
    op.create_index("ix_recognised_browsers_expires_at", "recognised_browsers", ["expires_at"])
    op.create_index("ix_recognised_browsers_subject", "recognised_browsers", ["subject"])


def downgrade() -> None:
    op.drop_table("recognised_browsers")
    op.drop_table("failures")
    op.drop_table("failure_budgets")
    with op.batch_alter_table("verifications") as batch:
        batch.drop_column("recognised_browser_id")
