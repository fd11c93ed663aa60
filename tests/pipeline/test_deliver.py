"""open_edition() and deliver(): who gets which variant, and what becomes of it when carriers misbehave."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from digest.adapters.clock import SetClock
from digest.adapters.store.ledger import MOST_ATTEMPTS
from digest.errors import SenderError
from digest.model import DeliveryState, Edition, Message, Receipt, ReceiptStatus, Subscriber
from digest.pipeline import (
    DeliverReport,
    deliver,
    no_progress,
    open_edition,
    regions_of,
    variant_of,
)
from digest.ports import Outgoing, Sender
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryLedger
from tests.samples import edition, message, newsletter, no_pace, person, reader_of

_LEASE = dt.timedelta(seconds=60)
_EDITION = edition()


def _render(edition: Edition, regions: Sequence[str]) -> Message:
    return message(",".join(regions))


def _opened(people: Sequence[Subscriber]) -> MemoryLedger:
    ledger = MemoryLedger()
    open_edition(_EDITION, newsletter(), people, ledger, _render, NOW)
    return ledger


def _deliver(
    ledger: MemoryLedger,
    sender: Sender,
    clock: SetClock | None = None,
    pace: Callable[[int], None] = no_pace,
) -> DeliverReport:
    return deliver(_EDITION, ledger, sender, reader_of, clock or SetClock(NOW), _LEASE, pace, no_progress)


def _people(count: int) -> list[Subscriber]:
    return [person(number) for number in range(1, count + 1)]


# --------------------------------------------------------------------------- who gets what


@pytest.mark.parametrize(
    ("chosen", "variant", "regions"),
    [
        pytest.param((), "default", ("gulf", "levant", "north_africa"), id="no choice"),
        pytest.param(
            ("gulf", "levant", "north_africa"), "default", ("gulf", "levant", "north_africa"), id="the same"
        ),
        pytest.param(
            ("levant", "gulf"), "levant,gulf", ("levant", "gulf"), id="some, in an order of one's own"
        ),
        pytest.param(("levant", "levant"), "levant", ("levant",), id="one twice"),
        pytest.param(("asia", "levant"), "levant", ("levant",), id="one that the newsletter lacks"),
        pytest.param(
            ("asia",), "default", ("gulf", "levant", "north_africa"), id="none that the newsletter has"
        ),
        pytest.param(
            ("north_africa", "levant", "gulf"),
            "north_africa,levant,gulf",
            ("north_africa", "levant", "gulf"),
            id="all, in another order",
        ),
    ],
)
def test_a_variant_is_the_regions_chosen(
    chosen: tuple[str, ...], variant: str, regions: tuple[str, ...]
) -> None:
    found = variant_of(person(1, regions=chosen), newsletter())
    assert found == variant
    assert tuple(regions_of(found, newsletter())) == regions


def test_each_variant_is_rendered_once_and_reaches_those_who_chose_it() -> None:
    people = [person(1), person(2, regions=("levant",)), person(3), person(4, regions=("levant",))]
    rendered: list[tuple[str, ...]] = []

    def render(edition: Edition, regions: Sequence[str]) -> Message:
        rendered.append(tuple(regions))
        return _render(edition, regions)

    ledger, sender = MemoryLedger(), FakeSender()
    open_edition(_EDITION, newsletter(), people, ledger, render, NOW)
    _deliver(ledger, sender)
    assert sorted(rendered) == [("gulf", "levant", "north_africa"), ("levant",)]
    assert {one.email: one.variant for one in ledger.deliveries(_EDITION.id)} == {
        person(1).email: "default",
        person(2).email: "levant",
        person(3).email: "default",
        person(4).email: "levant",
    }
    assert sorted(address for address, _ in sender.arrived) == [one.email for one in people]


def test_who_did_not_agree_gets_nothing() -> None:
    sender = FakeSender()
    _deliver(_opened([person(1), person(2, confirmed=False)]), sender)
    assert [address for address, _ in sender.arrived] == [person(1).email]


def test_who_comes_after_the_opening_waits_for_the_next_edition() -> None:
    ledger = _opened(_people(2))
    open_edition(_EDITION, newsletter(), _people(5), ledger, _render, NOW)
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 2}


# --------------------------------------------------------------------------- how it goes


def test_everybody_gets_one() -> None:
    ledger, sender = _opened(_people(1203)), FakeSender(batch=7)
    report = _deliver(ledger, sender)
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: 1203})
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 1203}
    assert set(sender.handed.values()) == {1}
    assert len(sender.handed) == 1203


def test_a_second_run_sends_nothing() -> None:
    ledger, sender = _opened(_people(3)), FakeSender()
    _deliver(ledger, sender)
    assert _deliver(ledger, sender) == DeliverReport(receipts={})
    assert sender.handed.total() == 3


def test_each_answer_is_booked() -> None:
    answers = dict(zip((one.email for one in _people(4)), [*ReceiptStatus][:4], strict=True))
    ledger = _opened(_people(4))
    report = _deliver(ledger, FakeSender(answer=lambda one: answers[one.reader.email]))
    assert report.receipts == dict.fromkeys(answers.values(), 1)
    assert ledger.counts(_EDITION.id) == {
        DeliveryState.SENT: 1,
        DeliveryState.FAILED_TEMP: 1,
        DeliveryState.FAILED_PERM: 1,
        DeliveryState.UNKNOWN: 1,
    }
    assert report.stopped == ""


def test_what_failed_for_now_is_sent_when_its_time_has_come() -> None:
    ledger, clock = _opened(_people(2)), SetClock(NOW)
    busy = FakeSender(answer=lambda one: ReceiptStatus.DEFERRED)
    for _ in range(MOST_ATTEMPTS - 1):
        assert _deliver(ledger, busy, clock).receipts == {ReceiptStatus.DEFERRED: 2}
        assert _deliver(ledger, busy, clock).receipts == {}
        due = ledger.next_due(_EDITION.id)
        assert due is not None
        clock.moment = due
    assert _deliver(ledger, FakeSender(), clock).receipts == {ReceiptStatus.SENT: 2}


def test_an_edition_for_nobody_stays_open_to_whoever_comes() -> None:
    ledger = _opened([])
    assert not ledger.is_open(_EDITION.id)


def test_the_pace_is_asked_before_each_batch() -> None:
    asked: list[int] = []
    _deliver(_opened(_people(10)), FakeSender(batch=4), pace=asked.append)
    assert asked == [4, 4, 2]


def test_progress_counts_what_was_sent() -> None:
    seen: list[tuple[int, int]] = []
    deliver(
        _EDITION,
        _opened(_people(5)),
        FakeSender(batch=2),
        reader_of,
        SetClock(NOW),
        _LEASE,
        no_pace,
        lambda label, done, total: seen.append((done, total)),
    )
    assert seen == [(2, 5), (4, 5), (5, 5)]


# --------------------------------------------------------------------------- carriers that misbehave


def test_a_carrier_that_refuses_everything_leaves_the_rest_pending_and_nobody_failed() -> None:
    ledger, sender = _opened(_people(10)), FakeSender(batch=2, calls_until_refusal=3)
    report = _deliver(ledger, sender)
    assert report.stopped == "the carrier is closed for today"
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 4, DeliveryState.SENT: 6}
    assert {one.attempts for one in ledger.deliveries(_EDITION.id, DeliveryState.PENDING)} == {0}
    sender.calls_until_refusal = None
    assert _deliver(ledger, sender).stopped == ""
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 10}
    assert set(sender.handed.values()) == {1}


def test_a_carrier_that_stays_closed_wears_nobody_out() -> None:
    ledger = _opened(_people(2))
    for _ in range(MOST_ATTEMPTS * 2):
        assert _deliver(ledger, FakeSender(calls_until_refusal=0)).stopped
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 2}


def test_a_message_that_comes_back_stops_the_run() -> None:
    ledger = _opened(_people(10))

    def answer(one: Outgoing) -> ReceiptStatus:
        return ReceiptStatus.RETURNED if one.reader.email == person(3).email else ReceiptStatus.SENT

    report = _deliver(ledger, FakeSender(batch=4, answer=answer))
    assert report.receipts == {ReceiptStatus.SENT: 3, ReceiptStatus.RETURNED: 1}
    assert report.stopped == "said returned"
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 7, DeliveryState.SENT: 3}


def test_a_lost_receipt_is_unknown_once_its_lease_ends_and_never_sent_again() -> None:
    ledger, clock = _opened(_people(6)), SetClock(NOW)

    def forget(one: Outgoing) -> ReceiptStatus | None:
        return None if one.reader.email == person(2).email else ReceiptStatus.SENT

    sender = FakeSender(batch=3, answer=forget)
    _deliver(ledger, sender, clock)
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENDING: 1, DeliveryState.SENT: 5}
    clock.sleep(61)
    _deliver(ledger, sender, clock)
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 5, DeliveryState.UNKNOWN: 1}
    assert set(sender.handed.values()) == {1}


class _BrokenSender(FakeSender):
    """Breaks at the second batch in a way that nobody foresaw."""

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        if self.handed:
            raise ZeroDivisionError
        return super().send(batch, now)


def test_a_sender_that_breaks_holds_up_only_what_it_had_in_hand() -> None:
    ledger, clock = _opened(_people(10)), SetClock(NOW)
    with pytest.raises(ZeroDivisionError):
        _deliver(ledger, _BrokenSender(batch=4), clock)
    assert ledger.counts(_EDITION.id) == {
        DeliveryState.PENDING: 2,
        DeliveryState.SENDING: 4,
        DeliveryState.SENT: 4,
    }


class _SlowSender(FakeSender):
    """Takes longer than the lease for its first batch, while another worker takes over."""

    ledger: MemoryLedger
    clock: SetClock

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        first = not self.handed
        receipts = super().send(batch, now)
        if first:
            self.clock.sleep(61)
            self.ledger.recover(_EDITION.id, self.clock.now())
        return receipts


def test_a_lease_lost_while_sending_leaves_those_unknown_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, clock, sender = _opened(_people(6)), SetClock(NOW), _SlowSender(batch=2)
    sender.ledger, sender.clock = ledger, clock
    report = _deliver(ledger, sender, clock)
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 4, DeliveryState.UNKNOWN: 2}
    assert report.receipts == {ReceiptStatus.SENT: 4}
    assert set(sender.handed.values()) == {1}
    assert "no longer ours" in caplog.text


def test_a_worker_told_to_stop_gives_back_what_it_holds() -> None:
    ledger, asked = _opened(_people(10)), Counter[str]()

    def pace(count: int) -> None:
        asked["batches"] += 1
        if asked["batches"] == 3:
            raise SenderError("the worker is stopping")

    report = _deliver(ledger, FakeSender(batch=2), pace=pace)
    assert report == DeliverReport(receipts={ReceiptStatus.SENT: 4}, stopped="the worker is stopping")
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 6, DeliveryState.SENT: 4}


def test_who_leaves_between_opening_and_sending_is_spared() -> None:
    ledger, sender = _opened(_people(3)), FakeSender()
    ledger.suppressed.add(2)
    _deliver(ledger, sender)
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 2, DeliveryState.SUPPRESSED: 1}
    assert person(2).email not in dict(sender.arrived)


def test_what_a_dead_worker_left_is_taken_over() -> None:
    ledger, clock = _opened(_people(5)), SetClock(NOW)
    dead = ledger.claim(_EDITION.id, 4, NOW, _LEASE)
    ledger.mark_sending(dead, [held.id for held in dead.deliveries[:1]], NOW, _LEASE)
    sender = FakeSender()
    assert _deliver(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 1}
    clock.sleep(61)
    assert _deliver(ledger, sender, clock).receipts == {ReceiptStatus.SENT: 3}
    assert ledger.counts(_EDITION.id) == {DeliveryState.SENT: 4, DeliveryState.UNKNOWN: 1}


def test_the_message_that_was_frozen_is_the_one_that_is_sent() -> None:
    ledger, sender = _opened([replace(person(1), regions=("levant",))]), FakeSender()
    open_edition(_EDITION, newsletter(), _people(1), ledger, lambda *_: message("أخرى"), NOW)
    _deliver(ledger, sender)
    assert ledger.messages(_EDITION.id)["levant"] == message("levant")
    assert len(sender.arrived) == 1
