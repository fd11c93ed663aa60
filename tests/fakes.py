"""Stand-ins for the ports, kept in memory.

Each fake that stands for a port of several methods runs through the same contract tests as the real one:
`tests/adapters/test_parser.py`, `test_store_articles.py`, `test_store_editions.py`, `test_ledger.py`, `test_pace.py`
and `test_senders.py`.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Bounce, Edition, Receipt, ReceiptStatus, Slot
from digest.ports import Outgoing
from tests.collecting_fakes import FakeFetcher, InlineParser, MemoryArticleStore
from tests.delivering_fakes import MemoryLedger, MemoryPace
from tests.samples import ENVELOPE
from tests.subscribing_fakes import MemorySubscribers

__all__ = [
    "FakeFetcher",
    "FakeSender",
    "InlineParser",
    "MemoryArticleStore",
    "MemoryEditionStore",
    "MemoryLedger",
    "MemoryPace",
    "MemorySubscribers",
    "always_sent",
]


class MemoryEditionStore:
    """Editions in a dictionary; `is_open` is the ledger's, and says which of them were sent."""

    def __init__(self, is_open: Callable[[str], bool] = lambda _: False) -> None:
        self._editions: dict[tuple[str, dt.date, str], Edition] = {}
        self._is_open = is_open

    def edition(self, edition_id: str) -> Edition | None:
        """See `ports.EditionStore`."""
        return next((one for one in self._editions.values() if one.id == edition_id), None)

    def edition_of(self, slot: Slot) -> Edition | None:
        """See `ports.EditionStore`."""
        return self._editions.get((slot.newsletter_id, slot.local_date, slot.cohort))

    def freeze(self, edition: Edition) -> Edition:
        """See `ports.EditionStore`."""
        return self._editions.setdefault((edition.newsletter_id, edition.local_date, edition.cohort), edition)

    def told_since(self, newsletter_id: str, cohort: str, since: dt.datetime) -> list[Edition]:
        """See `ports.EditionStore`."""
        by_date: dict[dt.date, Edition] = {}
        for one in self._editions.values():
            theirs = one.newsletter_id == newsletter_id and one.cohort in {"", cohort}
            if theirs and one.composed_at > since and self._is_open(one.id):
                kept = by_date.setdefault(one.local_date, one)
                by_date[one.local_date] = one if one.cohort else kept
        return [by_date[day] for day in sorted(by_date)]

    def opened_slots(self, since: dt.date) -> set[tuple[str, dt.date, str]]:
        """See `ports.EditionStore`."""
        return {key for key, one in self._editions.items() if key[1] >= since and self._is_open(one.id)}

    def latest_edition_id(self) -> str | None:
        """See `ports.EditionStore`."""
        newest = max(self._editions.values(), key=lambda one: (one.composed_at, one.id), default=None)
        return newest.id if newest else None


def always_sent(outgoing: Outgoing) -> ReceiptStatus | None:
    """Take every message."""
    return ReceiptStatus.SENT


@dataclass(slots=True)
class FakeSender:
    """Keeps what it is given; `answer` says what becomes of each message, None for a receipt that gets lost."""

    batch: int = 4
    lanes: int = 1
    answer: Callable[[Outgoing], ReceiptStatus | None] = always_sent
    #: What a refusal says of its address.
    bounce: Bounce | None = None
    #: Hand-overs after which the carrier refuses everything, and from when on it would take messages again.
    calls_until_refusal: int | None = None
    retry_at: dt.datetime | None = None
    destination: str = "memory"
    closed: bool = False
    #: The messages as they left, by address.
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    handed: Counter[int] = field(default_factory=Counter)
    #: The variants of each call.
    calls: list[list[str]] = field(default_factory=list)
    assembler: Assembler = field(default_factory=lambda: Assembler(ENVELOPE))
    #: Lanes are threads.
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        with self._one_at_a_time:
            if self.calls_until_refusal is not None:
                if not self.calls_until_refusal:
                    raise SenderError("the carrier is closed for today", self.retry_at)
                self.calls_until_refusal -= 1
            self.calls.append([one.variant for one in batch])
            return [receipt for one in batch if (receipt := self._take(one, now))]

    def _take(self, one: Outgoing, now: dt.datetime) -> Receipt | None:
        self.handed[one.reader.delivery_id] += 1
        status = self.answer(one)
        if status is None:
            return None
        if status is ReceiptStatus.SENT:
            raw = self.assembler.raw(one.message, one.reader, one.edition_id, one.variant, now)
            self.arrived.append((one.reader.email, raw))
        refused = status in {ReceiptStatus.REJECTED, ReceiptStatus.DEFERRED}
        return Receipt(
            delivery_id=one.reader.delivery_id,
            status=status,
            detail=f"said {status}",
            bounce=self.bounce if refused else None,
        )

    def close(self) -> None:
        """See `ports.Sender`."""
        self.closed = True
