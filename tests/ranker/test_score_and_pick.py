"""What a story is worth, and which stories make an edition."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Article, Story
from digest.ranker.pick import MOST_OF_A_COUNTRY, pick
from digest.ranker.score import score_parts
from tests.ranker.making import NOW, REGIONS, article, newsletter, story


def total(*articles: Article) -> float:
    return sum(score_parts(articles, {}, NOW).values())


TITLE = "افتتاح ميناء جديد في القاهرة"


def test_an_outlet_has_one_vote_however_many_articles_it_ran() -> None:
    same = [article(number, TITLE, outlet="صحيفة") for number in range(3)]
    different = [article(number, TITLE) for number in range(3)]
    assert score_parts(same, {}, NOW)["outlets"] == 1.0
    assert score_parts(different, {}, NOW)["outlets"] == 3.0
    assert total(*different) > total(*same)


def test_an_outlet_votes_with_its_weight() -> None:
    assert score_parts([article(1, TITLE, outlet="وكالة")], {"وكالة": 1.3}, NOW)["outlets"] == 1.3


def test_fresh_news_is_worth_more_than_old_and_the_future_no_more_than_now() -> None:
    ages = [dt.timedelta(hours=hours) for hours in (-5, 0, 6, 30)]
    future, fresh, older, oldest = (total(article(1, TITLE, published=NOW - age)) for age in ages)
    assert future == fresh > older > oldest


def test_a_video_is_worth_less_than_news() -> None:
    assert total(article(1, "شاهد.. لحظة افتتاح الميناء")) < total(article(1, TITLE))


def test_outlets_of_several_countries_tell_of_reach() -> None:
    near = [article(number, TITLE, country="EG") for number in range(3)]
    wide = [article(number, TITLE, country=code) for number, code in enumerate(("EG", "SA", "GB"))]
    assert total(*wide) > total(*near)


def test_a_region_s_best_story_has_its_place_before_others_second_ones() -> None:
    stories = [story(number, "levant", 9 - number / 10, f"C{number}") for number in range(8)] + [
        story(90, "africa", 1.2, "ML")
    ]
    choice = pick(stories, newsletter(most_stories=4, brief_stories=0))
    assert [section.region for section in choice.sections] == ["levant", "africa"]
    assert choice.lead_id == "s000"


def test_a_region_without_real_news_stays_empty() -> None:
    choice = pick([story(1, "gulf", 3, "SA"), story(2, "africa", 0.4, "ML")], newsletter())
    assert [section.region for section in choice.sections] == ["gulf"]
    assert choice.briefs == ()


def test_on_a_day_of_small_news_small_news_is_told() -> None:
    choice = pick([story(2, "africa", 0.4, "ML")], newsletter())
    assert [section.region for section in choice.sections] == ["africa"]


def test_no_section_is_one_country_s() -> None:
    stories = [story(number, "europe", 9 - number / 10, "GB") for number in range(5)] + [
        story(9, "europe", 2, "FR")
    ]
    [section] = pick(stories, newsletter(brief_stories=0)).sections
    assert [each.countries[0] for each in section.stories] == ["GB"] * MOST_OF_A_COUNTRY + ["FR"]


def test_what_finds_no_room_in_its_section_is_told_in_brief() -> None:
    stories = [story(number, "europe", 9 - number / 10, f"C{number}") for number in range(6)]
    choice = pick(stories, newsletter(stories_per_region=2, brief_stories=3))
    assert [each.id for each in choice.briefs] == ["s002", "s003", "s004"]


def test_regions_that_the_newsletter_does_not_have_are_left_out() -> None:
    choice = pick([story(1, "gulf", 9, "SA"), story(2, "asia", 3, "KZ")], newsletter(regions=("asia",)))
    assert [each.id for each in choice.stories()] == ["s002"]
    assert choice.lead_id == "s002"


def test_nothing_gives_an_empty_pick() -> None:
    choice = pick([], newsletter())
    assert (choice.sections, choice.briefs, choice.lead_id) == ((), (), "")


STORIES = st.lists(
    st.tuples(
        st.sampled_from([region.id for region in REGIONS]),
        st.floats(min_value=0, max_value=9),
        st.sampled_from(["", "A", "B", "C"]),
    ),
    max_size=40,
)


@given(STORIES, st.integers(1, 20), st.integers(0, 10), st.integers(1, 5))
def test_a_pick_keeps_its_limits(
    rows: list[tuple[str, float, str]], most: int, briefs: int, per_region: int
) -> None:
    made = [
        story(number, region, score, *filter(None, [country]))
        for number, (region, score, country) in enumerate(rows)
    ]
    stories: list[Story] = sorted(made, key=lambda each: -each.score)
    wanted = newsletter(most_stories=most, brief_stories=briefs, stories_per_region=per_region)
    choice = pick(stories, wanted)
    told = [each.id for each in choice.stories()]
    assert len(told) == len(set(told)) <= most
    assert len(choice.briefs) <= briefs
    assert all(each.region == section.region for section in choice.sections for each in section.stories)
    assert all(0 < len(section.stories) <= per_region for section in choice.sections)
    assert [section.region for section in choice.sections] == [
        region for region in wanted.regions if region in {section.region for section in choice.sections}
    ]


@pytest.mark.parametrize("most", [1, 3, 20])
def test_the_lead_is_the_best_story_that_stands_in_a_section(most: int) -> None:
    stories = [story(number, "levant", 9 - number, f"C{number}") for number in range(4)]
    choice = pick(stories, newsletter(most_stories=most))
    assert choice.lead_id == "s000"
