"""Batches of a provider's events that were taken in and wait for a worker, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import event_batch


class SqlEventBatches:
    """What a provider has posted, as it came: who was told that we have it need not send it again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, connection: Connection, body: bytes, now: dt.datetime) -> int:
        """Keep a batch in the caller's transaction; return its id."""
        row = sa.insert(event_batch).values(received_at=now, body=body)
        number: int = connection.execute(row.returning(event_batch.c.id)).scalar_one()
        return number

    def batch(self, batch_id: int) -> tuple[bytes, dt.datetime] | None:
        """Return a batch and when it came; None where it was handled already."""
        query = sa.select(event_batch.c.body, event_batch.c.received_at).where(event_batch.c.id == batch_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else (bytes(row.body), row.received_at)

    def drop(self, batch_id: int) -> None:
        """Forget a batch that was handled: its readers' addresses are in it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(event_batch).where(event_batch.c.id == batch_id))

    def waiting(self, before: dt.datetime, limit: int = 100) -> Sequence[int]:
        """Return the ids of the oldest batches that came before then and are not handled."""
        query = sa.select(event_batch.c.id).where(event_batch.c.received_at < before)
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(event_batch.c.id).limit(limit)))
