"""Telling a database what has left, although it is away."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from digest.errors import DatabaseFailed
from digest.ports import Clock

_log = logging.getLogger("digest")

#: Between two tries, in seconds.
_AGAIN = 1.0


def until_told(tell: Callable[[], None], clock: Clock, until: dt.datetime) -> None:
    """Do this as soon as the database lets us. Raises DatabaseFailed where it does not until that moment."""
    said = False
    while True:
        try:
            tell()
        except DatabaseFailed:
            if clock.now() >= until:
                raise
            if not said:
                _log.warning("the database is away: what has left is told to it as soon as it is back")
                said = True
            clock.sleep(_AGAIN)
        else:
            return
