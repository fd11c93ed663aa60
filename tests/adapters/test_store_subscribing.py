"""Many at once, and anything in any order: each wish counts as if it were the only one, and no is no."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.adapters.store import Store
from digest.adapters.store.schema import subscriber
from digest.adapters.store.subscribers import Subscription, email_key, unwanted
from digest.adapters.store.subscribing import Wish
from digest.model import AddOutcome, Audience, Consent, Subscriber, SuppressionReason
from tests.adapters.people import CONSENT, LAYLA, readers, suppressed, wipe
from tests.conftest import NOW

# The database is emptied before each example.
_EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_ADDRESSES = ["a@example.org", "A@Example.org", "b@example.org", "c@example.org"]
_NEWSLETTERS = ["mujaz", "asdaa"]
_ZONES = ["", "Africa/Cairo"]


@st.composite
def _wishes(draw: st.DrawFn) -> Wish:
    person = Subscriber(
        id=0,
        email=draw(st.sampled_from(_ADDRESSES)),
        name=draw(st.sampled_from(["", "ليلى", "عمر"])),
        newsletter_id=draw(st.sampled_from(_NEWSLETTERS)),
        regions=draw(st.sampled_from([(), ("gulf",), ("gulf", "asia")])),
        timezone=draw(st.sampled_from(_ZONES)),
        confirmed=draw(st.booleans()),
    )
    at = NOW - dt.timedelta(days=draw(st.integers(0, 3)))
    consent = Consent(at=at, how=draw(st.sampled_from(["import", "double opt-in"])), source="people.csv")
    return Wish(person=person, consent=consent, returning=draw(st.booleans()))


_Act = Callable[[Store], object]


def _acts() -> st.SearchStrategy[_Act]:
    """Return what may happen to the store."""
    address = st.sampled_from(_ADDRESSES)
    newsletter = st.sampled_from([None, *_NEWSLETTERS])

    def remove(email: str, newsletter_id: str | None) -> _Act:
        return lambda store: store.subscribers.remove(email, newsletter_id, reason="unsubscribed", now=NOW)

    def suppress(email: str) -> _Act:
        return lambda store: store.subscribers.suppress(suppressed(email))

    def wish(wishes: list[Wish]) -> _Act:
        return lambda store: store.subscribers.add_all(wishes)

    return st.one_of(
        st.builds(remove, address, newsletter),
        st.builds(suppress, address),
        st.builds(lambda email: lambda store: store.subscribers.lift(email), address),
        st.builds(lambda email: lambda store: store.subscribers.forget(email, NOW), address),
        st.builds(wish, st.lists(_wishes(), min_size=1, max_size=4)),
    )


def _known(store: Store) -> list[Subscription]:
    return [replace(one, person=replace(one.person, id=0)) for one in store.subscribers.all_subscriptions()]


@given(acts=st.lists(_acts(), max_size=6), wishes=st.lists(_wishes(), min_size=1, max_size=6))
@_EXAMPLES
def test_many_at_once_are_as_many_one_by_one(store: Store, acts: Sequence[_Act], wishes: list[Wish]) -> None:
    results = []
    for chunks in ([wishes], [[wish] for wish in wishes]):
        wipe(store)
        for act in acts:
            act(store)
        outcomes = [outcome for chunk in chunks for outcome in store.subscribers.add_all(chunk)]
        results.append((outcomes, _known(store), list(store.subscribers.suppressions())))
    assert results[0] == results[1]


@given(acts=st.lists(_acts(), min_size=1, max_size=10))
@_EXAMPLES
def test_no_is_no(store: Store, acts: Sequence[_Act]) -> None:
    wipe(store)
    people = store.subscribers
    for act in acts:
        act(store)
        for newsletter_id in _NEWSLETTERS:
            audience = Audience(newsletter_id=newsletter_id, zones=tuple(_ZONES))
            got = readers(store, audience)
            kept = [
                one
                for one in people.all_subscriptions(newsletter_id)
                if not one.ended_at and not one.suppressed
            ]
            assert got == sorted(one.person.email for one in kept if one.person.confirmed)
            assert [people.suppression_of(email) for email in got] == [None] * len(got)
            assert len({email_key(email) for email in got}) == len(got)
            zones = people.zones(newsletter_id).values()
            assert len(got) == people.count(audience) == sum(people.choices(audience).values())
            assert len(got) == sum(zone.count for zone in zones)
            with store.engine.connect() as connection:
                refused = set(connection.scalars(unwanted(newsletter_id)))
                everybody = {row.id: row.email for row in connection.execute(sa.select(subscriber))}
            assert sorted(email for key, email in everybody.items() if key not in refused) == got
        forgotten = [one for one in people.suppressions() if one.reason is SuppressionReason.FORGOTTEN]
        assert [one.email for one in forgotten] == [""] * len(forgotten)


def test_a_file_of_more_than_one_chunk_comes_in_whole(store: Store) -> None:
    people = [replace(LAYLA, email=f"reader{number % 900}@example.org") for number in range(1000)]
    wishes = [Wish(person=person, consent=CONSENT) for person in people]
    outcomes = store.subscribers.add_all(wishes)
    assert outcomes == [AddOutcome.NEW] * 900 + [AddOutcome.KNOWN] * 100
    assert len(list(store.subscribers.subscribers())) == 900


def test_what_fails_half_way_leaves_nothing_behind(store: Store) -> None:
    naive = Consent(at=NOW.replace(tzinfo=None), how="import")
    wishes = [
        Wish(person=replace(LAYLA, email=f"r{number}@example.org"), consent=CONSENT) for number in range(500)
    ]
    with pytest.raises(sa.exc.StatementError):
        store.subscribers.add_all([*wishes, Wish(person=LAYLA, consent=naive)])
    assert list(store.subscribers.all_subscriptions()) == []


def test_imports_at_the_same_time_do_not_get_in_each_others_way(store: Store) -> None:
    people = [replace(LAYLA, email=f"reader{number}@example.org") for number in range(60)]
    wishes = [Wish(person=person, consent=CONSENT) for person in people]
    outcomes: list[AddOutcome] = []

    def run(own: Iterator[Wish]) -> None:
        for wish in own:
            outcomes.extend(store.subscribers.add_all([wish]))

    threads = [threading.Thread(target=run, args=(iter(own),)) for own in (wishes, wishes[::-1], wishes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [AddOutcome.KNOWN] * 120 + [AddOutcome.NEW] * 60
    assert len(list(store.subscribers.subscribers())) == 60
