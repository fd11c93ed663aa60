"""The ledger's contract, over the fake and both databases."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Callable, Iterator

import pytest

from digest.adapters.store import Store
from digest.adapters.store.ledger import MOST_ATTEMPTS
from digest.errors import LeaseLost
from digest.model import DeliveryState, Receipt, ReceiptStatus
from digest.ports import Claim, Ledger
from tests.adapters.databases import KINDS, opened_store
from tests.adapters.ledgers import (
    LEASE,
    MESSAGES,
    Desk,
    MemoryDesk,
    SqlDesk,
    all_of,
    hand_over,
    ids,
    later,
    states,
)
from tests.conftest import NOW
from tests.samples import message, person


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Desk]:
    """A ledger of each kind in turn, with readers at hand."""
    if request.param == "memory":
        yield MemoryDesk()
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield SqlDesk(store)


# --------------------------------------------------------------------------- opening


def test_an_edition_is_not_open_until_it_is_opened(desk: Desk) -> None:
    assert not desk.ledger.is_open("never heard of")
    assert desk.ledger.is_open(desk.open(1))


def test_what_is_opened_is_pending_and_keeps_its_messages(desk: Desk) -> None:
    edition_id = desk.open(3)
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 3}
    assert desk.ledger.messages(edition_id) == MESSAGES
    found = list(desk.ledger.deliveries(edition_id))
    assert [(one.email, one.name, one.variant, one.attempts) for one in found] == [
        (person(number).email, person(number).name, "default", 0) for number in (1, 2, 3)
    ]


def test_a_second_opening_changes_nothing(desk: Desk) -> None:
    edition_id = desk.open(2)
    desk.ledger.open(edition_id, {"default": message("أخرى")}, [(person(99), "default")], later(60))
    assert desk.ledger.messages(edition_id) == MESSAGES
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 2}


def test_an_edition_may_be_opened_for_nobody(desk: Desk) -> None:
    edition_id = desk.open(0)
    assert desk.ledger.is_open(edition_id)
    assert desk.ledger.counts(edition_id) == {}
    assert desk.ledger.claim(edition_id, 10, NOW, LEASE).deliveries == ()
    assert desk.ledger.next_due(edition_id) is None


def test_editions_do_not_mix(desk: Desk) -> None:
    one, other = desk.open(2), desk.open(3)
    hand_over(desk.ledger, one, ReceiptStatus.SENT, NOW)
    assert desk.ledger.counts(one) == {DeliveryState.SENT: 2}
    assert desk.ledger.counts(other) == {DeliveryState.PENDING: 3}


# --------------------------------------------------------------------------- the way of a delivery


def test_a_delivery_goes_from_pending_to_sent(desk: Desk) -> None:
    edition_id = desk.open(2)
    claim = desk.ledger.claim(edition_id, 10, NOW, LEASE)
    assert [(held.email, held.state) for held in claim.deliveries] == [
        (person(1).email, DeliveryState.CLAIMED),
        (person(2).email, DeliveryState.CLAIMED),
    ]
    desk.ledger.mark_sending(claim, ids(claim), later(1), LEASE)
    assert desk.ledger.counts(edition_id) == {DeliveryState.SENDING: 2}
    desk.ledger.settle(claim, all_of(claim, ReceiptStatus.SENT, "250 شكراً"), later(2))
    settled = list(desk.ledger.deliveries(edition_id, DeliveryState.SENT))
    assert [(one.attempts, one.detail, one.updated_at) for one in settled] == [(1, "250 شكراً", later(2))] * 2
    assert desk.ledger.next_due(edition_id) is None


def test_a_claim_takes_no_more_than_asked_and_the_next_one_others(desk: Desk) -> None:
    edition_id = desk.open(5)
    claims = [desk.ledger.claim(edition_id, 2, NOW, LEASE) for _ in range(4)]
    assert [len(claim.deliveries) for claim in claims] == [2, 2, 1, 0]
    held = [delivery_id for claim in claims for delivery_id in ids(claim)]
    assert len(set(held)) == 5
    assert len({claim.fence for claim in claims}) == 4


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
    assert desk.ledger.claim(edition_id, 10, year, LEASE).deliveries == ()
    assert states(desk.ledger, edition_id) == [state]


def test_a_temporary_failure_waits_and_is_tried_again(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, NOW)
    [waiting] = desk.ledger.deliveries(edition_id)
    assert (waiting.state, waiting.attempts, waiting.detail) == (
        DeliveryState.FAILED_TEMP,
        1,
        "the carrier's words",
    )
    due = desk.ledger.next_due(edition_id)
    assert due is not None
    assert due > NOW
    assert desk.ledger.claim(edition_id, 10, due - dt.timedelta(microseconds=1), LEASE).deliveries == ()
    hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, due)
    [sent] = desk.ledger.deliveries(edition_id)
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 2)


def test_a_failure_that_stays_is_given_up_after_longer_and_longer_waits(desk: Desk) -> None:
    edition_id = desk.open(1)
    moment, waits = NOW, []
    while hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, moment).deliveries:
        due = desk.ledger.next_due(edition_id)
        if due is None:
            break
        waits.append(due - moment)
        moment = due
    [given_up] = desk.ledger.deliveries(edition_id)
    assert (given_up.state, given_up.attempts) == (DeliveryState.EXPIRED, MOST_ATTEMPTS)
    assert given_up.detail == "the carrier's words"
    assert len(waits) == MOST_ATTEMPTS - 1
    assert waits == sorted(waits)
    assert waits[0] == dt.timedelta(minutes=1)
    assert waits[-1] == dt.timedelta(hours=1)


def test_what_was_never_handed_over_is_not_counted(desk: Desk) -> None:
    edition_id = desk.open(1)
    for _ in range(MOST_ATTEMPTS + 2):
        assert len(hand_over(desk.ledger, edition_id, ReceiptStatus.RETURNED, NOW).deliveries) == 1
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


def test_a_part_of_a_claim_can_be_marked_and_settled(desk: Desk) -> None:
    edition_id = desk.open(3)
    claim = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    first, *rest = ids(claim)
    desk.ledger.mark_sending(claim, [first], NOW, LEASE)
    desk.ledger.settle(claim, [Receipt(delivery_id=first, status=ReceiptStatus.SENT)], NOW)
    desk.ledger.mark_sending(claim, rest, NOW, LEASE)
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENT,
        DeliveryState.SENDING,
        DeliveryState.SENDING,
    ]


def test_a_release_gives_back_what_is_claimed_and_not_yet_sending(desk: Desk) -> None:
    edition_id = desk.open(3)
    claim = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    desk.ledger.mark_sending(claim, ids(claim)[:1], NOW, LEASE)
    desk.ledger.release(claim, NOW)
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 2, DeliveryState.SENDING: 1}
    assert len(desk.ledger.claim(edition_id, 10, NOW, LEASE).deliveries) == 2


# --------------------------------------------------------------------------- leases


def test_nothing_is_recovered_before_the_lease_ends(desk: Desk) -> None:
    edition_id = desk.open(2)
    claim = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    desk.ledger.mark_sending(claim, ids(claim)[:1], NOW, LEASE)
    found = desk.ledger.recover(edition_id, NOW + LEASE)
    assert found == {DeliveryState.CLAIMED: 0, DeliveryState.SENDING: 0}
    assert states(desk.ledger, edition_id) == [DeliveryState.SENDING, DeliveryState.CLAIMED]
    assert desk.ledger.next_due(edition_id) == NOW + LEASE


def test_of_a_dead_worker_claims_go_back_and_sendings_become_unknown(desk: Desk) -> None:
    edition_id = desk.open(3)
    claim = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    desk.ledger.mark_sending(claim, ids(claim)[:1], NOW, LEASE)
    found = desk.ledger.recover(edition_id, later(60.001))
    assert found == {DeliveryState.CLAIMED: 2, DeliveryState.SENDING: 1}
    assert states(desk.ledger, edition_id) == [
        DeliveryState.UNKNOWN,
        DeliveryState.PENDING,
        DeliveryState.PENDING,
    ]
    [unknown] = desk.ledger.deliveries(edition_id, DeliveryState.UNKNOWN)
    assert "died while sending" in unknown.detail
    again = hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, later(61))
    assert len(again.deliveries) == 2
    assert desk.ledger.counts(edition_id) == {DeliveryState.SENT: 2, DeliveryState.UNKNOWN: 1}


def test_marking_renews_the_lease(desk: Desk) -> None:
    edition_id = desk.open(1)
    claim = desk.ledger.claim(edition_id, 1, NOW, LEASE)
    desk.ledger.mark_sending(claim, ids(claim), later(50), LEASE)
    desk.ledger.recover(edition_id, later(100))
    desk.ledger.settle(claim, all_of(claim, ReceiptStatus.SENT), later(100))
    assert states(desk.ledger, edition_id) == [DeliveryState.SENT]


def _mark(ledger: Ledger, claim: Claim) -> None:
    ledger.mark_sending(claim, ids(claim), later(62), LEASE)


def _settle(ledger: Ledger, claim: Claim) -> None:
    ledger.settle(claim, all_of(claim, ReceiptStatus.SENT), later(62))


@pytest.mark.parametrize(
    ("sending", "act"),
    [
        pytest.param(False, _mark, id="marking what was only claimed"),
        pytest.param(True, _settle, id="settling what was being sent"),
        pytest.param(False, _settle, id="settling what was never marked"),
        pytest.param(True, _mark, id="marking twice"),
    ],
)
def test_whose_claim_is_lost_changes_nothing(
    desk: Desk, sending: bool, act: Callable[[Ledger, Claim], None]
) -> None:
    edition_id = desk.open(2)
    late = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    if sending:
        desk.ledger.mark_sending(late, ids(late), NOW, LEASE)
    desk.ledger.recover(edition_id, later(61))
    desk.ledger.claim(edition_id, 1, later(61), LEASE)
    before = list(desk.ledger.deliveries(edition_id))
    with pytest.raises(LeaseLost):
        act(desk.ledger, late)
    assert list(desk.ledger.deliveries(edition_id)) == before


def test_a_release_after_a_lost_claim_takes_nothing_from_the_new_holder(desk: Desk) -> None:
    edition_id = desk.open(2)
    late = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    desk.ledger.recover(edition_id, later(61))
    holder = desk.ledger.claim(edition_id, 2, later(61), LEASE)
    desk.ledger.release(late, later(62))
    desk.ledger.mark_sending(holder, ids(holder), later(62), LEASE)
    assert desk.ledger.counts(edition_id) == {DeliveryState.SENDING: 2}


def test_a_claim_that_is_lost_in_part_changes_nothing_at_all(desk: Desk) -> None:
    edition_id = desk.open(2)
    claim = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    first, second = ids(claim)
    desk.ledger.mark_sending(claim, [first], later(30), LEASE)
    # The first one's lease was renewed; only the second is lost.
    desk.ledger.recover(edition_id, later(61))
    with pytest.raises(LeaseLost):
        desk.ledger.mark_sending(claim, [first, second], later(62), LEASE)
    assert states(desk.ledger, edition_id) == [DeliveryState.SENDING, DeliveryState.PENDING]


# --------------------------------------------------------------------------- who is not written to


def test_suppressed_readers_are_settled_instead_of_claimed(desk: Desk) -> None:
    edition_id = desk.open(4)
    desk.suppress(person(2).email)
    claim = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    assert [held.email for held in claim.deliveries] == [person(1).email, person(3).email]
    assert states(desk.ledger, edition_id) == [
        DeliveryState.CLAIMED,
        DeliveryState.SUPPRESSED,
        DeliveryState.CLAIMED,
        DeliveryState.PENDING,
    ]


def test_a_retry_to_a_reader_who_left_meanwhile_is_not_made(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, NOW)
    desk.suppress(person(1).email)
    assert desk.ledger.claim(edition_id, 10, NOW + dt.timedelta(days=1), LEASE).deliveries == ()
    assert states(desk.ledger, edition_id) == [DeliveryState.SUPPRESSED]


def test_what_was_sent_before_the_reader_left_stays_sent(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, NOW)
    desk.suppress(person(1).email)
    desk.ledger.claim(edition_id, 10, NOW, LEASE)
    assert states(desk.ledger, edition_id) == [DeliveryState.SENT]


def test_who_left_this_newsletter_and_stays_with_another_gets_no_more_of_it(store: Store) -> None:
    desk = SqlDesk(store)
    edition_id = desk.open(2)
    leaver = person(1)
    store.subscribers.add(
        type(leaver)(id=0, email=leaver.email, newsletter_id="asdaa"), source="a test", now=NOW
    )
    store.subscribers.remove(leaver.email, "mujaz", reason="unsubscribed", now=NOW)
    claim = store.ledger.claim(edition_id, 10, NOW, LEASE)
    assert [held.email for held in claim.deliveries] == [person(2).email]
    assert states(store.ledger, edition_id) == [DeliveryState.SUPPRESSED, DeliveryState.CLAIMED]


def test_who_left_another_newsletter_still_gets_this_one(store: Store) -> None:
    desk = SqlDesk(store)
    edition_id = desk.open(1)
    reader = person(1)
    store.subscribers.add(
        type(reader)(id=0, email=reader.email, newsletter_id="asdaa"), source="a test", now=NOW
    )
    store.subscribers.remove(reader.email, "asdaa", reason="unsubscribed", now=NOW)
    assert len(store.ledger.claim(edition_id, 10, NOW, LEASE).deliveries) == 1


# --------------------------------------------------------------------------- what comes when


def test_next_due_is_the_first_of_leases_and_retries(desk: Desk) -> None:
    edition_id = desk.open(3)
    first = desk.ledger.claim(edition_id, 1, NOW, LEASE)
    desk.ledger.mark_sending(first, ids(first), NOW, LEASE)
    desk.ledger.settle(first, all_of(first, ReceiptStatus.DEFERRED), NOW)
    retry = desk.ledger.next_due(edition_id)
    assert retry is not None
    desk.ledger.claim(edition_id, 1, NOW, dt.timedelta(seconds=5))
    assert desk.ledger.next_due(edition_id) == later(5)
    desk.ledger.recover(edition_id, later(6))
    assert desk.ledger.next_due(edition_id) == retry


def test_deliveries_can_be_listed_by_state(desk: Desk) -> None:
    edition_id = desk.open(3)
    desk.ledger.claim(edition_id, 1, NOW, LEASE)
    pending = list(desk.ledger.deliveries(edition_id, DeliveryState.PENDING))
    assert [one.email for one in pending] == [person(2).email, person(3).email]
    assert list(desk.ledger.deliveries(edition_id, DeliveryState.SENT)) == []
    assert list(desk.ledger.deliveries("never heard of")) == []


def test_what_may_still_be_sent_is_unfinished(desk: Desk) -> None:
    assert desk.ledger.unfinished() == []
    edition_id = desk.open(2)
    assert desk.ledger.unfinished() == [edition_id]
    hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, NOW)
    assert desk.ledger.unfinished() == []
