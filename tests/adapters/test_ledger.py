"""The ledger's contract, over the fake and both databases: the way of a delivery, leases."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Callable, Iterator

import pytest

from digest.adapters.store.ledger_outcomes import MOST_ATTEMPTS
from digest.model import Delivery, DeliveryState, ReceiptStatus
from digest.ports import Ledger
from tests.adapters.databases import KINDS
from tests.adapters.ledgers import (
    LEASE,
    Desk,
    answered,
    hand_over,
    later,
    let_go,
    opened_desk,
    settle,
    states,
)
from tests.conftest import NOW
from tests.samples import person


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Desk]:
    """A ledger of each kind in turn, with people around it."""
    with opened_desk(request.param, request, tmp_path) as made:
        yield made


# --------------------------------------------------------------------------- the way of a delivery


def test_editions_do_not_mix(desk: Desk) -> None:
    one, other = desk.open(2), desk.open(3)
    hand_over(desk.ledger, one, ReceiptStatus.SENT, NOW)
    assert desk.ledger.counts(one) == {DeliveryState.SENT: 2}
    assert desk.ledger.counts(other) == {DeliveryState.PENDING: 3}


def test_a_delivery_goes_from_pending_to_sent(desk: Desk) -> None:
    edition_id = desk.open(2)
    held = desk.ledger.claim(edition_id, 10, NOW, LEASE)
    assert [(one.email, one.state) for one in held] == [
        (person(1).email, DeliveryState.CLAIMED),
        (person(2).email, DeliveryState.CLAIMED),
    ]
    assert let_go(desk.ledger, held, later(1)) == frozenset()
    assert desk.ledger.counts(edition_id) == {DeliveryState.SENDING: 2}
    assert settle(desk.ledger, held, ReceiptStatus.SENT, later(2)) == frozenset()
    found = list(desk.ledger.deliveries(edition_id, DeliveryState.SENT))
    assert [(one.attempts, one.detail, one.updated_at, one.fence) for one in found] == [
        (1, "the carrier's words", later(2), "")
    ] * 2
    assert desk.ledger.next_due(edition_id) is None


def test_one_step_settles_some_and_lets_others_go(desk: Desk) -> None:
    edition_id = desk.open(4)
    held = desk.ledger.claim(edition_id, 4, NOW, LEASE)
    let_go(desk.ledger, held[:2], NOW)
    done = answered(held[:1], ReceiptStatus.SENT) + answered(held[1:2], ReceiptStatus.REJECTED)
    assert desk.ledger.advance(done, held[2:3], later(1), LEASE) == frozenset()
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENT,
        DeliveryState.FAILED_PERM,
        DeliveryState.SENDING,
        DeliveryState.CLAIMED,
    ]


def test_a_step_with_nothing_in_it_is_none(desk: Desk) -> None:
    edition_id = desk.open(1)
    assert desk.ledger.advance([], [], NOW, LEASE) == frozenset()
    desk.ledger.renew([], NOW, LEASE)
    desk.ledger.release([], NOW)
    assert states(desk.ledger, edition_id) == [DeliveryState.PENDING]


def test_a_claim_takes_no_more_than_asked_and_the_next_one_others(desk: Desk) -> None:
    edition_id = desk.open(5)
    claims = [desk.ledger.claim(edition_id, 2, NOW, LEASE) for _ in range(4)]
    assert [len(held) for held in claims] == [2, 2, 1, 0]
    assert len({one.id for held in claims for one in held}) == 5
    assert len({one.fence for held in claims for one in held}) == 3


@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param(ReceiptStatus.SENT, DeliveryState.SENT, id="sent"),
        pytest.param(ReceiptStatus.REJECTED, DeliveryState.FAILED_PERM, id="rejected"),
        pytest.param(ReceiptStatus.UNKNOWN, DeliveryState.UNKNOWN, id="unknown"),
    ],
)
def test_what_is_settled_for_good_is_never_claimed_again(
    desk: Desk, status: ReceiptStatus, state: DeliveryState
) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, status, NOW)
    year = NOW + dt.timedelta(days=365)
    desk.ledger.recover(edition_id, year)
    assert desk.ledger.claim(edition_id, 10, year, LEASE) == ()
    assert states(desk.ledger, edition_id) == [state]


def test_a_temporary_failure_waits_and_is_tried_again(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, NOW)
    [waiting] = desk.ledger.deliveries(edition_id)
    assert (waiting.state, waiting.attempts) == (DeliveryState.FAILED_TEMP, 1)
    assert waiting.detail == "the carrier's words"
    due = desk.ledger.next_due(edition_id)
    assert due is not None
    assert due > NOW
    assert desk.ledger.claim(edition_id, 10, due - dt.timedelta(microseconds=1), LEASE) == ()
    hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, due)
    [sent] = desk.ledger.deliveries(edition_id)
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 2)


def test_a_retry_is_claimed_before_what_is_new(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    settle(desk.ledger, held[1:], ReceiptStatus.DEFERRED, NOW)
    again = desk.ledger.claim(edition_id, 1, NOW + dt.timedelta(hours=1), LEASE)
    assert [one.id for one in again] == [held[1].id]


def test_a_failure_that_stays_is_given_up_after_longer_and_longer_waits(desk: Desk) -> None:
    edition_id = desk.open(1)
    moment, waits = NOW, []
    while hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, moment):
        due = desk.ledger.next_due(edition_id)
        if due is None:
            break
        waits.append(due - moment)
        moment = due
    [given_up] = desk.ledger.deliveries(edition_id)
    assert (given_up.state, given_up.attempts) == (DeliveryState.EXPIRED, MOST_ATTEMPTS)
    assert given_up.detail == "the carrier's words"
    assert len(waits) == MOST_ATTEMPTS - 1
    assert waits[0] < dt.timedelta(minutes=1.25)
    assert dt.timedelta(minutes=45) <= waits[-1] < dt.timedelta(minutes=75)


def test_what_was_never_handed_over_is_not_counted(desk: Desk) -> None:
    edition_id = desk.open(1)
    for _ in range(MOST_ATTEMPTS + 2):
        assert len(hand_over(desk.ledger, edition_id, ReceiptStatus.RETURNED, NOW)) == 1
    [back] = desk.ledger.deliveries(edition_id)
    assert (back.state, back.attempts) == (DeliveryState.PENDING, 0)
    assert desk.ledger.next_due(edition_id) is None


def test_a_returned_retry_keeps_the_attempts_that_were_made(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, NOW)
    due = desk.ledger.next_due(edition_id)
    assert due is not None
    hand_over(desk.ledger, edition_id, ReceiptStatus.RETURNED, due)
    [back] = desk.ledger.deliveries(edition_id)
    assert (back.state, back.attempts) == (DeliveryState.PENDING, 1)
    assert len(desk.ledger.claim(edition_id, 1, due, LEASE)) == 1


def test_a_release_gives_back_what_is_claimed_and_not_yet_sending(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    let_go(desk.ledger, held[:1], NOW)
    desk.ledger.release(held, NOW)
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 2, DeliveryState.SENDING: 1}
    assert len(desk.ledger.claim(edition_id, 10, NOW, LEASE)) == 2


# --------------------------------------------------------------------------- leases


def test_nothing_is_recovered_before_the_lease_ends(desk: Desk) -> None:
    edition_id = desk.open(2)
    held = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    let_go(desk.ledger, held[:1], NOW)
    found = desk.ledger.recover(edition_id, NOW + LEASE)
    assert found == {DeliveryState.CLAIMED: 0, DeliveryState.SENDING: 0}
    assert states(desk.ledger, edition_id) == [DeliveryState.SENDING, DeliveryState.CLAIMED]
    assert desk.ledger.next_due(edition_id) == NOW + LEASE


def test_of_a_dead_worker_claims_go_back_and_sendings_become_unknown(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    let_go(desk.ledger, held[:1], NOW)
    found = desk.ledger.recover(edition_id, later(60.001))
    assert found == {DeliveryState.CLAIMED: 2, DeliveryState.SENDING: 1}
    [unknown] = desk.ledger.deliveries(edition_id, DeliveryState.UNKNOWN)
    assert unknown.id == held[0].id
    assert "died while sending" in unknown.detail
    assert len(hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, later(61))) == 2
    assert desk.ledger.counts(edition_id) == {DeliveryState.SENT: 2, DeliveryState.UNKNOWN: 1}


def test_letting_go_renews_the_lease(desk: Desk) -> None:
    edition_id = desk.open(1)
    held = desk.ledger.claim(edition_id, 1, NOW, LEASE)
    let_go(desk.ledger, held, later(50))
    desk.ledger.recover(edition_id, later(100))
    assert not settle(desk.ledger, held, ReceiptStatus.SENT, later(100))
    assert states(desk.ledger, edition_id) == [DeliveryState.SENT]


def test_a_sign_of_life_renews_claims_and_sendings(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    let_go(desk.ledger, held[:1], NOW)
    desk.ledger.renew(held[:2], later(50), LEASE)
    found = desk.ledger.recover(edition_id, later(100))
    assert found == {DeliveryState.CLAIMED: 1, DeliveryState.SENDING: 0}
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENDING,
        DeliveryState.CLAIMED,
        DeliveryState.PENDING,
    ]
    assert desk.ledger.next_due(edition_id) == later(110)


def _let_go(ledger: Ledger, late: list[Delivery]) -> frozenset[int]:
    return let_go(ledger, late, later(62))


def _settle(ledger: Ledger, late: list[Delivery]) -> frozenset[int]:
    return settle(ledger, late, ReceiptStatus.SENT, later(62))


def _renew_and_release(ledger: Ledger, late: list[Delivery]) -> frozenset[int]:
    ledger.renew(late, later(62), LEASE)
    ledger.release(late, later(62))
    return frozenset(one.id for one in late)


@pytest.mark.parametrize(
    ("sending", "act"),
    [
        pytest.param(False, _let_go, id="letting go what was only claimed"),
        pytest.param(True, _settle, id="settling what was being sent"),
        pytest.param(False, _settle, id="settling what was never let go"),
        pytest.param(True, _let_go, id="letting go twice"),
        pytest.param(False, _renew_and_release, id="a sign of life, and giving back"),
    ],
)
def test_whose_claim_is_lost_changes_nothing_and_is_told(
    desk: Desk, sending: bool, act: Callable[[Ledger, list[Delivery]], frozenset[int]]
) -> None:
    edition_id = desk.open(2)
    late = list(desk.ledger.claim(edition_id, 2, NOW, LEASE))
    if sending:
        let_go(desk.ledger, late, NOW)
    desk.ledger.recover(edition_id, later(61))
    desk.ledger.claim(edition_id, 1, later(61), LEASE)
    before, due = list(desk.ledger.deliveries(edition_id)), desk.ledger.next_due(edition_id)
    assert act(desk.ledger, late) == {one.id for one in late}
    assert list(desk.ledger.deliveries(edition_id)) == before
    assert desk.ledger.next_due(edition_id) == due


def test_of_a_claim_that_is_lost_in_part_the_rest_goes_on(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    let_go(desk.ledger, held[:1], later(30))
    desk.ledger.renew(held[2:], later(30), LEASE)
    # Of the three only the second's lease was not renewed.
    desk.ledger.recover(edition_id, later(61))
    done = answered(held[:1], ReceiptStatus.SENT)
    assert desk.ledger.advance(done, held[1:], later(62), LEASE) == {held[1].id}
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENT,
        DeliveryState.PENDING,
        DeliveryState.SENDING,
    ]
