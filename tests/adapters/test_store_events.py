"""The provider's events in the store: one effect each, in whatever order, on both engines."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.adapters.store import Store
from digest.adapters.store.events import ProviderEvent, Recorded, SqlEvents
from digest.adapters.store.schema import delivery, provider_event, subscription
from digest.model import Bounce, DeliveryState, ReceiptStatus, Suppression, SuppressionReason
from tests.adapters.ledgers import (
    LEASE,
    SOFT_BOUNCES,
    Desk,
    hand_over,
    later,
    let_go,
    settle,
    sql_desk,
)
from tests.adapters.people import wipe
from tests.conftest import NOW
from tests.samples import person

_AT = NOW + dt.timedelta(minutes=5)
_NUMBERS = itertools.count(1)


def _event(
    delivery_id: int | None,
    outcome: DeliveryState = DeliveryState.FAILED_PERM,
    bounce: Bounce | None = None,
    reason: SuppressionReason | None = None,
    *,
    email: str = "",
    happened_at: dt.datetime = NOW,
) -> ProviderEvent:
    return ProviderEvent(
        id=f"event {next(_NUMBERS)}",
        kind="bounce",
        happened_at=happened_at,
        delivery_id=delivery_id,
        email=email,
        outcome=outcome,
        bounce=bounce,
        reason=reason,
        detail="the server's words",
    )


def _hard(delivery_id: int | None, email: str = "") -> ProviderEvent:
    reason = SuppressionReason.BOUNCED
    return _event(delivery_id, DeliveryState.FAILED_PERM, Bounce.HARD, reason, email=email)


def _soft(delivery_id: int) -> ProviderEvent:
    return _event(delivery_id, DeliveryState.FAILED_PERM, Bounce.SOFT)


def _taken(delivery_id: int) -> ProviderEvent:
    return _event(delivery_id, DeliveryState.SENT)


def _complaint(delivery_id: int | None, email: str = "") -> ProviderEvent:
    return _event(delivery_id, DeliveryState.SENT, None, SuppressionReason.COMPLAINED, email=email)


def _left(delivery_id: int | None, email: str = "", happened_at: dt.datetime = NOW) -> ProviderEvent:
    reason = SuppressionReason.UNSUBSCRIBED
    return _event(delivery_id, DeliveryState.SENT, None, reason, email=email, happened_at=happened_at)


def _drop(delivery_id: int, reason: SuppressionReason) -> ProviderEvent:
    return _event(delivery_id, DeliveryState.FAILED_PERM, None, reason)


def _record(store: Store, *events: ProviderEvent, now: dt.datetime = _AT) -> Recorded:
    return SqlEvents(store.engine, SOFT_BOUNCES).record(events, now)


def _delivered(desk: Desk, count: int, status: ReceiptStatus = ReceiptStatus.SENT) -> list[int]:
    """Have an edition leave for so many new readers; return the deliveries' ids."""
    return [one.id for one in hand_over(desk.ledger, desk.open(count), status, NOW)]


def _row(store: Store, delivery_id: int) -> tuple[str, str | None]:
    query = sa.select(delivery.c.state, delivery.c.bounce).where(delivery.c.id == delivery_id)
    with store.engine.connect() as connection:
        state, bounce = connection.execute(query).one()
    return state, bounce


def _everything(store: Store) -> tuple[object, ...]:
    """Return all that events may change, but for moments and words."""
    ended = sa.select(subscription.c.subscriber_id, subscription.c.ended_at.is_not(None)).order_by(
        subscription.c.subscriber_id
    )
    rows = sa.select(delivery.c.id, delivery.c.state, delivery.c.bounce).order_by(delivery.c.id)
    with store.engine.connect() as connection:
        kept = (
            [tuple(row) for row in connection.execute(ended)],
            [tuple(row) for row in connection.execute(rows)],
        )
        events = connection.scalar(sa.select(sa.func.count()).select_from(provider_event))
    suppressed = [(one.email, one.reason) for one in store.subscribers.suppressions()]
    return *kept, events, suppressed


_SENT, _FAILED = DeliveryState.SENT, DeliveryState.FAILED_PERM


