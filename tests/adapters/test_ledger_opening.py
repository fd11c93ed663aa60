"""The ledger's contract, over the fake and both databases: what is frozen, and for whom."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from digest.model import Audience, DeliveryState
from tests.adapters.databases import KINDS
from tests.adapters.ledgers import DEFAULT, LEASE, MESSAGES, Desk, everybody, later, opened_desk
from tests.conftest import NOW
from tests.samples import TODAY, message, person
from tests.subscribing_fakes import CONSENT


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Desk]:
    """A ledger of each kind in turn, with people around it."""
    with opened_desk(request.param, request, tmp_path) as made:
        yield made


def test_an_edition_is_not_open_until_it_is_opened(desk: Desk) -> None:
    assert not desk.ledger.is_open("never heard of")
    assert desk.ledger.recipients("never heard of") == 0
    assert desk.ledger.is_open(desk.open(1))


def test_what_is_opened_is_pending_and_keeps_its_messages(desk: Desk) -> None:
    edition_id = desk.open(3)
    assert desk.ledger.recipients(edition_id) == 3
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 3}
    assert desk.ledger.message(edition_id, "default") == message()
    found = list(desk.ledger.deliveries(edition_id))
    assert [(one.email, one.name, one.variant, one.attempts, one.fence) for one in found] == [
        (person(number).email, person(number).name, "default", 0, "") for number in (1, 2, 3)
    ]
    assert len({one.subscriber_id for one in found}) == 3


def test_a_message_that_was_never_frozen_is_an_error(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.ledger.message(desk.open(1), "gulf")


def test_a_second_opening_changes_nothing(desk: Desk) -> None:
    edition_id = desk.open(2)
    desk.subscribe(1)
    other = {"default": message("أخرى")}
    assert desk.ledger.open(edition_id, other, everybody(), DEFAULT, later(60)) == 2
    assert desk.ledger.message(edition_id, "default") == message()
    assert desk.ledger.counts(edition_id) == {DeliveryState.PENDING: 2}


def test_for_nobody_nothing_is_frozen(desk: Desk) -> None:
    edition_id = desk.open(0)
    assert not desk.ledger.is_open(edition_id)
    with pytest.raises(KeyError):
        desk.ledger.message(edition_id, "default")
    assert desk.ledger.counts(edition_id) == {}
    assert desk.ledger.claim(edition_id, 10, NOW, LEASE) == ()
    assert desk.ledger.next_due(edition_id) is None


def test_whoever_comes_after_an_opening_for_nobody_is_in_the_next_one(desk: Desk) -> None:
    edition_id = desk.freeze()
    assert desk.ledger.open(edition_id, MESSAGES, everybody(), DEFAULT, NOW) == 0
    desk.subscribe(2)
    assert desk.ledger.open(edition_id, MESSAGES, everybody(), DEFAULT, NOW) == 2


def test_each_reader_gets_the_variant_of_the_choice_or_else_the_default(desk: Desk) -> None:
    [plain] = desk.subscribe(1)
    [levant] = desk.subscribe(1, regions=("levant",))
    [ordered] = desk.subscribe(1, regions=("levant", "gulf"))
    [newer] = desk.subscribe(1, regions=("asia",))
    messages = {name: message(name) for name in ("default", "levant", "levant,gulf")}
    variants = {(): "default", ("levant",): "levant", ("levant", "gulf"): "levant,gulf"}
    edition_id = desk.freeze()
    desk.ledger.open(edition_id, messages, everybody(), variants, NOW)
    assert {one.email: one.variant for one in desk.ledger.deliveries(edition_id)} == {
        plain: "default",
        levant: "levant",
        ordered: "levant,gulf",
        newer: "default",
    }
    assert desk.ledger.message(edition_id, "levant") == message("levant")


def test_only_readers_who_agreed_and_did_not_leave_are_frozen(desk: Desk) -> None:
    stays, suppressed, left = desk.subscribe(3)
    desk.subscribers.add(person(90, confirmed=False), consent=CONSENT)
    desk.suppress(suppressed)
    desk.subscribers.remove(left, "mujaz", reason="unsubscribed", now=NOW)
    edition_id = desk.freeze()
    assert desk.ledger.open(edition_id, MESSAGES, everybody(), DEFAULT, NOW) == 1
    assert [one.email for one in desk.ledger.deliveries(edition_id)] == [stays]


def test_an_audience_is_the_readers_of_its_zones(desk: Desk) -> None:
    home = desk.subscribe(1)
    riyadh = desk.subscribe(1, timezone="Asia/Riyadh")
    cairo = desk.subscribe(1, timezone="Africa/Cairo")
    of_home = Audience(newsletter_id="mujaz", zones=("", "Asia/Riyadh"))
    of_cairo = Audience(newsletter_id="mujaz", zones=("Africa/Cairo",))
    first = desk.freeze(day=TODAY)
    second = desk.freeze(day=TODAY, cohort="Africa/Cairo")
    desk.ledger.open(first, MESSAGES, of_home, DEFAULT, NOW)
    desk.ledger.open(second, MESSAGES, of_cairo, DEFAULT, NOW)
    assert [one.email for one in desk.ledger.deliveries(first)] == home + riyadh
    assert [one.email for one in desk.ledger.deliveries(second)] == cairo


def test_a_reader_gets_one_edition_a_day_of_a_newsletter_whatever_the_cohort(desk: Desk) -> None:
    desk.subscribe(1)
    first = desk.freeze(day=TODAY)
    desk.ledger.open(first, MESSAGES, everybody(), DEFAULT, NOW)
    late = desk.subscribe(1)
    other = desk.freeze(day=TODAY, cohort="Africa/Cairo")
    assert desk.ledger.open(other, MESSAGES, everybody(), DEFAULT, NOW) == 1
    assert [one.email for one in desk.ledger.deliveries(other)] == late
    assert (
        desk.ledger.open(desk.freeze(day=TODAY, cohort="Asia/Gaza"), MESSAGES, everybody(), DEFAULT, NOW) == 0
    )


def test_thousands_of_choices_find_their_variants(desk: Desk) -> None:
    """More choices than one statement of either engine takes as nested conditions."""
    choices: dict[tuple[str, ...], str] = {(f"r{number}",): f"v{number}" for number in range(5000)}
    [first], [last] = desk.subscribe(1, regions=("r0",)), desk.subscribe(1, regions=("r4999",))
    [other] = desk.subscribe(1, regions=("elsewhere",))
    variants = choices | {(): "default"}
    messages = {name: message() for name in ("default", "v0", "v4999")}
    edition_id = desk.freeze()
    assert desk.ledger.open(edition_id, messages, everybody(), variants, NOW) == 3
    assert {one.email: one.variant for one in desk.ledger.deliveries(edition_id)} == {
        first: "v0",
        last: "v4999",
        other: "default",
    }
