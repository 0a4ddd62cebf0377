"""Limits that one statement charges, the instance's in several rows; the spray alarm."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None

# While servers of both versions run, each overlooks a part of what the other has counted.
expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)
INSTANCE: Final = "mails_of_instance"
ROWS_OF_INSTANCE: Final = 8

COUNTERS: Final = sa.table(
    "limit_counters",
    sa.column("kind", sa.String),
    sa.column("key", sa.String),
    sa.column("parts", sa.JSON),
    sa.column("expires_at", INSTANT),
    sa.column("part", sa.BigInteger),
    sa.column("total", sa.Integer),
)


def upgrade() -> None:
    zero = sa.text("0")
    op.add_column(
        "limit_counters", sa.Column("part", sa.BigInteger(), nullable=False, server_default=zero)
    )
    op.add_column(
        "limit_counters", sa.Column("total", sa.Integer(), nullable=False, server_default=zero)
    )
    deal_out()
    op.create_table(
        "code_tallies",
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("evaluated", sa.Integer(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seconds", "part", "slot", name="pk_code_tallies"),
    )
    op.create_index("ix_code_tallies_expires_at", "code_tallies", ["expires_at"])
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("holds_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_alarms"),
    )


def deal_out() -> None:
    """Deal the counts of the instance to its rows; the other counters stay as they are."""
    for row in of_instance():
        for number in range(ROWS_OF_INSTANCE):
            parts = {part: share_of(count, number) for part, count in row.parts.items()}
            op.execute(COUNTERS.insert().values(**counter(str(number), parts, row.expires_at)))
        op.execute(COUNTERS.delete().where(is_counter(row.key)))


def share_of(count: int, number: int) -> int:
    return count * (number + 1) // ROWS_OF_INSTANCE - count * number // ROWS_OF_INSTANCE


def of_instance() -> list[Any]:
    query = sa.select(COUNTERS).where(COUNTERS.c.kind == INSTANCE)
    return list(op.get_bind().execute(query))


def is_counter(key: str) -> sa.ColumnElement[bool]:
    return (COUNTERS.c.kind == INSTANCE) & (COUNTERS.c.key == key)


def counter(key: str, parts: dict[str, int], expires_at: Any) -> dict[str, Any]:
    return {"kind": INSTANCE, "key": key, "parts": parts, "expires_at": expires_at}


def downgrade() -> None:
    op.drop_table("alarms")
    op.drop_table("code_tallies")
    close_parts()
    gather()
    with op.batch_alter_table("limit_counters") as batch:
        batch.drop_column("total")
        batch.drop_column("part")


def close_parts() -> None:
    """Put the running part of every counter to the others."""
    query = sa.select(COUNTERS).where(COUNTERS.c.total > 0)
    for row in list(op.get_bind().execute(query)):
        running = row.total - sum(row.parts.values())
        parts = {**row.parts, str(row.part): running} if running > 0 else row.parts
        wanted = (COUNTERS.c.kind == row.kind) & (COUNTERS.c.key == row.key)
        op.execute(COUNTERS.update().where(wanted).values(parts=parts))


def gather() -> None:
    """Put the counts of the instance into one row again."""
    rows = of_instance()
    if not rows:
        return
    together: dict[str, int] = {}
    for row in rows:
        for part, count in row.parts.items():
            together[part] = together.get(part, 0) + count
    op.execute(COUNTERS.delete().where(COUNTERS.c.kind == INSTANCE))
    expires_at = max(row.expires_at for row in rows)
    op.execute(COUNTERS.insert().values(**counter("instance", together, expires_at)))
