"""Sending to the end, with a carrier that has moods."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
from collections.abc import Sequence

import pytest

from digest.adapters.clock import SetClock
from digest.app import App
from digest.cli.sending import deliver_to_the_end
from digest.errors import SenderError
from digest.model import Newsletter, Receipt, ReceiptStatus
from digest.pipeline import no_progress
from digest.ports import Outgoing, Sender
from tests.cli.running import subscribe
from tests.conftest import NOW

_EDITION = "mujaz-2026-11-22"


class _Moody:
    """A carrier that refuses the first call, naming a moment, and takes all that come after."""

    batch, lanes, destination = 2, 1, "memory"

    def __init__(self, clock: SetClock, wait: dt.timedelta | None) -> None:
        self._clock = clock
        self._wait = wait
        self._refused_at: dt.datetime | None = None
        self.took: list[str] = []

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        if self._refused_at is None:
            self._refused_at = self._clock.now()
            raise SenderError("come back later", None if self._wait is None else now + self._wait)
        assert self._wait is not None
        assert self._clock.now() >= self._refused_at + self._wait
        self.took += [one.reader.email for one in batch]
        return [Receipt(delivery_id=one.reader.delivery_id, status=ReceiptStatus.SENT) for one in batch]

    def close(self) -> None:
        """See `ports.Sender`."""


class _MoodyApp(App):
    """An installation whose carrier is moody."""

    moody: _Moody

    def sender(self, newsletter: Newsletter) -> Sender:
        """Return the moody one."""
        return self.moody


@pytest.mark.parametrize(
    ("wait", "stopped"),
    [
        pytest.param(dt.timedelta(minutes=14), "", id="a moment that is near is waited for"),
        pytest.param(dt.timedelta(minutes=16), "come back later", id="one that is far is not"),
        pytest.param(None, "come back later", id="nor is one that nobody named"),
    ],
)
def test_a_carrier_that_names_a_moment_is_tried_again_then(
    composed: pathlib.Path, wait: dt.timedelta | None, stopped: str
) -> None:
    subscribe(composed, "layla@example.org", "omar@example.org", "huda@example.org")
    clock = SetClock(NOW)
    app = _MoodyApp(home=composed, environment={}, clock=clock)
    app.moody = _Moody(clock, wait)
    try:
        edition = app.edition(_EDITION)
        newsletter = app.newsletter(edition.newsletter_id)
        said = deliver_to_the_end(app, newsletter, edition, no_progress, threading.Event())
        counts = app.store.ledger.counts(_EDITION)
    finally:
        app.close()
    assert said == stopped
    assert counts == ({"pending": 3} if stopped else {"sent": 3})
    assert sorted(app.moody.took) == (
        [] if stopped else ["huda@example.org", "layla@example.org", "omar@example.org"]
    )
