"""The carrier's lanes, shared fairly by the editions that are on their way. A `ports.SharedLanes`."""

from __future__ import annotations

import threading
import time

#: Seconds after which somebody who asked for a lane, and does not ask again, has gone.
_GONE = 1.0


class FairLanes:
    """So many lanes, each given to whoever asked first; who asks is a thread.

    A semaphore would do for the number, but not for the turns: whoever gives a lane back asks for one at once, and
    would have it again before any other looks.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()
        #: Who waits, the first first, and when they last asked.
        self._asked: dict[int, float] = {}

    def acquire(self, blocking: bool = True) -> bool:
        """Take a lane, if one is free and it is our turn; never waits, whatever `blocking` says."""
        me, now = threading.get_ident(), time.monotonic()
        with self._lock:
            self._asked.setdefault(me, now)
            self._asked[me] = now
            self._asked = {one: at for one, at in self._asked.items() if now - at < _GONE}
            # Those before us in the queue have the first of the free lanes.
            place = list(self._asked).index(me)
            if place >= self._free:
                return False
            del self._asked[me]
            self._free -= 1
        return True

    def release(self) -> None:
        """Give a lane back."""
        with self._lock:
            self._free += 1
