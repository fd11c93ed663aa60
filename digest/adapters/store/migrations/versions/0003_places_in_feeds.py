"""an article's place in its feed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.add_column("article", sa.Column("feed_place", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("article", "feed_place")
