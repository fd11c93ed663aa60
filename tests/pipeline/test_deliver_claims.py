"""How much a run of sending has in hand: little at first, or where the carrier is slow, and more as it comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from digest.adapters.clock import SetClock
from digest.model import Delivery, ReceiptStatus
from tests.conftest import NOW
from tests.fakes import FakeSender
from tests.pipeline.deliveries import ID, opened, people, run


@pytest.mark.parametrize(
    ("lanes", "batch", "seconds", "limits"),
    [
        pytest.param(1, 1, 0.0, [8, 16, 32, 64, 128, 256, 500, 500], id="one lane"),
        pytest.param(8, 1, 0.0, [64, 128, 256, 500, 500], id="many lanes"),
        pytest.param(1, 250, 0.0, [2000, 2000], id="a chunk of many readers a call"),
        pytest.param(1, 1, 1.0, [8] * 100, id="a slow carrier"),
        pytest.param(1, 1, 0.5, [8] + [16] * 50, id="one that is slower than it seemed"),
    ],
)
def test_a_claim_that_left_quickly_is_followed_by_a_larger_one(
    lanes: int, batch: int, seconds: float, limits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked = SetClock(NOW), []
    ledger = opened(people(792))
    claim = ledger.claim

    def counting(edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Sequence[Delivery]:
        asked.append(limit)
        return claim(edition_id, limit, now, lease)

    def slowly(_: object) -> ReceiptStatus:
        clock.sleep(seconds)
        return ReceiptStatus.SENT

    monkeypatch.setattr(ledger, "claim", counting)
    run(ledger, FakeSender(lanes=lanes, batch=batch, answer=slowly), clock)
    assert asked[: len(limits)] == limits
    assert max(asked) == max(limits)
    assert ledger.counts(ID) == {"sent": 792}
