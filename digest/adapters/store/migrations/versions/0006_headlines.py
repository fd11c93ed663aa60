"""the headlines of opened editions with the words by which they are found, and an index of opened editions."""

import sqlalchemy as sa
from alembic import op

from digest.adapters.store.headlines import rows_of

revision = "0006"
down_revision = "0005"

_LIST = ["local_date", "newsletter_id", "cohort", "opened_at", "id"]


def upgrade() -> None:
    """Apply."""
    headline = op.create_table(
        "headline",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("told_edition", sa.String(), nullable=False, server_default=""),
        sa.Column("told_story", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_headline_edition_id_edition")),
        sa.PrimaryKeyConstraint("edition_id", "story_id", name=op.f("pk_headline")),
    )
    op.create_index(op.f("ix_headline_told_edition_told_story"), "headline", ["told_edition", "told_story"])
    word = op.create_table(
        "headline_word",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id", "story_id"],
            ["headline.edition_id", "headline.story_id"],
            name=op.f("fk_headline_word_edition_id_story_id_headline"),
        ),
        sa.PrimaryKeyConstraint("word", "edition_id", "story_id", name=op.f("pk_headline_word")),
    )
    op.create_index(op.f(f"ix_edition_{'_'.join(_LIST)}"), "edition", _LIST)
    edition = sa.table(
        "edition", sa.column("id", sa.String), sa.column("document", sa.Text), sa.column("opened_at")
    )
    connection = op.get_bind()
    opened = sa.select(edition.c.id).where(edition.c.opened_at.is_not(None))
    # One document at a time: years of them would not fit into memory.
    for edition_id in connection.scalars(opened).all():
        document = connection.scalars(sa.select(edition.c.document).where(edition.c.id == edition_id)).one()
        for table, rows in zip((headline, word), rows_of(edition_id, document), strict=True):
            if rows:
                connection.execute(sa.insert(table), rows)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f(f"ix_edition_{'_'.join(_LIST)}"), table_name="edition")
    op.drop_table("headline_word")
    op.drop_index(op.f("ix_headline_told_edition_told_story"), table_name="headline")
    op.drop_table("headline")
