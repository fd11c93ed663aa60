"""Many wishes to subscribe at once, in SQL: read what is known of the people, decide each, write what is new.

    wishes -suppressed? known? subscribed?-> rows -decide, one after the other-> outcomes and changed rows -write-> done

One wish costs three queries as well as four hundred do, so an import of a million takes minutes and not hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.schema import subscriber, subscription
from digest.adapters.store.suppressions import email_key, lift, suppressed_keys
from digest.model import AddOutcome, Consent, Subscriber

#: Wishes that are read and written together; each binds two parameters, and SQLite's older builds take 999.
_CHUNK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A person to be subscribed."""

    person: Subscriber
    consent: Consent
    #: The person left, or could not be written to, and has asked to come back.
    returning: bool = False


@dataclass(slots=True, kw_only=True)
class _Table:
    """Rows of one table by their keys, and which of them are to be written."""

    rows: dict[Any, dict[str, Any]]
    added: dict[Any, dict[str, Any]] = field(default_factory=dict)
    changed: dict[Any, dict[str, Any]] = field(default_factory=dict)

    def add(self, key: Any, row: dict[str, Any]) -> None:
        self.rows[key] = self.added[key] = row

    def change(self, key: Any, values: Mapping[str, Any]) -> None:
        row = self.rows[key]
        if any(row[name] != value for name, value in values.items()):
            row.update(values)
            if key not in self.added:
                self.changed[key] = row


def subscribe_all(connection: Connection, wishes: Sequence[Wish]) -> list[AddOutcome]:
    """Subscribe people, each as if it were the only one; return what became of each.

    Nobody else may write subscribers in the meantime.
    """
    outcomes: list[AddOutcome] = []
    for _, run in groupby(wishes, key=attrgetter("returning")):
        while chunk := list(islice(run, _CHUNK)):
            outcomes += _subscribe_chunk(connection, chunk)
    return outcomes


def _subscribe_chunk(connection: Connection, wishes: Sequence[Wish]) -> list[AddOutcome]:
    """Subscribe people who all ask to come back, or none of whom does."""
    keyed = [(email_key(wish.person.email), wish) for wish in wishes]
    returned = lift(connection, [key for key, wish in keyed if wish.returning])
    blocked = suppressed_keys(connection, [key for key, _ in keyed])
    people = _people(connection, [(key, wish) for key, wish in keyed if key not in blocked])
    subscriptions = _subscriptions(connection, [row["id"] for row in people.values()])
    outcomes = []
    for key, wish in keyed:
        if key in blocked:
            outcomes.append(AddOutcome.LEFT)
        else:
            outcomes.append(_decide(people[key]["id"], wish, subscriptions, came_back=key in returned))
            returned.discard(key)
    _write(connection, subscriptions)
    return outcomes


def _people(connection: Connection, wishes: Sequence[tuple[str, Wish]]) -> Mapping[str, Mapping[str, Any]]:
    """Return the people's rows by their keys, those that were not there added, and with the newest names."""
    query = sa.select(subscriber).where(subscriber.c.email_key.in_({key for key, _ in wishes}))
    table = _Table(rows={row["email_key"]: dict(row) for row in connection.execute(query).mappings()})
    for key, wish in wishes:
        person = wish.person
        if key in table.rows:
            # An import without a name must not erase the name that we have.
            given = {"name": person.name, "timezone": person.timezone}
            table.change(key, {column: value for column, value in given.items() if value})
        else:
            row = {
                "email": person.email.strip(),
                "email_key": key,
                "name": person.name,
                "timezone": person.timezone,
            }
            table.add(key, row | {"created_at": wish.consent.at})
    if table.added:
        insert = sa.insert(subscriber).returning(subscriber.c.email_key, subscriber.c.id)
        for key, subscriber_id in connection.execute(insert, list(table.added.values())):
            table.rows[key]["id"] = subscriber_id
    if table.changed:
        values: dict[str, Any] = {"name": sa.bindparam("new_name"), "timezone": sa.bindparam("new_timezone")}
        update = sa.update(subscriber).where(subscriber.c.id == sa.bindparam("key_id")).values(values)
        new = [
            {"key_id": row["id"], "new_name": row["name"], "new_timezone": row["timezone"]}
            for row in table.changed.values()
        ]
        connection.execute(update, new)
    return table.rows


def _subscriptions(connection: Connection, subscriber_ids: Sequence[int]) -> _Table:
    query = sa.select(subscription).where(subscription.c.subscriber_id.in_(subscriber_ids))
    rows = connection.execute(query).mappings()
    return _Table(rows={(row["subscriber_id"], row["newsletter_id"]): dict(row) for row in rows})


def _decide(subscriber_id: int, wish: Wish, subscriptions: _Table, *, came_back: bool) -> AddOutcome:
    person = wish.person
    key = (subscriber_id, person.newsletter_id)
    before = subscriptions.rows.get(key)
    regions = {"regions": ",".join(person.regions)}
    agreed = _agreement(wish)
    if before is None:
        place = {"subscriber_id": subscriber_id, "newsletter_id": person.newsletter_id, "ended_at": None}
        subscriptions.add(key, place | regions | agreed)
        return AddOutcome.NEW
    given = regions if person.regions else {}
    if came_back or (wish.returning and before["ended_at"] is not None):
        subscriptions.change(key, given | agreed | {"ended_at": None})
        return AddOutcome.NEW
    if before["ended_at"] is not None:
        # Who left is not brought back, even where another newsletter keeps the address from being suppressed.
        return AddOutcome.LEFT
    newly_agreed = agreed if person.confirmed and not before["confirmed"] else {}
    subscriptions.change(key, given | newly_agreed)
    return AddOutcome.KNOWN


def _agreement(wish: Wish) -> dict[str, Any]:
    consent = wish.consent
    return {
        "confirmed": wish.person.confirmed,
        "consent_at": consent.at,
        "consent_how": consent.how,
        "consent_source": consent.source,
    }


def _write(connection: Connection, subscriptions: _Table) -> None:
    if subscriptions.added:
        connection.execute(sa.insert(subscription), list(subscriptions.added.values()))
    if subscriptions.changed:
        columns = ("regions", "confirmed", "consent_at", "consent_how", "consent_source", "ended_at")
        update = sa.update(subscription).where(
            subscription.c.subscriber_id == sa.bindparam("key_subscriber"),
            subscription.c.newsletter_id == sa.bindparam("key_newsletter"),
        )
        new = [
            {f"new_{name}": row[name] for name in columns}
            | {"key_subscriber": key[0], "key_newsletter": key[1]}
            for key, row in subscriptions.changed.items()
        ]
        connection.execute(update.values({name: sa.bindparam(f"new_{name}") for name in columns}), new)
