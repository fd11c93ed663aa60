"""whether an article's link leads to the site of the feed that brought it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply; what is stored already stays with whoever brought it."""
    op.add_column("article", sa.Column("on_own_site", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("article", "on_own_site")
