"""open_edition(): who gets which variant, and what is frozen for whom."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Audience, DeliveryState, Edition, Message, Subscriber
from digest.pipeline import DEFAULT_VARIANT, open_edition, regions_of, variant_of
from tests.conftest import NOW
from tests.fakes import MemoryEditionStore, MemoryLedger, MemorySubscribers
from tests.samples import edition, message, newsletter, person
from tests.subscribing_fakes import CONSENT

_EDITION = edition()
_EVERYBODY = Audience(newsletter_id="mujaz", zones=("",))
_REGIONS = ("gulf", "levant", "north_africa")


class _Press:
    """Renders messages, and remembers which."""

    def __init__(self) -> None:
        self.rendered: Counter[tuple[str, ...]] = Counter()

    def __call__(self, edition: Edition, regions: Sequence[str]) -> Message:
        self.rendered[tuple(regions)] += 1
        return message(",".join(regions))


def _opened(*people: Subscriber) -> tuple[MemoryLedger, _Press]:
    ledger, press = MemoryLedger(MemorySubscribers(*people)), _Press()
    open_edition(_EDITION, newsletter(), _EVERYBODY, ledger.subscribers, ledger, press, NOW)
    return ledger, press


def _variants(ledger: MemoryLedger, edition_id: str = _EDITION.id) -> dict[str, str]:
    return {one.email: one.variant for one in ledger.deliveries(edition_id)}


@pytest.mark.parametrize(
    ("chosen", "variant", "regions"),
    [
        pytest.param((), "default", _REGIONS, id="no choice"),
        pytest.param(_REGIONS, "default", _REGIONS, id="the same"),
        pytest.param(
            ("levant", "gulf"), "levant,gulf", ("levant", "gulf"), id="some, in an order of one's own"
        ),
        pytest.param(("levant", "levant"), "levant", ("levant",), id="one twice"),
        pytest.param(("asia", "levant"), "levant", ("levant",), id="one that the newsletter lacks"),
        pytest.param(("asia",), "default", _REGIONS, id="none that the newsletter has"),
        pytest.param(("asia", *_REGIONS), "default", _REGIONS, id="the same, and one that it lacks"),
        pytest.param(
            ("north_africa", "levant", "gulf"),
            "north_africa,levant,gulf",
            ("north_africa", "levant", "gulf"),
            id="all, in another order",
        ),
    ],
)
def test_a_variant_is_the_regions_chosen(
    chosen: tuple[str, ...], variant: str, regions: tuple[str, ...]
) -> None:
    found = variant_of(chosen, newsletter())
    assert found == variant
    assert tuple(regions_of(found, newsletter())) == regions


@given(chosen=st.lists(st.sampled_from([*_REGIONS, "asia", "nowhere"])))
def test_a_variant_has_regions_of_the_newsletter_each_once(chosen: list[str]) -> None:
    regions = regions_of(variant_of(chosen, newsletter()), newsletter())
    assert regions
    assert len(set(regions)) == len(regions)
    assert set(regions) <= set(_REGIONS)


def test_each_variant_is_rendered_once_and_goes_to_those_who_chose_it() -> None:
    levant = ("levant",)
    ledger, press = _opened(person(1), person(2, regions=levant), person(3), person(4, regions=levant))
    assert press.rendered == {_REGIONS: 1, levant: 1}
    assert list(_variants(ledger).values()) == ["default", "levant", "default", "levant"]
    assert ledger.message(_EDITION.id, "levant") == message("levant")


def test_choices_that_come_to_the_same_share_a_variant() -> None:
    ledger, press = _opened(
        person(1, regions=("asia", "levant")),
        person(2, regions=("levant", "nowhere")),
        person(3, regions=("nowhere",)),
        person(4, regions=_REGIONS),
    )
    assert list(_variants(ledger).values()) == ["levant", "levant", "default", "default"]
    assert press.rendered == {_REGIONS: 1, ("levant",): 1}


def test_thousands_of_choices_each_get_theirs() -> None:
    regions = tuple(f"r{number}" for number in range(19))
    choices = list(itertools.islice(itertools.permutations(regions, 3), 5000))
    people = [person(number, regions=choice) for number, choice in enumerate(choices, start=1)]
    ledger, press = MemoryLedger(MemorySubscribers(*people)), _Press()
    wide = newsletter(regions=regions)
    count = open_edition(_EDITION, wide, _EVERYBODY, ledger.subscribers, ledger, press, NOW)
    assert count == 5000
    assert _variants(ledger) == {one.email: ",".join(one.regions) for one in people}
    assert press.rendered == dict.fromkeys([regions, *choices], 1)


def test_a_choice_that_is_made_while_variants_are_rendered_counts_from_the_next_edition_on() -> None:
    people = MemorySubscribers(person(1), person(2))
    ledger = MemoryLedger(people)

    def render(edition: Edition, regions: Sequence[str]) -> Message:
        people.add(person(2, regions=("gulf",)), consent=CONSENT)
        return message()

    open_edition(_EDITION, newsletter(), _EVERYBODY, people, ledger, render, NOW)
    assert _variants(ledger) == {person(1).email: DEFAULT_VARIANT, person(2).email: DEFAULT_VARIANT}
    following = edition("next")
    open_edition(following, newsletter(), _EVERYBODY, people, ledger, _Press(), NOW)
    assert _variants(ledger, "next")[person(2).email] == "gulf"


@pytest.mark.parametrize(
    "people",
    [
        pytest.param([], id="nobody at all"),
        pytest.param([person(1, confirmed=False)], id="nobody who agreed"),
        pytest.param([replace(person(1), newsletter_id="asdaa")], id="readers of another newsletter"),
        pytest.param([replace(person(1), timezone="Africa/Cairo")], id="readers of another zone"),
    ],
)
def test_without_a_reader_nothing_is_rendered_or_frozen(people: Sequence[Subscriber]) -> None:
    ledger, press = _opened(*people)
    assert not ledger.is_open(_EDITION.id)
    assert ledger.recipients(_EDITION.id) == 0
    assert not press.rendered
    # Whoever comes within the hour is still in time.
    ledger.subscribers.add(person(9), consent=CONSENT)
    assert open_edition(_EDITION, newsletter(), _EVERYBODY, ledger.subscribers, ledger, press, NOW) == 1


def test_a_reader_who_leaves_while_variants_are_rendered_is_not_frozen() -> None:
    ledger = MemoryLedger(MemorySubscribers(person(1)))

    def render(edition: Edition, regions: Sequence[str]) -> Message:
        ledger.subscribers.remove(person(1).email, None, reason="unsubscribed", now=NOW)
        return message()

    assert open_edition(_EDITION, newsletter(), _EVERYBODY, ledger.subscribers, ledger, render, NOW) == 0
    assert not ledger.is_open(_EDITION.id)


def test_who_comes_after_the_opening_waits_for_the_next_edition() -> None:
    ledger, press = _opened(person(1), person(2))
    ledger.subscribers.add(person(3), consent=CONSENT)
    again = open_edition(_EDITION, newsletter(), _EVERYBODY, ledger.subscribers, ledger, press, NOW)
    assert again == 2
    assert ledger.counts(_EDITION.id) == {DeliveryState.PENDING: 2}
    assert press.rendered.total() == 1


def test_the_message_that_was_frozen_stays() -> None:
    ledger, _ = _opened(person(1, regions=("levant",)))

    def other(edition: Edition, regions: Sequence[str]) -> Message:
        return message("أخرى")

    open_edition(_EDITION, newsletter(), _EVERYBODY, ledger.subscribers, ledger, other, NOW)
    assert ledger.message(_EDITION.id, "levant") == message("levant")


def test_a_second_cohort_of_the_day_has_the_readers_of_its_own_zones_and_nobody_twice() -> None:
    people = MemorySubscribers(
        person(1), replace(person(2), timezone="Africa/Cairo"), replace(person(3), timezone="Asia/Riyadh")
    )
    editions = MemoryEditionStore()
    ledger = MemoryLedger(people, editions.edition)
    home = editions.freeze(_EDITION)
    cairo = editions.freeze(replace(_EDITION, id="mujaz-cairo", cohort="Africa/Cairo"))
    at_home = Audience(newsletter_id="mujaz", zones=("", "Asia/Riyadh"))
    in_cairo = Audience(newsletter_id="mujaz", zones=("Africa/Cairo",))
    assert open_edition(home, newsletter(), at_home, people, ledger, _Press(), NOW) == 2
    # Between the two editions a reader moves.
    people.add(replace(person(1), timezone="Africa/Cairo"), consent=CONSENT)
    assert open_edition(cairo, newsletter(), in_cairo, people, ledger, _Press(), NOW) == 1
    assert list(_variants(ledger, home.id)) == [person(1).email, person(3).email]
    assert list(_variants(ledger, cairo.id)) == [person(2).email]
