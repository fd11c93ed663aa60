"""Letters to one reader, sent in the background and outside the ledger.

A page that waited for its letter would take longer for those who get one, and so tell who does. The request only puts
down what is to be done; whether anything is sent is found out, and done, by a thread of its own. Both share a processor,
so the thread begins when the answer has left, and writes the letters of those who get none as well.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore

from werkzeug.exceptions import ServiceUnavailable

from digest.app import App
from digest.errors import DigestError
from digest.mailer.confirmation import LETTER_ID
from digest.model import Message, Newsletter, Reader, ReceiptStatus
from digest.ports import Outgoing

_log = logging.getLogger("digest.web")

#: Letters that may wait; whoever asks for more is told to come back.
_MOST_WAITING = 200
#: Seconds after which a letter is begun: the request that asked for it is answered by then.
_AFTER_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one person, with the person's own link."""

    message: Message
    email: str
    link: str


class Postbox:
    """Takes wishes for letters and sends them, one after the other. A process that ends sends what waits first."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="post")
        self._room = BoundedSemaphore(_MOST_WAITING)
        # A letter that is begun after the store was closed would open it anew, for nobody to close.
        app.before_closing.append(self._thread.shutdown)

    def put(self, newsletter: Newsletter, write: Callable[[], Letter | None]) -> None:
        """Have a letter written and sent; `write` gives None where nobody is to get one.

        Raises ServiceUnavailable where too many wait.
        """
        if not self._room.acquire(blocking=False):
            raise ServiceUnavailable
        self._thread.submit(self._send, newsletter, write, time.monotonic() + _AFTER_SECONDS)

    def _send(self, newsletter: Newsletter, write: Callable[[], Letter | None], begin: float) -> None:
        try:
            time.sleep(max(begin - time.monotonic(), 0))
            letter = write()
            if letter is not None:
                self._hand_over(newsletter, letter)
        except DigestError as error:
            _log.error("a letter could not be sent: %s", error)
        except Exception:
            # Nobody waits for this thread: what is not said here is never said.
            _log.exception("a letter could not be sent")
        finally:
            self._room.release()

    def _hand_over(self, newsletter: Newsletter, letter: Letter) -> None:
        reader = Reader(
            # Names the message, as a delivery's id does; below zero, where no delivery has its own.
            delivery_id=-secrets.randbits(48) - 1,
            email=letter.email,
            preferences_url=letter.link,
        )
        outgoing = Outgoing(message=letter.message, reader=reader, edition_id=LETTER_ID, variant=LETTER_ID)
        sender = self._app.sender(newsletter)
        try:
            [receipt] = sender.send([outgoing], self._app.clock.now())
        finally:
            sender.close()
        if receipt.status is not ReceiptStatus.SENT:
            _log.warning("a letter to a reader is %s", receipt.status)
