"""What only a database can get wrong: many workers on one ledger at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import pytest

from digest.adapters.store import Store, open_store
from digest.errors import LeaseLost
from digest.model import DeliveryState, ReceiptStatus
from digest.ports import Claim, Ledger
from tests.adapters.ledgers import LEASE, SqlDesk, all_of, hand_over, ids, later, states
from tests.conftest import NOW
from tests.samples import message

_Result = TypeVar("_Result")
_WORKERS = 4


def _at_once(url: str, work: Callable[[Ledger, int], _Result]) -> list[_Result]:
    """Have workers, each with connections of its own, begin this at the same moment."""
    start = threading.Barrier(_WORKERS)

    def one(number: int) -> _Result:
        store = open_store(url)
        try:
            start.wait(timeout=20)
            return work(store.ledger, number)
        finally:
            store.close()

    with ThreadPoolExecutor(_WORKERS) as threads:
        return list(threads.map(one, range(_WORKERS)))


def test_of_openings_at_once_one_counts(database_url: str, store: Store) -> None:
    desk = SqlDesk(store)
    people, edition_id = desk.subscribe(20), desk.freeze()

    def open_edition(ledger: Ledger, number: int) -> None:
        ledger.open(edition_id, {"default": message(f"{number}")}, [(one, "default") for one in people], NOW)

    _at_once(database_url, open_edition)
    assert store.ledger.counts(edition_id) == {DeliveryState.PENDING: 20}
    assert len(store.ledger.messages(edition_id)) == 1


def test_an_opening_that_fails_leaves_the_edition_unopened(store: Store) -> None:
    desk = SqlDesk(store)
    people, edition_id = desk.subscribe(2), desk.freeze()
    nobody = replace(people[1], id=987_654)
    recipients = [(people[0], "default"), (nobody, "default")]
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store.ledger.open(edition_id, {"default": message()}, recipients, NOW)
    assert not store.ledger.is_open(edition_id)
    assert store.ledger.counts(edition_id) == {}
    assert store.ledger.messages(edition_id) == {}


def test_a_reader_gets_one_edition_a_day_of_a_newsletter_whatever_the_cohort(store: Store) -> None:
    desk = SqlDesk(store)
    people, first = desk.subscribe(2), desk.freeze()
    frozen = store.editions.edition(first)
    assert frozen is not None
    other = store.editions.freeze(replace(frozen, id=f"{first}-cairo", cohort="Africa/Cairo")).id
    store.ledger.open(first, {"default": message()}, [(people[0], "default")], NOW)
    store.ledger.open(other, {"default": message()}, [(one, "default") for one in people], NOW)
    assert [one.email for one in store.ledger.deliveries(other)] == [people[1].email]


def test_no_two_claimers_hold_the_same_delivery(database_url: str, store: Store) -> None:
    edition_id = SqlDesk(store).open(120)

    def claim_all(ledger: Ledger, number: int) -> list[int]:
        held: list[int] = []
        while claim := ids(ledger.claim(edition_id, 3 + number, NOW, LEASE)):
            held += claim
        return held

    held = Counter(delivery_id for one in _at_once(database_url, claim_all) for delivery_id in one)
    assert len(held) == 120
    assert set(held.values()) == {1}


def test_of_two_that_recover_and_claim_at_once_each_takes_its_own(database_url: str, store: Store) -> None:
    edition_id = SqlDesk(store).open(40)
    lost = store.ledger.claim(edition_id, 40, NOW, LEASE)
    store.ledger.mark_sending(lost, ids(lost)[:10], NOW, LEASE)

    def take_over(ledger: Ledger, _: int) -> tuple[Counter[DeliveryState], int]:
        recovered = Counter(ledger.recover(edition_id, later(61)))
        return recovered, len(hand_over(ledger, edition_id, ReceiptStatus.SENT, later(61)).deliveries)

    done = _at_once(database_url, take_over)
    assert sum((recovered for recovered, _ in done), Counter()) == {
        DeliveryState.CLAIMED: 30,
        DeliveryState.SENDING: 10,
    }
    assert sum(taken for _, taken in done) == 30
    assert store.ledger.counts(edition_id) == {DeliveryState.SENT: 30, DeliveryState.UNKNOWN: 10}


def test_a_late_worker_and_a_rescuer_never_both_settle(database_url: str, store: Store) -> None:
    edition_id = SqlDesk(store).open(5)
    for _ in range(5):
        late = store.ledger.claim(edition_id, 1, NOW, LEASE)
        store.ledger.mark_sending(late, ids(late), NOW, LEASE)

        def settle_or_recover(ledger: Ledger, number: int, late: Claim = late) -> bool:
            if number:
                return ledger.recover(edition_id, later(61))[DeliveryState.SENDING] > 0
            try:
                ledger.settle(late, all_of(late, ReceiptStatus.SENT), later(61))
            except LeaseLost:
                return False
            return True

        assert sum(_at_once(database_url, settle_or_recover)) == 1
    assert set(states(store.ledger, edition_id)) <= {DeliveryState.SENT, DeliveryState.UNKNOWN}


def test_a_list_that_is_being_read_holds_no_worker_up(store: Store) -> None:
    edition_id = SqlDesk(store).open(3)
    listing = iter(store.ledger.deliveries(edition_id))
    next(listing)
    hand_over(store.ledger, edition_id, ReceiptStatus.SENT, NOW)
    assert len(list(listing)) == 2
    assert store.ledger.counts(edition_id) == {DeliveryState.SENT: 3}
