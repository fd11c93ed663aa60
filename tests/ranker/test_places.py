"""Where a story belongs, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.app import App
from digest.ranker.gazetteer import build_gazetteer
from digest.ranker.places import Placement, Placer
from tests.ranker.making import FILES, REGIONS, TERRITORIES, article

TOPICS = {"institution": [{"names": ["النفط"], "country": "", "region": "world", "kind": "topic"}]}
PLACER = Placer(
    build_gazetteer(
        TERRITORIES,
        {**FILES, "topics": TOPICS},
        {country: region.id for region in REGIONS for country in region.countries},
    ),
    REGIONS,
    {"cairo-desk": ("north_africa",)},
)


def place(*titles: str, summary: str = "", source: str = "", dateline: str = "") -> Placement:
    articles = [
        article(number, title, summary, source=source, dateline=dateline)
        for number, title in enumerate(titles)
    ]
    return PLACER.place(articles, {each.id: PLACER.read(each) for each in articles})


@pytest.mark.parametrize(
    ("title", "region", "country"),
    [
        pytest.param("انفجار في حلب يوقع جرحى", "levant", "SY", id="a-city"),
        pytest.param("وفد روسي يعقد محادثات في طاجيكستان", "asia", "TJ", id="where-not-who"),
        pytest.param(
            "البيت الأبيض يحذر من الوضع في ليبيا", "north_africa", "LY", id="a-statement-about-elsewhere"
        ),
        pytest.param(
            "محكمة فرنسية تسجن رجلا من طاجيكستان", "europe", "FR", id="a-trial-is-where-the-court-is"
        ),
        pytest.param("النفط يرتفع مع تراجع المخزون الأميركي", "world", "US", id="a-market-is-of-no-place"),
        pytest.param(
            "روسيا ترفع إنتاج النفط", "europe", "RU", id="a-topic-counts-only-where-it-opens-a-headline"
        ),
        pytest.param("جفاف يضرب آسيا الوسطى", "asia", None, id="a-region-of-no-country"),
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


def test_a_dateline_tells_where_a_report_was_filed() -> None:
    assert place("انهيار جسر على مارة", dateline="حلب").region == "levant"


def test_a_name_by_the_way_places_no_story() -> None:
    lede = "خبراء يشرحون كيف يختار المشتري هاتفا يناسب حاجته وميزانيته من غير أن يندم على ما اشتراه بعد أيام من الشراء،"
    assert place("كيف تختار هاتفك؟", summary=f"{lede} وقد جرب بعضها خبير أميركي").region == "world"
    assert place("كيف تختار هاتفك؟", summary="خبير أميركي يشرح كيف يختار المشتري هاتفا").region == "americas"


@pytest.mark.parametrize(
    ("title", "region", "second"),
    [
        pytest.param("مصر تتهم الأردن بعرقلة الاتفاق", "north_africa", "levant", id="one-acts-on-another"),
        pytest.param("انفجار في حلب", "levant", "", id="one-place-only"),
        pytest.param("انفجار في حلب وسط إدانة أميركية", "levant", "", id="a-reaction-is-no-second-place"),
        pytest.param("الأردن وسوريا يعيدان فتح المعبر", "levant", "", id="neighbours-are-one-region"),
        pytest.param("النفط يرتفع مع توتر في مصر", "world", "", id="beside-no-place-there-is-no-second"),
    ],
)
def test_a_story_between_two_regions_has_a_second_one(title: str, region: str, second: str) -> None:
    placed = place(title)
    assert (placed.region, placed.second_region) == (region, second)


def test_the_main_country_is_of_the_main_region() -> None:
    placed = place("قمة في كازاخستان وطاجيكستان بمشاركة روسية وفرنسية")
    assert placed.region == "asia"
    assert placed.countries[0] in {"KZ", "TJ"}


@pytest.mark.parametrize(
    ("section", "region"),
    [
        pytest.param("asia", "asia", id="a-part-of-the-world"),
        pytest.param("الأردن", "levant", id="a-country-in-arabic"),
        pytest.param("internationalNews", "world", id="no-place"),
        pytest.param("", "world", id="none"),
    ],
)
def test_a_section_named_after_a_place_speaks_for_it(section: str, region: str) -> None:
    told = replace(article(1, "قمة تبحث التجارة والطاقة"), section=section)
    place = App(environment={}).placer
    assert place.place([told], {told.id: place.read(told)}).region == region
