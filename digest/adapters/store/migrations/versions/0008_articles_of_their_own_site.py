"""whether an article's link leads to the site of the feed that brought it, and who else has named it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply; what is stored already stays with whoever brought it."""
    op.add_column("article", sa.Column("on_own_site", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "article_source",
        sa.Column("article_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_article_source_article_id_article"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("article_id", "source_id", name=op.f("pk_article_source")),
    )
    op.create_index(op.f("ix_article_source_source_id"), "article_source", ["source_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("article_source")
    op.drop_column("article", "on_own_site")
