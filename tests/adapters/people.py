"""People of our own invention, and what they and others do to their subscriptions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import delivery, edition, metadata
from digest.adapters.store.subscribers import SqlSubscriberStore, recipients
from digest.model import (
    AddOutcome,
    Audience,
    Consent,
    DeliveryState,
    Subscriber,
    Suppression,
    SuppressionReason,
)
from tests.conftest import NOW

LAYLA = Subscriber(
    id=0, email="Layla@Example.org", name="ليلى", newsletter_id="mujaz", regions=("levant", "gulf")
)
OMAR = replace(LAYLA, email="omar@example.com", name="عمر", regions=())
CONSENT = Consent(at=NOW - dt.timedelta(days=30), how="import", source="people.csv")
LATER = Consent(at=NOW, how="double opt-in", source="the sign-up page")
#: Everybody whose zone these tests give.
EVERYBODY = Audience(newsletter_id="mujaz", zones=("", "Africa/Cairo", "Asia/Riyadh"))


def add(people: SqlSubscriberStore, person: Subscriber = LAYLA, consent: Consent = CONSENT) -> AddOutcome:
    """Add a person who agreed a month ago."""
    return people.add(person, consent=consent)


def leave(people: SqlSubscriberStore, newsletter_id: str | None = None, email: str = LAYLA.email) -> int:
    """Have a person unsubscribe."""
    return people.remove(email, newsletter_id, reason="unsubscribed", now=NOW)


def suppressed(
    email: str = LAYLA.email, reason: SuppressionReason = SuppressionReason.BOUNCED
) -> Suppression:
    """Return a suppression of now."""
    return Suppression(email=email, reason=reason, since=NOW, detail="550 no such user")


def readers(store: Store, audience: Audience = EVERYBODY) -> list[str]:
    """Return the addresses that an edition would go to."""
    with store.engine.connect() as connection:
        return sorted(row.email for row in connection.execute(recipients(audience)))


def active(people: SqlSubscriberStore, newsletter_id: str | None = None) -> list[tuple[str, str]]:
    """Return address and newsletter of the active subscriptions, in the store's order."""
    return [(one.email, one.newsletter_id) for one in people.subscribers(newsletter_id)]


def wipe(store: Store) -> None:
    """Empty every table, for tests that go through many examples on one database."""
    with store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))


def put_delivery(store: Store, person: Subscriber, day: int, state: DeliveryState, detail: str = "") -> None:
    """Put a delivery of the edition of a day of November into the ledger."""
    date = dt.date(2026, 11, day)
    edition_id = f"{person.newsletter_id}-{date}"
    own = {"newsletter_id": person.newsletter_id, "local_date": date}
    with store.engine.begin() as connection:
        if not connection.scalar(sa.select(sa.func.count()).where(edition.c.id == edition_id)):
            values = {"id": edition_id, "cohort": "", "composed_at": NOW, "document": "{}", "opened_at": NOW}
            connection.execute(sa.insert(edition).values(own | values | {"recipients": 1}))
        row = own | {
            "edition_id": edition_id,
            "subscriber_id": person.id,
            "email": person.email,
            "name": person.name,
            "variant": "v",
            "state": state,
            "attempts": 1,
            "detail": detail,
            "updated_at": NOW,
        }
        connection.execute(sa.insert(delivery).values(row))
