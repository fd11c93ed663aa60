"""A ledger with readers to send to, in memory or on a database, for the ledger's contract tests."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from digest.adapters.store import Store
from digest.model import DeliveryState, Receipt, ReceiptStatus, Subscriber
from digest.ports import Claim, Ledger
from tests.conftest import NOW
from tests.fakes import MemoryLedger
from tests.samples import TODAY, edition, message, person

LEASE = dt.timedelta(seconds=60)
MESSAGES = {"default": message()}


class Desk(Protocol):
    """A ledger, and the people around it."""

    @property
    def ledger(self) -> Ledger:
        """The ledger itself."""

    def open(self, count: int) -> str:
        """Open a new edition to so many new readers; return its id."""

    def suppress(self, email: str) -> None:
        """Have an address suppressed."""


@dataclass(slots=True)
class MemoryDesk:
    """The fake ledger's."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    _editions: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _readers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ids: dict[str, int] = field(default_factory=dict)

    def open(self, count: int) -> str:
        edition_id = f"e{next(self._editions)}"
        people = [person(number) for number in itertools.islice(self._readers, count)]
        self._ids |= {one.email: one.id for one in people}
        self.ledger.open(edition_id, MESSAGES, [(one, "default") for one in people], NOW)
        return edition_id

    def suppress(self, email: str) -> None:
        self.ledger.suppressed.add(self._ids[email])


class SqlDesk:
    """A real store's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ledger = store.ledger
        self._editions = itertools.count(1)
        self._readers = itertools.count(1)

    def subscribe(self, count: int) -> Sequence[Subscriber]:
        """Add so many new subscribers; return them with their ids."""
        wanted = [person(number) for number in itertools.islice(self._readers, count)]
        for one in wanted:
            self._store.subscribers.add(one, source="a test", now=NOW)
        emails = {one.email for one in wanted}
        return [one for one in self._store.subscribers.subscribers() if one.email in emails]

    def freeze(self) -> str:
        """Freeze a new edition; return its id."""
        number = next(self._editions)
        return self._store.editions.freeze(edition(f"e{number}", day=TODAY + dt.timedelta(days=number))).id

    def open(self, count: int) -> str:
        edition_id = self.freeze()
        self.ledger.open(edition_id, MESSAGES, [(one, "default") for one in self.subscribe(count)], NOW)
        return edition_id

    def suppress(self, email: str) -> None:
        self._store.subscribers.remove(email, None, reason="unsubscribed", now=NOW)


def later(seconds: float) -> dt.datetime:
    """Return the moment so many seconds after NOW."""
    return NOW + dt.timedelta(seconds=seconds)


def ids(claim: Claim) -> list[int]:
    """Return the ids of the claimed deliveries."""
    return [held.id for held in claim.deliveries]


def all_of(claim: Claim, status: ReceiptStatus, detail: str = "") -> list[Receipt]:
    """Return a receipt of this status for each claimed delivery."""
    return [Receipt(delivery_id=held.id, status=status, detail=detail) for held in claim.deliveries]


def states(ledger: Ledger, edition_id: str) -> list[DeliveryState]:
    """Return the states of an edition's deliveries, by address."""
    return [one.state for one in ledger.deliveries(edition_id)]


def hand_over(ledger: Ledger, edition_id: str, status: ReceiptStatus, now: dt.datetime) -> Claim:
    """Claim, mark and settle everything that is due, with one answer for all."""
    claim = ledger.claim(edition_id, 1000, now, LEASE)
    ledger.mark_sending(claim, ids(claim), now, LEASE)
    ledger.settle(claim, all_of(claim, status, "the carrier's words"), now)
    return claim
