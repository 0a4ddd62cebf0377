"""Keys that are published before they sign."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0010"
down_revision: Final = "0009"
branch_labels: Final = None
depends_on: Final = None

# To a server of the version before, the next keys are former ones: published, never signing.
expands_only: bool = True

IS_NEXT: Final = sa.text("is_next")


def upgrade() -> None:
    op.add_column(
        "signing_keys",
        sa.Column("is_next", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "uq_signing_keys_next",
        "signing_keys",
        ["algorithm"],
        unique=True,
        sqlite_where=IS_NEXT,
        postgresql_where=IS_NEXT,
    )


def downgrade() -> None:
    op.drop_index("uq_signing_keys_next", "signing_keys")
    op.drop_column("signing_keys", "is_next")
