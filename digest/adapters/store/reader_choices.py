"""One reader's own choices, in SQL: what is kept of a person, by key, and what the person changes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import delivery, subscriber, subscription
from digest.adapters.store.suppressions import email_key
from digest.model import Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a reader chose of one newsletter."""

    newsletter_id: str
    #: Region ids in the wanted order; empty for the newsletter's own.
    regions: tuple[str, ...]
    confirmed: bool
    consent: Consent
    ended_at: dt.datetime | None
    #: The first local date on which the reader wants it again.
    paused_until: dt.date | None

    @property
    def active(self) -> bool:
        """Whether the reader agreed and has not left."""
        return self.confirmed and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReader:
    """A person with all subscriptions there ever were."""

    id: int
    email: str
    name: str
    timezone: str
    created_at: dt.datetime
    choices: tuple[Choice, ...]

    @property
    def active(self) -> dict[str, Choice]:
        """The choices of the newsletters that the person gets, by newsletter."""
        return {choice.newsletter_id: choice for choice in self.choices if choice.active}

    def choice(self, newsletter_id: str) -> Choice | None:
        """Return what was chosen of a newsletter, ended or not."""
        return next((one for one in self.choices if one.newsletter_id == newsletter_id), None)


class ReaderChoices:
    """Finds and changes one reader, by key only: with a million of them as fast as with one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reader(self, subscriber_id: int) -> KnownReader | None:
        """Return a person; None where there is none, or the person was forgotten."""
        return self._found(subscriber.c.id == subscriber_id)

    def reader_at(self, email: str) -> KnownReader | None:
        """Return the person at an address, or None."""
        return self._found(subscriber.c.email_key == email_key(email))

    def address_of_delivery(self, delivery_id: int) -> str:
        """Return the address that a delivery went to; empty where there is none, or the person was forgotten."""
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(delivery.c.email).where(delivery.c.id == delivery_id)) or ""

    def set_person(self, subscriber_id: int, *, name: str, timezone: str) -> None:
        """Keep how a person is called, and where."""
        values = {"name": name, "timezone": timezone}
        # Who was forgotten in the meantime stays so.
        known = (subscriber.c.id == subscriber_id) & (subscriber.c.email != "")
        with self._engine.begin() as connection:
            connection.execute(sa.update(subscriber).where(known).values(values))

    def choose(
        self,
        subscriber_id: int,
        newsletter_id: str,
        *,
        regions: Sequence[str],
        paused_until: dt.date | None,
        consent: Consent | None = None,
    ) -> None:
        """Keep what a person chose of a newsletter, where it is subscribed to; a new consent takes the old one's place."""
        values: dict[str, object] = {"regions": ",".join(regions), "paused_until": paused_until}
        if consent:
            values |= {
                "consent_at": consent.at,
                "consent_how": consent.how,
                "consent_source": consent.source,
            }
        this = (subscription.c.subscriber_id == subscriber_id) & (
            subscription.c.newsletter_id == newsletter_id
        )
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(subscription).where(this, subscription.c.ended_at.is_(None)).values(values)
            )

    def _found(self, which: sa.ColumnElement[bool]) -> KnownReader | None:
        query = (
            sa.select(subscriber, subscription)
            .outerjoin(subscription, subscription.c.subscriber_id == subscriber.c.id)
            .where(which, subscriber.c.email != "")
            .order_by(subscription.c.newsletter_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return None
        first = rows[0]
        return KnownReader(
            id=first["id"],
            email=first["email"],
            name=first["name"],
            timezone=first["timezone"],
            created_at=first["created_at"],
            choices=tuple(_choice(row) for row in rows if row["newsletter_id"] is not None),
        )


def _choice(row: sa.RowMapping) -> Choice:
    return Choice(
        newsletter_id=row["newsletter_id"],
        regions=tuple(filter(None, row["regions"].split(","))),
        confirmed=row["confirmed"],
        consent=Consent(at=row["consent_at"], how=row["consent_how"], source=row["consent_source"]),
        ended_at=row["ended_at"],
        paused_until=row["paused_until"],
    )
