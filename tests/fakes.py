"""Stand-ins for the ports, kept in memory.

Each fake that stands for a port of several methods runs through the same contract tests as the real one:
`tests/adapters/test_parser.py`, `test_store_articles.py`, `test_store_editions.py`, `test_ledger.py` and
`test_senders.py`.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from digest.adapters.store.ledger import MOST_ATTEMPTS
from digest.errors import LeaseLost, SenderError
from digest.mailer.mime import Assembler
from digest.model import (
    Delivery,
    DeliveryState,
    Edition,
    Message,
    Receipt,
    ReceiptStatus,
    Slot,
    Subscriber,
)
from digest.ports import Claim, Outgoing
from tests.collecting_fakes import FakeFetcher, InlineParser, MemoryArticleStore
from tests.samples import ENVELOPE

__all__ = [
    "FakeFetcher",
    "FakeSender",
    "InlineParser",
    "MemoryArticleStore",
    "MemoryEditionStore",
    "MemoryLedger",
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
        told = [
            one
            for one in self._editions.values()
            if (one.newsletter_id, one.cohort) == (newsletter_id, cohort)
            and one.composed_at > since
            and self._is_open(one.id)
        ]
        return sorted(told, key=lambda one: one.local_date)

    def latest_edition_id(self) -> str | None:
        """See `ports.EditionStore`."""
        newest = max(self._editions.values(), key=lambda one: (one.composed_at, one.id), default=None)
        return newest.id if newest else None


# --------------------------------------------------------------------------- delivering


@dataclass(slots=True, kw_only=True)
class _Row:
    """One delivery as the ledger in memory keeps it."""

    delivery: Delivery
    subscriber_id: int
    fence: str = ""
    lease_until: dt.datetime | None = None
    retry_at: dt.datetime | None = None

    def put(self, state: DeliveryState, now: dt.datetime) -> None:
        self.delivery = replace(self.delivery, state=state, updated_at=now)


class MemoryLedger:
    """The ledger in memory, for one thread: what `SqlLedger` means, said without SQL."""

    def __init__(self) -> None:
        self._messages: dict[str, Mapping[str, Message]] = {}
        self._rows: dict[str, list[_Row]] = {}
        self._numbers = itertools.count(1)
        self._fences = map(str, itertools.count(1))
        #: Ids of the subscribers that must not be written to any more.
        self.suppressed: set[int] = set()

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        recipients: Sequence[tuple[Subscriber, str]],
        now: dt.datetime,
    ) -> None:
        """See `ports.Ledger`."""
        if edition_id in self._rows:
            return
        self._messages[edition_id] = dict(messages)
        self._rows[edition_id] = [
            _Row(
                delivery=Delivery(
                    id=next(self._numbers),
                    email=who.email,
                    name=who.name,
                    variant=variant,
                    state=DeliveryState.PENDING,
                    updated_at=now,
                ),
                subscriber_id=who.id,
            )
            for who, variant in recipients
        ]

    def is_open(self, edition_id: str) -> bool:
        """See `ports.Ledger`."""
        return edition_id in self._rows

    def messages(self, edition_id: str) -> Mapping[str, Message]:
        """See `ports.Ledger`."""
        return self._messages.get(edition_id, {})

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Claim:
        """See `ports.Ledger`."""
        fence = next(self._fences)
        taken: list[Delivery] = []
        for row in self._rows.get(edition_id, []):
            waits = row.delivery.state in {DeliveryState.PENDING, DeliveryState.FAILED_TEMP}
            if waits and row.subscriber_id in self.suppressed:
                row.put(DeliveryState.SUPPRESSED, now)
            elif len(taken) < limit and _may_be_sent(row, now):
                row.put(DeliveryState.CLAIMED, now)
                row.fence, row.lease_until = fence, now + lease
                taken.append(row.delivery)
        return Claim(deliveries=tuple(taken), fence=fence)

    def mark_sending(
        self, claim: Claim, delivery_ids: Sequence[int], now: dt.datetime, lease: dt.timedelta
    ) -> None:
        """See `ports.Ledger`."""
        for row in self._ours(claim, DeliveryState.CLAIMED, delivery_ids):
            row.put(DeliveryState.SENDING, now)
            row.delivery = replace(row.delivery, attempts=row.delivery.attempts + 1)
            row.lease_until = now + lease

    def settle(self, claim: Claim, receipts: Sequence[Receipt], now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        said = {receipt.delivery_id: receipt for receipt in receipts}
        for row in self._ours(claim, DeliveryState.SENDING, list(said)):
            receipt, attempts = said[row.delivery.id], row.delivery.attempts
            row.put(_state_after(receipt.status, attempts), now)
            row.delivery = replace(row.delivery, detail=receipt.detail)
            row.fence, row.lease_until = "", None
            if receipt.status is ReceiptStatus.RETURNED:
                row.delivery = replace(row.delivery, attempts=attempts - 1)
            row.retry_at = now + dt.timedelta(minutes=min(2 ** (attempts - 1), 60))

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        after = {
            DeliveryState.CLAIMED: DeliveryState.PENDING,
            DeliveryState.SENDING: DeliveryState.UNKNOWN,
        }
        counts = dict.fromkeys(after, 0)
        for row in self._rows.get(edition_id, []):
            state = row.delivery.state
            if state in after and row.lease_until and row.lease_until < now:
                counts[state] += 1
                row.put(after[state], now)
                if state is DeliveryState.SENDING:
                    row.delivery = replace(row.delivery, detail="the worker died while sending")
                row.fence, row.lease_until = "", None
        return counts

    def release(self, claim: Claim, now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        for row in self._held(claim, DeliveryState.CLAIMED):
            row.put(DeliveryState.PENDING, now)
            row.fence, row.lease_until = "", None

    def counts(self, edition_id: str) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        found = Counter(row.delivery.state for row in self._rows.get(edition_id, []))
        return {state: found[state] for state in DeliveryState if state in found}

    def unfinished(self) -> list[str]:
        """See `ports.Ledger`."""
        return sorted(
            edition_id
            for edition_id, rows in self._rows.items()
            if any(row.delivery.state.open for row in rows)
        )

    def next_due(self, edition_id: str) -> dt.datetime | None:
        """See `ports.Ledger`."""
        waits = [
            row.retry_at if row.delivery.state is DeliveryState.FAILED_TEMP else row.lease_until
            for row in self._rows.get(edition_id, [])
            if row.delivery.state.open and row.delivery.state is not DeliveryState.PENDING
        ]
        return min(filter(None, waits), default=None)

    def deliveries(self, edition_id: str, state: DeliveryState | None = None) -> Iterable[Delivery]:
        """See `ports.Ledger`."""
        found = [row.delivery for row in self._rows.get(edition_id, [])]
        chosen = [one for one in found if state in {None, one.state}]
        return iter(sorted(chosen, key=lambda one: (one.email, one.id)))

    def _held(self, claim: Claim, state: DeliveryState) -> list[_Row]:
        rows = itertools.chain.from_iterable(self._rows.values())
        return [row for row in rows if row.fence == claim.fence and row.delivery.state is state]

    def _ours(self, claim: Claim, state: DeliveryState, ids: Sequence[int]) -> list[_Row]:
        rows = [row for row in self._held(claim, state) if row.delivery.id in set(ids)]
        if len(rows) != len(ids):
            raise LeaseLost(f"{len(ids) - len(rows)} of {len(ids)} deliveries are no longer ours")
        return rows


def _may_be_sent(row: _Row, now: dt.datetime) -> bool:
    if row.delivery.state is DeliveryState.FAILED_TEMP:
        return row.retry_at is not None and row.retry_at <= now
    return row.delivery.state is DeliveryState.PENDING


def _state_after(status: ReceiptStatus, attempts: int) -> DeliveryState:
    if status is ReceiptStatus.DEFERRED:
        return DeliveryState.EXPIRED if attempts >= MOST_ATTEMPTS else DeliveryState.FAILED_TEMP
    return {
        ReceiptStatus.SENT: DeliveryState.SENT,
        ReceiptStatus.REJECTED: DeliveryState.FAILED_PERM,
        ReceiptStatus.UNKNOWN: DeliveryState.UNKNOWN,
        ReceiptStatus.RETURNED: DeliveryState.PENDING,
    }[status]


def always_sent(outgoing: Outgoing) -> ReceiptStatus | None:
    """Take every message."""
    return ReceiptStatus.SENT


@dataclass(slots=True)
class FakeSender:
    """Keeps what it is given; `answer` says what becomes of each message, None for a receipt that gets lost."""

    batch: int = 4
    answer: Callable[[Outgoing], ReceiptStatus | None] = always_sent
    #: Hand-overs after which the carrier refuses everything.
    calls_until_refusal: int | None = None
    destination: str = "memory"
    closed: bool = False
    #: The messages as they left, by address.
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    handed: Counter[int] = field(default_factory=Counter)
    assembler: Assembler = field(default_factory=lambda: Assembler(ENVELOPE))

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        if self.calls_until_refusal is not None:
            if not self.calls_until_refusal:
                raise SenderError("the carrier is closed for today")
            self.calls_until_refusal -= 1
        receipts = []
        for one in batch:
            self.handed[one.reader.delivery_id] += 1
            status = self.answer(one)
            if status is ReceiptStatus.SENT:
                raw = self.assembler.raw(one.message, one.reader, one.edition_id, one.variant, now)
                self.arrived.append((one.reader.email, raw))
            if status is not None:
                receipts.append(
                    Receipt(delivery_id=one.reader.delivery_id, status=status, detail=f"said {status}")
                )
        return receipts

    def close(self) -> None:
        """See `ports.Sender`."""
        self.closed = True
