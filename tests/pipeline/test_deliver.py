"""deliver(): what becomes of an edition when carriers behave, and when they do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from digest.adapters.clock import SetClock
from digest.adapters.store.ledger_outcomes import MOST_ATTEMPTS, wait_after
from digest.errors import SenderError
from digest.model import Bounce, Delivery, DeliveryState, Reader, Receipt, ReceiptStatus
from digest.pipeline import DeliverReport, Pacer, deliver, no_progress
from digest.ports import Outgoing
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryLedger, MemoryPace
from tests.pipeline.deliveries import ID, LEASE, never, opened, people, run
from tests.samples import person

_LATER = NOW + dt.timedelta(hours=2)


# --------------------------------------------------------------------------- how it goes


@pytest.mark.parametrize("lanes", [1, 4])
def test_everybody_gets_one(lanes: int) -> None:
    ledger, sender = opened(people(1203)), FakeSender(batch=7, lanes=lanes)
    assert run(ledger, sender) == DeliverReport(receipts={ReceiptStatus.SENT: 1203})
    assert ledger.counts(ID) == {DeliveryState.SENT: 1203}
    assert set(sender.handed.values()) == {1}
    assert sorted(address for address, _ in sender.arrived) == [one.email for one in people(1203)]


def test_a_second_run_sends_nothing() -> None:
    ledger, sender = opened(people(3)), FakeSender()
    run(ledger, sender)
    assert run(ledger, sender) == DeliverReport(receipts={})
    assert sender.handed.total() == 3


def test_progress_counts_what_was_sent() -> None:
    seen: list[tuple[str, int, int]] = []
    run(opened(people(5)), FakeSender(batch=2), progress=lambda *step: seen.append(step))
    assert seen == [("send", 2, 5), ("send", 4, 5), ("send", 5, 5)]


def test_a_batch_holds_messages_of_one_variant() -> None:
    choices: list[tuple[str, ...]] = [(), ("levant",), ("gulf",)]
    readers = [person(number, regions=choices[number % 3]) for number in range(1, 22)]
    ledger, sender = opened(readers), FakeSender(batch=5, lanes=2)
    run(ledger, sender)
    assert all(len(set(call)) == 1 for call in sender.calls)
    assert sorted(len(call) for call in sender.calls) == [2, 2, 2, 5, 5, 5]
    assert ledger.counts(ID) == {DeliveryState.SENT: 21}


def test_what_failed_for_now_is_sent_when_its_time_has_come() -> None:
    ledger, clock = opened(people(2)), SetClock(NOW)
    busy = FakeSender(answer=lambda one: ReceiptStatus.DEFERRED)
    for _ in range(MOST_ATTEMPTS - 1):
        assert run(ledger, busy, clock).receipts == {ReceiptStatus.DEFERRED: 2}
        assert run(ledger, busy, clock).receipts == {}
        # The latest of the two.
        clock.sleep(75 * 60)
    assert run(ledger, FakeSender(), clock).receipts == {ReceiptStatus.SENT: 2}
    assert {one.attempts for one in ledger.deliveries(ID)} == {MOST_ATTEMPTS}


def test_what_fails_too_often_is_given_up() -> None:
    ledger, clock = opened(people(1)), SetClock(NOW)
    busy = FakeSender(answer=lambda one: ReceiptStatus.DEFERRED)
    for _ in range(MOST_ATTEMPTS + 3):
        run(ledger, busy, clock)
        clock.sleep(75 * 60)
    assert ledger.counts(ID) == {DeliveryState.EXPIRED: 1}
    assert busy.handed.total() == MOST_ATTEMPTS


# --------------------------------------------------------------------------- carriers that misbehave


@dataclass
class _Odd(FakeSender):
    """Does to its answers what a test wants, or raises it."""

    twist: Callable[[list[Receipt]], list[Receipt]] = lambda receipts: receipts
    raises: Exception | None = None
    #: Calls that go well before.
    good_calls: int = 0

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        receipts = super().send(batch, now)
        if len(self.calls) <= self.good_calls:
            return receipts
        if self.raises:
            raise self.raises
        return self.twist(receipts)


def _always(status: ReceiptStatus) -> Callable[[Outgoing], ReceiptStatus | None]:
    return lambda one: status


def _twice(receipts: list[Receipt]) -> list[Receipt]:
    return [*receipts, *receipts]


def _backwards(receipts: list[Receipt]) -> list[Receipt]:
    return receipts[::-1]


def _of_strangers(receipts: list[Receipt]) -> list[Receipt]:
    return [*receipts, Receipt(delivery_id=987_654, status=ReceiptStatus.REJECTED)]


def _all_but_one(receipts: list[Receipt]) -> list[Receipt]:
    return receipts[1:]


def _none(receipts: list[Receipt]) -> list[Receipt]:
    return []


_SENT, _PENDING, _UNKNOWN = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.UNKNOWN


@pytest.mark.parametrize(
    ("sender", "states", "stopped", "retry_at"),
    [
        pytest.param(_Odd(), {_SENT: 6}, "", None, id="takes everything"),
        pytest.param(
            _Odd(answer=_always(ReceiptStatus.DEFERRED)),
            {DeliveryState.FAILED_TEMP: 6},
            "",
            None,
            id="defers everything",
        ),
        pytest.param(
            _Odd(answer=_always(ReceiptStatus.REJECTED)),
            {DeliveryState.FAILED_PERM: 6},
            "",
            None,
            id="rejects a few",
        ),
        pytest.param(
            _Odd(answer=_always(ReceiptStatus.UNKNOWN)), {_UNKNOWN: 6}, "", None, id="does not know"
        ),
        pytest.param(
            _Odd(answer=_always(ReceiptStatus.RETURNED)),
            {_PENDING: 6},
            "said returned",
            None,
            id="gives everything back",
        ),
        pytest.param(
            _Odd(
                answer=_always(ReceiptStatus.RETURNED),
                twist=lambda receipts: [replace(one, detail="") for one in receipts],
            ),
            {_PENDING: 6},
            "the carrier gave messages back",
            None,
            id="gives everything back without a word",
        ),
        pytest.param(_Odd(twist=_twice), {_SENT: 6}, "", None, id="says everything twice"),
        pytest.param(_Odd(twist=_backwards), {_SENT: 6}, "", None, id="answers in another order"),
        pytest.param(_Odd(twist=_of_strangers), {_SENT: 6}, "", None, id="speaks of strangers"),
        pytest.param(_Odd(twist=_none), {_UNKNOWN: 6}, "", None, id="says nothing"),
        pytest.param(_Odd(twist=_all_but_one), {_SENT: 3, _UNKNOWN: 3}, "", None, id="forgets one a batch"),
        pytest.param(
            _Odd(raises=SenderError("421 closing"), good_calls=1),
            {_SENT: 2, _PENDING: 4},
            "421 closing",
            None,
            id="refuses the second batch",
        ),
        pytest.param(
            _Odd(raises=SenderError("429 too many", _LATER)),
            {_PENDING: 6},
            "429 too many",
            _LATER,
            id="refuses everything until a moment",
        ),
    ],
)
def test_each_behaviour_of_a_carrier_ends_in_its_state(
    sender: _Odd, states: Mapping[DeliveryState, int], stopped: str, retry_at: dt.datetime | None
) -> None:
    sender.batch = 2
    ledger = opened(people(6))
    report = run(ledger, sender)
    assert ledger.counts(ID) == states
    assert (report.stopped, report.retry_at) == (stopped, retry_at)
    assert set(sender.handed.values()) == {1}
    # Of what was given back no try is counted.
    assert {one.attempts for one in ledger.deliveries(ID, _PENDING)} <= {0}
    assert {one.fence for one in ledger.deliveries(ID)} == {""}


def test_mixed_answers_are_booked_one_by_one() -> None:
    statuses = [status for status in ReceiptStatus if status is not ReceiptStatus.RETURNED]
    answers = dict(zip((one.email for one in people(4)), statuses, strict=True))
    ledger = opened(people(4))
    report = run(ledger, FakeSender(answer=lambda one: answers[one.reader.email]))
    assert report == DeliverReport(receipts=dict.fromkeys(statuses, 1))
    assert {one.email: one.detail for one in ledger.deliveries(ID)} == {
        email: f"said {status}" for email, status in answers.items()
    }


def test_a_carrier_that_stays_closed_wears_nobody_out() -> None:
    ledger = opened(people(2))
    for _ in range(MOST_ATTEMPTS * 2):
        assert run(ledger, FakeSender(calls_until_refusal=0)).stopped
    assert ledger.counts(ID) == {_PENDING: 2}
    assert run(ledger, FakeSender()).receipts == {ReceiptStatus.SENT: 2}


def test_a_message_that_comes_back_stops_the_run() -> None:
    ledger = opened(people(10))

    def answer(one: Outgoing) -> ReceiptStatus:
        return ReceiptStatus.RETURNED if one.reader.email == person(3).email else ReceiptStatus.SENT

    report = run(ledger, FakeSender(batch=4, answer=answer))
    assert report.receipts == {ReceiptStatus.SENT: 3, ReceiptStatus.RETURNED: 1}
    assert report.stopped == "said returned"
    assert ledger.counts(ID) == {_PENDING: 7, _SENT: 3}


def test_what_the_sender_forgot_is_unknown_and_never_sent_again() -> None:
    ledger, clock, sender = opened(people(6)), SetClock(NOW), _Odd(batch=3, twist=_all_but_one)
    assert run(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 4, ReceiptStatus.UNKNOWN: 2}
    assert {one.detail for one in ledger.deliveries(ID, _UNKNOWN)} == {"the sender said nothing of it"}
    clock.sleep(86400)
    assert run(ledger, sender, clock).receipts == {}
    assert set(sender.handed.values()) == {1}


def test_a_sender_that_breaks_leaves_in_doubt_only_what_it_had_in_hand() -> None:
    ledger = opened(people(10))
    with pytest.raises(ZeroDivisionError):
        run(ledger, _Odd(batch=4, raises=ZeroDivisionError(), good_calls=1))
    assert ledger.counts(ID) == {_PENDING: 2, _SENT: 4, _UNKNOWN: 4}


def test_a_fault_in_making_a_message_leaves_nothing_in_doubt() -> None:
    ledger, clock, sender = opened(people(3)), SetClock(NOW), FakeSender()

    def nobody(held: Delivery) -> Reader:
        raise KeyError(held.id)

    with pytest.raises(KeyError):
        deliver(ID, ledger, sender, nobody, clock, LEASE, Pacer(MemoryPace(), clock), never, no_progress)
    clock.sleep(61)
    assert run(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 3}
    assert ledger.counts(ID) == {_SENT: 3}


# --------------------------------------------------------------------------- refusals


def test_twenty_refusals_in_a_row_stop_the_run_and_nobody_else_fails() -> None:
    ledger, clock = opened(people(100)), SetClock(NOW)
    report = run(ledger, FakeSender(batch=1, answer=_always(ReceiptStatus.REJECTED)), clock)
    assert ledger.counts(ID) == {_PENDING: 80, DeliveryState.FAILED_PERM: 20}
    assert "20 messages in a row" in report.stopped
    assert "said rejected" in report.stopped
    assert report.retry_at == NOW + dt.timedelta(hours=1)


def test_refusals_between_successes_stop_nothing() -> None:
    ledger = opened(people(100))

    def answer(one: Outgoing) -> ReceiptStatus:
        return ReceiptStatus.SENT if one.reader.delivery_id % 20 == 0 else ReceiptStatus.REJECTED

    assert run(ledger, FakeSender(batch=10, answer=answer)).stopped == ""
    assert ledger.counts(ID) == {_SENT: 5, DeliveryState.FAILED_PERM: 95}


def test_a_bounce_suppresses_the_address() -> None:
    ledger = opened(people(2))

    def answer(one: Outgoing) -> ReceiptStatus:
        return ReceiptStatus.REJECTED if one.reader.email == person(2).email else ReceiptStatus.SENT

    run(ledger, FakeSender(answer=answer, bounce=Bounce.HARD))
    assert [one.email for one in ledger.subscribers.suppressions()] == [person(2).email]


# --------------------------------------------------------------------------- who leaves, and what the dead left


@pytest.mark.parametrize(
    ("count", "leave"),
    [
        pytest.param(3, [2], id="one of three"),
        pytest.param(3, [1, 2, 3], id="all"),
        pytest.param(1100, range(1, 1001), id="all that two claims hold, and more are pending"),
    ],
)
def test_who_leaves_between_opening_and_sending_is_spared(count: int, leave: Sequence[int]) -> None:
    ledger, sender = opened(people(count)), FakeSender(batch=50)
    for number in leave:
        ledger.subscribers.remove(person(number).email, None, reason="unsubscribed", now=NOW)
    run(ledger, sender)
    counts = ledger.counts(ID)
    assert counts.get(DeliveryState.SUPPRESSED) == len(leave)
    assert counts.get(_SENT, 0) == len(sender.arrived) == count - len(leave)
    assert not {person(number).email for number in leave} & {address for address, _ in sender.arrived}


def test_what_a_dead_worker_left_is_taken_over() -> None:
    ledger, clock = opened(people(5)), SetClock(NOW)
    dead = ledger.claim(ID, 4, NOW, LEASE)
    ledger.advance([], dead[:1], NOW, LEASE)
    sender = FakeSender()
    assert run(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 1}
    clock.sleep(61)
    assert run(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 3}
    assert ledger.counts(ID) == {_SENT: 4, _UNKNOWN: 1}


def test_a_cancelled_edition_stops_where_it_is() -> None:
    ledger = opened(people(10))

    def answer(one: Outgoing) -> ReceiptStatus:
        if one.reader.email == person(4).email:
            _cancel(ledger)
        return ReceiptStatus.SENT

    report = run(ledger, FakeSender(batch=2, answer=answer))
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: 4})
    assert ledger.counts(ID) == {_SENT: 4, DeliveryState.EXPIRED: 6}


def _cancel(ledger: MemoryLedger) -> None:
    ledger.cancel(ID, NOW, "cancelled by the operator")


# --------------------------------------------------------------------------- the wait before the next try


@pytest.mark.parametrize("attempts", range(1, MOST_ATTEMPTS))
def test_a_wait_doubles_up_to_an_hour_give_or_take_a_quarter(attempts: int) -> None:
    middle = min(dt.timedelta(minutes=2 ** (attempts - 1)), dt.timedelta(hours=1))
    waits = [wait_after(delivery_id, attempts) for delivery_id in range(2000)]
    assert min(waits) >= middle * 0.75
    assert max(waits) <= middle * 1.25
    # Spread over the whole of it, and the same for the same.
    assert min(waits) < middle * 0.76
    assert max(waits) > middle * 1.24
    assert waits == [wait_after(delivery_id, attempts) for delivery_id in range(2000)]


def test_all_tries_together_take_a_provider_s_bad_morning() -> None:
    total = sum((wait_after(7, attempts) for attempts in range(1, MOST_ATTEMPTS)), dt.timedelta())
    assert dt.timedelta(hours=4) < total < dt.timedelta(hours=9)


@pytest.mark.parametrize(
    ("batch", "doubtful"), [pytest.param(1, 10, id="one by one"), pytest.param(4, 16, id="in batches")]
)
def test_a_carrier_that_leaves_one_call_after_the_other_in_doubt_is_not_asked_again(
    batch: int, doubtful: int
) -> None:
    ledger = opened(people(60))
    report = run(ledger, FakeSender(batch=batch, lanes=1, answer=lambda _: ReceiptStatus.UNKNOWN))
    assert report.stopped.startswith(f"{10 if batch == 1 else 4} calls in a row ended in doubt")
    assert report.retry_at is not None
    counts = ledger.counts(ID)
    assert counts == {DeliveryState.UNKNOWN: doubtful, DeliveryState.PENDING: 60 - doubtful}
