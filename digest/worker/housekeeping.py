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


class Housekeeping:
    """Deletes the provider's events, workers, attempts and cleared alerts that are older than KEPT."""

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life

    def tidy(self) -> None:
        """Tidy up, if it is time and our turn."""
        operations, now = self._app.store.operations, self._app.clock.now()
        if not operations.take_turn("housekeeping", self._life.id, now, _INTERVAL):
            return
        deleted = operations.prune(now - KEPT)
        operations.end_turn("housekeeping", self._life.id, self._app.clock.now())
        if deleted:
            _log.info("housekeeping: %d rows that nobody needs any more are deleted", deleted)
