"""Access tokens whose scopes have any length: an API may have as many as it likes."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

SHORT: Final = sa.String(1000)
TOKENS: Final = sa.table("access_tokens", sa.column("scopes", sa.Text))


def upgrade() -> None:
    with op.batch_alter_table("access_tokens") as batch:
        batch.alter_column("scopes", existing_type=SHORT, type_=sa.Text(), existing_nullable=False)


def downgrade() -> None:
    # They live for an hour; half a scope would be another one.
    op.execute(TOKENS.delete().where(sa.func.length(TOKENS.c.scopes) > SHORT.length))
    with op.batch_alter_table("access_tokens") as batch:
        batch.alter_column("scopes", existing_type=sa.Text(), type_=SHORT, existing_nullable=False)
