"""Why an edition holds what it holds: the facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from digest.errors import UsageError
from digest.model import Edition, Evidence, LeftOut, Reason, Section, Story
from digest.ranker.explain import (
    REST,
    Queued,
    Row,
    StoryReasons,
    explain_queued,
    explain_story,
    find,
    queue,
    rows,
)
from tests.ranker.making import article, story


def left_out(story_id: str, region: str, score: float, reason: Reason = Reason.EDITION_FULL) -> LeftOut:
    return LeftOut(
        story_id=story_id,
        headline=f"خبر {story_id}",
        region=region,
        outlets=("نهار",),
        score=score,
        reason=reason,
    )


GULF = (story(10, "gulf", 4.0, "SA"), story(11, "gulf", 2.5, "OM"), story(12, "gulf", 3.0, "YE"))
ASIA = (story(20, "asia", 5.0, "KZ"),)
BRIEFS = (story(30, "gulf", 2.0), story(31, "asia", 1.5))
EDITION = Edition(
    id="daily-2026-11-22",
    newsletter_id="daily",
    local_date=dt.date(2026, 11, 22),
    cohort="",
    composed_at=dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC),
    sections=(Section(region="gulf", stories=GULF), Section(region="asia", stories=ASIA)),
    briefs=BRIEFS,
    lead_id="s020",
    left_out=(left_out("q1", "asia", 2.2, Reason.ALIKE), left_out("q2", "africa", 0.4, Reason.TOO_SMALL)),
)


def why(edition: Edition, wanted: str) -> Row:
    found = find(edition, wanted)
    assert isinstance(found, Row)
    return found


def explained(told: Story) -> StoryReasons:
    """Why a story is the only one of its edition."""
    sections = (Section(region=told.region, stories=(told,)),)
    edition = replace(EDITION, sections=sections, briefs=(), lead_id=told.id)
    return explain_story(edition, why(edition, told.id))


def test_stories_are_numbered_as_they_are_read_and_the_left_out_go_on() -> None:
    assert [(row.number, row.story.id, row.place, row.of, row.brief) for row in rows(EDITION)] == [
        (1, "s010", 1, 3, False),
        (2, "s011", 2, 3, False),
        (3, "s012", 3, 3, False),
        (4, "s020", 1, 1, False),
        (5, "s030", 1, 2, True),
        (6, "s031", 2, 2, True),
    ]
    assert [row.story.id for row in rows(EDITION) if row.lead] == ["s020"]
    assert [(one.number, one.left.story_id, one.place, one.of) for one in queue(EDITION)] == [
        (7, "q1", 1, 2),
        (8, "q2", 2, 2),
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("s020", "s020", id="an id"),
        pytest.param("s02", "s020", id="the beginning of one"),
        pytest.param("4", "s020", id="its number"),
        pytest.param("q2", "q2", id="the id of one that is not in"),
        pytest.param("7", "q1", id="the number of one that is not in"),
    ],
)
def test_a_story_is_found(wanted: str, found: str) -> None:
    one = find(EDITION, wanted)
    assert (one.story.id if isinstance(one, Row) else one.left.story_id) == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param("x", "There is no story 'x' in daily-2026-11-22. There are 1 s010, 2 s011", id="unknown"),
        pytest.param("9", "There is no story '9'", id="a number past the end"),
        pytest.param("0", "There is no story '0'", id="numbers begin at 1"),
        pytest.param("", "There is no story ''", id="nothing"),
        pytest.param("s01", "'s01' begins the ids of several stories of daily-2026-11-22: s010, s011, s012.", id="several"),
    ],
)  # fmt: skip
def test_a_story_that_is_not_meant_by_one_name_is_a_sentence(wanted: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        find(EDITION, wanted)
    assert says in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_number_means_the_place_and_not_the_beginning_of_an_id() -> None:
    stories = (replace(GULF[0], id="2abc"), replace(GULF[1], id="3abc"))
    edition = replace(EDITION, sections=(Section(region="gulf", stories=stories),))
    assert why(edition, "2").story.id == "3abc"
    assert why(edition, "2a").story.id == "2abc"


def test_an_edition_of_nothing_has_no_story_to_find() -> None:
    edition = replace(EDITION, sections=(), briefs=(), left_out=(), lead_id="")
    with pytest.raises(UsageError, match="There are none"):
        find(edition, "1")


@pytest.mark.parametrize(
    ("wanted", "before", "behind", "rank", "above", "below"),
    [
        pytest.param("s010", None, ("s011", -1.5), 2, ("s020", 1.0), ("s012", -1.0), id="first"),
        pytest.param("s011", ("s010", 1.5), ("s012", 0.5), 4, ("s012", 0.5), ("s030", -0.5), id="before a better one"),
        pytest.param("s012", ("s011", -0.5), None, 3, ("s010", 1.0), ("s011", -0.5), id="last"),
        pytest.param("s020", None, None, 1, None, ("s010", -1.0), id="alone"),
        pytest.param("s031", ("s030", 0.5), None, 6, ("s030", 0.5), None, id="a brief"),
    ],
)  # fmt: skip
def test_a_story_stands_beside_others(
    wanted: str,
    before: tuple[str, float] | None,
    behind: tuple[str, float] | None,
    rank: int,
    above: tuple[str, float] | None,
    below: tuple[str, float] | None,
) -> None:
    reasons = explain_story(EDITION, why(EDITION, wanted))
    beside = [reasons.before, reasons.behind, reasons.above, reasons.below]
    assert [one and (one.story_id, one.ahead) for one in beside] == [before, behind, above, below]
    assert (reasons.rank, reasons.of) == (rank, 6)


def test_the_next_in_line_is_of_the_story_s_region() -> None:
    of_asia = explain_story(EDITION, why(EDITION, "s020")).next_in_line
    assert of_asia is not None
    assert of_asia.story_id == "q1"
    assert explain_story(EDITION, why(EDITION, "s010")).next_in_line is None


@pytest.mark.parametrize(
    ("wanted", "region", "everything"),
    [
        pytest.param("q1", ("s031", -0.7), ("s031", -0.7), id="of a region that is in"),
        pytest.param("q2", None, ("s031", 1.1), id="of a region without a story"),
    ],
)
def test_a_story_that_is_out_is_measured_by_the_least_that_is_in(
    wanted: str, region: tuple[str, float] | None, everything: tuple[str, float]
) -> None:
    found = find(EDITION, wanted)
    assert isinstance(found, Queued)
    reasons = explain_queued(EDITION, found)
    last = reasons.last_of_region
    assert (last and (last.story_id, last.ahead)) == region
    assert reasons.last_of_all is not None
    assert (reasons.last_of_all.story_id, reasons.last_of_all.ahead) == everything


def test_what_spoke_for_the_region_and_against_it() -> None:
    articles = (
        article("a", "أ", outlet="نهار"),
        article("b", "ب", outlet="نهار"),
        article("c", "ج", outlet="مساء"),
    )
    evidence = (
        Evidence(words="في مسقط", country="OM", region="gulf", articles=("a", "b", "c"), weight=2.1),
        Evidence(words="موسكو", country="RU", region="europe", articles=("c",), weight=0.4),
        Evidence(words="الخليج", country="", region="gulf", articles=("gone",), weight=0.1),
    )
    told = replace(story(1, "gulf", 3.0, "OM"), articles=articles, evidence=evidence)
    reasons = explained(told)
    assert [(one.words, one.articles, one.outlets) for one in reasons.for_region] == [
        ("في مسقط", 3, ("نهار", "مساء")),
        ("الخليج", 0, ()),
    ]
    assert [(one.words, one.country, one.region, one.outlets) for one in reasons.against] == [
        ("موسكو", "RU", "europe", ("مساء",))
    ]


@pytest.mark.parametrize(
    ("parts", "score", "shown"),
    [
        pytest.param({"outlets": 2.0, "soft": -0.8, "size": 0.3466}, 1.5466, [("outlets", 2.0), ("size", 0.3466), ("soft", -0.8)], id="greatest first"),
        pytest.param({"outlets": 2.0, "soft": 0.0, "size": -0.0}, 2.0, [("outlets", 2.0)], id="nothing is not told"),
        pytest.param({"outlets": 2.0}, 2.5, [("outlets", 2.0), (REST, 0.5)], id="what no part accounts for"),
        pytest.param({}, 0.0, [], id="a story of no score"),
    ],
)  # fmt: skip
def test_the_parts_of_a_score(parts: dict[str, float], score: float, shown: list[tuple[str, float]]) -> None:
    told = replace(story(1, "gulf", score), score_parts=parts)
    assert list(explained(told).parts) == shown


@given(
    st.dictionaries(st.sampled_from(["outlets", "size", "countries", "new"]), st.floats(-9, 99)),
    st.one_of(st.none(), st.floats(-9, 99)),
)
def test_the_parts_add_up_to_the_score(parts: dict[str, float], score: float | None) -> None:
    kept = {name: round(value, 4) for name, value in parts.items()}
    total = round(sum(kept.values()) if score is None else score, 4)
    shown = dict(explained(replace(story(1, "gulf", total), score_parts=kept)).parts)
    assert sum(shown.values()) == pytest.approx(total, abs=1e-9)
    assert score is not None or REST not in shown


def test_an_edition_of_an_earlier_version_explains_itself() -> None:
    document = TypeAdapter(Edition).dump_python(EDITION, mode="json")
    for gone in ("left_out", "articles_read", "stories_found"):
        del document[gone]
    for told in (each for section in document["sections"] for each in section["stories"]):
        del told["second_region"], told["update_of"]
    old = TypeAdapter(Edition).validate_python(document)
    assert queue(old) == []
    reasons = explain_story(old, why(old, "s010"))
    assert (reasons.next_in_line, reasons.row.story.update_of) == (None, None)
    assert reasons.parts == (("outlets", 4.0),)
