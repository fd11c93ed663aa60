"""A strand of a crisis that was told stands behind what is new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.model import Newsletter, Story
from digest.ranker.kin import LOSS, Kin
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


ROOMY = newsletter(most_stories=9, stories_per_region=9, brief_stories=0)


def read_in_order(*stories: Story, of: Newsletter = ROOMY) -> list[str]:
    """The ids of one section's stories in the order in which they stand."""
    return [one.id for one in pick([replace(one, region="levant") for one in stories], of).stories()]


def test_a_strand_of_the_same_crisis_stands_behind_what_is_new() -> None:
    order = read_in_order(QUAKE, replace(AID, score=2.2), BUDGET, replace(FINAL, score=1.9))
    assert order == [QUAKE.id, BUDGET.id, FINAL.id, AID.id]


def test_the_second_greatest_story_stays_before_small_ones_though_it_is_kin() -> None:
    assert read_in_order(QUAKE, AID, BUDGET, FINAL)[:2] == [QUAKE.id, AID.id]


def test_the_better_of_two_strands_is_told_first() -> None:
    assert read_in_order(QUAKE, replace(AID, score=9.5)) == [AID.id, QUAKE.id]


def test_a_strand_comes_in_only_where_there_is_room() -> None:
    everything = [QUAKE, replace(AID, score=2.2), BUDGET, replace(FINAL, score=1.9)]
    small = pick(everything, newsletter(most_stories=3, brief_stories=0))
    assert {one.id for one in small.stories()} == {QUAKE.id, BUDGET.id, FINAL.id}
    assert len(list(pick(everything, newsletter(most_stories=9)).stories())) == 4


def test_before_anything_is_told_a_story_is_worth_its_score() -> None:
    kin = Kin([QUAKE, AID, BUDGET])
    assert [kin.worth(place) for place in range(3)] == [9.0, 8.0, 2.0]


def test_what_is_told_takes_from_its_kin_and_from_nothing_else() -> None:
    kin = Kin([QUAKE, AID, BUDGET])
    kin.tell(0)
    assert kin.worth(1) == pytest.approx(8.0 * (1 - LOSS))
    assert kin.worth(2) == 2.0


def test_worth_never_rises() -> None:
    stories = [QUAKE, AID, BUDGET, FINAL]
    kin = Kin(stories)
    worth = [story.score for story in stories]
    for told in (3, 0, 2, 1):
        kin.tell(told)
        now = [kin.worth(place) for place in range(len(stories))]
        assert all(later <= before for later, before in zip(now, worth, strict=True))
        worth = now


def test_no_stories_are_no_trouble() -> None:
    assert read_in_order() == []


def test_two_storms_in_two_countries_are_no_kin() -> None:
    here = replace(
        told(5, "asia", 5.0, "إعصار يضرب الساحل", "ضرب إعصار قوي الساحل وأوقع قتلى"), countries=("PH",)
    )
    there = replace(
        told(6, "americas", 4.0, "إعصار يضرب السواحل", "ضرب إعصار السواحل وأوقع خسائر كبيرة بالمزارع"),
        countries=("CU",),
    )
    for country, worth in (("CU", 4.0), ("PH", 4.0 * (1 - LOSS))):
        kin = Kin([here, replace(there, countries=(country,))])
        kin.tell(0)
        assert kin.worth(1) == pytest.approx(worth)
