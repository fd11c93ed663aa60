"""The ledger's contract, over the fake and both databases: who is not written to, and the operator's word."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from digest.adapters.store.ledger_outcomes import MOST_ATTEMPTS
from digest.model import Bounce, DeliveryState, ReceiptStatus, SuppressionReason
from digest.ports import Ledger
from tests.adapters.databases import KINDS
from tests.adapters.ledgers import (
    LEASE,
    SOFT_BOUNCES,
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
from tests.subscribing_fakes import CONSENT

_TOMORROW = NOW + dt.timedelta(days=1)


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Desk]:
    """A ledger of each kind in turn, with people around it."""
    with opened_desk(request.param, request, tmp_path) as made:
        yield made


# --------------------------------------------------------------------------- who is not written to


def test_suppressed_readers_are_settled_instead_of_claimed(desk: Desk) -> None:
    edition_id = desk.open(4)
    desk.suppress(person(2).email)
    held = desk.ledger.claim(edition_id, 3, NOW, LEASE)
    assert [one.email for one in held] == [person(1).email, person(3).email]
    assert states(desk.ledger, edition_id) == [
        DeliveryState.CLAIMED,
        DeliveryState.SUPPRESSED,
        DeliveryState.CLAIMED,
        DeliveryState.PENDING,
    ]
    [spared] = desk.ledger.deliveries(edition_id, DeliveryState.SUPPRESSED)
    assert spared.fence == ""


def test_a_claim_goes_on_past_a_stretch_of_suppressed_readers(desk: Desk) -> None:
    edition_id = desk.open(7)
    for number in range(1, 6):
        desk.suppress(person(number).email)
    held = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    assert [one.email for one in held] == [person(6).email]
    assert desk.ledger.counts(edition_id) == {
        DeliveryState.PENDING: 1,
        DeliveryState.CLAIMED: 1,
        DeliveryState.SUPPRESSED: 5,
    }


def test_where_all_are_suppressed_a_claim_settles_them_and_is_empty(desk: Desk) -> None:
    edition_id = desk.open(5)
    for number in range(1, 6):
        desk.suppress(person(number).email)
    assert desk.ledger.claim(edition_id, 2, NOW, LEASE) == ()
    assert desk.ledger.counts(edition_id) == {DeliveryState.SUPPRESSED: 5}
    assert desk.ledger.unfinished(NOW) == []


def test_a_retry_to_a_reader_who_left_meanwhile_is_not_made(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, NOW)
    desk.suppress(person(1).email)
    assert desk.ledger.claim(edition_id, 10, _TOMORROW, LEASE) == ()
    assert states(desk.ledger, edition_id) == [DeliveryState.SUPPRESSED]
    assert desk.ledger.next_due(edition_id) is None


def test_what_was_sent_before_the_reader_left_stays_sent(desk: Desk) -> None:
    edition_id = desk.open(1)
    hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, NOW)
    desk.suppress(person(1).email)
    desk.ledger.claim(edition_id, 10, NOW, LEASE)
    assert states(desk.ledger, edition_id) == [DeliveryState.SENT]


@pytest.mark.parametrize(
    ("left", "claimed"),
    [
        pytest.param("n1", 0, id="this newsletter"),
        pytest.param("asdaa", 1, id="the other newsletter"),
    ],
)
def test_who_left_one_newsletter_of_two_gets_the_other(desk: Desk, left: str, claimed: int) -> None:
    edition_id = desk.open(1)
    desk.subscribers.add(replace(person(1), newsletter_id="asdaa"), consent=CONSENT)
    desk.subscribers.remove(person(1).email, left, reason="unsubscribed", now=NOW)
    assert len(desk.ledger.claim(edition_id, 10, NOW, LEASE)) == claimed


# --------------------------------------------------------------------------- bounces


def _reason(desk: Desk, email: str) -> SuppressionReason | None:
    found = desk.subscribers.suppression_of(email)
    return found.reason if found else None


def test_an_address_that_does_not_exist_is_never_written_to_again(desk: Desk) -> None:
    first = desk.open(2)
    held = desk.ledger.claim(first, 2, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    gone, there = held
    done = answered([gone], ReceiptStatus.REJECTED, "550 no such user", Bounce.HARD)
    desk.ledger.advance(done + answered([there], ReceiptStatus.SENT), [], later(1), LEASE)
    found = desk.subscribers.suppression_of(gone.email)
    assert found is not None
    assert (found.reason, found.since, found.detail) == (
        SuppressionReason.BOUNCED,
        later(1),
        "550 no such user",
    )
    assert _reason(desk, there.email) is None
    assert states(desk.ledger, first) == [DeliveryState.FAILED_PERM, DeliveryState.SENT]
    following = desk.open_next("n1")
    assert [one.email for one in desk.ledger.deliveries(following)] == [there.email]


def test_a_bounce_suppresses_what_is_pending_of_another_edition(desk: Desk) -> None:
    first = desk.open(1)
    following = desk.open_next("n1")
    hand_over(desk.ledger, first, ReceiptStatus.REJECTED, NOW, Bounce.HARD)
    assert desk.ledger.claim(following, 1, NOW, LEASE) == ()
    assert states(desk.ledger, following) == [DeliveryState.SUPPRESSED]


@pytest.mark.parametrize(
    ("answers", "suppressed"),
    [
        pytest.param([Bounce.SOFT] * (SOFT_BOUNCES - 1), False, id="one too few"),
        pytest.param([Bounce.SOFT] * SOFT_BOUNCES, True, id="enough in a row"),
        pytest.param([None, *[Bounce.SOFT] * SOFT_BOUNCES], True, id="enough in a row at last"),
        pytest.param(
            [*[Bounce.SOFT] * (SOFT_BOUNCES - 1), None, Bounce.SOFT], False, id="with a success between"
        ),
        pytest.param([Bounce.HARD], True, id="one that is hard"),
    ],
)
def test_soft_bounces_count_in_a_row_of_editions(
    desk: Desk, answers: Sequence[Bounce | None], suppressed: bool
) -> None:
    desk.subscribe(1, "n1")
    for bounce in answers:
        status = ReceiptStatus.REJECTED if bounce else ReceiptStatus.SENT
        assert _reason(desk, person(1).email) is None
        hand_over(desk.ledger, desk.open_next("n1"), status, NOW, bounce)
    assert _reason(desk, person(1).email) == (SuppressionReason.BOUNCED if suppressed else None)


def test_the_tries_of_one_edition_are_one_soft_bounce(desk: Desk) -> None:
    edition_id = desk.open(1)
    for _ in range(MOST_ATTEMPTS):
        due = desk.ledger.next_due(edition_id) or NOW
        hand_over(desk.ledger, edition_id, ReceiptStatus.DEFERRED, due, Bounce.SOFT)
    assert states(desk.ledger, edition_id) == [DeliveryState.EXPIRED]
    assert _reason(desk, person(1).email) is None
    for _ in range(SOFT_BOUNCES - 1):
        hand_over(desk.ledger, desk.open_next("n1"), ReceiptStatus.REJECTED, NOW, Bounce.SOFT)
    assert _reason(desk, person(1).email) is SuppressionReason.BOUNCED


def test_a_bounce_that_comes_after_the_lease_was_lost_suppresses_nobody(desk: Desk) -> None:
    edition_id = desk.open(2)
    held = desk.ledger.claim(edition_id, 2, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    desk.ledger.renew(held[1:], later(30), LEASE)
    desk.ledger.recover(edition_id, later(61))
    done = answered(held, ReceiptStatus.REJECTED, "550 no such user", Bounce.HARD)
    assert desk.ledger.advance(done, [], later(62), LEASE) == {held[0].id}
    assert _reason(desk, held[0].email) is None
    assert _reason(desk, held[1].email) is SuppressionReason.BOUNCED


def test_who_is_suppressed_already_keeps_the_first_reason(desk: Desk) -> None:
    edition_id = desk.open(1)
    held = desk.ledger.claim(edition_id, 1, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    desk.suppress(person(1).email)
    desk.ledger.advance(answered(held, ReceiptStatus.REJECTED, "550", Bounce.HARD), [], later(1), LEASE)
    assert _reason(desk, person(1).email) is SuppressionReason.UNSUBSCRIBED


# --------------------------------------------------------------------------- what comes when, and lists


def test_next_due_is_the_first_of_leases_and_retries(desk: Desk) -> None:
    edition_id = desk.open(3)
    held = desk.ledger.claim(edition_id, 1, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    settle(desk.ledger, held, ReceiptStatus.DEFERRED, NOW)
    retry = desk.ledger.next_due(edition_id)
    assert retry is not None
    desk.ledger.claim(edition_id, 1, NOW, dt.timedelta(seconds=5))
    assert desk.ledger.next_due(edition_id) == later(5)
    desk.ledger.recover(edition_id, later(6))
    assert desk.ledger.next_due(edition_id) == retry


def test_deliveries_can_be_listed_by_state_and_by_address(desk: Desk) -> None:
    edition_id = desk.open(3)
    desk.ledger.claim(edition_id, 1, NOW, LEASE)
    pending = list(desk.ledger.deliveries(edition_id, DeliveryState.PENDING))
    assert [one.email for one in pending] == [person(2).email, person(3).email]
    assert list(desk.ledger.deliveries(edition_id, DeliveryState.SENT)) == []
    assert list(desk.ledger.deliveries("never heard of")) == []
    [mine] = desk.ledger.deliveries(edition_id, email=f" {person(2).email.upper()}")
    assert mine.email == person(2).email
    assert list(desk.ledger.deliveries(edition_id, DeliveryState.CLAIMED, person(2).email)) == []
    assert list(desk.ledger.deliveries(edition_id, email="stranger@example.org")) == []


def test_what_may_still_be_sent_is_unfinished(desk: Desk) -> None:
    assert desk.ledger.unfinished(NOW) == []
    first, second = desk.open(2), desk.open(1)
    assert desk.ledger.unfinished(NOW) == [first, second]
    hand_over(desk.ledger, first, ReceiptStatus.SENT, NOW)
    assert desk.ledger.unfinished(NOW) == [second]
    hand_over(desk.ledger, second, ReceiptStatus.DEFERRED, NOW)
    assert desk.ledger.unfinished(NOW) == [second]


def test_an_edition_on_hold_is_left_alone_until_its_time(desk: Desk) -> None:
    held, other = desk.open(1), desk.open(1)
    desk.ledger.hold(held, later(600), "the carrier is closed")
    assert desk.ledger.unfinished(later(599)) == [other]
    assert desk.ledger.unfinished(later(600)) == [held, other]
    # `digest send` does not ask for the hold.
    assert len(desk.ledger.claim(held, 1, NOW, LEASE)) == 1
    desk.ledger.hold(held, None, "")
    assert desk.ledger.unfinished(NOW) == [held, other]


# --------------------------------------------------------------------------- the operator's word


def _unknown(ledger: Ledger, edition_id: str) -> None:
    hand_over(ledger, edition_id, ReceiptStatus.UNKNOWN, NOW)


@pytest.mark.parametrize(
    "state", [DeliveryState.SENT, DeliveryState.FAILED_PERM, DeliveryState.EXPIRED], ids=str
)
def test_the_operator_settles_the_unknown(desk: Desk, state: DeliveryState) -> None:
    edition_id = desk.open(3)
    _unknown(desk.ledger, edition_id)
    strangers = [person(2).email.upper(), "stranger@example.org", person(2).email]
    assert desk.ledger.settle_unknown(edition_id, state, strangers, later(5)) == 1
    [one] = desk.ledger.deliveries(edition_id, state)
    assert (one.email, one.updated_at, one.detail) == (person(2).email, later(5), "settled by the operator")
    assert desk.ledger.settle_unknown(edition_id, state, None, later(6)) == 2
    assert desk.ledger.counts(edition_id) == {state: 3}


def test_only_the_unknown_are_settled(desk: Desk) -> None:
    edition_id = desk.open(2)
    hand_over(desk.ledger, edition_id, ReceiptStatus.REJECTED, NOW)
    assert desk.ledger.settle_unknown(edition_id, DeliveryState.SENT, None, NOW) == 0
    assert desk.ledger.counts(edition_id) == {DeliveryState.FAILED_PERM: 2}


def test_what_is_sent_again_begins_anew(desk: Desk) -> None:
    edition_id = desk.open(3)
    _unknown(desk.ledger, edition_id)
    assert desk.ledger.claim(edition_id, 5, _TOMORROW, LEASE) == ()
    again = desk.ledger.send_again(edition_id, [DeliveryState.UNKNOWN], [person(3).email], later(9))
    assert again == 1
    [held] = desk.ledger.claim(edition_id, 5, later(9), LEASE)
    assert (held.email, held.attempts) == (person(3).email, 0)


def test_sending_again_takes_the_states_that_are_named_and_no_others(desk: Desk) -> None:
    edition_id = desk.open(4)
    held = desk.ledger.claim(edition_id, 4, NOW, LEASE)
    let_go(desk.ledger, held, NOW)
    statuses = [ReceiptStatus.SENT, ReceiptStatus.REJECTED, ReceiptStatus.UNKNOWN, ReceiptStatus.DEFERRED]
    for one, status in zip(held, statuses, strict=True):
        settle(desk.ledger, [one], status, NOW)
    failed = [DeliveryState.FAILED_PERM, DeliveryState.EXPIRED]
    assert desk.ledger.send_again(edition_id, failed, None, NOW) == 1
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENT,
        DeliveryState.PENDING,
        DeliveryState.UNKNOWN,
        DeliveryState.FAILED_TEMP,
    ]


def test_many_thousand_addresses_may_be_named(desk: Desk) -> None:
    edition_id = desk.open(2)
    _unknown(desk.ledger, edition_id)
    emails = [*(f"stranger{number}@example.org" for number in range(2500)), person(1).email]
    assert desk.ledger.send_again(edition_id, [DeliveryState.UNKNOWN], emails, NOW) == 1


def test_a_cancelled_edition_keeps_what_left_and_expires_the_rest(desk: Desk) -> None:
    edition_id = desk.open(5)
    held = desk.ledger.claim(edition_id, 4, NOW, LEASE)
    let_go(desk.ledger, held[:3], NOW)
    settle(desk.ledger, held[:1], ReceiptStatus.SENT, NOW)
    settle(desk.ledger, held[1:2], ReceiptStatus.DEFERRED, NOW)
    assert desk.ledger.cancel(edition_id, later(3), "cancelled by the operator") == 3
    assert states(desk.ledger, edition_id) == [
        DeliveryState.SENT,
        DeliveryState.EXPIRED,
        DeliveryState.SENDING,
        DeliveryState.EXPIRED,
        DeliveryState.EXPIRED,
    ]
    assert {one.detail for one in desk.ledger.deliveries(edition_id, DeliveryState.EXPIRED)} == {
        "cancelled by the operator"
    }
    # Whoever held a claim is told, and what was on its way is still settled.
    assert let_go(desk.ledger, held[3:], later(4)) == {held[3].id}
    assert not settle(desk.ledger, held[2:3], ReceiptStatus.SENT, later(4))
    assert desk.ledger.unfinished(_TOMORROW) == []
    assert desk.ledger.claim(edition_id, 5, _TOMORROW, LEASE) == ()
