"""Logos of clients: fetched from where they say, and shown from here."""

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None

# A server of the version before registers clients without a row here: no logo until a change.
expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

CLIENTS: Final = sa.table("clients", sa.column("id", sa.String), sa.column("details", sa.JSON))
LOGOS: Final = sa.table(
    "client_logos",
    sa.column("client_id", sa.String),
    sa.column("uri", sa.String),
    sa.column("due_at", INSTANT),
)


def upgrade() -> None:
    op.create_table(
        "client_logos",
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("uri", sa.String(2048), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("name", sa.String(60), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name="fk_client_logos_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("client_id", name="pk_client_logos"),
    )
    op.create_index("ix_client_logos_due_at", "client_logos", ["due_at"])
    op.create_index("ix_client_logos_name", "client_logos", ["name"])
    for client_id, details in op.get_bind().execute(sa.select(CLIENTS)).all():
        uri = (details or {}).get("logo_uri")
        if uri is not None:
            row = {"client_id": client_id, "uri": uri, "due_at": LONG_AGO}
            op.execute(LOGOS.insert().values(**row))


def downgrade() -> None:
    op.drop_table("client_logos")
