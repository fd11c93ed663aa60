"""manners and health of sources, datelines, pictures' sizes, and the tries at article pages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("source_state", sa.Column("failure", sa.String(length=16), nullable=True))
    op.add_column("source_state", sa.Column("host_retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("source_state", sa.Column("resting_host", sa.Text(), nullable=False, server_default=""))
    op.add_column("source_state", sa.Column("moved_to", sa.Text(), nullable=True))
    op.add_column("source_state", sa.Column("moved_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("source_state", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("source_state", sa.Column("repair", sa.Text(), nullable=False, server_default=""))
    op.add_column("article", sa.Column("image_width", sa.Integer(), nullable=True))
    op.add_column("article", sa.Column("image_height", sa.Integer(), nullable=True))
    op.add_column("article", sa.Column("dateline", sa.Text(), nullable=False, server_default=""))
    op.add_column("article", sa.Column("text_tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_article_source_id_published_at"), "article", ["source_id", "published_at"])
    op.create_table(
        "source_items",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source_items")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("source_items")
    op.drop_index(op.f("ix_article_source_id_published_at"), table_name="article")
    op.drop_column("article", "image_width")
    op.drop_column("article", "image_height")
    op.drop_column("article", "dateline")
    op.drop_column("article", "text_tries")
    op.drop_column("source_state", "failure")
    op.drop_column("source_state", "host_retry_at")
    op.drop_column("source_state", "moved_to")
    op.drop_column("source_state", "resting_host")
    op.drop_column("source_state", "moved_count")
    op.drop_column("source_state", "retired_at")
    op.drop_column("source_state", "repair")
