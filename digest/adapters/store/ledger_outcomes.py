"""What becomes of a delivery after an answer: its state, its next try, and what a refusal says of the address."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.articles import upsert
from digest.adapters.store.schema import delivery, subscriber, suppression
from digest.model import Bounce, Delivery, DeliveryState, Receipt, ReceiptStatus, SuppressionReason

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
#: States in which a soft bounce has come to its end.
_GIVEN_UP = (DeliveryState.FAILED_PERM, DeliveryState.EXPIRED)

_OUTCOME = ("state", "attempts", "retry_at", "bounce", "fence", "lease_until", "updated_at")
_SETTLING = (
    sa.update(delivery)
    .where(delivery.c.fence == sa.bindparam("held"), delivery.c.state == DeliveryState.SENDING)
    .values({name: sa.bindparam(name, type_=delivery.c[name].type) for name in _OUTCOME})
    # The carrier's words may name the address: of somebody who was forgotten meanwhile they are not kept.
    .values(detail=sa.case((delivery.c.email == "", ""), else_=sa.bindparam("detail")))
)
# Built once: putting a statement together costs more than executing it.
_SETTLE = _SETTLING.where(delivery.c.id == sa.bindparam("row"))
_SETTLE_ALIKE = _SETTLING.where(delivery.c.id.in_(sa.bindparam("rows", expanding=True)))


def settle(connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
    """Write what `outcome` gave, where it is still held; return how many rows were.

    Those of a batch that end alike are one statement: on PostgreSQL each one travels.
    """
    alike: dict[tuple[object, ...], list[Mapping[str, object]]] = {}
    for row in rows:
        alike.setdefault(tuple(value for name, value in row.items() if name != "row"), []).append(row)
    if len(alike) == len(rows):
        return connection.execute(_SETTLE, rows).rowcount
    return sum(
        connection.execute(_SETTLE_ALIKE, {**some[0], "rows": [row["row"] for row in some]}).rowcount
        for some in alike.values()
    )


def outcome(held: Delivery, receipt: Receipt, now: dt.datetime) -> dict[str, object]:
    """Return what `settle` needs: the row, the fence it is held under, and its values after the carrier's answer."""
    attempts, retry_at = held.attempts + 1, None
    if receipt.status in _SETTLED:
        state = _SETTLED[receipt.status]
    elif receipt.status is ReceiptStatus.RETURNED:
        state, attempts = DeliveryState.PENDING, held.attempts
    elif attempts >= MOST_ATTEMPTS:
        state = DeliveryState.EXPIRED
    else:
        state, retry_at = DeliveryState.FAILED_TEMP, now + wait_after(held.id, attempts)
    return {
        "row": held.id,
        "held": held.fence,
        "state": state,
        "attempts": attempts,
        "retry_at": retry_at,
        "detail": receipt.detail,
        "bounce": receipt.bounce,
        "fence": None,
        "lease_until": None,
        "updated_at": now,
    }


def wait_after(delivery_id: int, attempts: int) -> dt.timedelta:
    """Return how long to wait after so many tries: twice as long each time, give or take a quarter.

    The quarter keeps those that failed together from coming back together; it follows from the delivery, so that a
    test can tell it.
    """
    wait: dt.timedelta = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
    share = zlib.crc32(f"{delivery_id}:{attempts}".encode()) / 2**32
    return wait * (0.75 + share / 2)


def suppress_bounced(
    connection: Connection, bounced: Iterable[tuple[Delivery, Receipt]], soft_limit: int, now: dt.datetime
) -> None:
    """Suppress the addresses that do not exist, and those that refused `soft_limit` editions in a row."""
    for held, receipt in bounced:
        if receipt.bounce is Bounce.HARD or (
            receipt.bounce is Bounce.SOFT and _soft_in_a_row(connection, held.subscriber_id, soft_limit)
        ):
            _suppress(connection, held.subscriber_id, receipt.detail, now)


def _soft_in_a_row(connection: Connection, subscriber_id: int, limit: int) -> bool:
    last = (
        sa.select(delivery.c.state, delivery.c.bounce)
        .where(delivery.c.subscriber_id == subscriber_id)
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(last).all()
    soft = [row.bounce == Bounce.SOFT and row.state in _GIVEN_UP for row in rows]
    return len(soft) == limit and all(soft)


def _suppress(connection: Connection, subscriber_id: int, detail: str, now: dt.datetime) -> None:
    address = sa.select(
        subscriber.c.email_key,
        subscriber.c.email,
        sa.literal(SuppressionReason.BOUNCED.value),
        sa.literal(now, suppression.c.since.type),
        sa.literal(detail),
    ).where(subscriber.c.id == subscriber_id, subscriber.c.email != "")
    columns = ("email_key", "email", "reason", "since", "detail")
    connection.execute(upsert(connection, suppression).from_select(columns, address).on_conflict_do_nothing())
