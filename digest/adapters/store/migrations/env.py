"""Alembic's door: runs the scripts on the connection that `engine.alembic_config` hands over."""

from alembic import context

from digest.adapters.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
