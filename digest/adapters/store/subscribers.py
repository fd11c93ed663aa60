"""Who gets what, in SQL. Implements `ports.SubscriberStore`."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading
from digest.adapters.store.schema import subscriber, subscription, suppression
from digest.model import AddOutcome, Subscriber


def email_key(email: str) -> str:
    """Return the form in which two spellings of one address are equal.

    Domains know no case (RFC 5321, 2.4); local parts may, but no large provider uses that, and two mails to one
    person are the worse fault.
    """
    return email.strip().casefold()


class SqlSubscriberStore:
    """People, their subscriptions, and the addresses that must not be written to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, person: Subscriber, *, source: str, now: dt.datetime) -> AddOutcome:
        """See `ports.SubscriberStore`. A suppressed address stays suppressed, an ended subscription ended."""
        with self._engine.begin() as connection:
            return _add(connection, person, source, now)

    def revive(self, person: Subscriber, *, source: str, now: dt.datetime) -> AddOutcome:
        """See `ports.SubscriberStore`. Lifts the suppression, and only this newsletter's subscription comes back."""
        key = email_key(person.email)
        who = sa.select(subscriber.c.id).where(subscriber.c.email_key == key).scalar_subquery()
        again = {"ended_at": None, "consent_at": now, "consent_source": source}
        ended = sa.and_(
            subscription.c.subscriber_id == who,
            subscription.c.newsletter_id == person.newsletter_id,
            subscription.c.ended_at.is_not(None),
        )
        with self._engine.begin() as connection:
            connection.execute(sa.delete(suppression).where(suppression.c.email_key == key))
            back = connection.execute(sa.update(subscription).where(ended).values(again)).rowcount
            outcome = _add(connection, person, source, now)
        return AddOutcome.NEW if back else outcome

    def subscribers(self, newsletter_id: str | None = None) -> list[Subscriber]:
        """See `ports.SubscriberStore`."""
        with reading(self._engine) as connection:
            return active(connection, newsletter_id)

    def suppressed(self) -> dict[str, str]:
        """Return the reason for each suppressed address, by its key."""
        with reading(self._engine) as connection:
            return dict(connection.execute(sa.select(suppression.c.email_key, suppression.c.reason)).all())

    def remove(self, email: str, newsletter_id: str | None, *, reason: str, now: dt.datetime) -> int:
        """See `ports.SubscriberStore`. Leaving one newsletter of several does not suppress the address."""
        key = email_key(email)
        who = sa.select(subscriber.c.id).where(subscriber.c.email_key == key).scalar_subquery()
        active_ones = sa.and_(subscription.c.subscriber_id == who, subscription.c.ended_at.is_(None))
        ending = (
            active_ones
            if newsletter_id is None
            else active_ones & (subscription.c.newsletter_id == newsletter_id)
        )
        with self._engine.begin() as connection:
            ended = connection.execute(sa.update(subscription).where(ending).values(ended_at=now)).rowcount
            left = connection.scalar(sa.select(sa.func.count()).select_from(subscription).where(active_ones))
            if not left:
                insert = upsert(connection, suppression).values(email_key=key, reason=reason, since=now)
                connection.execute(insert.on_conflict_do_nothing())
        return ended


def _add(connection: Connection, person: Subscriber, source: str, now: dt.datetime) -> AddOutcome:
    key = email_key(person.email)
    suppressed = sa.select(suppression.c.email_key).where(suppression.c.email_key == key)
    if connection.scalar(suppressed) is not None:
        return AddOutcome.LEFT
    row = {"email": person.email.strip(), "email_key": key, "name": person.name, "timezone": person.timezone}
    # An import without a name must not erase the name that we have.
    kept = {column: row[column] for column in ("name", "timezone") if row[column]} or {"email_key": key}
    insert = upsert(connection, subscriber).values(row | {"created_at": now})
    insert = insert.on_conflict_do_update(index_elements=["email_key"], set_=kept)
    subscriber_id = connection.scalar(insert.returning(subscriber.c.id))
    return _subscribe(connection, subscriber_id, person, source, now)


def _subscribe(
    connection: Connection, subscriber_id: int | None, person: Subscriber, source: str, now: dt.datetime
) -> AddOutcome:
    key = {"subscriber_id": subscriber_id, "newsletter_id": person.newsletter_id}
    where = [subscription.c[column] == value for column, value in key.items()]
    before = connection.execute(sa.select(subscription).where(*where)).mappings().first()
    regions = ",".join(person.regions)
    if before is None:
        consent = {"confirmed": person.confirmed, "consent_at": now, "consent_source": source}
        connection.execute(sa.insert(subscription).values(key | consent | {"regions": regions}))
        return AddOutcome.NEW
    if before["ended_at"] is not None:
        # Who left is not brought back, even where another newsletter keeps the address from being suppressed.
        return AddOutcome.LEFT
    changes: dict[str, object] = {}
    if person.confirmed and not before["confirmed"]:
        changes = {"confirmed": True, "consent_at": now, "consent_source": source}
    if regions:
        changes["regions"] = regions
    if changes:
        connection.execute(sa.update(subscription).where(*where).values(changes))
    return AddOutcome.KNOWN


def active(connection: Connection, newsletter_id: str | None) -> list[Subscriber]:
    """Return the subscriptions that did not end, of addresses that are not suppressed, by address."""
    query = (
        sa.select(subscriber, subscription.c.newsletter_id, subscription.c.regions, subscription.c.confirmed)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(
            subscription.c.ended_at.is_(None),
            subscriber.c.email_key.not_in(sa.select(suppression.c.email_key)),
        )
        .order_by(subscriber.c.email_key, subscription.c.newsletter_id)
    )
    if newsletter_id is not None:
        query = query.where(subscription.c.newsletter_id == newsletter_id)
    return [
        Subscriber(
            id=row["id"],
            email=row["email"],
            name=row["name"],
            newsletter_id=row["newsletter_id"],
            regions=tuple(filter(None, row["regions"].split(","))),
            timezone=row["timezone"],
            confirmed=row["confirmed"],
        )
        for row in connection.execute(query).mappings()
    ]
