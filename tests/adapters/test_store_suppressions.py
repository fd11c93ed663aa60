"""Who must not be written to, who was forgotten, and what was sent to whom."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import delivery, metadata
from digest.adapters.store.subscribers import SqlSubscriberStore
from digest.adapters.store.subscribing import Wish
from digest.model import AddOutcome, DeliveryState, SuppressionReason
from tests.adapters.people import (
    CONSENT,
    LATER,
    LAYLA,
    OMAR,
    active,
    add,
    leave,
    put_delivery,
    readers,
    suppressed,
)
from tests.conftest import NOW

_SPELLINGS = ["Layla@Example.org", "layla@example.org", " LAYLA@EXAMPLE.ORG "]


@pytest.fixture
def people(store: Store) -> SqlSubscriberStore:
    """An empty store of subscribers, on each database in turn."""
    return store.subscribers


def _everything(store: Store) -> str:
    """Return all that the database holds, as text."""
    with store.engine.connect() as connection:
        return "\n".join(
            str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table))
        )


# --------------------------------------------------------------------------- suppressing


def test_a_suppression_is_kept_as_it_is_given(people: SqlSubscriberStore) -> None:
    assert people.suppress(suppressed()) is True
    assert list(people.suppressions()) == [suppressed()]
    assert people.suppression_of("LAYLA@example.org") == suppressed()
    assert people.suppression_of(OMAR.email) is None


@pytest.mark.parametrize("again", _SPELLINGS)
def test_the_first_reason_stays(people: SqlSubscriberStore, again: str) -> None:
    people.suppress(suppressed())
    assert people.suppress(suppressed(again, SuppressionReason.COMPLAINED)) is False
    people.remove(again, None, reason="unsubscribed", now=NOW)
    assert list(people.suppressions()) == [suppressed()]


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_who_is_suppressed_is_not_added(people: SqlSubscriberStore, spelling: str) -> None:
    people.suppress(suppressed(spelling))
    assert add(people) is AddOutcome.LEFT
    assert list(people.all_subscriptions()) == []


def test_lifting_brings_back_what_had_not_ended(store: Store) -> None:
    people = store.subscribers
    add(people)
    add(people, OMAR)
    people.suppress(suppressed())
    leave(people, email=OMAR.email)
    assert readers(store) == []
    assert [people.lift("LAYLA@example.org"), people.lift(LAYLA.email), people.lift(OMAR.email)] == [
        True,
        False,
        True,
    ]
    assert readers(store) == [LAYLA.email]


def test_a_reason_that_is_none_is_refused_and_changes_nothing(people: SqlSubscriberStore) -> None:
    add(people)
    with pytest.raises(ValueError, match="annoyed"):
        people.remove(LAYLA.email, None, reason="annoyed", now=NOW)
    assert active(people) == [(LAYLA.email, "mujaz")]


# --------------------------------------------------------------------------- forgetting


def _put_history(store: Store) -> None:
    """Give Layla a delivery in each state but two, and Omar one."""
    for person in (LAYLA, OMAR):
        add(store.subscribers, person)
    omar, layla = sorted(store.subscribers.subscribers(), key=lambda person: person.email, reverse=True)
    for day, state in enumerate(DeliveryState, start=1):
        put_delivery(
            store, layla, day, state, f"550 <LAYLA@example.org> {state}" if day % 2 else "250 queued"
        )
    put_delivery(store, omar, 1, DeliveryState.PENDING, "451 omar@example.com is busy, as layla is")


def test_who_is_forgotten_stands_nowhere(store: Store) -> None:
    _put_history(store)
    people = store.subscribers
    people.suppress(suppressed())
    assert people.forget(" LAYLA@example.org", NOW) == 1
    left = _everything(store).replace("as layla is", "").casefold()
    assert "layla" not in left
    assert "ليلى" not in left
    assert "people.csv" in left, "Omar's consent stays as it was"
    assert list(people.history(LAYLA.email)) == []
    assert [one.person.email for one in people.all_subscriptions()] == [OMAR.email]
    [kept] = people.suppressions()
    assert (kept.email, kept.reason, kept.since, kept.detail) == ("", SuppressionReason.FORGOTTEN, NOW, "")


def test_forgetting_keeps_what_was_counted_and_stops_what_waits(store: Store) -> None:
    _put_history(store)
    with store.engine.connect() as connection:
        before = connection.execute(sa.select(delivery.c.id, delivery.c.state).order_by(delivery.c.id)).all()
    store.subscribers.forget(LAYLA.email, NOW)
    with store.engine.connect() as connection:
        after = connection.execute(sa.select(delivery).order_by(delivery.c.id)).all()
    waiting = {"pending", "failed_temp"}
    assert [(row.id, row.state) for row in after if not row.email] == [
        (row.id, "suppressed" if row.state in waiting else row.state) for row in before[:-1]
    ]
    assert {row.detail for row in after[:-1]} == {"", "250 queued"}
    assert (after[-1].email, after[-1].state) == (OMAR.email, "pending")
    assert readers(store) == [OMAR.email]


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_an_import_does_not_bring_back_who_was_forgotten(people: SqlSubscriberStore, spelling: str) -> None:
    add(people)
    people.forget(LAYLA.email, NOW)
    person = LAYLA.__class__(id=0, email=spelling, newsletter_id="mujaz")
    told = Wish(person=person, consent=LATER, returning=True)
    assert people.add_all([told, Wish(person=person, consent=LATER)]) == [AddOutcome.LEFT, AddOutcome.LEFT]
    assert people.suppress(suppressed(spelling)) is False
    found = people.suppression_of(spelling)
    assert found is not None
    assert found.reason is SuppressionReason.FORGOTTEN


def test_who_was_forgotten_may_come_back_as_somebody_new(store: Store) -> None:
    people = store.subscribers
    add(people)
    [before] = people.subscribers()
    put_delivery(store, before, 1, DeliveryState.SENT)
    people.forget(LAYLA.email, NOW)
    assert people.revive(LAYLA, consent=LATER) is AddOutcome.NEW
    [back] = people.subscriptions()
    assert (back.person.email, back.consent) == (LAYLA.email, LATER)
    assert back.person.id != before.id
    assert list(people.history(LAYLA.email)) == []
    assert people.forget(LAYLA.email, NOW) == 1
    assert people.lift(LAYLA.email) is True
    assert add(people) is AddOutcome.NEW


def test_nobody_is_forgotten_twice(people: SqlSubscriberStore) -> None:
    assert people.forget(LAYLA.email, NOW) == 0
    assert list(people.suppressions()) == []
    add(people)
    assert [people.forget(LAYLA.email, NOW), people.forget(LAYLA.email, NOW)] == [1, 0]


def test_who_is_only_suppressed_can_be_forgotten_as_well(people: SqlSubscriberStore) -> None:
    people.suppress(suppressed())
    assert people.forget(LAYLA.email, NOW) == 1
    assert [one.email for one in people.suppressions()] == [""]
    assert add(people) is AddOutcome.LEFT


# --------------------------------------------------------------------------- history


def test_history_is_the_newest_first(store: Store) -> None:
    add(store.subscribers, LAYLA, CONSENT)
    [layla] = store.subscribers.subscribers()
    for day, state in (
        (20, DeliveryState.SENT),
        (22, DeliveryState.PENDING),
        (21, DeliveryState.FAILED_PERM),
    ):
        put_delivery(store, layla, day, state, f"detail {day}")
    assert [
        (past.edition_id, past.state, past.detail) for past in store.subscribers.history("layla@EXAMPLE.org")
    ] == [
        ("mujaz-2026-11-22", DeliveryState.PENDING, "detail 22"),
        ("mujaz-2026-11-21", DeliveryState.FAILED_PERM, "detail 21"),
        ("mujaz-2026-11-20", DeliveryState.SENT, "detail 20"),
    ]
    assert list(store.subscribers.history(OMAR.email)) == []
