"""Which desk an article comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.ranker.desks import Desk, desk_of
from digest.ranker.gravity import Gravity
from digest.ranker.score import score_parts
from tests.ranker.making import NOW, article


@pytest.mark.parametrize(
    ("section", "url", "desk"),
    [
        pytest.param("sport", "https://a.example/1", Desk.SPORT, id="a-section"),
        pytest.param("", "https://a.example/ar/sport/2026/11/22/final", Desk.SPORT, id="a-folder"),
        pytest.param(
            "", "https://a.example/culture-and-art/2026/song", Desk.CULTURE, id="a-part-of-a-folder"
        ),
        pytest.param("", "https://a.example/science_and_tech/429", Desk.TECHNOLOGY, id="underscores"),
        pytest.param("رياضة عالمية", "https://a.example/1", Desk.SPORT, id="an-arabic-section"),
        pytest.param(
            "",
            "https://a.example/%D8%A7%D9%84%D9%85%D9%86%D9%88%D8%B9%D8%A7%D8%AA/x",
            Desk.LIFE,
            id="escaped",
        ),
        pytest.param("internationalNews", "https://a.example/ar/world/1", Desk.NEWS, id="news"),
        pytest.param("", "https://a.example/world/sport-minister-resigns", Desk.NEWS, id="only-in-its-name"),
        pytest.param("transport", "https://a.example/1", Desk.NEWS, id="only-a-part-of-a-word"),
        pytest.param("", "", Desk.NEWS, id="nothing-said"),
        pytest.param("", "http://[::1/sport/1", Desk.SPORT, id="an-address-that-is-none"),
        pytest.param("", "https://a.example/world?from=/sport/1", Desk.NEWS, id="only-in-its-query"),
        pytest.param("politics", "https://a.example/sport/1", Desk.SPORT, id="a-section-that-says-nothing"),
    ],
)
def test_the_desk_is_what_the_section_or_the_folders_say(section: str, url: str, desk: Desk) -> None:
    assert desk_of(replace(article(1, "عنوان"), section=section, url=url)) is desk


def test_sport_needs_more_outlets_than_news() -> None:
    def score(section: str) -> float:
        told = [replace(article(number, "عنوان"), section=section) for number in range(2)]
        return sum(score_parts(told, {}, Gravity({}), NOW).values())

    assert score("sport") == pytest.approx(score("world") - 1.5)
