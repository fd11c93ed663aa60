"""Why an edition holds what it holds: the words, in Arabic and in English."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import replace
from functools import cache

import pytest

from digest.app import App
from digest.model import Edition, Evidence, LeftOut, Reason, Section, Told
from digest.ranker.explain import Row, explain_queued, explain_story, find
from digest.ranker.explain_words import Words
from digest.ranker.gravity import Gravity
from digest.ranker.pick import KEPT_FROM
from digest.ranker.score import score_parts
from digest.text.bidi import FSI, LRI, PDI
from tests.conftest import REPOSITORY
from tests.ranker.making import NOW, article, story

_MARKS = re.compile(f"[{FSI}{LRI}{PDI}]")
_REGIONS = {
    "ar": {"gulf": "الخليج", "asia": "آسيا", "europe": "أوروبا"},
    "en": {"gulf": "The Gulf", "asia": "Asia", "europe": "Europe"},
}
_ARTICLES = (
    article("a", "افتتاح ميناء الدقم", outlet="نهار", published=NOW - dt.timedelta(hours=3)),
    article("b", "الدقم: ميناء جديد", outlet="مساء", published=NOW - dt.timedelta(hours=7)),
    article("c", "New port at Duqm", outlet="Daily Post", published=NOW - dt.timedelta(hours=9)),
)
_PORT = replace(
    story(10, "gulf", 0, "OM"),
    headline="سلطنة عُمان تفتتح ميناء الدقم بكلفة 3.2 مليار",
    articles=_ARTICLES,
    score=3.7466,
    score_parts={"outlets": 3.0, "size": 0.5493, "freshness": 0.1973, "soft": 0.0},
    second_region="asia",
    evidence=(
        Evidence(words="في الدقم", country="OM", region="gulf", articles=("a", "b"), weight=2.4),
        Evidence(words="Moscow", country="RU", region="europe", articles=("c",), weight=0.31),
    ),
    update_of=Told(
        edition_id="daily-2026-11-21",
        story_id="s009",
        local_date=dt.date(2026, 11, 21),
        headline="سفينة أولى تصل الدقم",
    ),
)
_PLAIN = story(11, "gulf", 2.5)
_BRIEF = replace(story(30, "asia", 3.0), headline="IMF lifts its forecast to 3.1%")
_LEFT = LeftOut(
    story_id="q1", headline="قمة في كازاخستان", region="gulf", outlets=("نهار", "مساء"), score=2.6, reason=Reason.ALIKE
)  # fmt: skip
_EDITION = Edition(
    id="daily-2026-11-22",
    newsletter_id="daily",
    local_date=dt.date(2026, 11, 22),
    cohort="",
    composed_at=NOW,
    sections=(Section(region="gulf", stories=(_PLAIN, _PORT)),),
    briefs=(_BRIEF,),
    lead_id="s011",
    articles_read=113,
    stories_found=12,
    left_out=(_LEFT,),
)


@cache
def words(locale: str) -> Words:
    return Words(App(home=REPOSITORY, environment={}).language(locale), _REGIONS[locale])


def said(locale: str, wanted: str = "", edition: Edition = _EDITION) -> list[str]:
    """What is said of an edition, or of one of its stories, without the marks that show nothing."""
    if not wanted:
        lines = words(locale).edition(edition)
    else:
        found = find(edition, wanted)
        if isinstance(found, Row):
            lines = words(locale).story(edition, explain_story(edition, found))
        else:
            lines = words(locale).queued(explain_queued(edition, found))
    return [_MARKS.sub("", line) for line in lines]


def test_an_edition_is_a_line_for_each_story() -> None:
    assert said("en") == [
        "Edition daily-2026-11-22, Sunday, November 22, 2026",
        "Told: 3 stories",
        "Found: 12 stories, in 113 articles",
        "Lead: 1. عنوان 11",
        "",
        "The Gulf",
        "1. عنوان 11 · 2.50 · 1 outlet · s011",
        "2. سلطنة عُمان تفتتح ميناء الدقم بكلفة 3.2 مليار · 3.75 · 3 outlets · Update · s010",
        "",
        "In brief",
        "3. IMF lifts its forecast to 3.1% · 3.00 · 1 outlet · Asia · s030",
        "",
        "Next in line, and left out",
        "4. قمة في كازاخستان · 2.60 · The Gulf · it is much like a story that is in · q1",
    ]


def test_an_edition_in_arabic() -> None:
    lines = said("ar")
    assert lines[:4] == [
        "العدد daily-2026-11-22، الأحد، 22 نوفمبر 2026",
        "فيه: 3 أخبار",
        "المتاح: 12 خبراً، والمقروء: 113 مقالاً",
        "خبر الافتتاح: 1. عنوان 11",
    ]
    assert "2. سلطنة عُمان تفتتح ميناء الدقم بكلفة 3.2 مليار · 3.75 · 3 مصادر · تحديث · s010" in lines
    assert lines[-1] == "4. قمة في كازاخستان · 2.60 · الخليج · يشبه كثيراً خبراً دخل العدد · q1"


def test_a_story_tells_why() -> None:
    assert said("en", "s010") == [
        "سلطنة عُمان تفتتح ميناء الدقم بكلفة 3.2 مليار",
        "s010",
        "It is in for its score.",
        "Number 2 of 3 in the edition",
        "Place 2 of 2 in The Gulf",
        "   before it: عنوان 11 · 2.5000 · 1.2466 less · s011",
        "By score 1 of 3 in the edition",
        "   behind it: IMF lifts its forecast to 3.1% · 3.0000 · 0.7466 less · s030",
        "Order is not by score alone: what another story tells counts for less.",
        "Next in line in its region: قمة في كازاخستان · 2.6000 · 1.1466 less · q1 · it is much like a story that is in",
        "Score: 3.7466",
        "   +3.0000 3 outlets tell it",
        "   +0.5493 3 articles about it",
        "   +0.1973 its newest article is 3 hours old",
        "Region: The Gulf",
        "Countries: Oman",
        "   في الدقم · Oman · 2.40 · 2 articles · نهار, مساء",
        "Nearly as much of: Asia",
        "For other regions spoke",
        "   Moscow · Russia · 0.31 · 1 article · Daily Post · Europe",
        "It is an update of: سفينة أولى تصل الدقم · Saturday, November 21, 2026 · daily-2026-11-21 · s009",
    ]


def test_a_story_tells_why_in_arabic() -> None:
    lines = said("ar", "s010")
    assert "   +3.0000 روته 3 مصادر" in lines
    assert "   +0.1973 أحدث مقالاته قبل 3 ساعات" in lines
    assert "   في الدقم · عُمان · 2.40 · مقالان · نهار، مساء" in lines
    assert "   Moscow · روسيا · 0.31 · مقال واحد · Daily Post · أوروبا" in lines
    assert "المكان 2 من 2 في قسم الخليج" in lines
    assert lines[-1].startswith("هو تحديث للخبر: سفينة أولى تصل الدقم · السبت")


def test_no_arabic_line_is_half_english() -> None:
    ours = {"s010", "s011", "s030", "q1", "s009", "daily-2026-11-22", "daily-2026-11-21"}
    feeds = {"Moscow", "Daily", "Post", *_BRIEF.headline.split()}
    lines = [line for wanted in ("", "s010", "s011", "s030", "q1") for line in said("ar", wanted)]
    latin = {word for line in lines for word in re.findall(r"[\w.%-]*[A-Za-z][\w.%-]*", line)}
    assert latin <= ours | feeds


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        pytest.param("s011", "It leads the edition: of all stories it was worth most.", id="the lead"),
        pytest.param("s030", "It is told in brief: the sections had no place for it.", id="a brief"),
        pytest.param("s030", "Place 1 of 1 in brief", id="a brief's place"),
        pytest.param("s011", "   no name in its articles speaks for a region", id="no evidence"),
        pytest.param("s011", "It is no update of an earlier story.", id="no update"),
        pytest.param("q1", "Not in this edition: it is much like a story that is in.", id="left out"),
        pytest.param("q1", "In line: 1 of 1", id="its place in line"),
        pytest.param("q1", "Outlets: نهار, مساء", id="its outlets"),
        pytest.param("q1", "Least of its region that is in: عنوان 11 · 2.5000 · 0.1000 less · s011", id="the least in"),
    ],
)  # fmt: skip
def test_what_else_is_said(wanted: str, line: str) -> None:
    assert line in said("en", wanted)


@pytest.mark.parametrize(
    ("score", "line"),
    [
        pytest.param(
            KEPT_FROM,
            "It is the first of its region, and matters enough that a place is kept for it.",
            id="of weight",
        ),
        pytest.param(KEPT_FROM - 0.1, "It is in for its score.", id="small news"),
    ],
)
def test_the_first_of_a_region_that_is_not_the_lead(score: float, line: str) -> None:
    [section] = [one for one in _EDITION.sections if "s011" in {story.id for story in one.stories}]
    first = replace(section.stories[0], score=score, score_parts={"outlets": score})
    shown = replace(section, stories=(first, *section.stories[1:]))
    sections = tuple(shown if one is section else one for one in _EDITION.sections)
    edition = replace(_EDITION, sections=sections, lead_id="s010")
    assert first.id == "s011"
    assert line in said("en", "s011", edition)


@pytest.mark.parametrize("locale", ["ar", "en"])
@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_has_its_own_words(reason: Reason, locale: str) -> None:
    spoken = {
        one: said(locale, "q1", replace(_EDITION, left_out=(replace(_LEFT, reason=one),)))[2]
        for one in Reason
    }
    assert len(set(spoken.values())) == len(Reason)
    assert reason.value not in spoken[reason]


def test_each_part_of_today_s_score_has_words() -> None:
    parts = dict.fromkeys(score_parts(_ARTICLES, {}, Gravity({}), NOW), 1.0)
    scored = replace(_PORT, score=float(len(parts)), score_parts=parts)
    edition = replace(_EDITION, sections=(Section(region="gulf", stories=(scored,)),))
    shown = [line for line in said("en", "s010", edition) if line.startswith("   +1.0000 ")]
    assert len(shown) == len(parts)
    assert {line.removeprefix("   +1.0000 ") for line in shown}.isdisjoint(parts)


def test_a_part_of_another_version_shows_its_name() -> None:
    scored = replace(_PORT, score=1.0, score_parts={"echo": 1.0})
    edition = replace(_EDITION, sections=(Section(region="gulf", stories=(scored,)),))
    assert "   +1.0000 echo" in said("en", "s010", edition)


@pytest.mark.parametrize("wanted", ["s010", "s011", "s030", "q1"])
def test_the_figures_that_are_shown_add_up(wanted: str) -> None:
    lines = said("en", wanted)
    parts = [float(line.split()[0]) for line in lines if re.match(r" {3}[+-]\d", line)]
    [score] = [float(line.partition(": ")[2]) for line in lines if line.startswith("Score: ")]
    assert sum(parts) == pytest.approx(0 if wanted == "q1" else score)


def test_an_edition_that_remembers_nothing_says_so() -> None:
    old = replace(_EDITION, left_out=(), stories_found=0, articles_read=0)
    lines = said("en", edition=old)
    assert lines[-1] == "This edition remembers no story that was left out."
    assert not any(line.startswith("Found") for line in lines)


def test_a_region_that_is_no_longer_configured_shows_its_id() -> None:
    gone = replace(_EDITION, sections=(Section(region="moon", stories=(replace(_PORT, region="moon"),)),))
    assert "moon" in said("en", edition=gone)


def _runs_against(line: str, direction: str) -> bool:
    """Whether a letter that runs against the line's direction stands outside all isolates."""
    kinds = {"L"} if direction == "rtl" else {"R", "AL"}
    depth = 0
    for char in line:
        depth += (char in {FSI, LRI}) - (char == PDI)
        if not depth and unicodedata.bidirectional(char) in kinds:
            return True
    return False


@pytest.mark.parametrize("locale", ["ar", "en"])
@pytest.mark.parametrize("wanted", ["", "s010", "s030", "q1"])
def test_runs_against_the_line_are_isolated(wanted: str, locale: str) -> None:
    speech = words(locale)
    if not wanted:
        lines = speech.edition(_EDITION)
    elif isinstance(found := find(_EDITION, wanted), Row):
        lines = speech.story(_EDITION, explain_story(_EDITION, found))
    else:
        lines = speech.queued(explain_queued(_EDITION, found))
    assert [line for line in lines if _runs_against(line, "rtl" if locale == "ar" else "ltr")] == []


def test_feed_text_cannot_drive_the_terminal() -> None:
    hostile = replace(_PLAIN, headline="خبر\x1b[2J\nثانٍ")
    edition = replace(_EDITION, sections=(Section(region="gulf", stories=(hostile,)),))
    assert "1. خبر[2J ثانٍ · 2.50 · 1 outlet · s011" in said("en", edition=edition)