@pytest.mark.parametrize(
    ("before", "make", "state", "bounce", "reason"),
    [
        pytest.param(ReceiptStatus.UNKNOWN, _taken, _SENT, None, None, id="taken settles unknown"),
        pytest.param(ReceiptStatus.SENT, _taken, _SENT, None, None, id="taken, and we knew it"),
        pytest.param(ReceiptStatus.SENT, _hard, _FAILED, "hard", "bounced", id="sent, and bounced"),
        pytest.param(ReceiptStatus.UNKNOWN, _hard, _FAILED, "hard", "bounced", id="unknown, and bounced"),
        pytest.param(ReceiptStatus.SENT, _soft, _FAILED, "soft", None, id="sent, and refused for now"),
        pytest.param(ReceiptStatus.SENT, _complaint, _SENT, None, "complained", id="a complaint"),
        pytest.param(ReceiptStatus.UNKNOWN, _complaint, _SENT, None, "complained", id="a complaint about an unknown one"),
        pytest.param(ReceiptStatus.SENT, _left, _SENT, None, "unsubscribed", id="left"),
        pytest.param(ReceiptStatus.REJECTED, _hard, _FAILED, "hard", "bounced", id="refused already, and bounced"),
        pytest.param(ReceiptStatus.REJECTED, _taken, _FAILED, None, None, id="refused stays refused"),
        pytest.param(ReceiptStatus.DEFERRED, _taken, DeliveryState.FAILED_TEMP, None, None, id="deferred is tried again"),
    ],
)  # fmt: skip
def test_an_event_has_its_effect(
    store: Store,
    before: ReceiptStatus,
    make: Callable[[int], ProviderEvent],
    state: str,
    bounce: str | None,
    reason: str | None,
) -> None:
    desk = sql_desk(store)
    [one, other] = _delivered(desk, 2, before)
    untouched = _row(store, other)
    assert _record(store, make(one)) == Recorded(new=1, repeated=0, postponed=0)
    assert _row(store, one) == (state, bounce)
    assert _row(store, other) == untouched
    assert [one.reason for one in store.subscribers.suppressions()] == ([reason] if reason else [])
    # The states still add up.
    [edition_id] = {row.id for row in store.operations.latest_editions(9)}
    assert sum(store.ledger.counts(edition_id).values()) == 2


def test_who_left_has_no_subscription_and_who_came_back_since_keeps_it(store: Store) -> None:
    desk = sql_desk(store)
    [leaves, stays] = _delivered(desk, 2)
    _record(store, _left(leaves), _left(stays, happened_at=NOW - dt.timedelta(days=1)))
    remaining = [one.email for one in store.subscribers.subscribers()]
    assert remaining == [person(2).email]
    assert [one.email for one in store.subscribers.suppressions()] == [person(1).email]


