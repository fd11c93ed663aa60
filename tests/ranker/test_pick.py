"""Which stories make an edition, and why others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Newsletter, Reason, Story
from digest.ranker.pick import KEPT_FROM, MOST_LEFT_OUT, MOST_OF_A_COUNTRY, Pick, pick
from tests.ranker.making import REGIONS, article, newsletter, story

_LETTERS = str.maketrans("0123456789", "بتثجحخدرزس")


def news(number: int, region: str, score: float, *countries: str, outlets: Sequence[str] = ()) -> Story:
    """A story that shares no word with another one; by default two outlets of its own tell it."""
    title = f"ظ{number}غ".translate(_LETTERS)
    names = outlets or (f"صحيفة {number}", f"إذاعة {number}")
    articles = tuple(article(f"{number} {name}", title, outlet=name) for name in names)
    return replace(story(number, region, score, *countries), headline=title, articles=articles)


def same_news(number: int, region: str, score: float) -> Story:
    """A story that tells what others of this kind tell."""
    told = article(number, "زلزال يضرب حلب", "ضرب زلزال مدينة حلب فجراً وأوقع عشرات القتلى")
    return replace(story(number, region, score), articles=(told,))


def ids(stories: Sequence[Story]) -> list[str]:
    return [each.id for each in stories]


def reasons(choice: Pick) -> dict[str, Reason]:
    return {left.story_id: left.reason for left in choice.left_out}


def test_a_region_s_best_story_has_its_place_before_others_second_ones() -> None:
    stories = [news(number, "levant", 9 - number / 10, f"C{number}") for number in range(8)] + [
        news(90, "africa", 1.2, "ML")
    ]
    choice = pick(stories, newsletter(most_stories=4, brief_stories=0))
    assert [section.region for section in choice.sections] == ["levant", "africa"]
    assert choice.lead_id == "s000"


def test_a_place_kept_for_a_region_is_no_brief_s_either() -> None:
    stories = [news(number, "levant", 9 - number / 10) for number in range(8)] + [
        news(90, "africa", KEPT_FROM)
    ]
    choice = pick(stories, newsletter(most_stories=4, brief_stories=2))
    assert [section.region for section in choice.sections] == ["levant", "africa"]
    assert ids(choice.briefs) == ["s001", "s002"]


def test_where_there_are_more_regions_than_places_the_best_regions_have_them() -> None:
    stories = [news(number, region.id, 2 + number) for number, region in enumerate(REGIONS)]
    choice = pick(stories, newsletter(most_stories=3, brief_stories=0))
    assert {each.id for each in choice.stories()} == {"s005", "s006", "s007"}
    assert set(reasons(choice).values()) == {Reason.EDITION_FULL}


def test_a_quiet_region_is_seen_on_a_loud_day() -> None:
    stories = [news(number, "levant", 9 - number / 100) for number in range(150)] + [
        news(900, "africa", KEPT_FROM)
    ]
    assert "africa" in [section.region for section in pick(stories, newsletter()).sections]


def test_no_place_is_kept_for_a_region_s_small_news() -> None:
    stories = [news(number, "levant", 9 - number / 10) for number in range(8)] + [news(90, "africa", 1.2)]
    choice = pick(stories, newsletter(most_stories=5, brief_stories=2))
    assert [section.region for section in choice.sections] == ["levant"]
    assert reasons(choice)["s090"] is Reason.EDITION_FULL


def test_a_region_without_real_news_stays_empty() -> None:
    choice = pick([news(1, "gulf", 3, "SA"), news(2, "africa", 0.4, "ML")], newsletter())
    assert [section.region for section in choice.sections] == ["gulf"]
    assert choice.briefs == ()
    assert reasons(choice) == {"s002": Reason.TOO_SMALL}


def test_on_a_day_of_small_news_small_news_is_told() -> None:
    choice = pick([news(2, "africa", 0.4, "ML")], newsletter())
    assert [section.region for section in choice.sections] == ["africa"]


def test_no_section_is_one_country_s() -> None:
    stories = [news(number, "europe", 9 - number / 10, "GB") for number in range(5)] + [
        news(9, "europe", 2, "FR")
    ]
    choice = pick(stories, newsletter(brief_stories=0))
    [section] = choice.sections
    assert [each.countries[0] for each in section.stories] == ["GB"] * MOST_OF_A_COUNTRY + ["FR"]
    assert reasons(choice)["s002"] is Reason.COUNTRY_FULL


def test_stories_without_a_country_are_of_no_country_that_could_be_full() -> None:
    choice = pick([news(number, "world", 9 - number) for number in range(3)], newsletter(brief_stories=0))
    assert len(list(choice.stories())) == 3


def test_what_finds_no_room_in_its_section_is_told_in_brief() -> None:
    stories = [news(number, "europe", 9 - number / 10, f"C{number}") for number in range(6)]
    choice = pick(stories, newsletter(stories_per_region=2, brief_stories=3))
    assert ids(choice.briefs) == ["s002", "s003", "s004"]
    assert reasons(choice) == {"s005": Reason.SECTION_FULL}


def test_a_story_of_two_regions_stands_in_the_first_or_in_brief() -> None:
    stories = [news(number, "europe", 9 - number / 10, f"C{number}") for number in range(3)]
    stories[2] = replace(stories[2], second_region="levant")
    choice = pick(stories, newsletter(stories_per_region=2, brief_stories=3))
    assert [section.region for section in choice.sections] == ["europe"]
    assert ids(choice.briefs) == ["s002"]


def test_regions_that_the_newsletter_does_not_have_are_not_even_left_out() -> None:
    choice = pick([news(1, "gulf", 9, "SA"), news(2, "asia", 3, "KZ")], newsletter(regions=("asia",)))
    assert ids(list(choice.stories())) == ["s002"]
    assert (choice.lead_id, choice.left_out) == ("s002", ())


def test_nothing_gives_an_empty_pick() -> None:
    choice = pick([], newsletter())
    assert (choice.sections, choice.briefs, choice.lead_id, choice.left_out) == ((), (), "", ())


@pytest.mark.parametrize("most", [1, 3, 20])
def test_the_lead_is_the_best_story_that_stands_in_a_section(most: int) -> None:
    stories = [news(number, "levant", 9 - number, f"C{number}") for number in range(4)]
    assert pick(stories, newsletter(most_stories=most)).lead_id == "s000"


@pytest.mark.parametrize(
    ("most", "told"),
    [
        pytest.param(12, 4, id="a third of the edition"),
        pytest.param(20, 6, id="a third, rounded down"),
        pytest.param(4, 2, id="two of the smallest"),
    ],
)
def test_no_outlet_owns_the_edition(most: int, told: int) -> None:
    wordy = [news(number, "europe", 9 - number / 10, outlets=["نهار"]) for number in range(12)]
    others = [news(50 + number, "europe", 4 - number / 10) for number in range(20)]
    choice = pick([*wordy, *others], newsletter(most_stories=most, brief_stories=most, stories_per_region=20))
    assert len(list(choice.stories())) == most
    assert sum(each.outlets == ("نهار",) for each in choice.stories()) == told
    assert reasons(choice)[f"s{told:03}"] is Reason.OUTLET_FULL


def test_what_others_tell_as_well_is_no_outlet_s_own() -> None:
    stories = [news(number, "europe", 9 - number / 10, outlets=["نهار", "مساء"]) for number in range(9)]
    assert len(list(pick(stories, newsletter(most_stories=9, brief_stories=9)).stories())) == 9


def test_a_newsletter_of_one_outlet_is_that_outlet_s() -> None:
    stories = [news(number, "europe", 9 - number / 10, outlets=["نهار"]) for number in range(9)]
    assert len(list(pick(stories, newsletter(most_stories=9, brief_stories=9)).stories())) == 9


def test_a_region_s_only_news_is_told_whoever_brings_it() -> None:
    stories = [news(number, region.id, 5, outlets=["نهار"]) for number, region in enumerate(REGIONS)]
    choice = pick([*stories, news(90, "world", 1, outlets=["مساء"])], newsletter())
    assert len(choice.sections) == len(REGIONS)


class TestAlike:
    """A story that would be in, were it not for one that is much like it."""

    def test_it_makes_room_for_what_is_new(self) -> None:
        stories = [same_news(1, "levant", 9), same_news(2, "levant", 8), news(3, "levant", 7)]
        choice = pick(stories, newsletter(most_stories=2, brief_stories=0))
        assert ids(list(choice.stories())) == ["s001", "s003"]
        assert reasons(choice) == {"s002": Reason.ALIKE}

    def test_where_its_section_is_full_the_likeness_is_still_the_reason(self) -> None:
        stories = [same_news(1, "levant", 9), same_news(2, "levant", 8), news(3, "levant", 7)]
        choice = pick(stories, newsletter(stories_per_region=2, brief_stories=0))
        assert reasons(choice) == {"s002": Reason.ALIKE}

    def test_what_would_be_out_in_any_case_is_not_out_for_its_likeness(self) -> None:
        stories = [same_news(1, "levant", 9), news(2, "levant", 8), same_news(3, "levant", 5)]
        choice = pick(stories, newsletter(most_stories=2, brief_stories=0))
        assert reasons(choice) == {"s003": Reason.EDITION_FULL}

    def test_a_story_that_is_out_tells_nothing(self) -> None:
        # The first of the two is crowded out by its country: the second is news to the reader.
        stories = [
            news(1, "levant", 9, "SY"),
            news(2, "levant", 8, "SY"),
            replace(same_news(3, "levant", 7), countries=("SY",)),
            same_news(4, "levant", 6),
            news(5, "levant", 5),
        ]
        choice = pick(stories, newsletter(most_stories=3, brief_stories=0))
        assert ids(list(choice.stories())) == ["s001", "s002", "s004"]
        assert reasons(choice)["s005"] is Reason.EDITION_FULL


def test_the_best_are_remembered_and_each_region_s_next_in_line() -> None:
    loud = [news(number, "levant", 9 - number / 100) for number in range(90)]
    quiet = [news(100 + number, "africa", 1.5 - number / 10) for number in range(3)]
    choice = pick([*loud, *quiet], newsletter(most_stories=4, brief_stories=0))
    left = [each.story_id for each in choice.left_out]
    assert len(left) == MOST_LEFT_OUT
    assert left == [*(f"s{number:03}" for number in range(3, 3 + MOST_LEFT_OUT - 1)), "s101"]


def test_what_was_left_out_is_remembered_as_it_was() -> None:
    stories = [news(1, "gulf", 9), news(2, "gulf", 3)]
    [left] = pick(stories, newsletter(most_stories=1)).left_out
    second = stories[1]
    assert (left.story_id, left.headline, left.region) == (second.id, second.headline, "gulf")
    assert (left.outlets, left.score) == (second.outlets, 3)


ROWS = st.lists(
    st.tuples(
        st.sampled_from([region.id for region in REGIONS]),
        # Few values, so that many are equal.
        st.sampled_from([0.3, 0.9, 1.0, 1.2, 2.0, 5.5, 9.0]),
        st.sampled_from(["", "A", "B", "C"]),
        st.sampled_from([("نهار",), ("مساء",), ("نهار", "مساء"), ()]),
    ),
    max_size=40,
).map(
    lambda rows: [
        news(number, region, score, *filter(None, [country]), outlets=outlets)
        for number, (region, score, country, outlets) in enumerate(rows)
    ]
)
NEWSLETTERS = st.builds(
    lambda most, briefs, per_region: newsletter(
        most_stories=most, brief_stories=briefs, stories_per_region=per_region
    ),
    st.integers(1, 20),
    st.integers(0, 10),
    st.integers(1, 5),
)


@given(ROWS, NEWSLETTERS)
def test_a_pick_keeps_its_limits(stories: list[Story], wanted: Newsletter) -> None:
    choice = pick(stories, wanted)
    told = ids(list(choice.stories()))
    assert len(told) == len(set(told)) <= wanted.most_stories
    assert len(choice.briefs) <= wanted.brief_stories
    assert [section.region for section in choice.sections] == [
        region for region in wanted.regions if region in {section.region for section in choice.sections}
    ]
    for section in choice.sections:
        assert 0 < len(section.stories) <= wanted.stories_per_region
        assert {each.region for each in section.stories} == {section.region}
        countries = Counter(each.countries[0] for each in section.stories if each.countries)
        assert max(countries.values(), default=0) <= MOST_OF_A_COUNTRY


@given(ROWS, NEWSLETTERS)
def test_beside_the_first_of_each_region_an_outlet_alone_fills_no_more_than_its_share(
    stories: list[Story], wanted: Newsletter
) -> None:
    choice = pick(stories, wanted)
    several = len({outlet for each in stories for outlet in each.outlets}) > 1
    firsts = {each.region: each.id for each in reversed(list(choice.stories()))}
    further = [each for each in choice.stories() if each.id not in firsts.values()]
    alone = Counter(each.outlets[0] for each in further if len(each.outlets) == 1)
    share = max(wanted.most_stories // 3, 2) if several else wanted.most_stories
    assert max(alone.values(), default=0) <= share


@given(ROWS, NEWSLETTERS)
def test_every_region_s_best_is_in(stories: list[Story], wanted: Newsletter) -> None:
    choice = pick(stories, wanted)
    best: dict[str, float] = {}
    for each in stories:
        if each.score >= KEPT_FROM:
            best[each.region] = max(each.score, best.get(each.region, 0.0))
    if len(best) > wanted.most_stories - wanted.brief_stories:
        return
    found = {section.region: section.stories[0].score for section in choice.sections}
    assert {region: found.get(region) for region in best} == best


@given(ROWS, NEWSLETTERS)
def test_a_story_is_in_or_left_out_and_never_both(stories: list[Story], wanted: Newsletter) -> None:
    choice = pick(stories, wanted)
    told, left = set(ids(list(choice.stories()))), [each.story_id for each in choice.left_out]
    assert told.isdisjoint(left)
    assert len(left) == len(set(left)) == min(len(stories) - len(told), MOST_LEFT_OUT)
    assert [each.score for each in choice.left_out] == sorted(
        (each.score for each in choice.left_out), reverse=True
    )
    out = {each.region for each in stories if each.id not in told}
    assert {each.region for each in choice.left_out} == out


@given(ROWS.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))), NEWSLETTERS)
def test_the_order_of_the_stories_makes_no_difference(
    both: tuple[list[Story], list[Story]], wanted: Newsletter
) -> None:
    stories, shuffled = both
    assert pick(shuffled, wanted) == pick(stories, wanted) == pick(stories, wanted)


@given(ROWS)
def test_an_edition_with_room_for_all_leaves_out_only_what_is_small(stories: list[Story]) -> None:
    roomy = newsletter(most_stories=200, brief_stories=150, stories_per_region=20)
    assert set(reasons(pick(stories, roomy)).values()) <= {Reason.TOO_SMALL}
