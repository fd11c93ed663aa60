"""A strand of a crisis that was told stands behind what is new."""

from __future__ import annotations

from dataclasses import replace

from digest.model import Story
from digest.ranker.kin import by_worth
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


def test_a_strand_of_the_same_crisis_stands_behind_what_is_new() -> None:
    order = by_worth([QUAKE, replace(AID, score=2.2), BUDGET, FINAL])
    assert [one.id for one in order] == [QUAKE.id, BUDGET.id, FINAL.id, AID.id]


def test_the_second_greatest_story_stays_before_small_ones_though_it_is_kin() -> None:
    assert [one.id for one in by_worth([QUAKE, AID, BUDGET, FINAL])][:2] == [QUAKE.id, AID.id]


def test_the_better_of_two_strands_is_told_first() -> None:
    assert [one.id for one in by_worth([replace(AID, score=9.5), QUAKE])] == [AID.id, QUAKE.id]


def test_no_story_has_no_order() -> None:
    assert by_worth([]) == []


def test_a_strand_comes_in_only_where_there_is_room() -> None:
    everything = [QUAKE, replace(AID, score=2.2), BUDGET, FINAL]
    small = pick(everything, newsletter(most_stories=3, brief_stories=0))
    assert {one.id for one in small.stories()} == {QUAKE.id, BUDGET.id, FINAL.id}
    assert len(list(pick(everything, newsletter(most_stories=9)).stories())) == 4
