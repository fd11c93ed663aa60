"""People as an editor looks for them, in SQL, and what a list of wishes would come to. Nothing here writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import subscriber, subscription, suppression
from digest.adapters.store.subscribing import Wish
from digest.adapters.store.suppressions import email_key, suppressed_keys
from digest.model import AddOutcome, SuppressionReason

#: Wishes that are looked up together.
_CHUNK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One subscription of a person."""

    newsletter_id: str
    regions: tuple[str, ...]
    confirmed: bool
    consent_at: dt.datetime
    consent_how: str
    consent_source: str
    ended_at: dt.datetime | None
    paused_until: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is to us."""

    id: int
    email: str
    name: str
    timezone: str
    #: Why the address is not written to; None where it is.
    suppressed: SuppressionReason | None
    #: By newsletter.
    standings: tuple[Standing, ...]


class SqlPeople:
    """The people who subscribe, or did."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def search(self, text: str, limit: int) -> list[Person]:
        """Return up to `limit` people whose address or name holds this, by address."""
        key = email_key(text)
        found = sa.or_(
            subscriber.c.email_key.contains(key, autoescape=True),
            subscriber.c.name.icontains(text.strip(), autoescape=True),
        )
        ids = (
            sa.select(subscriber.c.id)
            # Nobody is left of who was forgotten.
            .where(subscriber.c.email != "", found)
            .order_by(subscriber.c.email_key)
            .limit(limit)
        )
        return self._people(ids)

    def person(self, subscriber_id: int) -> Person | None:
        """Return a person; None where there is none, or not any more."""
        one = sa.select(subscriber.c.id).where(subscriber.c.id == subscriber_id, subscriber.c.email != "")
        return next(iter(self._people(one)), None)

    def _people(self, ids: sa.Select[int]) -> list[Person]:
        query = (
            sa.select(subscriber, subscription, suppression.c.reason)
            .outerjoin(subscription, subscription.c.subscriber_id == subscriber.c.id)
            .outerjoin(suppression, suppression.c.email_key == subscriber.c.email_key)
            .where(subscriber.c.id.in_(ids))
            .order_by(subscriber.c.email_key, subscription.c.newsletter_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [_person(list(of_one)) for _, of_one in groupby(rows, key=itemgetter("id"))]

    def judged(self, wishes: Iterable[Wish]) -> list[AddOutcome]:
        """Return what would become of wishes to subscribe people, were they all granted one after the other."""
        outcomes: list[AddOutcome] = []
        active: set[tuple[str, str]] = set()
        rest = iter(wishes)
        with reading(self._engine) as connection:
            while chunk := list(islice(rest, _CHUNK)):
                outcomes += _judge(connection, chunk, active)
        return outcomes


def _judge(connection: Connection, wishes: Sequence[Wish], active: set[tuple[str, str]]) -> list[AddOutcome]:
    keyed = [((email_key(one.person.email), one.person.newsletter_id), one) for one in wishes]
    keys = list(dict.fromkeys(key for (key, _), _ in keyed))
    blocked = suppressed_keys(connection, keys)
    query = (
        sa.select(subscriber.c.email_key, subscription.c.newsletter_id, subscription.c.ended_at)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(subscriber.c.email_key.in_(keys))
    )
    before = {(key, newsletter): ended for key, newsletter, ended in connection.execute(query)}
    active |= {name for name, ended in before.items() if ended is None}
    outcomes = []
    for name, _ in keyed:
        if name[0] in blocked:
            outcomes.append(AddOutcome.LEFT)
        elif name in active:
            outcomes.append(AddOutcome.KNOWN)
        else:
            # Who left is not brought back by a list.
            outcomes.append(AddOutcome.LEFT if name in before else AddOutcome.NEW)
            active |= set() if name in before else {name}
    return outcomes


def _person(rows: Sequence[Any]) -> Person:
    first = rows[0]
    return Person(
        id=first["id"],
        email=first["email"],
        name=first["name"],
        timezone=first["timezone"],
        suppressed=SuppressionReason(first["reason"]) if first["reason"] else None,
        standings=tuple(_standing(row) for row in rows if row["newsletter_id"]),
    )


def _standing(row: Any) -> Standing:
    names = (
        "newsletter_id",
        "confirmed",
        "consent_at",
        "consent_how",
        "consent_source",
        "ended_at",
        "paused_until",
    )
    regions = tuple(filter(None, row["regions"].split(",")))
    return Standing(regions=regions, **{name: row[name] for name in names})
