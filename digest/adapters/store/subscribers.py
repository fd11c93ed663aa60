"""Who gets what, in SQL. Implements `ports.SubscriberStore`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store import suppressions as suppressing
from digest.adapters.store.engine import reading, unhurried
from digest.adapters.store.schema import delivery, subscriber, subscription, suppression
from digest.adapters.store.subscribing import Wish, subscribe_all
from digest.adapters.store.suppressions import email_key, hashed
from digest.model import (
    AddOutcome,
    Audience,
    Consent,
    DeliveryState,
    Subscriber,
    Suppression,
    SuppressionReason,
    ZoneReaders,
)

__all__ = ["PastDelivery", "SqlSubscriberStore", "Subscription", "email_key", "recipients", "unwanted"]

#: Rows that are in memory at a time where they are streamed.
_ROWS = 1000
#: PostgreSQL advisory lock of whoever writes subscribers; any constant of our own. SQLite has one writer anyway.
WRITE_LOCK = 0x6D756A617C


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Everything that is kept of one subscription."""

    person: Subscriber
    consent: Consent
    ended_at: dt.datetime | None
    #: Why the address is not written to; None where it is.
    suppressed: SuppressionReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDelivery:
    """One edition that went to a person, or should have."""

    edition_id: str
    newsletter_id: str
    local_date: dt.date
    state: DeliveryState
    attempts: int
    detail: str
    updated_at: dt.datetime


def recipients(audience: Audience) -> sa.Select[int, str, str, str]:
    """Return the query for whom an edition goes to: id, email, name and regions of each reader.

    Readers have agreed, have not left, and their address is not suppressed; with a day, they have not paused beyond it.
    """
    return (
        sa.select(subscriber.c.id, subscriber.c.email, subscriber.c.name, subscription.c.regions)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(
            subscription.c.newsletter_id == audience.newsletter_id,
            *_reads(),
            *_not_paused(audience.day),
            subscriber.c.timezone.in_(audience.zones),
        )
    )


def _not_paused(day: dt.date | None) -> tuple[sa.ColumnElement[bool], ...]:
    until = subscription.c.paused_until
    return () if day is None else (sa.or_(until.is_(None), until <= day),)


def unwanted(newsletter_id: str) -> sa.Select[int]:
    """Return the query for the ids of those who must not get this newsletter, or not any more.

    Narrow it to the subscribers in question, `.where(subscriber.c.id.in_(ids))`: each costs two look-ups by key.
    """
    wants = sa.exists().where(
        subscription.c.subscriber_id == subscriber.c.id,
        subscription.c.newsletter_id == newsletter_id,
        subscription.c.confirmed,
        subscription.c.ended_at.is_(None),
    )
    return sa.select(subscriber.c.id).where(sa.or_(_is_suppressed(), ~wants))


def _reads() -> tuple[sa.ColumnElement[bool], ...]:
    return subscription.c.confirmed, subscription.c.ended_at.is_(None), ~_is_suppressed()


def _is_suppressed() -> sa.Exists:
    # NOT EXISTS is a join on both engines; PostgreSQL walks a NOT IN that outgrows its memory once for each row.
    return sa.exists().where(suppression.c.email_key == subscriber.c.email_key)


