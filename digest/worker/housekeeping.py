"""Housekeeping: what only matters for a while is not kept for ever."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.app import App
    from digest.worker.life import Life

_log = logging.getLogger("digest.worker")

#: One of all workers tidies up so often.
_INTERVAL = dt.timedelta(hours=6)
#: A provider repeats its events for some days, and nobody asks for a worker of last month.
KEPT = dt.timedelta(days=30)
#: Deliveries that are deleted in one transaction, so that nobody waits for it.
_A_TIME = 5_000
#: Of a turn, which is nobody's after ten minutes; what is left then is for the next one.
_LONGEST = dt.timedelta(minutes=8)


class Housekeeping:
    """Deletes the provider's events, workers, attempts and cleared alerts that are older than KEPT, and old deliveries.

    Deliveries are kept as long as the operator says, which is for ever unless they say something else.
    """

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life

    def tidy(self) -> None:
        """Tidy up, if it is time and our turn."""
        operations, now = self._app.store.operations, self._app.clock.now()
        if not operations.take_turn("housekeeping", self._life.id, now, _INTERVAL):
            return
        deleted = operations.prune(now - KEPT)
        deleted += self._tidy_deliveries(now)
        operations.end_turn("housekeeping", self._life.id, self._app.clock.now())
        if deleted:
            _log.info("housekeeping: %d rows that nobody needs any more are deleted", deleted)

    def _tidy_deliveries(self, now: dt.datetime) -> int:
        keep_days, clock, deleted = self._app.settings.delivery.keep_days, self._app.clock, 0
        if not keep_days:
            return 0
        # A local date may be a day behind or ahead of ours.
        before = now.date() - dt.timedelta(days=keep_days + 1)
        while clock.now() - now < _LONGEST and not self._life.stopping:
            some = self._app.store.operations.prune_deliveries(before, _A_TIME)
            deleted += some
            if some < _A_TIME:
                break
        return deleted
