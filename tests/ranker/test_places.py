"""Where a story belongs, and why."""

from __future__ import annotations

import pytest

from digest.ranker.places import Placement
from tests.ranker.making import article, placer


def place(*titles: str, summary: str = "", source: str = "") -> Placement:
    articles = [article(number, title, summary, source=source) for number, title in enumerate(titles)]
    one = placer({"cairo-desk": ("north_africa",)})
    return one.place(articles, {each.id: one.read(each) for each in articles})


@pytest.mark.parametrize(
    ("title", "region", "country"),
    [
        pytest.param("انفجار في حلب يوقع جرحى", "levant", "SY", id="a-city"),
        pytest.param("الرئيس الروسي يزور طاجيكستان", "asia", "TJ", id="where-not-who"),
        pytest.param(
            "الرئيس الروسي يتوجه إلى آسيا الوسطى لعقد قمة", "asia", "RU", id="a-region-of-no-country"
        ),
        pytest.param("البيت الأبيض يعلن خطة جديدة", "americas", "US", id="an-institution"),
        pytest.param("نور المهيري يفتتح المؤتمر", "gulf", "OM", id="a-leader"),
        pytest.param(
            "وفد أردني يصل باريس لبحث المساعدات الفرنسية للأردن",
            "levant",
            "JO",
            id="our-own-region-weighs-more",
        ),
        pytest.param("اكتشاف كوكب جديد خارج المجموعة الشمسية", "world", None, id="nowhere"),
    ],
)
def test_a_story_is_placed_by_its_names(title: str, region: str, country: str | None) -> None:
    placed = place(title)
    assert placed.region == region
    assert placed.countries[:1] == ((country,) if country else ())


def test_the_evidence_names_the_words_and_the_articles() -> None:
    placed = place("انفجار في حلب", "سقوط صاروخ على حلب", "البيت الأبيض يعلق")
    first = placed.evidence[0]
    assert (first.words, first.country, first.region, first.articles) == ("حلب", "SY", "levant", ("0", "1"))
    assert {one.country for one in placed.evidence} == {"SY", "US"}


def test_one_outlet_s_background_does_not_outvote_the_others() -> None:
    placed = place(
        "افتتاح ميناء القاهرة النهري", "القاهرة تفتتح ميناءها", "درعا وحلب ولندن وباريس وموسكو في التاريخ"
    )
    assert placed.region == "north_africa"


def test_an_article_without_names_is_placed_by_its_source() -> None:
    assert place("حريق في مخزن للأخشاب", source="cairo-desk").region == "north_africa"
    assert place("حريق في لندن", source="cairo-desk").region == "europe"


def test_the_main_country_is_of_the_main_region() -> None:
    placed = place("قمة في كازاخستان وطاجيكستان بمشاركة روسية وفرنسية")
    assert placed.region == "asia"
    assert placed.countries[0] in {"KZ", "TJ"}