def test_an_event_that_names_no_delivery_holds_for_its_address(store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(3)
    known, gone, other = (person(number).email for number in (1, 2, 3))
    stranger = "nobody@example.org"
    _record(store, _hard(None, known), _hard(999_999, stranger), _left(None, gone), _hard(None, ""))
    assert {one.email: one.reason for one in store.subscribers.suppressions()} == {
        known: "bounced",
        stranger: "bounced",
        gone: "unsubscribed",
    }
    assert [one.email for one in store.subscribers.subscribers()] == [other]


def test_a_number_that_is_another_readers_by_now_is_left_alone(store: Store) -> None:
    desk = sql_desk(store)
    [one, _] = _delivered(desk, 2)
    untouched = _row(store, one)
    _record(store, _hard(one, "somebody.before@example.org"))
    assert _row(store, one) == untouched
    assert [one.email for one in store.subscribers.suppressions()] == ["somebody.before@example.org"]


def test_of_two_reasons_the_graver_one_stays_and_the_operators_word_above_all(store: Store) -> None:
    [one, other] = _delivered(sql_desk(store), 2)
    store.subscribers.suppress(
        Suppression(email=person(2).email, reason=SuppressionReason.BY_HAND, since=NOW)
    )
    for event in (_complaint(one), _left(one), _hard(one), _complaint(other)):
        _record(store, event)
    reasons = {entry.email: entry.reason for entry in store.subscribers.suppressions()}
    assert reasons == {person(1).email: "complained", person(2).email: "by_hand"}


def test_who_was_forgotten_is_not_written_down_again(store: Store) -> None:
    [one] = _delivered(sql_desk(store), 1)
    email = person(1).email
    assert store.subscribers.forget(email, NOW) == 1
    _record(store, _hard(one, email), _complaint(None, email.upper()))
    assert [entry.email for entry in store.subscribers.suppressions()] == [""]
    with store.engine.connect() as connection:
        words = connection.execute(sa.select(delivery.c.state, delivery.c.email, delivery.c.detail)).one()
    assert tuple(words) == ("failed_perm", "", "")


def test_many_soft_bounces_in_a_row_are_a_hard_one(store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(1, "daily")
    ids = []
    for _ in range(SOFT_BOUNCES):
        ids += [one.id for one in hand_over(desk.ledger, desk.open_next("daily"), ReceiptStatus.SENT, NOW)]
    for number in reversed(ids[1:]):
        _record(store, _soft(number))
    assert list(store.subscribers.suppressions()) == []
    _record(store, _soft(ids[0]))
    assert [one.reason for one in store.subscribers.suppressions()] == ["bounced"]


def test_what_is_just_leaving_is_asked_for_again(store: Store) -> None:
    desk = sql_desk(store)
    edition_id = desk.open(2)
    [one, other] = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    let_go(desk.ledger, [one], NOW)
    events = _hard(one.id), _taken(other.id)
    assert _record(store, *events, now=later(1)) == Recorded(new=1, repeated=0, postponed=1)
    assert _row(store, one.id) == ("sending", None)
    assert settle(desk.ledger, [one], ReceiptStatus.SENT, later(2)) == frozenset()
    assert _record(store, *events, now=later(3)) == Recorded(new=1, repeated=1, postponed=0)
    assert _row(store, one.id) == ("failed_perm", "hard")
    # What has not begun to leave is the worker's.
    assert _row(store, other.id) == ("claimed", None)


def test_what_a_dead_worker_left_is_settled(store: Store) -> None:
    desk = sql_desk(store)
    [held] = desk.ledger.claim(desk.open(1), 1, NOW, LEASE)
    let_go(desk.ledger, [held], NOW)
    _record(store, _taken(held.id), now=later(LEASE.total_seconds() + 1))
    assert _row(store, held.id) == ("sent", None)
    # The worker, should it come back, finds that it is not its own any more.
    assert settle(desk.ledger, [held], ReceiptStatus.REJECTED, later(90)) == {held.id}
    assert _row(store, held.id) == ("sent", None)


def test_the_same_batch_in_many_requests_at_once_has_one_effect(store: Store) -> None:
    ids = _delivered(sql_desk(store), 40)
    events = [_hard(one) for one in ids] + [_taken(one) for one in ids]
    batches = [events, events[::-1], events[7:] + events[:7], events[50:] + events[:50]]
    with ThreadPoolExecutor(len(batches)) as pool:
        recorded = list(pool.map(lambda batch: _record(store, *batch), batches))
    assert sum(one.new for one in recorded) == len(events)
    assert sum(one.repeated for one in recorded) == 3 * len(events)
    assert {_row(store, one) for one in ids} == {("failed_perm", "hard")}
    assert len(list(store.subscribers.suppressions())) == 40


def _everything_at_once(ids: Sequence[int]) -> list[ProviderEvent]:
    """Return events that contradict and repeat each other; the first of all comes 46 times."""
    one, other, third, fourth = ids
    hard = _hard(one)
    return [
        *[hard] * 46,
        _soft(one),
        _taken(one),
        _complaint(one),
        _taken(other),
        _soft(other),
        _left(third),
        _drop(third, SuppressionReason.UNSUBSCRIBED),
        _taken(third),
        _hard(None, person(4).email),
        _complaint(None, person(4).email),
        _left(None, "nobody@example.org"),
        _taken(fourth),
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_events_in_any_order_and_any_batches_come_to_the_same(store: Store, data: st.DataObject) -> None:
    outcomes = []
    number = next(_NUMBERS) + 10_000
    for shuffled in (False, True):
        wipe(store)
        desk = sql_desk(store)
        desk_ids = _delivered(desk, 4, ReceiptStatus.UNKNOWN)
        first = desk_ids[0]
        made = [
            replace(event, id=f"{number} {place if place >= 46 else 0}")
            for place, event in enumerate(_everything_at_once(desk_ids))
        ]
        if shuffled:
            made = data.draw(st.permutations(made))
        cuts = data.draw(st.lists(st.integers(0, len(made)), max_size=4).map(sorted)) if shuffled else []
        recorded = [
            _record(store, *made[start:end]) for start, end in itertools.pairwise([0, *cuts, len(made)])
        ]
        assert sum(one.new for one in recorded) == len(made) - 45
        assert sum(one.repeated for one in recorded) == 45
        ended, rows, events, suppressed = _everything(store)
        assert isinstance(rows, list)
        assert isinstance(ended, list)
        base = min(subscriber_id for subscriber_id, _ in ended)
        outcomes.append(
            (
                [(place - base, gone) for place, gone in ended],
                [(place - first, *rest) for place, *rest in rows],
                events,
                suppressed,
            )
        )
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1] == [
        (0, "failed_perm", "hard"),
        (1, "failed_perm", "soft"),
        (2, "failed_perm", None),
        (3, "sent", None),
    ]
