"""What only a database can get wrong: many workers on one ledger at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store, open_store
from digest.adapters.store.schema import delivery
from digest.model import DeliveryState, ReceiptStatus
from digest.ports import Ledger
from tests.adapters.ledgers import (
    DEFAULT,
    LEASE,
    MESSAGES,
    everybody,
    hand_over,
    later,
    let_go,
    settle,
    sql_desk,
    states,
)
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
    desk = sql_desk(store)
    desk.subscribe(20)
    edition_id = desk.freeze()

    def open_edition(ledger: Ledger, number: int) -> int:
        return ledger.open(edition_id, {"default": message(f"{number}")}, everybody(), DEFAULT, NOW)

    assert _at_once(database_url, open_edition) == [20] * _WORKERS
    assert store.ledger.counts(edition_id) == {DeliveryState.PENDING: 20}
    assert store.ledger.message(edition_id, "default") in [message(f"{number}") for number in range(_WORKERS)]


def test_an_opening_that_fails_leaves_the_edition_unopened(store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(2)
    edition_id = desk.freeze()
    with store.engine.begin() as connection:
        # The messages find their place, the recipients do not.
        connection.execute(sa.text("ALTER TABLE delivery RENAME COLUMN name TO gone"))
    with pytest.raises(sa.exc.DBAPIError):
        store.ledger.open(edition_id, MESSAGES, everybody(), DEFAULT, NOW)
    assert not store.ledger.is_open(edition_id)
    assert store.ledger.recipients(edition_id) == 0
    with pytest.raises(KeyError):
        store.ledger.message(edition_id, "default")


def test_of_two_cohorts_opened_at_once_each_reader_is_in_one(database_url: str, store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(30)
    day = NOW.date()
    editions = [
        desk.freeze(day=day, cohort=cohort) for cohort in ("", "Africa/Cairo", "Asia/Gaza", "Asia/Riyadh")
    ]

    def open_edition(ledger: Ledger, number: int) -> int:
        return ledger.open(editions[number], MESSAGES, everybody(), DEFAULT, NOW)

    assert sorted(_at_once(database_url, open_edition)) == [0, 0, 0, 30]
    assert sum(store.ledger.is_open(one) for one in editions) == 1


def test_no_two_claimers_hold_the_same_delivery(database_url: str, store: Store) -> None:
    edition_id = sql_desk(store).open(120)

    def claim_all(ledger: Ledger, number: int) -> list[int]:
        held: list[int] = []
        while claim := ledger.claim(edition_id, 3 + number, NOW, LEASE):
            held += [one.id for one in claim]
        return held

    held = Counter(delivery_id for one in _at_once(database_url, claim_all) for delivery_id in one)
    assert len(held) == 120
    assert set(held.values()) == {1}


def test_of_two_that_recover_and_claim_at_once_each_takes_its_own(database_url: str, store: Store) -> None:
    edition_id = sql_desk(store).open(40)
    lost = store.ledger.claim(edition_id, 40, NOW, LEASE)
    let_go(store.ledger, lost[:10], NOW)

    def take_over(ledger: Ledger, _: int) -> tuple[Counter[DeliveryState], int]:
        recovered = Counter(ledger.recover(edition_id, later(61)))
        return recovered, len(hand_over(ledger, edition_id, ReceiptStatus.SENT, later(61)))

    done = _at_once(database_url, take_over)
    assert sum((recovered for recovered, _ in done), Counter()) == {
        DeliveryState.CLAIMED: 30,
        DeliveryState.SENDING: 10,
    }
    assert sum(taken for _, taken in done) == 30
    assert store.ledger.counts(edition_id) == {DeliveryState.SENT: 30, DeliveryState.UNKNOWN: 10}


def test_a_late_worker_and_its_rescuers_settle_each_delivery_once(database_url: str, store: Store) -> None:
    edition_id = sql_desk(store).open(200)
    late = store.ledger.claim(edition_id, 200, NOW, LEASE)
    let_go(store.ledger, late, NOW)
    # Not in the order in which the rescuers come upon them.
    late = late[::-1]

    def settle_or_recover(ledger: Ledger, number: int) -> int:
        if number:
            return ledger.recover(edition_id, later(61))[DeliveryState.SENDING]
        lost = 0
        for start in range(0, 200, 50):
            lost += len(settle(ledger, late[start : start + 50], ReceiptStatus.SENT, later(61)))
        return 200 - lost

    assert sum(_at_once(database_url, settle_or_recover)) == 200
    assert set(states(store.ledger, edition_id)) <= {DeliveryState.SENT, DeliveryState.UNKNOWN}


def test_a_cancelling_operator_and_workers_agree_on_each_delivery(database_url: str, store: Store) -> None:
    edition_id = sql_desk(store).open(120)

    def send_or_cancel(ledger: Ledger, number: int) -> int:
        if not number:
            return ledger.cancel(edition_id, NOW, "cancelled")
        sent = 0
        while held := ledger.claim(edition_id, 7, NOW, LEASE):
            lost = let_go(ledger, held, NOW)
            ours = [one for one in held if one.id not in lost]
            sent += len(ours) - len(settle(ledger, ours, ReceiptStatus.SENT, NOW))
        return sent

    cancelled, *sent = _at_once(database_url, send_or_cancel)
    counts = store.ledger.counts(edition_id)
    assert cancelled + sum(sent) == 120
    assert counts.get(DeliveryState.EXPIRED, 0) == cancelled
    assert counts.get(DeliveryState.SENT, 0) == sum(sent)


def test_a_list_that_is_being_read_holds_no_worker_up(store: Store) -> None:
    edition_id = sql_desk(store).open(3)
    listing = iter(store.ledger.deliveries(edition_id))
    next(listing)
    hand_over(store.ledger, edition_id, ReceiptStatus.SENT, NOW)
    assert len(list(listing)) == 2
    assert store.ledger.counts(edition_id) == {DeliveryState.SENT: 3}


def test_the_database_itself_refuses_a_state_that_nobody_knows(store: Store) -> None:
    edition_id = sql_desk(store).open(1)
    with pytest.raises(sa.exc.IntegrityError), store.engine.begin() as connection:
        connection.execute(sa.update(delivery).values(state="lost"))
    assert store.ledger.counts(edition_id) == {DeliveryState.PENDING: 1}


def test_the_holds_are_listed_with_their_reasons(store: Store) -> None:
    desk = sql_desk(store)
    held, lifted = desk.open(1), desk.open(1)
    for edition_id in (held, lifted):
        store.ledger.hold(edition_id, later(60), "421 closing")
    store.ledger.hold(lifted, None, "")
    assert store.ledger.held() == {held: (later(60), "421 closing")}
