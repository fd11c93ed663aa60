"""deliver() with lanes: what may be on its way at one moment, faults, signals, leases."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.adapters.clock import SetClock, SystemClock
from digest.errors import SenderError
from digest.model import Delivery, DeliveryState, Receipt, ReceiptStatus
from digest.pipeline import DeliverReport, Pacer
from digest.ports import Outgoing
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryLedger, MemoryPace
from tests.pipeline.deliveries import ID, Watched, has, opened, people, run
from tests.samples import person

#: What a thread that waits for another one has at most.
_PATIENCE = 20


# --------------------------------------------------------------------------- lanes


@pytest.mark.parametrize(("lanes", "batch"), [(1, 1), (1, 4), (3, 1), (3, 4)])
def test_no_more_are_on_their_way_than_the_lanes_hold(lanes: int, batch: int) -> None:
    ledger, on_the_way = opened(people(lanes * batch * 5)), list[int]()
    together = threading.Barrier(lanes)

    def look(_: Sequence[Outgoing]) -> None:
        # All lanes are in use at this moment, or this breaks.
        together.wait(_PATIENCE)
        on_the_way.append(ledger.counts(ID)[DeliveryState.SENDING])

    report = run(ledger, Watched(batch=batch, lanes=lanes, look=look))
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: lanes * batch * 5})
    assert len(on_the_way) == lanes * 5
    assert max(on_the_way) == lanes * batch


def test_a_slow_lane_does_not_hold_the_others_up() -> None:
    others_are_done = threading.Event()
    ledger = opened(people(20))
    sender = Watched(batch=2, lanes=2)

    def look(batch: Sequence[Outgoing]) -> None:
        if has(batch, 1):
            assert others_are_done.wait(_PATIENCE)
        elif len(sender.moments) == 10:
            others_are_done.set()

    sender.look = look
    assert run(ledger, sender).receipts == {ReceiptStatus.SENT: 20}


def test_a_carrier_that_refuses_one_lane_stops_all_and_loses_nobody() -> None:
    ledger = opened(people(30))

    def look(batch: Sequence[Outgoing]) -> None:
        if has(batch, 7):
            raise SenderError("421 closing")

    report = run(ledger, Watched(batch=2, lanes=3, look=look))
    assert report.stopped == "421 closing"
    counts = ledger.counts(ID)
    assert counts.keys() == {DeliveryState.SENT, DeliveryState.PENDING}
    assert counts[DeliveryState.SENT] == report.receipts[ReceiptStatus.SENT] < 30
    assert report.receipts[ReceiptStatus.RETURNED] == 2
    assert run(ledger, FakeSender()).stopped == ""
    assert ledger.counts(ID) == {DeliveryState.SENT: 30}


def test_what_the_other_lanes_had_in_hand_when_one_broke_is_booked() -> None:
    ledger, together = opened(people(30)), threading.Barrier(3)

    def look(batch: Sequence[Outgoing]) -> None:
        if any(has(batch, number) for number in (1, 3, 5)):
            together.wait(_PATIENCE)
        if has(batch, 1):
            raise ZeroDivisionError

    sender = Watched(batch=2, lanes=3, look=look)
    with pytest.raises(ZeroDivisionError):
        run(ledger, sender)
    sent = len(sender.arrived)
    assert sent >= 4
    assert ledger.counts(ID) == {
        DeliveryState.PENDING: 28 - sent,
        DeliveryState.SENT: sent,
        DeliveryState.UNKNOWN: 2,
    }


class _FailingLedger(MemoryLedger):
    """Fails once, at the third step of its run, as a database does that is locked for too long."""

    steps: int

    def advance(
        self,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> frozenset[int]:
        self.steps += 1
        if self.steps == 3:
            raise OSError("database is locked")
        return super().advance(done, sending, now, lease)


def test_what_is_in_hand_when_the_ledger_fails_is_still_booked() -> None:
    ledger, sender = opened(people(30)), FakeSender(batch=2, lanes=3)
    ledger.__class__ = _FailingLedger
    assert isinstance(ledger, _FailingLedger)
    ledger.steps = 0
    with pytest.raises(OSError, match="locked"):
        run(ledger, sender)
    counts = ledger.counts(ID)
    assert counts[DeliveryState.SENT] == len(sender.arrived) > 0
    # What was about to leave has not, and waits for no lease to end.
    assert counts.keys() <= {DeliveryState.SENT, DeliveryState.PENDING}
    run(ledger, sender)
    assert ledger.counts(ID) == {DeliveryState.SENT: 30}
    assert set(sender.handed.values()) == {1}


def test_refusals_in_all_lanes_stop_the_run_within_what_is_in_hand() -> None:
    ledger = opened(people(100))
    report = run(ledger, FakeSender(batch=1, lanes=4, answer=lambda one: ReceiptStatus.REJECTED))
    counts = ledger.counts(ID)
    assert counts.keys() == {DeliveryState.FAILED_PERM, DeliveryState.PENDING}
    assert 20 <= counts[DeliveryState.FAILED_PERM] < 20 + 4
    assert "hardly the addresses' fault" in report.stopped


_ENDS = {
    ReceiptStatus.SENT: DeliveryState.SENT,
    ReceiptStatus.DEFERRED: DeliveryState.FAILED_TEMP,
    ReceiptStatus.REJECTED: DeliveryState.FAILED_PERM,
    ReceiptStatus.UNKNOWN: DeliveryState.UNKNOWN,
    None: DeliveryState.UNKNOWN,
}
_CHOICES: list[tuple[str, ...]] = [(), ("levant",), ("gulf", "levant")]


@settings(max_examples=60, deadline=None)
@given(
    answers=st.lists(st.sampled_from([*_ENDS, ReceiptStatus.RETURNED]), min_size=1, max_size=60),
    choices=st.lists(st.sampled_from(_CHOICES), min_size=60, max_size=60),
    lanes=st.integers(1, 4),
    batch=st.integers(1, 9),
)
def test_whatever_carriers_answer_each_reader_is_booked_by_it_and_handed_over_once(
    answers: list[ReceiptStatus | None], choices: list[tuple[str, ...]], lanes: int, batch: int
) -> None:
    readers = [person(number, regions=choices[number]) for number in range(len(answers))]
    said = {one.email: answer for one, answer in zip(readers, answers, strict=True)}
    ledger, clock = opened(readers), SetClock(NOW)
    sender = FakeSender(batch=batch, lanes=lanes, answer=lambda one: said[one.reader.email])
    report = run(ledger, sender, clock)
    assert sum(ledger.counts(ID).values()) == ledger.recipients(ID) == len(readers)
    assert set(sender.handed.values()) == {1}
    assert all(len(set(call)) == 1 for call in sender.calls)
    assert sum(report.receipts.values()) == sender.handed.total()
    assert bool(report.stopped) or sender.handed.total() == len(readers)
    for one in ledger.deliveries(ID):
        booked = _ENDS.get(said[one.email]) if one.id in sender.handed else None
        assert one.state is (booked or DeliveryState.PENDING)
        assert one.fence == ""


# --------------------------------------------------------------------------- signals


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_signal_ends_what_is_in_hand_and_gives_the_rest_back(lanes: int) -> None:
    ledger, sender = opened(people(100)), FakeSender(batch=2, lanes=lanes)
    report = run(ledger, sender, stopped=lambda: len(sender.calls) >= 4)
    assert report.stopped == "by a signal"
    sent = len(sender.arrived)
    assert 8 <= sent <= 8 + 2 * lanes
    assert ledger.counts(ID) == {DeliveryState.SENT: sent, DeliveryState.PENDING: 100 - sent}
    assert {one.fence for one in ledger.deliveries(ID)} == {""}


def test_a_signal_before_the_first_batch_sends_nothing() -> None:
    ledger, sender = opened(people(3)), FakeSender()
    assert run(ledger, sender, stopped=lambda: True) == DeliverReport(receipts={}, stopped="by a signal")
    assert ledger.counts(ID) == {DeliveryState.PENDING: 3}


def test_a_signal_ends_the_wait_for_the_pace() -> None:
    ledger, sender, clock = opened(people(10)), FakeSender(batch=1), SetClock(NOW)
    pacer = Pacer(MemoryPace(), clock, rates={"all": 0.01})
    report = run(
        ledger, sender, clock, pacer=pacer, stopped=lambda: clock.now() > NOW + dt.timedelta(seconds=3)
    )
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: 1}, stopped="by a signal")
    assert clock.now() < NOW + dt.timedelta(seconds=5)
    assert ledger.counts(ID) == {DeliveryState.PENDING: 9, DeliveryState.SENT: 1}


@dataclass(slots=True)
class _CountingClock:
    """Set by hand, and counts how often it is looked at."""

    moment: dt.datetime = NOW
    looks: int = 0

    def now(self) -> dt.datetime:
        self.looks += 1
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += dt.timedelta(seconds=seconds)


def test_a_run_that_was_told_to_stop_waits_for_its_lanes_without_haste() -> None:
    """With a batch at hand whose moment has come and that will not leave any more."""
    ledger, clock, told = opened(people(10)), _CountingClock(), threading.Event()

    def look(_: Sequence[Outgoing]) -> None:
        assert told.wait(_PATIENCE)
        clock.sleep(1000)
        # Past the look at the clock that was under way.
        threading.Event().wait(0.6)
        before = clock.looks
        threading.Event().wait(0.2)
        assert clock.looks - before < 50

    def stopped() -> bool:
        # The first batch is on its way, and the next one waits for its moment.
        if clock.looks > 8:
            told.set()
        return told.is_set()

    pacer = Pacer(MemoryPace(), clock, rates={"all": 0.01})
    report = run(ledger, Watched(batch=1, lanes=2, look=look), clock, pacer=pacer, stopped=stopped)
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: 1}, stopped="by a signal")


# --------------------------------------------------------------------------- leases


def test_a_lease_lost_while_sending_leaves_those_unknown_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, clock = opened(people(6)), SetClock(NOW)

    def look(batch: Sequence[Outgoing]) -> None:
        if has(batch, 1):
            # Another worker, whose clock is past our lease, takes over.
            ledger.recover(ID, NOW + dt.timedelta(seconds=61))

    sender = Watched(batch=2, look=look)
    report = run(ledger, sender, clock)
    assert ledger.counts(ID) == {DeliveryState.SENT: 4, DeliveryState.UNKNOWN: 2}
    assert set(sender.handed.values()) == {1}
    assert report.stopped == ""
    assert "no longer ours" in caplog.text
    assert "@" not in caplog.text


def test_what_another_worker_claimed_meanwhile_is_left_to_it() -> None:
    ledger, taken = opened(people(6)), list[Delivery]()

    def look(batch: Sequence[Outgoing]) -> None:
        if has(batch, 1):
            later = NOW + dt.timedelta(seconds=61)
            ledger.recover(ID, later)
            taken.extend(ledger.claim(ID, 3, later, dt.timedelta(seconds=60)))

    sender = Watched(batch=2, look=look)
    run(ledger, sender)
    assert len(taken) == 3
    assert not {one.id for one in taken} & sender.handed.keys()
    assert ledger.counts(ID) == {
        DeliveryState.CLAIMED: 3,
        DeliveryState.SENT: 1,
        DeliveryState.UNKNOWN: 2,
    }


class _RenewedLedger(MemoryLedger):
    """Tells when a sign of life was given."""

    renewed: threading.Semaphore

    def renew(self, held: Sequence[Delivery], now: dt.datetime, lease: dt.timedelta) -> None:
        super().renew(held, now, lease)
        self.renewed.release()


def test_signs_of_life_hold_everything_while_a_lane_is_slow() -> None:
    ledger, clock = opened(people(8)), SetClock(NOW)
    ledger.__class__ = _RenewedLedger
    assert isinstance(ledger, _RenewedLedger)
    ledger.renewed = threading.Semaphore(0)
    lost: list[int] = []

    def look(batch: Sequence[Outgoing]) -> None:
        if has(batch, 1):
            # Longer than a lease, with a sign of life in each third of it.
            for _ in range(3):
                clock.sleep(25)
                assert ledger.renewed.acquire(timeout=_PATIENCE)
            lost.append(sum(ledger.recover(ID, clock.now()).values()))

    assert run(ledger, Watched(batch=2, look=look), clock).receipts == {ReceiptStatus.SENT: 8}
    assert lost == [0]
    assert ledger.counts(ID) == {DeliveryState.SENT: 8}


def test_signs_of_life_hold_everything_while_the_pace_is_slow() -> None:
    ledger, clock = opened(people(4)), SetClock(NOW)
    lost: list[int] = []
    sender = Watched(batch=1, look=lambda _: lost.append(sum(ledger.recover(ID, clock.now()).values())))
    pacer = Pacer(MemoryPace(), clock, rates={"all": 0.005})
    assert run(ledger, sender, clock, pacer=pacer).receipts == {ReceiptStatus.SENT: 4}
    assert lost == [0, 0, 0, 0]
    assert sender.moments[-1] >= NOW + dt.timedelta(seconds=600)


def test_runs_side_by_side_share_the_lanes_of_their_process() -> None:
    shared, together, most = threading.Semaphore(2), threading.Lock(), 0
    under_way = [0]

    def look(_: Sequence[Outgoing]) -> None:
        nonlocal most
        with together:
            under_way[0] += 1
            most = max(most, under_way[0])
        threading.Event().wait(0.002)
        with together:
            under_way[0] -= 1

    ledgers = [opened(people(12)) for _ in range(3)]
    reports: list[DeliverReport] = []
    threads = [
        threading.Thread(
            target=lambda ledger=ledger: reports.append(
                run(ledger, Watched(batch=1, lanes=2, look=look), clock=SystemClock(), shared=shared)
            )
        )
        for ledger in ledgers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    assert [report.receipts for report in reports] == [{ReceiptStatus.SENT: 12}] * 3
    assert most == 2
    # All were given back.
    assert [shared.acquire(blocking=False) for _ in range(3)] == [True, True, False]
