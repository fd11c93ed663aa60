"""pick() with an editor's wishes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.model import Reason, Story
from digest.ranker.pick import MOST_LEFT_OUT, Pick, Wishes, pick
from tests.ranker.making import article, newsletter
from tests.ranker.test_pick import ids, news, reasons

_PAPER = newsletter(stories_per_region=2, brief_stories=1, most_stories=5)


def _levant(*scores: float) -> list[Story]:
    return [news(number, "levant", score, f"C{number}") for number, score in enumerate(scores)]


def _sections(choice: Pick) -> dict[str, list[str]]:
    return {section.region: ids(section.stories) for section in choice.sections}


def _pins(*story_ids: str) -> Wishes:
    return Wishes(pinned=frozenset(story_ids))


def test_a_pinned_story_comes_in_beyond_its_section_s_cap() -> None:
    stories = _levant(9, 8, 7, 6, 5)
    plain, pinned = pick(stories, _PAPER), pick(stories, _PAPER, _pins("s004"))
    assert (_sections(plain), ids(plain.briefs)) == ({"levant": ["s000", "s001"]}, ["s002"])
    assert (_sections(pinned), ids(pinned.briefs)) == ({"levant": ["s000", "s001", "s004"]}, ["s002"])


def test_the_weakest_that_is_not_pinned_gives_way() -> None:
    stories = [news(number, ["levant", "gulf", "africa"][number % 3], 9 - number, f"C{number}") for number in range(8)]  # fmt: skip
    plain = pick(stories, _PAPER)
    assert {one.id for one in plain.stories()} == {"s000", "s001", "s002", "s003", "s004"}
    pinned = pick(stories, _PAPER, _pins("s006", "s007"))
    assert {one.id for one in pinned.stories()} == {"s000", "s001", "s002", "s006", "s007"}
    assert reasons(pinned)["s003"] is Reason.EDITION_FULL


@pytest.mark.parametrize(
    ("stories", "pinned"),
    [
        pytest.param([*_levant(9, 8), news(7, "levant", 0.2)], "s007", id="too small"),
        pytest.param([news(n, "levant", 9 - n, "SY") for n in range(5)], "s004", id="its country is full"),
        pytest.param(
            [*(news(n, "levant", 9 - n, outlets=["واحدة"]) for n in range(4)), news(8, "gulf", 1.1)],
            "s003",
            id="its outlet is full",
        ),
        pytest.param(
            [*(news(n, "levant", 9 - n / 1000, f"C{n}") for n in range(150)), news(200, "levant", 1.1)],
            "s200",
            id="nobody would have looked at it",
        ),
    ],
)
def test_a_pin_is_an_order(stories: list[Story], pinned: str) -> None:
    assert pinned not in {one.id for one in pick(stories, _PAPER).stories()}
    assert pinned in {one.id for one in pick(stories, _PAPER, _pins(pinned)).stories()}


def test_of_more_pins_than_places_the_best_are_in() -> None:
    choice = pick(_levant(9, 8, 7, 6, 5, 4, 3), _PAPER, _pins(*(f"s00{n}" for n in range(1, 7))))
    assert {one.id for one in choice.stories()} == {"s001", "s002", "s003", "s004", "s005"}
    assert reasons(choice) == {"s000": Reason.EDITION_FULL, "s006": Reason.EDITION_FULL}


def test_a_pinned_story_of_a_region_without_a_section_stands_in_brief() -> None:
    wanted = newsletter(regions=("levant",), stories_per_region=2, brief_stories=0)
    stories = [*_levant(9), news(5, "asia", 8.0)]
    choice = pick(stories, wanted, Wishes(pinned=frozenset({"s005"}), lead_id="s005"))
    assert (_sections(choice), ids(choice.briefs), choice.lead_id) == ({"levant": ["s000"]}, ["s005"], "s000")


def test_a_dropped_story_is_out_and_the_next_one_comes_in() -> None:
    choice = pick(_levant(9, 8, 7, 6, 5), _PAPER, Wishes(dropped=frozenset({"s000"})))
    assert _sections(choice) == {"levant": ["s001", "s002"]}
    assert choice.lead_id == "s001"
    assert reasons(choice)["s000"] is Reason.DROPPED_BY_EDITOR
    everything = Wishes(dropped=frozenset(f"s00{n}" for n in range(5)))
    assert not list(pick(_levant(9, 8, 7, 6, 5), _PAPER, everything).stories())


def test_what_was_dropped_is_remembered_and_not_next_in_line() -> None:
    stories = [news(number, "levant", 9 - number / 100) for number in range(60)] + [news(90, "gulf", 1.1)]
    choice = pick(stories, _PAPER, Wishes(dropped=frozenset({"s059", "s005"})))
    out = reasons(choice)
    assert len(out) == MOST_LEFT_OUT
    assert {out["s005"], out["s059"]} == {Reason.DROPPED_BY_EDITOR}
    assert "s006" in out


def test_no_place_is_kept_for_a_region_whose_news_was_dropped() -> None:
    stories = [*_levant(9, 8, 7, 6, 5), news(9, "gulf", 4)]
    wide = replace(_PAPER, stories_per_region=5, brief_stories=0)
    assert "gulf" in _sections(pick(stories, wide))
    without = pick(stories, wide, Wishes(dropped=frozenset({"s009"})))
    assert _sections(without) == {"levant": ["s000", "s001", "s002", "s003", "s004"]}


@pytest.mark.parametrize(
    ("places", "order"),
    [
        pytest.param([("s003", 2)], "0312", id="up"),
        pytest.param([("s001", 4)], "0231", id="down"),
        pytest.param([("s003", 99)], "0123", id="behind the last"),
        pytest.param([("s002", 2), ("s003", 2)], "0321", id="one after the other"),
        pytest.param([("s003", 1)], "0312", id="the edition's lead stays on top of it"),
        pytest.param([("s000", 3)], "0123", id="the lead itself stays where it is"),
    ],
)
def test_places_in_a_section(places: list[tuple[str, int]], order: str) -> None:
    wide = newsletter(stories_per_region=4, brief_stories=0)
    pinned = frozenset(story_id for story_id, _ in places)
    choice = pick(_levant(9, 8, 7, 6), wide, Wishes(pinned=pinned, places=tuple(places)))
    assert _sections(choice) == {"levant": [f"s00{number}" for number in order]}


def test_a_place_and_the_lead_bring_a_brief_into_its_section() -> None:
    stories = _levant(9, 8, 7, 6)
    placed = pick(stories, _PAPER, Wishes(pinned=frozenset({"s002"}), places=(("s002", 2),)))
    assert (_sections(placed), ids(placed.briefs)) == ({"levant": ["s000", "s002", "s001"]}, ["s003"])
    led = pick(stories, _PAPER, Wishes(pinned=frozenset({"s003"}), lead_id="s003"))
    assert (_sections(led), led.lead_id) == ({"levant": ["s003", "s000", "s001"]}, "s003")


def test_an_editor_s_summary_stands_an_empty_one_too() -> None:
    long = article(
        "x", "حريق في طرابلس", "اندلع حريق كبير في مستودع للأخشاب في مرفأ طرابلس شمال لبنان فجر اليوم."
    )
    one = replace(news(1, "levant", 5), articles=(long,), headline=long.title)
    [section] = pick([one], _PAPER).sections
    assert section.stories[0].summary == long.summary
    [section] = pick([one], _PAPER, Wishes(summed_up=frozenset({"s001"}))).sections
    assert section.stories[0].summary == ""
