"""What became of mails after a provider took them, and addresses that are not written to."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

expands_only: bool = True

INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outgoing_mails", sa.Column("message_token", sa.String(40)))
    op.create_index("ix_outgoing_mails_message_token", "outgoing_mails", ["message_token"])
    op.create_index("ix_mail_attempts_provider_id", "mail_attempts", ["provider_id"])
    op.create_table(
        "mail_delivery_events",
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("mail_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("error_code", sa.String(100)),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_mail_delivery_events"),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["outgoing_mails.id"],
            name="fk_mail_delivery_events_mail_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_mail_delivery_events_mail_id", "mail_delivery_events", ["mail_id"])
    op.create_table(
        "mail_suppressions",
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("sender", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("address", "sender", "reason", name="pk_mail_suppressions"),
    )
    op.create_index("ix_mail_suppressions_expires_at", "mail_suppressions", ["expires_at"])


def downgrade() -> None:
    op.drop_table("mail_suppressions")
    op.drop_table("mail_delivery_events")
    op.drop_index("ix_mail_attempts_provider_id", "mail_attempts")
    op.drop_index("ix_outgoing_mails_message_token", "outgoing_mails")
    with op.batch_alter_table("outgoing_mails") as batch:
        batch.drop_column("message_token")
