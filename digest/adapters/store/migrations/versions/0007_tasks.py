"""shared turns, batches of events that wait, workers by the database's clock; on PostgreSQL the engine of the tasks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007"
down_revision = "0006"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: What drops the engine's tables, functions and types.
_DROPS = (
    r"""SELECT format('DROP TABLE %I CASCADE', tablename) FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\_%'""",
    r"""SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\_%'""",
    r"""SELECT format('DROP TYPE %I CASCADE', typname) FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\_%'""",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "turn_part",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_turn_part")),
    )
    op.create_table(
        "event_batch",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_batch")),
    )
    op.add_column("worker", sa.Column("seen_at", sa.DateTime(timezone=True)))
    if op.get_bind().dialect.name == "postgresql":
        # Past SQLAlchemy: the script is many statements, and its percent signs are no parameters.
        driver: Any = op.get_bind().connection.driver_connection
        driver.execute(SchemaManager.get_schema())


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "postgresql":
        _drop_engine()
    op.drop_column("worker", "seen_at")
    op.drop_table("event_batch")
    op.drop_table("turn_part")


def _drop_engine() -> None:
    connection = op.get_bind()
    for each in _DROPS:
        # Asked one after the other: with a table go its triggers, its sequences and its row's type.
        for statement in connection.scalars(sa.text(each)).all():
            connection.exec_driver_sql(statement)
