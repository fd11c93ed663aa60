"""A worker that starts while the database is away waits for it, so that nobody need start it again."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.errors import DatabaseUnreachable
from digest.worker.outage import Outage
from digest.worker.telling import Telling

if TYPE_CHECKING:
    from digest.app import App

_log = logging.getLogger("digest.worker")

#: Between two tries, in seconds; and so many of them pass between two lines of the log, and two looks at who is told.
_SECONDS, _QUIET_TRIES = 5.0, 12


def wait_for_database(app: App, sleep: Callable[[float], None] = time.sleep) -> None:
    """Open the app's store, however long its server is away; the operator is told when that is for minutes.

    Raises DatabaseError for what no waiting mends: a URL that cannot be read, a database of a newer program.
    """
    outage, tries = Outage(platform.node(), Telling(app).tell), 0
    while True:
        try:
            _ = app.store
        except DatabaseUnreachable as error:
            if tries % _QUIET_TRIES == 0:
                _log.error("%s; trying again every %g s", " ".join(str(error).split()), _SECONDS)
                outage.goes_on(error, app.clock.now())
        else:
            break
        tries += 1
        sleep(_SECONDS)
    if tries:
        _log.info("the database is there")