class SqlSubscriberStore:
    """People, their subscriptions, and the addresses that must not be written to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Give a transaction in which what was read of subscribers still holds when it writes."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITE_LOCK)))
            yield connection

    def _streamed(self, query: sa.Select[*tuple[Any, ...]]) -> Iterator[sa.RowMapping]:
        # The rows are closed before the connection: whoever reads them may stop at any of them.
        with (
            reading(self._engine) as connection,
            unhurried(connection).execution_options(yield_per=_ROWS).execute(query) as rows,
        ):
            yield from rows.mappings()

    def add(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """See `ports.SubscriberStore`. A suppressed address stays suppressed, an ended subscription ended."""
        [outcome] = self.add_all([Wish(person=person, consent=consent)])
        return outcome

    def add_all(self, wishes: Sequence[Wish]) -> list[AddOutcome]:
        """Subscribe many in one transaction, each as if it were the only one; return what became of each.

        Who was forgotten is not brought back, whatever the wish says.
        """
        with self._writing() as connection:
            return subscribe_all(connection, wishes)

    def revive(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """See `ports.SubscriberStore`. Lifts the suppression, and only this newsletter's subscription comes back."""
        with self._writing() as connection:
            suppressing.lift(connection, [hashed(email_key(person.email))])
            [outcome] = subscribe_all(connection, [Wish(person=person, consent=consent, returning=True)])
        return outcome

    def subscribers(self, newsletter_id: str | None = None) -> Iterator[Subscriber]:
        """See `ports.SubscriberStore`."""
        return (entry.person for entry in self.subscriptions(newsletter_id))

    def subscriptions(self, newsletter_id: str | None = None) -> Iterator[Subscription]:
        """Yield the active subscriptions with all that is kept of them, by address."""
        return map(_subscription, self._streamed(_all_of(newsletter_id).where(*_active())))

    def all_subscriptions(self, newsletter_id: str | None = None) -> Iterator[Subscription]:
        """Yield the ended and suppressed ones as well, by address; without those of people who were forgotten."""
        return map(_subscription, self._streamed(_all_of(newsletter_id).where(subscriber.c.email != "")))

    def count(self, audience: Audience) -> int:
        """See `ports.SubscriberStore`."""
        query = recipients(audience).with_only_columns(sa.func.count())
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def choices(self, audience: Audience) -> Mapping[tuple[str, ...], int]:
        """See `ports.SubscriberStore`."""
        regions = subscription.c.regions
        query = recipients(audience).with_only_columns(regions, sa.func.count()).group_by(regions)
        with reading(self._engine) as connection:
            return {_regions(text): count for text, count in connection.execute(query)}

    def zones(self, newsletter_id: str) -> Mapping[str, ZoneReaders]:
        """See `ports.SubscriberStore`."""
        zone, since = subscriber.c.timezone, sa.func.min(subscription.c.consent_at)
        query = (
            sa.select(zone, sa.func.count(), since)
            .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
            .where(subscription.c.newsletter_id == newsletter_id, *_reads())
            .group_by(zone)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return {name: ZoneReaders(count=count, since=first) for name, count, first in rows}

    def remove(self, email: str, newsletter_id: str | None, *, reason: str, now: dt.datetime) -> int:
        """See `ports.SubscriberStore`. Leaving one newsletter of several does not suppress the address."""
        who = sa.select(subscriber.c.id).where(subscriber.c.email_key == email_key(email)).scalar_subquery()
        active = sa.and_(subscription.c.subscriber_id == who, subscription.c.ended_at.is_(None))
        ending = active if newsletter_id is None else active & (subscription.c.newsletter_id == newsletter_id)
        with self._writing() as connection:
            ended = connection.execute(sa.update(subscription).where(ending).values(ended_at=now)).rowcount
            left = connection.scalar(sa.select(sa.func.count()).select_from(subscription).where(active))
            if not left:
                left_all = Suppression(email=email, reason=SuppressionReason(reason), since=now)
                suppressing.suppress(connection, left_all)
        return ended

    def suppress(self, suppression: Suppression) -> bool:
        """See `ports.SubscriberStore`. Subscriptions stay as they are; the first reason stays."""
        with self._writing() as connection:
            return suppressing.suppress(connection, suppression)

    def lift(self, email: str) -> bool:
        """See `ports.SubscriberStore`."""
        key = email_key(email)
        with self._writing() as connection:
            return bool(suppressing.lift(connection, [key, hashed(key)]))

    def suppressions(self) -> Iterator[Suppression]:
        """See `ports.SubscriberStore`."""
        return map(suppressing.read, self._streamed(sa.select(suppression).order_by(suppression.c.email_key)))

    def suppression_of(self, email: str) -> Suppression | None:
        """See `ports.SubscriberStore`."""
        with reading(self._engine) as connection:
            return suppressing.suppression_of(connection, email)

    def forget(self, email: str, now: dt.datetime) -> int:
        """See `ports.SubscriberStore`."""
        with self._writing() as connection:
            return int(suppressing.forget(connection, email, now))

    def history(self, email: str) -> Iterator[PastDelivery]:
        """Yield the editions that went to an address, or should have, the newest first."""
        query = (
            sa.select(delivery)
            .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
            .where(subscriber.c.email_key == email_key(email))
            .order_by(delivery.c.local_date.desc(), delivery.c.id.desc())
        )
        return map(_past, self._streamed(query))


def _all_of(newsletter_id: str | None) -> sa.Select[*tuple[Any, ...]]:
    query = (
        sa.select(subscriber, subscription, suppression.c.reason)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .outerjoin(suppression, suppression.c.email_key == subscriber.c.email_key)
        .order_by(subscriber.c.email_key, subscription.c.newsletter_id)
    )
    return query if newsletter_id is None else query.where(subscription.c.newsletter_id == newsletter_id)


def _active() -> tuple[sa.ColumnElement[bool], ...]:
    return subscription.c.ended_at.is_(None), suppression.c.reason.is_(None)


def _regions(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _subscription(row: sa.RowMapping) -> Subscription:
    person = Subscriber(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        newsletter_id=row["newsletter_id"],
        regions=_regions(row["regions"]),
        timezone=row["timezone"],
        confirmed=row["confirmed"],
    )
    consent = Consent(at=row["consent_at"], how=row["consent_how"], source=row["consent_source"])
    reason = row["reason"]
    suppressed = None if reason is None else SuppressionReason(reason)
    return Subscription(person=person, consent=consent, ended_at=row["ended_at"], suppressed=suppressed)


def _past(row: sa.RowMapping) -> PastDelivery:
    return PastDelivery(
        edition_id=row["edition_id"],
        newsletter_id=row["newsletter_id"],
        local_date=row["local_date"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        detail=row["detail"],
        updated_at=row["updated_at"],
    )
