"""The ledger in SQL: which edition went to whom. Implements `ports.Ledger`.

Every change of state is one conditional UPDATE that names the state and the fence it expects; where no row
answers, somebody else has taken over and LeaseLost says so.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading
from digest.adapters.store.schema import (
    delivery,
    edition,
    edition_message,
    subscriber,
    subscription,
    suppression,
)
from digest.errors import LeaseLost
from digest.model import Delivery, DeliveryState, Message, Receipt, ReceiptStatus, Subscriber
from digest.ports import Claim

#: Hand-overs of one message before we give it up: with the waits below some seven hours, so that a provider's bad
#: morning costs no reader the edition.
MOST_ATTEMPTS = 12
#: The first wait after a temporary failure; doubled each time, up to the longest.
_FIRST_WAIT = dt.timedelta(minutes=1)
_LONGEST_WAIT = dt.timedelta(hours=1)
_SETTLED = {
    ReceiptStatus.SENT: DeliveryState.SENT,
    ReceiptStatus.REJECTED: DeliveryState.FAILED_PERM,
    ReceiptStatus.UNKNOWN: DeliveryState.UNKNOWN,
}


class SqlLedger:
    """One row for each edition and subscriber, from frozen to settled."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        recipients: Sequence[tuple[Subscriber, str]],
        now: dt.datetime,
    ) -> None:
        """See `ports.Ledger`."""
        with self._engine.begin() as connection:
            first = sa.update(edition).where(edition.c.id == edition_id, edition.c.opened_at.is_(None))
            slot = (edition.c.newsletter_id, edition.c.local_date)
            opened = connection.execute(first.values(opened_at=now).returning(*slot)).mappings().first()
            if opened is None:
                return
            rows = [
                {
                    "edition_id": edition_id,
                    "variant": variant,
                    "subject": m.subject,
                    "html": m.html,
                    "text": m.text,
                }
                for variant, m in messages.items()
            ]
            connection.execute(sa.insert(edition_message), rows)
            if recipients:
                # Who had this newsletter's edition of the day already, in another zone's cohort, has had it.
                insert = upsert(connection, delivery).on_conflict_do_nothing()
                row = {"edition_id": edition_id, **opened}
                connection.execute(insert, [row | _row(*who, now) for who in recipients])

    def is_open(self, edition_id: str) -> bool:
        """See `ports.Ledger`."""
        with reading(self._engine) as connection:
            return (
                connection.scalar(sa.select(edition.c.opened_at).where(edition.c.id == edition_id))
                is not None
            )

    def messages(self, edition_id: str) -> Mapping[str, Message]:
        """See `ports.Ledger`."""
        query = sa.select(edition_message).where(edition_message.c.edition_id == edition_id)
        with reading(self._engine) as connection:
            return {
                row["variant"]: Message(subject=row["subject"], html=row["html"], text=row["text"])
                for row in connection.execute(query).mappings()
            }

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Claim:
        """See `ports.Ledger`."""
        fence = uuid.uuid4().hex
        with self._engine.begin() as connection:
            _suppress(connection, edition_id, now)
            free = (
                sa.select(delivery.c.id)
                .where(delivery.c.edition_id == edition_id, _due(now))
                .order_by(delivery.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            taken = (
                sa.update(delivery)
                .where(delivery.c.id.in_(free.scalar_subquery()))
                .values(state=DeliveryState.CLAIMED, fence=fence, lease_until=now + lease, updated_at=now)
                .returning(delivery)
            )
            rows = sorted(connection.execute(taken).mappings(), key=lambda row: row["id"])
        return Claim(deliveries=tuple(map(_delivery, rows)), fence=fence)

    def mark_sending(
        self, claim: Claim, delivery_ids: Sequence[int], now: dt.datetime, lease: dt.timedelta
    ) -> None:
        """See `ports.Ledger`."""
        with self._engine.begin() as connection:
            ours = _held(claim, DeliveryState.CLAIMED) & delivery.c.id.in_(delivery_ids)
            changed = connection.execute(
                sa.update(delivery)
                .where(ours)
                .values(
                    state=DeliveryState.SENDING,
                    lease_until=now + lease,
                    attempts=delivery.c.attempts + 1,
                    updated_at=now,
                )
            ).rowcount
            _all_or_none(changed, len(delivery_ids))

    def settle(self, claim: Claim, receipts: Sequence[Receipt], now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        attempts = {held.id: held.attempts + 1 for held in claim.deliveries}
        with self._engine.begin() as connection:
            changed = 0
            for receipt in receipts:
                ours = _held(claim, DeliveryState.SENDING) & (delivery.c.id == receipt.delivery_id)
                values = _outcome(receipt, attempts[receipt.delivery_id], now)
                changed += connection.execute(sa.update(delivery).where(ours).values(values)).rowcount
            _all_or_none(changed, len(receipts))

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        expired = (delivery.c.edition_id == edition_id) & (delivery.c.lease_until < now)
        changes: dict[DeliveryState, dict[str, object]] = {
            DeliveryState.CLAIMED: {"state": DeliveryState.PENDING},
            DeliveryState.SENDING: {
                "state": DeliveryState.UNKNOWN,
                "detail": "the worker died while sending: it may or may not have left",
            },
        }
        counts = {}
        with self._engine.begin() as connection:
            for state, values in changes.items():
                lost = sa.update(delivery).where(expired, delivery.c.state == state)
                free: dict[str, object] = {"fence": None, "lease_until": None, "updated_at": now}
                counts[state] = connection.execute(lost.values(values | free)).rowcount
        return counts

    def release(self, claim: Claim, now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        back = {"state": DeliveryState.PENDING, "fence": None, "lease_until": None, "updated_at": now}
        ids = [held.id for held in claim.deliveries]
        ours = _held(claim, DeliveryState.CLAIMED) & delivery.c.id.in_(ids)
        with self._engine.begin() as connection:
            connection.execute(sa.update(delivery).where(ours).values(back))

    def unfinished(self) -> list[str]:
        """See `ports.Ledger`."""
        waiting = [state for state in DeliveryState if state.open]
        query = sa.select(delivery.c.edition_id).where(delivery.c.state.in_(waiting)).distinct()
        with reading(self._engine) as connection:
            return sorted(connection.scalars(query))

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

    def deliveries(self, edition_id: str, state: DeliveryState | None = None) -> Iterable[Delivery]:
        """See `ports.Ledger`."""
        query = (
            sa.select(delivery)
            .where(delivery.c.edition_id == edition_id)
            .order_by(delivery.c.email, delivery.c.id)
        )
        if state is not None:
            query = query.where(delivery.c.state == state)
        return self._stream(query)

    def _stream(self, query: sa.Select[tuple[object, ...]]) -> Iterator[Delivery]:
        with reading(self._engine) as connection:
            rows = connection.execution_options(yield_per=1000).execute(query).mappings()
            yield from map(_delivery, rows)


def _row(who: Subscriber, variant: str, now: dt.datetime) -> dict[str, object]:
    return {
        "subscriber_id": who.id,
        "email": who.email,
        "name": who.name,
        "variant": variant,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "detail": "",
        "updated_at": now,
    }


def _due(now: dt.datetime) -> sa.ColumnElement[bool]:
    again = (delivery.c.state == DeliveryState.FAILED_TEMP) & (delivery.c.retry_at <= now)
    return sa.or_(delivery.c.state == DeliveryState.PENDING, again)


def _held(claim: Claim, state: DeliveryState) -> sa.ColumnElement[bool]:
    return (delivery.c.fence == claim.fence) & (delivery.c.state == state)


def _all_or_none(changed: int, expected: int) -> None:
    if changed != expected:
        raise LeaseLost(
            f"{expected - changed} of {expected} deliveries are no longer ours: the lease ran out"
        )


def _suppress(connection: Connection, edition_id: str, now: dt.datetime) -> None:
    """Settle what nobody wants any more: of suppressed addresses, and of readers who left this newsletter."""
    suppressed = sa.select(subscriber.c.id).join(
        suppression, suppression.c.email_key == subscriber.c.email_key
    )
    left = (
        sa.select(subscription.c.subscriber_id)
        .join(edition, edition.c.newsletter_id == subscription.c.newsletter_id)
        .where(edition.c.id == edition_id, subscription.c.ended_at.is_not(None))
    )
    unwanted = sa.or_(delivery.c.subscriber_id.in_(suppressed), delivery.c.subscriber_id.in_(left))
    waiting = delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.FAILED_TEMP])
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.edition_id == edition_id, waiting, unwanted)
        .values(state=DeliveryState.SUPPRESSED, updated_at=now)
    )


def _outcome(receipt: Receipt, attempts: int, now: dt.datetime) -> dict[str, object]:
    common: dict[str, object] = {
        "detail": receipt.detail,
        "fence": None,
        "lease_until": None,
        "updated_at": now,
    }
    if receipt.status in _SETTLED:
        return common | {"state": _SETTLED[receipt.status], "retry_at": None}
    if receipt.status is ReceiptStatus.RETURNED:
        return common | {"state": DeliveryState.PENDING, "attempts": attempts - 1}
    if attempts >= MOST_ATTEMPTS:
        # Given up, which says nothing against the address: no bounce.
        return common | {"state": DeliveryState.EXPIRED, "retry_at": None}
    wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
    return common | {"state": DeliveryState.FAILED_TEMP, "retry_at": now + wait}


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        variant=row["variant"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        detail=row["detail"],
        updated_at=row["updated_at"],
    )
