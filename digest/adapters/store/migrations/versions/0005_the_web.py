"""readers' pauses, the desk's edits and approvals, the provider's events, and counted attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    moment = sa.DateTime(timezone=True)
    op.add_column("subscription", sa.Column("paused_until", sa.Date(), nullable=True))
    op.create_table(
        "desk_edit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("newsletter_id", sa.String(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("undone_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_edit")),
    )
    op.create_index(
        op.f("ix_desk_edit_newsletter_id_local_date"), "desk_edit", ["newsletter_id", "local_date"]
    )
    op.create_table(
        "approval",
        sa.Column("newsletter_id", sa.String(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("newsletter_id", "local_date", name=op.f("pk_approval")),
    )
    op.create_table(
        "provider_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("happened_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
    )
    op.create_table(
        "attempt",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("window_start", moment, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "window_start", name=op.f("pk_attempt")),
    )


def downgrade() -> None:
    """Take back."""
    for name in ("attempt", "provider_event", "approval"):
        op.drop_table(name)
    op.drop_index(op.f("ix_desk_edit_newsletter_id_local_date"), table_name="desk_edit")
    op.drop_table("desk_edit")
    op.drop_column("subscription", "paused_until")
