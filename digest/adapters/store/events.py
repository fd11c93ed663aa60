"""What a provider reports afterwards, in SQL: the ledger is put right, and who must not be written to is kept.

An event is kept by the provider's own id and has its effect in the same transaction, so it has one effect however
often it comes. Events come in any order: each effect follows from what the event says and where the row stands, and
the graver word stays (taken < refused < refused for good).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store import ledger_outcomes
from digest.adapters.store import subscribers as people
from digest.adapters.store.articles import upsert
from digest.adapters.store.schema import delivery, provider_event, subscriber, subscription, suppression
from digest.adapters.store.suppressions import email_key, hashed
from digest.model import Bounce, Delivery, DeliveryState, Receipt, ReceiptStatus, SuppressionReason

_T = TypeVar("_T")
#: Values named in one statement.
_CHUNK = 500
#: States that an event may change: what has left, or may have.
_OVER = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED_PERM)
#: Where a delivery stands, by gravity; nothing takes it back.
_GRAVITY: Mapping[tuple[str, str | None], int] = {
    (DeliveryState.UNKNOWN, None): 0,
    (DeliveryState.SENDING, None): 0,
    (DeliveryState.SENT, None): 1,
    (DeliveryState.FAILED_PERM, None): 2,
    (DeliveryState.FAILED_PERM, Bounce.SOFT): 3,
    (DeliveryState.FAILED_PERM, Bounce.HARD): 4,
}
#: Reasons by gravity; the operator's own word and that of who was forgotten are above all.
_REASONS = {
    SuppressionReason.UNSUBSCRIBED: 1,
    SuppressionReason.BOUNCED: 2,
    SuppressionReason.COMPLAINED: 3,
}
_SETTLE = (
    sa.update(delivery)
    .where(delivery.c.id == sa.bindparam("row"))
    .values(state=sa.bindparam("state"), bounce=sa.bindparam("bounce"), updated_at=sa.bindparam("updated_at"))
    .values(fence=None, lease_until=None, retry_at=None)
    # The provider's words may name the address: of somebody who was forgotten they are not kept.
    .values(detail=sa.case((delivery.c.email == "", ""), else_=sa.bindparam("detail")))
)
_END = (
    sa.update(subscription)
    .where(
        subscription.c.subscriber_id.in_(
            sa.select(subscriber.c.id).where(subscriber.c.email_key == sa.bindparam("key"))
        ),
        subscription.c.ended_at.is_(None),
        # Who has asked to come back since then stays.
        subscription.c.consent_at <= sa.bindparam("left_at", type_=subscription.c.consent_at.type),
    )
    .values(ended_at=sa.bindparam("now", type_=subscription.c.ended_at.type))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """What a provider says of one message, in our words."""

    #: The provider's own id of the event.
    id: str
    #: The provider's own word: `bounce`.
    kind: str
    happened_at: dt.datetime
    #: None where the event does not carry our id.
    delivery_id: int | None
    #: Empty where the event names none that can be written to.
    email: str
    #: Where the delivery stands by this, sent or failed_perm, and what that says of the address.
    outcome: DeliveryState
    bounce: Bounce | None = None
    #: Why the address is not to be written to any more; None where it is.
    reason: SuppressionReason | None = None
    #: The provider's or the reader's server's own words.
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of a batch of events."""

    new: int
    repeated: int
    #: Not kept: their deliveries are just in a worker's hands. The provider is to send them again.
    postponed: int


class SqlEvents:
    """The provider's events."""

    def __init__(self, engine: Engine, soft_bounces: int = 5) -> None:
        self._engine = engine
        #: See `SqlLedger`.
        self._soft_bounces = soft_bounces

    def record(self, events: Sequence[ProviderEvent], now: dt.datetime) -> Recorded:
        """Keep events and let them have their effects, in one transaction."""
        once = list({event.id: event for event in events}.values())
        ids = sorted({event.delivery_id for event in once if event.delivery_id is not None})
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(people.WRITE_LOCK)))
            rows = _settled(connection, ids, now)
            held = _held(connection, [one for one in ids if one not in rows])
            due = [event for event in once if event.delivery_id not in held]
            new = _kept(connection, due)
            rows = _of_the_same_readers(rows, new)
            self._settle(connection, rows, new, now)
            _refuse(connection, rows, new, now)
        return Recorded(
            new=len(new),
            repeated=len(events) - len(once) + len(due) - len(new),
            postponed=len(once) - len(due),
        )

    def _settle(
        self,
        connection: Connection,
        rows: Mapping[int, sa.RowMapping],
        events: Iterable[ProviderEvent],
        now: dt.datetime,
    ) -> None:
        gravest: dict[int, ProviderEvent] = {}
        for event in sorted(events, key=_gravity):
            row = rows.get(event.delivery_id or 0)
            if row and _gravity(event) > _GRAVITY[row["state"], row["bounce"]]:
                gravest[row["id"]] = event
        if not gravest:
            return
        values = [
            {
                "row": row,
                "state": event.outcome,
                "bounce": event.bounce,
                "detail": event.detail,
                "updated_at": now,
            }
            for row, event in gravest.items()
        ]
        connection.execute(_SETTLE, values)
        soft = [_refusal(rows[row], event) for row, event in gravest.items() if event.bounce is Bounce.SOFT]
        ledger_outcomes.suppress_bounced(connection, soft, self._soft_bounces, now)


