"""Who must not be written to, and forgetting a person, in SQL: the part of the subscribers' store that says no."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.articles import upsert
from digest.adapters.store.schema import delivery, subscriber, subscription, suppression
from digest.model import DeliveryState, Suppression, SuppressionReason

#: Deliveries of a forgotten person that are not sent any more. What is claimed or sending is in a worker's hands.
_STILL_WAITING = (DeliveryState.PENDING, DeliveryState.FAILED_TEMP)


def email_key(email: str) -> str:
    """Return the form in which two spellings of one address are equal.

    Domains know no case (RFC 5321, 2.4); local parts may, but no large provider uses that, and two mails to one
    person are the worse fault. Letters with marks may come in one character or in two (RFC 6532, 3.1).
    """
    return unicodedata.normalize("NFC", email.strip().casefold())


def hashed(key: str) -> str:
    """Return what stands for the key of a person who was forgotten.

    >>> hashed("a@example.org")[:20]
    'sha256:e16bfe08be114'
    """
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def suppress(connection: Connection, new: Suppression) -> bool:
    """Keep that an address must not be written to; say whether that is new. The first reason stays."""
    key = email_key(new.email)
    if suppressed_keys(connection, [key]):
        return False
    values = {"email": new.email.strip(), "reason": new.reason, "since": new.since, "detail": new.detail}
    # Another transaction, which settles a bounce, may be at the same address.
    insert = upsert(connection, suppression).values(email_key=key, **values).on_conflict_do_nothing()
    # For an INSERT the count is kept only where it is asked for.
    return connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount > 0


def lift(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Let these keys, or hashes of keys, be written to again; return those that were suppressed."""
    if not keys:
        return set()
    gone = sa.delete(suppression).where(suppression.c.email_key.in_(keys)).returning(suppression.c.email_key)
    return set(connection.scalars(gone))


def suppressed_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these keys must not be written to, by themselves or by their hashes."""
    names = {name: key for key in keys for name in (key, hashed(key))}
    found = sa.select(suppression.c.email_key).where(suppression.c.email_key.in_(names))
    return {names[name] for name in connection.scalars(found)}


def suppression_of(connection: Connection, email: str) -> Suppression | None:
    """Return why an address is not written to; None where it is."""
    key = email_key(email)
    query = sa.select(suppression).where(suppression.c.email_key.in_((key, hashed(key))))
    row = connection.execute(query).mappings().first()
    return None if row is None else read(row)


def forget(connection: Connection, email: str, now: dt.datetime) -> bool:
    """Erase a person, but for the rows that are counted and the hash that keeps an import away.

    Says whether anything was known of the address.
    """
    key = email_key(email)
    # Locked: an edition that is just being frozen for this person is waited for, and its delivery erased, too.
    row = sa.select(subscriber).where(subscriber.c.email_key == key).with_for_update()
    person = connection.execute(row).mappings().first()
    if person is not None:
        _erase(connection, person, now)
    # After the deliveries: a worker that settles a bounce of this person locks the rows in this order, too.
    was_suppressed = lift(connection, [key])
    if person is None and not was_suppressed:
        return False
    tombstone = {"email": "", "reason": SuppressionReason.FORGOTTEN, "since": now, "detail": ""}
    insert = upsert(connection, suppression).values(email_key=hashed(key), **tombstone)
    connection.execute(insert.on_conflict_do_nothing())
    return True


def _erase(connection: Connection, person: sa.RowMapping, now: dt.datetime) -> None:
    mine = delivery.c.subscriber_id == person["id"]
    # A carrier's words name the address as a whole, or the mailbox alone.
    mailbox = person["email"].rpartition("@")[0]
    names_it = sa.or_(
        delivery.c.detail.icontains(mailbox, autoescape=True),
        delivery.c.detail.contains(mailbox, autoescape=True),
    )
    blank = {"email": "", "name": "", "detail": sa.case((names_it, ""), else_=delivery.c.detail)}
    connection.execute(sa.update(delivery).where(mine).values(blank))
    stopped = {"state": DeliveryState.SUPPRESSED, "retry_at": None, "updated_at": now}
    connection.execute(sa.update(delivery).where(mine, delivery.c.state.in_(_STILL_WAITING)).values(stopped))
    ended = {"ended_at": sa.func.coalesce(subscription.c.ended_at, now), "consent_source": ""}
    connection.execute(
        sa.update(subscription).where(subscription.c.subscriber_id == person["id"]).values(ended)
    )
    nobody = {"email": "", "email_key": f"forgotten:{person['id']}", "name": "", "timezone": ""}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == person["id"]).values(nobody))


def read(row: sa.RowMapping) -> Suppression:
    """Return what a row of the table says."""
    reason = SuppressionReason(row["reason"])
    return Suppression(email=row["email"], reason=reason, since=row["since"], detail=row["detail"])
