"""What a story is worth."""

from __future__ import annotations

import datetime as dt

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
