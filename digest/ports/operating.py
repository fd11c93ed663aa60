"""What a running installation remembers of itself: workers, turns, alerts, pauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from digest.model import Alert, Pause, Turn, WorkerLife


class OperationsStore(Protocol):
    """Keeps who works, whose turn it is, and what the operator was told."""

    def beat(self, life: WorkerLife) -> None:
        """Keep a worker's sign of life, and what it is doing."""

    def workers(self, since: dt.datetime) -> Sequence[WorkerLife]:
        """Return the workers that gave a sign of life after `since`, the newest sign first."""

    def first_start(self) -> dt.datetime | None:
        """Return when the first of all workers started; None where there was none."""

    def take_turn(self, name: str, holder: str, now: dt.datetime, interval: dt.timedelta) -> bool:
        """Take the turn at something that is done once in an interval by one of all workers; say whether it is ours."""

    def end_turn(self, name: str, holder: str, now: dt.datetime) -> None:
        """Say that the turn's work is done."""

    def turn(self, name: str) -> Turn | None:
        """Return who had the last turn, and when; None where nobody had one."""

    def raise_alert(self, key: str, text: str, now: dt.datetime) -> bool:
        """Keep that something is wrong; say whether it is news. An alert that stands, or was mailed, is no news."""

    def clear_alert(self, key: str, now: dt.datetime) -> bool:
        """Keep that it is right again; say whether it was wrong."""

    def alerts(self, *, since: dt.datetime | None = None) -> Sequence[Alert]:
        """Return the alerts that stand, the oldest first; those cleared after `since` as well, where it is given."""

    def mark_mailed(self, keys: Sequence[str], now: dt.datetime) -> None:
        """Keep that the operator was told of these."""

    def pause(self, pause: Pause) -> bool:
        """Have a newsletter neither composed nor sent; say whether that is new."""

    def resume(self, newsletter_id: str) -> bool:
        """End a newsletter's pause; say whether there was one."""

    def pauses(self) -> Mapping[str, Pause]:
        """Return the pauses, by newsletter."""

    def prune_deliveries(self, before: dt.date, most: int) -> int:
        """Delete up to so many deliveries of editions dated before; return how many went.

        What is still to be sent, or of which nobody knows whether it left, stays: it waits for a person. So do the
        editions with the number of their recipients, and their pages.
        """

    def prune(self, before: dt.datetime) -> int:
        """Delete what only mattered until then: a provider's events, attempts, ended workers, cleared alerts.

        The first of all workers stays: it tells since when there is a schedule. Returns how many rows went.
        """
