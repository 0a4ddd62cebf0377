"""The first administrator, who owns no secret: a code by mail or a one-time link signs in."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)
ACCOUNTS: Final = sa.table(
    "accounts",
    sa.column("subject", sa.String),
    sa.column("address", sa.String),
    sa.column("canonical_address", sa.String),
    sa.column("status", sa.String),
    sa.column("is_admin", sa.Boolean),
    sa.column("email_proven_at", INSTANT),
    sa.column("claims", sa.JSON),
    sa.column("origin", sa.String),
    sa.column("created_at", INSTANT),
    sa.column("updated_at", INSTANT),
)
AUTHORIZATIONS: Final = sa.table(
    "authorizations", sa.column("id", sa.String), sa.column("subject", sa.String)
)
TOKENS: Final = tuple(
    sa.table(name, sa.column("authorization_id", sa.String))
    for name in ("authorization_codes", "access_tokens", "refresh_tokens")
)
OWNED: Final = tuple(
    sa.table(name, sa.column("subject", sa.String)) for name in ("sign_in_links", "sessions")
)


def upgrade() -> None:
    """Insert the account of `config.attributes["admin"]`, unless there is an administrator."""
    config = op.get_context().config
    admin = None if config is None else config.attributes.get("admin")
    if admin is None:
        return
    present = sa.select(sa.func.count()).where(
        ACCOUNTS.c.is_admin | (ACCOUNTS.c.canonical_address == admin["canonical"])
    )
    if op.get_bind().execute(present).scalar_one() > 0:
        # An account of that address becomes the administrator's when the server starts.
        return
    op.bulk_insert(
        ACCOUNTS,
        [
            {
                "subject": admin["subject"],
                "address": admin["typed"],
                "canonical_address": admin["canonical"],
                "status": "active",
                "is_admin": True,
                "email_proven_at": None,
                "claims": {},
                "origin": "seed",
                "created_at": admin["now"],
                "updated_at": admin["now"],
            }
        ],
    )


def downgrade() -> None:
    """Delete what was put here, with all that hangs on it: SQLite migrates without cascades."""
    seeded = sa.select(ACCOUNTS.c.subject).where(ACCOUNTS.c.origin == "seed")
    authorized = sa.select(AUTHORIZATIONS.c.id).where(AUTHORIZATIONS.c.subject.in_(seeded))
    for tokens in TOKENS:
        op.execute(sa.delete(tokens).where(tokens.c.authorization_id.in_(authorized)))
    for owned in (AUTHORIZATIONS, *OWNED):
        op.execute(sa.delete(owned).where(owned.c.subject.in_(seeded)))
    op.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.origin == "seed"))
