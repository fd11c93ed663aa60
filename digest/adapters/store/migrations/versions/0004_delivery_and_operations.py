"""frozen counts and holds of editions, bounces, consent, and what an installation knows of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = ("pace", "sending_day", "worker", "turn", "alert", "pause")


def upgrade() -> None:
    """Apply."""
    op.add_column("edition", sa.Column("recipients", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("edition", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("held_why", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE edition SET recipients = "
        "(SELECT count(*) FROM delivery WHERE delivery.edition_id = edition.id)"
    )
    op.add_column("subscription", sa.Column("consent_how", sa.Text(), nullable=False, server_default=""))
    op.add_column("suppression", sa.Column("email", sa.Text(), nullable=False, server_default=""))
    op.add_column("suppression", sa.Column("detail", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE suppression SET email = email_key")
    op.add_column("delivery", sa.Column("bounce", sa.String(length=4), nullable=True))
    op.create_index(op.f("ix_delivery_subscriber_id_id"), "delivery", ["subscriber_id", "id"])
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "pace",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace")),
    )
    op.create_table(
        "sending_day",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name=op.f("pk_sending_day")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("beat_at", moment, nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.Column("stopped_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_index(op.f("ix_worker_beat_at"), "worker", ["beat_at"])
    op.create_table(
        "turn",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turn")),
    )
    op.create_table(
        "alert",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", moment, nullable=False),
        sa.Column("mailed_at", moment, nullable=True),
        sa.Column("cleared_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alert")),
    )
    op.create_table(
        "pause",
        sa.Column("newsletter_id", sa.String(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("newsletter_id", name=op.f("pk_pause")),
    )


def downgrade() -> None:
    """Take back."""
    for name in reversed(_TABLES):
        op.drop_table(name)
    op.drop_index(op.f("ix_delivery_subscriber_id_id"), table_name="delivery")
    op.drop_column("delivery", "bounce")
    op.drop_column("suppression", "detail")
    op.drop_column("suppression", "email")
    op.drop_column("subscription", "consent_how")
    op.drop_column("edition", "held_why")
    op.drop_column("edition", "held_until")
    op.drop_column("edition", "recipients")
