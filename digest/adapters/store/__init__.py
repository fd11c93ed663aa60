"""The store: one code for SQLite and PostgreSQL, on SQLAlchemy Core, migrated by Alembic."""

from digest.adapters.store.store import Store, open_store

__all__ = ["Store", "open_store"]
