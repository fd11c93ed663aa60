"""A site that has run for a while: ninety days of readers, a fortnight of editions, news, workers and troubles."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import article, delivery, edition, subscriber, subscription
from digest.adapters.store.subscribing import Wish
from digest.model import (
    Bounce,
    Consent,
    DeliveryState,
    Failure,
    FetchState,
    Source,
    Subscriber,
    Suppression,
    SuppressionReason,
    WorkerLife,
)
from tests.conftest import NOW
from tests.web.site import Site

_DAY = dt.timedelta(days=1)
READERS = 90
#: Of each day's edition, besides those that were sent.
REFUSED, UNKNOWN = 3, 2
LAYLA = "layla.haddad@example.org"


def fill(site: Site) -> None:
    """Put all that into the store of a site without editions."""
    store, newsletter_id = site.app.store, site.app.newsletter().id
    _readers(store, newsletter_id)
    for days in range(14):
        _edition(store, newsletter_id, (NOW - days * _DAY).date())
    _news(site)
    operations = store.operations
    life = WorkerLife(id="w1", host="mail1", pid=41, started_at=NOW - _DAY, beat_at=NOW, doing="waiting")
    operations.beat(life)
    lost = NOW - dt.timedelta(hours=5)
    operations.beat(
        WorkerLife(id="w2", host="mail2", pid=7, started_at=lost, beat_at=lost, doing="collecting")
    )
    operations.take_turn("collect", "w1", NOW - dt.timedelta(minutes=9), dt.timedelta(minutes=5))
    operations.end_turn("collect", "w1", NOW - dt.timedelta(minutes=8))
    operations.raise_alert("bounces", "Of the last edition 6 % bounced.", NOW - dt.timedelta(hours=2))


def _readers(store: Store, newsletter_id: str) -> None:
    """A reader a day; every ninth left a week later, the last has not agreed yet."""
    wishes = []
    for number in range(READERS):
        email = LAYLA if number == 0 else f"reader{number:02}@example.org"
        name = "ليلى حداد" if number == 0 else f"قارئ {number}"
        person = Subscriber(
            id=0, email=email, name=name, newsletter_id=newsletter_id, confirmed=number < READERS - 1
        )
        consent = Consent(at=NOW - (READERS - 1 - number) * _DAY, how="double opt-in", source="/subscribe")
        wishes.append(Wish(person=person, consent=consent))
    store.subscribers.add_all(wishes)
    with store.engine.begin() as connection:
        for number in range(8, READERS - 9, 9):
            who = sa.select(subscriber.c.id).where(subscriber.c.email == f"reader{number:02}@example.org")
            left = NOW - (READERS - 8 - number) * _DAY
            connection.execute(
                sa.update(subscription).where(subscription.c.subscriber_id.in_(who)).values(ended_at=left)
            )
    for number, reason in ((3, SuppressionReason.BOUNCED), (4, SuppressionReason.COMPLAINED)):
        email = f"reader{number:02}@example.org"
        store.subscribers.suppress(
            Suppression(email=email, reason=reason, since=NOW - _DAY, detail="550 no such user")
        )


def _edition(store: Store, newsletter_id: str, day: dt.date) -> None:
    edition_id = f"{newsletter_id}-{day}"
    moment = dt.datetime.combine(day, dt.time(3, 30), dt.UTC)
    own = {"newsletter_id": newsletter_id, "local_date": day}
    row = own | {"id": edition_id, "cohort": "", "composed_at": moment, "document": "{}", "opened_at": moment}
    with store.engine.begin() as connection:
        people = connection.execute(
            sa.select(subscriber.c.id, subscriber.c.email).order_by(subscriber.c.id)
        ).all()
        people = people[: 40 + 3 * (day.day % 5)]
        connection.execute(sa.insert(edition).values(row | {"recipients": len(people)}))
        rows = [
            own
            | {
                "edition_id": edition_id,
                "subscriber_id": one.id,
                "email": one.email,
                "name": "",
                "variant": "default",
                "state": _state(number),
                "bounce": Bounce.HARD if number <= REFUSED and number else None,
                "attempts": 1,
                "detail": "550 no such user" if 0 < number <= REFUSED else "",
                "updated_at": moment,
            }
            for number, one in enumerate(people)
        ]
        connection.execute(sa.insert(delivery), rows)


def _state(number: int) -> DeliveryState:
    if 0 < number <= REFUSED:
        return DeliveryState.FAILED_PERM
    if number <= REFUSED + UNKNOWN and number:
        return DeliveryState.UNKNOWN
    return DeliveryState.SENT


def _news(site: Site) -> None:
    """Articles by the hour, three an hour by day, and sources that do well, fail and block us."""
    store = site.app.store
    sources = list(site.app.settings.sources.values())
    rows = [
        _article(sources[number % 3], hours, number)
        for hours in range(30)
        for number in range(1 + 3 * (hours % 5))
    ]
    with store.engine.begin() as connection:
        connection.execute(sa.insert(article), rows)
    troubles = [None, None, None, Failure.NETWORK, Failure.BLOCKED]
    for source, failure in zip(sources, troubles, strict=False):
        said = "no answer within 20 seconds" if failure else None
        good = None if failure else NOW
        state = FetchState(
            source_id=source.id,
            url=source.url,
            checked_at=NOW,
            succeeded_at=good,
            error=said,
            failure=failure,
            failures=4 if failure else 0,
        )
        store.articles.save_state(state)


def _article(of: Source, hours: int, number: int) -> dict[str, object]:
    moment = NOW - dt.timedelta(hours=hours, minutes=7)
    texts = dict.fromkeys(("summary", "text", "section"), "")
    moments = dict.fromkeys(("published_at", "first_seen_at", "updated_at"), moment)
    return (
        texts
        | moments
        | {
            "id": f"a{hours:02}{number:02}",
            "source_id": of.id,
            "outlet": of.outlet,
            "country": of.country,
            "language": "ar",
            "url": f"https://news.example/{hours}/{number}",
            "title": "خبر",
            "dated": True,
        }
    )
