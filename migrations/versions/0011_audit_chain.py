"""Places of audit events in a chain of hashes, and where it ends."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0011"
down_revision: Final = "0010"
branch_labels: Final = None
depends_on: Final = None

# A server of the version before adds events without a place; they get theirs later.
expands_only: bool = True

WAITING: Final = sa.text("position IS NULL")
CHAINS: Final = sa.table(
    "audit_chains",
    sa.column("name", sa.String),
    sa.column("position", sa.BigInteger),
    sa.column("digest", sa.LargeBinary),
    sa.column("key_id", sa.String),
    sa.column("mac", sa.LargeBinary),
)


def upgrade() -> None:
    op.add_column("audit_events", sa.Column("position", sa.BigInteger()))
    op.add_column("audit_events", sa.Column("digest", sa.LargeBinary()))
    op.create_index("uq_audit_events_position", "audit_events", ["position"], unique=True)
    op.create_index(
        "ix_audit_events_waiting",
        "audit_events",
        ["id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "audit_chains",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_chains"),
    )
    op.execute(CHAINS.insert().values(name="events", position=0, digest=b"", key_id="", mac=b""))


def downgrade() -> None:
    op.drop_table("audit_chains")
    op.drop_index("ix_audit_events_waiting", "audit_events")
    op.drop_index("uq_audit_events_position", "audit_events")
    op.drop_column("audit_events", "digest")
    op.drop_column("audit_events", "position")