def _settled(connection: Connection, ids: Sequence[int], now: dt.datetime) -> dict[int, sa.RowMapping]:
    """Return the deliveries that no worker holds and that may have left, locked for us."""
    # Never a row that a worker may be settling: to wait for it while holding others can end in a deadlock.
    lost = sa.and_(delivery.c.state == DeliveryState.SENDING, delivery.c.lease_until < now)
    query = sa.select(delivery).where(sa.or_(delivery.c.state.in_(_OVER), lost)).order_by(delivery.c.id)
    return {
        row["id"]: row
        for some in _chunks(ids)
        for row in connection.execute(
            query.where(delivery.c.id.in_(some)).with_for_update(skip_locked=True)
        ).mappings()
    }


def _of_the_same_readers(
    rows: Mapping[int, sa.RowMapping], events: Iterable[ProviderEvent]
) -> dict[int, sa.RowMapping]:
    """Return the rows without those of another address than their event's.

    A restored database may have given a number again that a message of before bore: what its reader does is nothing to
    whoever has the number now.
    """
    strangers = {
        event.delivery_id
        for event in events
        if (row := rows.get(event.delivery_id or 0))
        and event.email
        and row["email"]
        and email_key(event.email) != email_key(row["email"])
    }
    return {number: row for number, row in rows.items() if number not in strangers}


def _held(connection: Connection, ids: Sequence[int]) -> set[int | None]:
    """Return which of the others are just in somebody's hands, and will have left or not in a moment."""
    leaving = sa.select(delivery.c.id).where(delivery.c.state.in_([*_OVER, DeliveryState.SENDING]))
    return {
        one for some in _chunks(ids) for one in connection.scalars(leaving.where(delivery.c.id.in_(some)))
    }


def _kept(connection: Connection, events: Sequence[ProviderEvent]) -> list[ProviderEvent]:
    """Keep events; return those that are new."""
    if not events:
        return []
    columns = ("id", "delivery_id", "kind", "happened_at")
    rows = [{name: getattr(event, name) for name in columns} for event in events]
    insert = upsert(connection, provider_event).on_conflict_do_nothing().returning(provider_event.c.id)
    new = set(connection.scalars(insert, rows))
    return [event for event in events if event.id in new]


def _gravity(event: ProviderEvent) -> int:
    return _GRAVITY[event.outcome, event.bounce]


def _refusal(row: sa.RowMapping, event: ProviderEvent) -> tuple[Delivery, Receipt]:
    names = ("id", "subscriber_id", "email", "name", "variant")
    held = Delivery(**{name: row[name] for name in names}, state=event.outcome)
    receipt = Receipt(
        delivery_id=held.id, status=ReceiptStatus.REJECTED, detail=event.detail, bounce=event.bounce
    )
    return held, receipt


def _refuse(
    connection: Connection,
    rows: Mapping[int, sa.RowMapping],
    events: Iterable[ProviderEvent],
    now: dt.datetime,
) -> None:
    """Suppress the addresses that bounced, complained or left; those who left have their subscriptions ended."""
    gravest: dict[str, dict[str, Any]] = {}
    left: dict[str, dt.datetime] = {}
    refusing = [(event.reason, event) for event in events if event.reason]
    for reason, event in sorted(refusing, key=lambda one: _REASONS[one[0]]):
        row = rows.get(event.delivery_id or 0)
        address = (row["email"] if row else "") or event.email
        if not address:
            continue
        key = email_key(address)
        said = {"reason": reason, "since": now, "detail": event.detail}
        gravest[key] = {"email_key": key, "email": address} | said
        if reason is SuppressionReason.UNSUBSCRIBED:
            left[key] = max(event.happened_at, left.get(key, event.happened_at))
    if left:
        ends = [{"key": key, "left_at": moment, "now": now} for key, moment in left.items()]
        connection.execute(_END, ends)
    reading, forgotten = _still_reading(connection, list(left)), _forgotten(connection, list(gravest))
    rows_to_keep = [
        row
        for key, row in gravest.items()
        if key not in forgotten and not (row["reason"] is SuppressionReason.UNSUBSCRIBED and key in reading)
    ]
    _suppress(connection, rows_to_keep)


def _still_reading(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these addresses have a subscription that did not end."""
    active = sa.exists().where(
        subscription.c.subscriber_id == subscriber.c.id, subscription.c.ended_at.is_(None)
    )
    query = sa.select(subscriber.c.email_key).where(active)
    return {
        key
        for some in _chunks(keys)
        for key in connection.scalars(query.where(subscriber.c.email_key.in_(some)))
    }


def _forgotten(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these addresses are kept as a hash alone: they must not be written down again."""
    names = {hashed(key): key for key in keys}
    query = sa.select(suppression.c.email_key)
    return {
        names[name]
        for some in _chunks(names)
        for name in connection.scalars(query.where(suppression.c.email_key.in_(some)))
    }


def _suppress(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep why these addresses are not written to; of two reasons the graver one, whichever came first."""
    if not rows:
        return
    insert = upsert(connection, suppression)
    new = {name: insert.excluded[name] for name in ("email", "reason", "since", "detail")}
    graver = _rank(suppression.c.reason) < _rank(insert.excluded.reason)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["email_key"], set_=new, where=graver), rows
    )


def _rank(reason: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    return sa.case(*[(reason == name, rank) for name, rank in _REASONS.items()], else_=len(_REASONS) + 1)


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(values)
    while some := list(islice(left, _CHUNK)):
        yield some
