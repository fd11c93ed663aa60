"""deliver() while the database is away: what has left is told to it when it is back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from digest.adapters.clock import SetClock
from digest.errors import DatabaseFailed
from digest.model import Delivery, DeliveryState, Message, Receipt
from digest.pipeline import Pacer
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryLedger, MemoryPace
from tests.pipeline.deliveries import ID, LEASE, opened, people, run


class _AwayLedger(MemoryLedger):
    """Fails from its third step on, or another, until a moment, as a database does that starts anew."""

    steps: int
    fails_from = 3
    #: Whether it is the variants' messages that cannot be read, at the second batch.
    has_no_messages = False
    clock: SetClock
    back_at: dt.datetime

    def advance(
        self,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> frozenset[int]:
        self.steps += 1
        self._fail()
        return super().advance(done, sending, now, lease)

    def release(self, held: Sequence[Delivery], now: dt.datetime) -> None:
        self._fail()
        super().release(held, now)

    def message(self, edition_id: str, variant: str) -> Message:
        if self.has_no_messages:
            raise DatabaseFailed("connection refused")
        return super().message(edition_id, variant)

    def _fail(self) -> None:
        if self.steps >= self.fails_from and self.clock.now() < self.back_at:
            raise DatabaseFailed("connection refused")


def _away(clock: SetClock, away: dt.timedelta) -> _AwayLedger:
    ledger = opened(people(30))
    ledger.__class__ = _AwayLedger
    assert isinstance(ledger, _AwayLedger)
    ledger.steps, ledger.clock, ledger.back_at = 0, clock, NOW + away
    return ledger


@pytest.mark.parametrize(
    ("away", "knows"),
    [pytest.param(LEASE / 2, True, id="half a lease"), pytest.param(LEASE * 9, False, id="too long")],
)
def test_what_has_left_is_known_although_the_database_is_away(away: dt.timedelta, knows: bool) -> None:
    sender, clock = FakeSender(batch=2, lanes=3), SetClock(NOW)
    ledger = _away(clock, away)
    with pytest.raises(DatabaseFailed):
        run(ledger, sender, clock)
    counts = ledger.counts(ID)
    if knows:
        assert counts == {
            DeliveryState.SENT: len(sender.arrived),
            DeliveryState.PENDING: 30 - len(sender.arrived),
        }
    else:
        # Others have the rest when the lease has run out: no longer than that is it waited for.
        assert counts[DeliveryState.SENDING] > 0
        assert clock.now() - NOW < 2 * LEASE


def test_what_has_left_is_known_although_the_carrier_fails_as_well() -> None:
    sender, clock = FakeSender(batch=2, lanes=3, calls_until_refusal=2), SetClock(NOW)
    ledger = _away(clock, LEASE / 2)
    ledger.fails_from = 2
    with pytest.raises(DatabaseFailed):
        run(ledger, sender, clock)
    assert len(sender.arrived) == 4
    assert ledger.counts(ID) == {DeliveryState.SENT: 4, DeliveryState.PENDING: 26}


def test_what_was_about_to_leave_when_its_message_could_not_be_read_waits_for_no_lease() -> None:
    sender, clock = FakeSender(batch=2, lanes=3), SetClock(NOW)
    ledger = _away(clock, dt.timedelta())
    ledger.has_no_messages = True
    with pytest.raises(DatabaseFailed):
        run(ledger, sender, clock)
    assert ledger.counts(ID) == {DeliveryState.PENDING: 30}


def test_what_was_about_to_leave_when_the_pace_failed_waits_for_no_lease() -> None:
    ledger, sender, clock = opened(people(30)), FakeSender(batch=2, lanes=3), SetClock(NOW)
    with pytest.raises(DatabaseFailed):
        run(ledger, sender, clock, pacer=Pacer(_FailingPace(), clock, rates={"all": 20}))
    assert ledger.counts(ID) == {DeliveryState.PENDING: 30}


class _FailingPace(MemoryPace):
    """Fails at the second batch."""

    asked = 0

    def reserve(self, name: str, count: int, per_second: float, now: dt.datetime) -> dt.datetime:
        self.asked += 1
        if self.asked == 2:
            raise DatabaseFailed("connection refused")
        return now
