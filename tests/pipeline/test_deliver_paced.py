"""deliver() with a pace: rates that runs share, and what a day may send."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

from digest.adapters.clock import SetClock, SystemClock
from digest.adapters.store import Store
from digest.model import DeliveryState, ReceiptStatus
from digest.pipeline import Pacer
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryPace
from tests.pipeline.deliveries import ID, Watched, opened, people, run


def test_messages_leave_as_the_rate_has_it() -> None:
    clock, sender = SetClock(NOW), Watched(batch=2)
    pacer = Pacer(MemoryPace(), clock, rates={"all": 8})
    run(opened(people(9)), sender, clock, pacer=pacer)
    assert [(moment - NOW).total_seconds() for moment in sender.moments] == [0, 0.25, 0.5, 0.75, 1]


def test_a_clock_that_is_set_back_keeps_nothing_waiting() -> None:
    clock = SetClock(NOW)
    begun = time.monotonic()

    def set_back(batch: object) -> None:
        if len(sender.moments) == 3:
            clock.moment -= dt.timedelta(hours=2)

    # Of the lane's next batch the moment is known by then.
    sender = Watched(batch=2, lanes=2, look=set_back)
    report = run(opened(people(12)), sender, clock, pacer=Pacer(MemoryPace(), clock, rates={"all": 8}))
    assert report.receipts == {ReceiptStatus.SENT: 12}
    assert max(sender.moments) < NOW + dt.timedelta(minutes=1)
    assert clock.moment < NOW - dt.timedelta(hours=1)
    assert time.monotonic() - begun < 60


def test_who_leaves_the_list_while_sending_goes_slowly_is_spared() -> None:
    clock, readers = SetClock(NOW), people(20)
    who = readers[-1].email
    ledger = opened(readers)
    sender = Watched(look=lambda _: ledger.subscribers.remove(who, "mujaz", reason="unsubscribed", now=NOW))
    run(ledger, sender, clock, pacer=Pacer(MemoryPace(), clock, rates={"all": 1}))
    assert ledger.counts(ID) == {DeliveryState.SENT: 19, DeliveryState.SUPPRESSED: 1}


def test_two_runs_at_once_keep_the_rate_together(store: Store) -> None:
    rate, count, clock = 200, 40, SystemClock()

    def one(_: int) -> list[dt.datetime]:
        sender = Watched(batch=2, lanes=2)
        report = run(
            opened(people(count)), sender, clock, pacer=Pacer(store.pace, clock, rates={"all": rate})
        )
        assert report.receipts == {ReceiptStatus.SENT: count}
        return sender.moments

    with ThreadPoolExecutor(2) as runs:
        moments = sorted(moment for mine in runs.map(one, range(2)) for moment in mine)
    # Each run may hold what 0.05 seconds give, and a batch.
    slack = 2 * (rate * 0.05 + 2)
    for number, moment in enumerate(moments, start=1):
        assert number * 2 <= rate * (moment - moments[0]).total_seconds() + slack


def test_a_day_s_limit_stops_the_run_until_the_next_day() -> None:
    ledger, clock, store = opened(people(25)), SetClock(NOW), MemoryPace()
    pacer = Pacer(store, clock, warm_up=[10, 100], domain="news.example")
    sender = FakeSender(batch=4)
    report = run(ledger, sender, clock, pacer=pacer)
    assert [len(call) for call in sender.calls] == [4, 4, 2]
    assert report.receipts == {ReceiptStatus.SENT: 10}
    assert "warm-up of news.example" in report.stopped
    assert report.retry_at == dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    assert ledger.counts(ID) == {DeliveryState.PENDING: 15, DeliveryState.SENT: 10}
    assert {one.fence for one in ledger.deliveries(ID)} == {""}
    clock.moment = report.retry_at
    assert run(ledger, sender, clock, pacer=pacer).receipts == {ReceiptStatus.SENT: 15}


def test_two_runs_share_the_day() -> None:
    store = MemoryPace()
    sent = 0
    for _ in range(2):
        clock = SetClock(NOW)
        pacer = Pacer(store, clock, warm_up=[10], domain="news.example")
        sent += run(opened(people(7)), FakeSender(batch=4), clock, pacer=pacer).receipts[ReceiptStatus.SENT]
    assert sent == 10
