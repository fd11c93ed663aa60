"""A strand of a crisis that was told stands behind what is new."""

from __future__ import annotations

from dataclasses import replace

from digest.model import Story
from digest.ranker.kin import part_kin
from digest.ranker.pick import pick
from tests.ranker.making import article, newsletter, story


def told(number: int, region: str, score: float, title: str, summary: str) -> Story:
    made = story(number, region, score)
    return replace(made, headline=title, articles=(article(number, title, summary),))


QUAKE = told(
    1,
    "levant",
    9.0,
    "زلزال يضرب حلب ويوقع عشرات القتلى",
    "ضرب زلزال بقوة 6.1 درجات مدينة حلب فجراً وأوقع عشرات القتلى",
)
AID = told(
    2,
    "levant",
    8.0,
    "فرق إغاثة تصل حلب بعد الزلزال",
    "وصلت فرق الإغاثة مدينة حلب بعد زلزال أوقع عشرات القتلى فجراً",
)
BUDGET = told(
    3,
    "levant",
    2.0,
    "البرلمان يقر موازنة العام المقبل",
    "أقر البرلمان الموازنة بأغلبية 80 صوتاً وعجز قدره 3.2%",
)
FINAL = told(
    4, "europe", 1.5, "فوز الوحدة بكأس الاتحاد", "فاز الوحدة 2-0 في المباراة النهائية أمام جمهور كبير"
)


def test_a_strand_of_the_same_crisis_is_kin() -> None:
    assert part_kin([QUAKE, AID, BUDGET, FINAL]) == ([QUAKE, BUDGET, FINAL], [AID])


def test_the_better_of_two_strands_is_the_one_that_is_told() -> None:
    assert part_kin([AID, QUAKE])[0] == [AID]


def test_no_story_has_no_kin() -> None:
    assert part_kin([]) == ([], [])


def test_kin_comes_in_only_where_there_is_room() -> None:
    everything = [QUAKE, AID, BUDGET, FINAL]
    assert [one.id for one in pick(everything, newsletter(most_stories=3, brief_stories=0)).stories()] == [
        QUAKE.id,
        BUDGET.id,
        FINAL.id,
    ]
    assert {one.id for one in pick(everything, newsletter(most_stories=9)).stories()} == {
        one.id for one in everything
    }
