"""Articles, gazetteers and stories for the ranker's tests; all of our own invention."""

from __future__ import annotations

import datetime as dt
import pathlib
from dataclasses import replace
from typing import Any

from digest.model import Article, Newsletter, Region, Story
from digest.ranker.gazetteer import Gazetteer, build_gazetteer
from digest.ranker.places import Placer

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)

REGIONS = (
    Region(id="gulf", name={"en": "Gulf"}, countries=frozenset({"SA", "OM", "YE"}), weight=1.3),
    Region(id="levant", name={"en": "Levant"}, countries=frozenset({"JO", "SY", "LB"}), weight=1.3),
    Region(id="north_africa", name={"en": "North Africa"}, countries=frozenset({"EG", "LY"}), weight=1.3),
    Region(id="europe", name={"en": "Europe"}, countries=frozenset({"RU", "UA", "FR", "GB"})),
    Region(id="asia", name={"en": "Asia"}, countries=frozenset({"TJ", "KZ", "KP", "KR"})),
    Region(id="africa", name={"en": "Africa"}, countries=frozenset({"ML", "BJ"})),
    Region(id="americas", name={"en": "Americas"}, countries=frozenset({"US"})),
    Region(id="world", name={"en": "World"}, countries=frozenset()),
)

TERRITORIES = {
    "SA": ["السعودية"], "OM": ["عُمان"], "YE": ["اليمن"], "JO": ["الأردن"], "SY": ["سوريا"], "LB": ["لبنان"],
    "EG": ["مصر"], "LY": ["ليبيا"], "RU": ["روسيا"], "UA": ["أوكرانيا"], "FR": ["فرنسا"], "GB": ["بريطانيا"],
    "TJ": ["طاجيكستان"], "KZ": ["كازاخستان"], "KP": ["كوريا الشمالية"], "KR": ["كوريا الجنوبية"], "ML": ["مالي"],
    "BJ": ["بنين"], "US": ["الولايات المتحدة", "United States"], "XX": ["نكرة"],
}  # fmt: skip
FILES: dict[str, dict[str, object]] = {
    "territories": {
        "US": {"names": ["أميركا", "أمريكا"], "demonyms": ["أميركي", "أمريكي"], "capital": ["واشنطن"]},
        "RU": {"demonyms": ["روسي"], "plurals": ["روس"], "capital": ["موسكو"]},
        "FR": {"demonyms": ["فرنسي"], "capital": ["باريس"]},
        "JO": {"demonyms": ["أردني"]},
        "LB": {"demonyms": ["لبناني"]},
    },
    "cities": {
        "EG": {"cities": ["القاهرة", "الإسكندرية"]},
        "SY": {"cities": ["حلب", "درعا"]},
        "LY": {"cities": ["طرابلس الغرب"]},
        "GB": {"cities": ["لندن"]},
    },
    "institutions": {
        "institution": [
            {"names": ["البيت الأبيض"], "country": "US", "kind": "office"},
            {"names": ["آسيا الوسطى"], "country": "", "region": "asia", "kind": "region"},
            {"names": ["الأمم المتحدة"], "country": "", "kind": "institution"},
        ]
    },
    "leaders": {
        "leader": [
            {
                "names": ["سمير الورداني", "الورداني"],
                "country": "LB",
                "from": "2020-01-01",
                "to": "2024-12-31",
            },
            {"names": ["نور المهيري"], "country": "OM"},
        ]
    },
    "ambiguous": {
        "not_places": ["منصة باريس", "الدولار الأميركي"],
        "ambiguous": [
            {"name": "عمان", "default": "JO", "context": [{"country": "OM", "words": ["سلطنة", "مسقط"]}]},
            {"name": "مالي", "default": "", "context": [{"country": "ML", "words": ["باماكو"]}]},
            {"name": "بنين", "default": "", "as_place": "BJ"},
            {"name": "طرابلس", "default": "LY", "context": [{"country": "LB", "words": ["لبنان", "بيروت"]}]},
        ],
    },
}


def gazetteer() -> Gazetteer:
    """A small gazetteer with every kind of name."""
    region_of = {country: region.id for region in REGIONS for country in region.countries}
    return build_gazetteer(TERRITORIES, FILES, region_of)


def placer(hints: dict[str, tuple[str, ...]] | None = None) -> Placer:
    """A placer over the small gazetteer."""
    return Placer(gazetteer(), REGIONS, hints)


def article(number: int | str, title: str, summary: str = "", **changes: Any) -> Article:
    """An article of an outlet of its own, an hour old."""
    plain = Article(
        id=str(number),
        outlet=f"صحيفة {number}",
        title=title,
        url=f"https://example.org/{number}",
        published=NOW - dt.timedelta(hours=1),
        summary=summary,
    )
    return replace(plain, **changes)


def story(number: int, region: str, score: float, *countries: str) -> Story:
    """A story of one article."""
    return Story(
        id=f"s{number:03}",
        headline=f"عنوان {number}",
        summary="",
        articles=(article(number, f"عنوان {number}"),),
        region=region,
        countries=countries,
        evidence=(),
        score=score,
        score_parts={"outlets": score},
    )


def newsletter(**changes: Any) -> Newsletter:
    """A newsletter of all regions."""
    plain = Newsletter(
        id="test",
        title="تجربة",
        locale="ar",
        timezone="Asia/Riyadh",
        send_at=dt.time(6, 30),
        late_minutes=60,
        regions=tuple(region.id for region in REGIONS),
        stories_per_region=3,
        brief_stories=4,
        most_stories=12,
    )
    return replace(plain, **changes)


def labelled_day(file: pathlib.Path) -> list[tuple[str, Article]]:
    """The articles of a file with a line each (event | headline | summary), with their events.

    An event's language is its first two letters; its articles are of different outlets, out of four.
    """
    told: list[tuple[str, Article]] = []
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if not line.startswith("#")):
        event, title, summary = line.split(" | ")
        language = event[:2]
        published = NOW - dt.timedelta(hours=1 + number % 7)
        outlet = f"{language}-{number % 4}"
        told.append(
            (
                event,
                article(
                    f"{event}-{number}", title, summary, outlet=outlet, language=language, published=published
                ),
            )
        )
    return told
