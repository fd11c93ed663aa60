"""Who holds a delivery: claims with their fences, and what is taken back from those who died.

A fence begins with its worker's mark, so that what a dead worker has claimed is known before the lease runs out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.operating import lost_workers
from digest.adapters.store.schema import delivery, subscriber
from digest.adapters.store.subscribers import unwanted
from digest.model import DeliveryState

#: Characters of a worker's id that its fences begin with.
_MARK = 12
#: Characters of a fence.
_FENCE = 32
#: Ids named in one statement.
_CHUNK = 500
#: What a delivery that nobody holds has of its last holder.
FREE: dict[str, object] = {"fence": None, "lease_until": None}
_DIED = "the worker died while sending: it may or may not have left"


def new_fence(worker_id: str) -> str:
    """Return a fence that nobody had before, of this worker; of a run that is no worker's where it is empty."""
    return (worker_id[:_MARK] + uuid.uuid4().hex)[:_FENCE]


def claim(
    connection: Connection,
    edition_id: str,
    limit: int,
    fence: str,
    now: dt.datetime,
    lease: dt.timedelta,
) -> Sequence[sa.RowMapping] | None:
    """Claim up to so many deliveries; None where none is free, and empty where nobody wants those any more."""
    held = {"state": DeliveryState.CLAIMED, "fence": fence, "lease_until": now + lease, "updated_at": now}
    free = _free(connection, edition_id, limit, now)
    if not free:
        return None
    taken = sa.update(delivery).where(delivery.c.id.in_(free)).values(held).returning(delivery)
    return _without_unwanted(connection, connection.execute(taken).mappings().all(), now)


def recover(engine: Engine, edition_id: str, worker_id: str, now: dt.datetime) -> dict[DeliveryState, int]:
    """Take back what dead workers claimed, and settle what they were sending; see `ports.Ledger`.

    `worker_id` is who looks, and so lives, even if its machine slept until now.
    """
    expired = delivery.c.lease_until < now
    counts = {}
    with engine.begin() as connection:
        dead = lost_workers(connection, now).subquery().c.id
        marks = sa.select(sa.func.substr(dead, 1, _MARK)).where(dead != worker_id)
        left = sa.func.substr(delivery.c.fence, 1, _MARK).in_(marks)
        # What was being sent is in doubt: it is left to its lease, in case its worker lives and only we don't see it.
        lost: dict[DeliveryState, tuple[sa.ColumnElement[bool], dict[str, object]]] = {
            DeliveryState.CLAIMED: (sa.or_(expired, left), {"state": DeliveryState.PENDING}),
            DeliveryState.SENDING: (expired, {"state": DeliveryState.UNKNOWN, "detail": _DIED}),
        }
        for state, (gone, values) in lost.items():
            held = (delivery.c.edition_id == edition_id) & (delivery.c.state == state) & gone
            # What somebody is settling at this moment is not lost; to wait for it can end in a deadlock.
            free = sa.select(delivery.c.id).where(held).with_for_update(skip_locked=True)
            # Not in one statement: PostgreSQL looks for the free ones anew for each row, and n rows cost n * n.
            ids = connection.scalars(free).all()
            for start in range(0, len(ids), _CHUNK):
                some = sa.update(delivery).where(delivery.c.id.in_(ids[start : start + _CHUNK]))
                connection.execute(some.values(values | FREE | {"updated_at": now}))
            counts[state] = len(ids)
    return counts


def _free(connection: Connection, edition_id: str, limit: int, now: dt.datetime) -> list[int]:
    """Return the ids of deliveries that nobody holds and that may be sent, retries first, locked for us."""
    of_edition = sa.select(delivery.c.id).where(delivery.c.edition_id == edition_id)
    again = of_edition.where(delivery.c.state == DeliveryState.FAILED_TEMP, delivery.c.retry_at <= now)
    new = of_edition.where(delivery.c.state == DeliveryState.PENDING).order_by(delivery.c.id)
    found: list[int] = []
    for query in (again, new):
        left = limit - len(found)
        if left:
            found += connection.scalars(query.limit(left).with_for_update(skip_locked=True))
    return found


def _without_unwanted(
    connection: Connection, rows: Sequence[sa.RowMapping], now: dt.datetime
) -> Sequence[sa.RowMapping]:
    """Settle what nobody wants any more, of suppressed addresses and of readers who left; return the rest."""
    readers = [row["subscriber_id"] for row in rows]
    query = unwanted(rows[0]["newsletter_id"]).where(subscriber.c.id.in_(readers))
    gone = set(connection.scalars(query))
    if not gone:
        return rows
    settled = {"state": DeliveryState.SUPPRESSED, "updated_at": now} | FREE
    ids = [row["id"] for row in rows if row["subscriber_id"] in gone]
    connection.execute(sa.update(delivery).where(delivery.c.id.in_(ids)).values(settled))
    return [row for row in rows if row["subscriber_id"] not in gone]
