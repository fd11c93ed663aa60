"""What a story is worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from digest.model import Article
from digest.ranker.gravity import Gravity
from digest.ranker.score import score_parts
from tests.ranker.making import NOW, article

#: All words are alike.
PLAIN = Gravity({})


def total(*articles: Article) -> float:
    return sum(score_parts(articles, {}, PLAIN, NOW).values())


TITLE = "افتتاح ميناء جديد في القاهرة"


def test_an_outlet_has_one_vote_however_many_articles_it_ran() -> None:
    same = [article(number, TITLE, outlet="صحيفة") for number in range(3)]
    different = [article(number, TITLE) for number in range(3)]
    assert score_parts(same, {}, PLAIN, NOW)["outlets"] == 1.0
    assert score_parts(different, {}, PLAIN, NOW)["outlets"] == 3.0
    assert total(*different) > total(*same)


def test_an_outlet_votes_with_its_weight() -> None:
    assert score_parts([article(1, TITLE, outlet="وكالة")], {"وكالة": 1.3}, PLAIN, NOW)["outlets"] == 1.3


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


def test_what_stood_on_top_of_a_feed_matters_more_and_an_unknown_place_says_nothing() -> None:
    top, third, unknown = (total(replace(article(1, TITLE), feed_place=place)) for place in (1, 3, None))
    assert top > third > unknown == total(article(1, TITLE))


GRAVE = Gravity.of({"ar": {"grave": ["زلزال", "قتلى"], "trivial": ["طبخة"]}, "en": {"grave": ["earthquake"]}})


@pytest.mark.parametrize(
    ("title", "least", "most"),
    [
        pytest.param("زلزال يضرب المدينة ويوقع قتلى", 1.0, 4.0, id="grave-words"),
        pytest.param("الزلازل لا تعرف الحدود", 0.0, 0.0, id="another-word"),
        pytest.param("طبخة اليوم", -4.0, -1.0, id="trivial"),
        pytest.param("Earthquake hits the coast", 1.0, 4.0, id="english"),
        pytest.param("زلزال " * 5000, 3.9, 4.0, id="never-more-than-four"),
        pytest.param("", 0.0, 0.0, id="no-word"),
    ],
)
def test_gravity_is_that_of_the_words(title: str, least: float, most: float) -> None:
    assert least <= GRAVE.weigh([article(1, title)]) <= most


def test_a_word_that_two_languages_grade_apart_says_nothing() -> None:
    gravity = Gravity.of({"en": {"grave": ["coup"]}, "fr": {"light": ["coup"]}})
    assert gravity.weigh([article(1, "coup")]) == 0.0


def test_a_must_have_wins_over_a_fresh_small_story() -> None:
    old = NOW - dt.timedelta(hours=20)
    must_have = [article(number, "زلزال يضرب المدينة", published=old) for number in range(3)]
    small = [article(9, "افتتاح معرض", published=NOW)]
    assert sum(score_parts(must_have, {}, GRAVE, NOW).values()) > sum(
        score_parts(small, {}, GRAVE, NOW).values()
    )
