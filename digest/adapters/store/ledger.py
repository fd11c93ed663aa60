"""The ledger in SQL: which edition went to whom. Implements `ports.Ledger`.

Every change of state is a conditional UPDATE that names the state and the fence it expects; a row that does not answer
is somebody else's by now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store import ledger_claiming, ledger_opening, ledger_outcomes
from digest.adapters.store.engine import reading, unhurried
from digest.adapters.store.ledger_claiming import FREE
from digest.adapters.store.schema import (
    delivery,
    edition,
    edition_message,
    subscriber,
)
from digest.adapters.store.subscribers import email_key
from digest.model import Audience, Bounce, Delivery, DeliveryState, Message, Receipt

_T = TypeVar("_T")
#: Done in the transaction that freezes an edition.
OnOpened = Callable[[Connection, str], None]
#: Ids named in one statement.
_CHUNK = 500
# Built once: putting a statement together costs more than executing it.
_LOCKED = (
    sa.select(delivery.c.id, delivery.c.state, delivery.c.fence)
    .where(delivery.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(delivery.c.id)
    .with_for_update()
)
_LEAVE = (
    sa.update(delivery)
    .where(
        delivery.c.id.in_(sa.bindparam("ids", expanding=True)),
        delivery.c.fence == sa.bindparam("held"),
        delivery.c.state == DeliveryState.CLAIMED,
    )
    .values(state=DeliveryState.SENDING, attempts=delivery.c.attempts + 1)
    .values(lease_until=sa.bindparam("lease_until"), updated_at=sa.bindparam("updated_at"))
)


class SqlLedger:
    """One row for each edition and subscriber, from frozen to settled."""

    def __init__(
        self,
        engine: Engine,
        soft_bounces: int = 5,
        on_opened: OnOpened = lambda _connection, _edition_id: None,
        worker_id: str = "",
    ) -> None:
        """Take what is done in the transaction that freezes an edition, and whose claims these are."""
        self._engine = engine
        #: Editions in a row that an address may refuse softly.
        self.soft_bounces = soft_bounces
        self._on_opened = on_opened
        self._worker_id = worker_id

    def of_worker(self, worker_id: str) -> SqlLedger:
        """Return the same ledger, whose claims are this worker's: they are taken back as soon as it is seen dead."""
        return SqlLedger(self._engine, self.soft_bounces, self._on_opened, worker_id)

    # ----------------------------------------------------------------- freezing

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        audience: Audience,
        variants: Mapping[tuple[str, ...], str],
        now: dt.datetime,
    ) -> int:
        """See `ports.Ledger`."""
        with self._engine.connect() as connection, connection.begin() as transaction:
            count = ledger_opening.freeze(connection, edition_id, messages, audience, variants, now)
            if count == 0:
                transaction.rollback()
            elif count:
                self._on_opened(connection, edition_id)
        return self.recipients(edition_id) if count is None else count

    def is_open(self, edition_id: str) -> bool:
        """See `ports.Ledger`."""
        query = sa.select(edition.c.opened_at).where(edition.c.id == edition_id)
        with reading(self._engine) as connection:
            return connection.scalar(query) is not None

    def recipients(self, edition_id: str) -> int:
        """See `ports.Ledger`."""
        query = sa.select(edition.c.recipients).where(edition.c.id == edition_id)
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def message(self, edition_id: str, variant: str) -> Message:
        """See `ports.Ledger`."""
        query = sa.select(edition_message).where(
            edition_message.c.edition_id == edition_id, edition_message.c.variant == variant
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise KeyError(f"edition {edition_id} has no variant {variant!r}")
        return Message(subject=row["subject"], html=row["html"], text=row["text"])

    # ----------------------------------------------------------------- sending

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Sequence[Delivery]:
        """See `ports.Ledger`."""
        fence = ledger_claiming.new_fence(self._worker_id)
        while True:
            with self._engine.begin() as connection:
                rows = ledger_claiming.claim(connection, edition_id, limit, fence, now, lease)
            if rows is None:
                return ()
            if rows:
                return tuple(sorted(map(_delivery, rows), key=lambda one: one.id))

    def advance(
        self,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> frozenset[int]:
        """See `ports.Ledger`."""
        with self._engine.connect() as connection, connection.begin() as transaction:
            if self._record(connection, done, sending, now, lease) == len(done) + len(sending):
                return frozenset()
            transaction.rollback()
        # Somebody has taken over some of it: the rest is recorded without those.
        expected = {held.id: (DeliveryState.SENDING, held.fence) for held, _ in done}
        expected |= {held.id: (DeliveryState.CLAIMED, held.fence) for held in sending}
        with self._engine.begin() as connection:
            found = connection.execute(_LOCKED, {"ids": list(expected)})
            ours = {row.id for row in found if (row.state, row.fence) == expected[row.id]}
            settled = [(held, receipt) for held, receipt in done if held.id in ours]
            self._record(connection, settled, [held for held in sending if held.id in ours], now, lease)
        return frozenset(expected.keys() - ours)

    def _record(
        self,
        connection: Connection,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> int:
        """Settle these and mark those, where they are still held; return how many were."""
        changed = 0
        if done:
            rows = [ledger_outcomes.outcome(held, receipt, now) for held, receipt in done]
            changed += ledger_outcomes.settle(connection, rows)
            bounced = [(held, receipt) for held, receipt in done if receipt.bounce]
            ledger_outcomes.suppress_bounced(connection, bounced, self.soft_bounces, now)
        for fence, ids in _by_fence(sending).items():
            values = {"ids": ids, "held": fence, "lease_until": now + lease, "updated_at": now}
            changed += connection.execute(_LEAVE, values).rowcount
        return changed

    def renew(self, held: Sequence[Delivery], now: dt.datetime, lease: dt.timedelta) -> None:
        """See `ports.Ledger`."""
        alive = delivery.c.state.in_([DeliveryState.CLAIMED, DeliveryState.SENDING])
        self._each_fence(held, alive, {"lease_until": now + lease})

    def release(self, held: Sequence[Delivery], now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        back = {"state": DeliveryState.PENDING, "updated_at": now} | FREE
        self._each_fence(held, delivery.c.state == DeliveryState.CLAIMED, back)

    def _each_fence(
        self, held: Sequence[Delivery], state: sa.ColumnElement[bool], values: Mapping[str, object]
    ) -> None:
        if not held:
            return
        with self._engine.begin() as connection:
            for fence, ids in _by_fence(held).items():
                for some in _chunks(ids):
                    ours = delivery.c.id.in_(some) & (delivery.c.fence == fence) & state
                    connection.execute(sa.update(delivery).where(ours).values(values))

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        return ledger_claiming.recover(self._engine, edition_id, self._worker_id, now)

    # ----------------------------------------------------------------- asking

    def unfinished(self, now: dt.datetime) -> Sequence[str]:
        """See `ports.Ledger`."""
        waiting = [state for state in DeliveryState if state.open]
        some = sa.exists().where(delivery.c.edition_id == edition.c.id, delivery.c.state.in_(waiting))
        free = sa.or_(edition.c.held_until.is_(None), edition.c.held_until <= now)
        query = (
            sa.select(edition.c.id)
            .where(edition.c.opened_at.is_not(None), free, some)
            .order_by(edition.c.composed_at, edition.c.id)
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def counts(self, edition_id: str) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        query = (
            sa.select(delivery.c.state, sa.func.count())
            .where(delivery.c.edition_id == edition_id)
            .group_by(delivery.c.state)
        )
        with reading(self._engine) as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return {state: found[state] for state in DeliveryState if state in found}

    def next_due(self, edition_id: str) -> dt.datetime | None:
        """See `ports.Ledger`."""
        moment = sa.case(
            (delivery.c.state == DeliveryState.FAILED_TEMP, delivery.c.retry_at), else_=delivery.c.lease_until
        )
        waiting = [DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.FAILED_TEMP]
        query = sa.select(sa.func.min(moment)).where(
            delivery.c.edition_id == edition_id, delivery.c.state.in_(waiting)
        )
        with reading(self._engine) as connection:
            due: dt.datetime | None = connection.scalar(query)
            return due

    def deliveries(
        self, edition_id: str, state: DeliveryState | None = None, email: str | None = None
    ) -> Iterator[Delivery]:
        """See `ports.Ledger`."""
        query = sa.select(delivery).where(delivery.c.edition_id == edition_id)
        if state is not None:
            query = query.where(delivery.c.state == state)
        if email is not None:
            query = query.where(delivery.c.subscriber_id.in_(_readers([email])))
        # In the index's own order: a million of them begin to come at once.
        query = query.order_by(delivery.c.state, delivery.c.id)
        with reading(self._engine) as connection:
            rows = unhurried(connection).execution_options(yield_per=1000).execute(query).mappings()
            yield from map(_delivery, rows)

    # ----------------------------------------------------------------- the operator's word

    def hold(self, edition_id: str, until: dt.datetime | None, why: str) -> None:
        """See `ports.Ledger`."""
        held = sa.update(edition).where(edition.c.id == edition_id)
        with self._engine.begin() as connection:
            connection.execute(held.values(held_until=until, held_why=why))

    def held(self) -> Mapping[str, tuple[dt.datetime, str]]:
        """Return the editions on hold: until when, and why."""
        query = sa.select(edition.c.id, edition.c.held_until, edition.c.held_why)
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(edition.c.held_until.is_not(None))).all()
        return {row.id: (row.held_until, row.held_why) for row in rows}

    def settle_unknown(
        self, edition_id: str, state: DeliveryState, emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """See `ports.Ledger`."""
        values = {"state": state, "detail": "settled by the operator", "updated_at": now}
        return self._settle(edition_id, [DeliveryState.UNKNOWN], emails, values)

    def send_again(
        self, edition_id: str, states: Sequence[DeliveryState], emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """See `ports.Ledger`."""
        values = {
            "state": DeliveryState.PENDING,
            "detail": "sent again by the operator",
            "attempts": 0,
            "retry_at": None,
            "bounce": None,
            "updated_at": now,
        }
        return self._settle(edition_id, states, emails, values)

    def cancel(self, edition_id: str, now: dt.datetime, why: str) -> int:
        """See `ports.Ledger`."""
        waiting = [DeliveryState.PENDING, DeliveryState.FAILED_TEMP, DeliveryState.CLAIMED]
        values = {"state": DeliveryState.EXPIRED, "detail": why, "retry_at": None, "updated_at": now} | FREE
        return self._settle(edition_id, waiting, None, values)

    def _settle(
        self,
        edition_id: str,
        states: Sequence[DeliveryState],
        emails: Sequence[str] | None,
        values: Mapping[str, object],
    ) -> int:
        chosen = sa.update(delivery).where(delivery.c.edition_id == edition_id, delivery.c.state.in_(states))
        with self._engine.begin() as connection:
            if emails is None:
                return connection.execute(chosen.values(values)).rowcount
            return sum(
                connection.execute(
                    chosen.where(delivery.c.subscriber_id.in_(_readers(some))).values(values)
                ).rowcount
                for some in _chunks(list(dict.fromkeys(emails)))
            )


def _by_fence(held: Sequence[Delivery]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in held:
        found.setdefault(one.fence, []).append(one.id)
    return found


def _chunks(values: Sequence[_T]) -> Iterator[list[_T]]:
    left = iter(values)
    while some := list(islice(left, _CHUNK)):
        yield some


def _readers(emails: Sequence[str]) -> sa.Select[tuple[int]]:
    keys = [email_key(email) for email in emails]
    return sa.select(subscriber.c.id).where(subscriber.c.email_key.in_(keys))


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        subscriber_id=row["subscriber_id"],
        email=row["email"],
        name=row["name"],
        variant=row["variant"],
        state=DeliveryState(row["state"]),
        fence=row["fence"] or "",
        attempts=row["attempts"],
        detail=row["detail"],
        bounce=Bounce(row["bounce"]) if row["bounce"] else None,
        updated_at=row["updated_at"],
    )
