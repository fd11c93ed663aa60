"""What feeds and files may bring, through the ranker and through `digest rank`: no error, nothing lost, bounded work."""

from __future__ import annotations

import datetime as dt
import functools
import json
import pathlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.app import App
from digest.model import Article, Story
from digest.ranker.cluster import MOST_NEIGHBOURS, similar_pairs
from digest.ranker.pick import pick
from digest.ranker.rank import RankSettings, rank
from digest.ranker.tolls import toll
from digest.ranker.vectors import article_stems, tfidf
from digest.ranker.words import headline_of
from tests.cli.running import REGIONS, digest
from tests.ranker.making import NOW, article, newsletter
from tests.text.alphabets import anything, arabic

STORM = "عاصفة تغلق مدارس لندن وتعطل القطارات في مئات المحطات"


@functools.cache
def app() -> App:
    """The shipped gazetteer and map."""
    return App(environment={})


def ranked(articles: Sequence[Article]) -> list[Story]:
    return rank(articles, app().placer, RankSettings(gravity=app().rank_settings.gravity), NOW)


def check(stories: Sequence[Story], articles: Sequence[Article]) -> None:
    """Assert what holds of the stories of any articles."""
    placed = Counter(one.id for story in stories for one in story.articles)
    assert placed == Counter(one.id for one in articles)
    assert len({story.id for story in stories}) == len(stories)
    assert {story.region for story in stories} <= set(REGIONS)
    for story in stories:
        assert sum(story.score_parts.values()) == pytest.approx(story.score, abs=1e-3)
    assert [story.score for story in stories] == sorted((story.score for story in stories), reverse=True)
    for most in (1, 5):
        chosen = pick(stories, newsletter(regions=tuple(REGIONS), most_stories=most, brief_stories=most // 2))
        assert len(list(chosen.stories())) <= most


HOSTILE = {
    "empty": "",
    "spaces": " \u00a0\u2028\t\n ",
    "one-word": "قمة",
    "one-letter": "ق",
    "one-latin-letter": "I",
    "punctuation": "…!؟«»،؛--//||",
    "emoji": "🔥🇸🇦👨‍👩‍👧🏴‍☠️",
    "only-stop-words": "Who is he and what was it",
    "only-particles": "و ب ل ف ك",
    "five-thousand-words": "كلمة " * 5000,
    "one-endless-word": "ا" * 30_000,
    "one-endless-latin-word": "sies" * 8000,
    "open-quotes": "«" * 5000,
    "open-quotes-of-all-kinds": "«“\"'(" * 2000,
    "dots": "." * 10_000,
    "two-dots": "أ.." * 5000,
    "hashtags": "#" * 3000 + "#سد_النهضة" * 500,
    "bars": " | " * 3000 + "عاجل",
    "marks-before": "عاجل: " * 2000,
    "abbreviations": "ا.ب." * 4000,
    "mixed-scripts": "مرحبا Hello Привет 你好 สวัสดี नमस्ते שלום",
    "directions": "\u202eمرحبا\u202c \u2067Hello\u2069 \u200f\u200e\ufeff",
    "controls": "a\x00b\x07\x1b[31m\x7f",
    "surrogates": "مرحبا \ud800 \udfff",
    "harakat-only": "\u064b\u064e\u0651" * 500,
    "zalgo": "س" + "\u0651\u064e\u0301" * 1000,
    "digits-of-all-kinds": "٣٫٢٬١ ۴۵ ９９ ९९ ²³ ½ ①",
    "huge-number": "9" * 5000,
    "huge-toll": f"مقتل {'9' * 5000} شخصا",
    "huge-toll-in-thousands": f"Blast kills {'9,999' * 2000} people",
    "number-with-marks": "1," * 4000 + "2",
    "phrase-of-one-letter": "ﷺ" * 2000,
    "markup": "<script>alert(1)</script>&nbsp;&#0;",
    "braces": "{story} %s %(x)s \\1 $HOME",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_is_told_as_headline_summary_or_text(text: str) -> None:
    articles = [
        article("title", text),
        article("again", text),
        article("both", text, text),
        article("summary", STORM, text),
        article("text", STORM, "", text=text),
        article("latin", text, text, language="en"),
        article("plain", STORM, STORM),
    ]
    stories = ranked(articles)
    check(stories, articles)
    assert all(len(story.headline) <= 300 for story in stories)
    shuffled = random.Random(5).sample(articles, len(articles))
    assert ranked(shuffled) == stories


def test_all_of_it_at_once() -> None:
    articles = [article(name, text, text) for name, text in HOSTILE.items()]
    check(ranked(articles), articles)


MOMENTS = {
    "long-ago": dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    "far-future": dt.datetime(2199, 12, 31, tzinfo=dt.UTC),
    "far-east": dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=14))),
    "far-west": dt.datetime(2026, 11, 21, 18, 0, tzinfo=dt.timezone(-dt.timedelta(hours=12))),
    "seconds-of-offset": dt.datetime(2026, 11, 22, tzinfo=dt.timezone(dt.timedelta(seconds=12_345))),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_any_date(moment: dt.datetime) -> None:
    articles = [article(1, STORM, published=moment), article(2, STORM), article(3, "", published=moment)]
    stories = ranked(articles)
    check(stories, articles)
    # A date of the future makes no story fresher than one of this moment.
    assert max(story.score_parts["freshness"] for story in stories) <= 0.1


ARTICLES = st.builds(
    lambda title, summary, **more: article(0, title, summary, **more),
    st.one_of(anything, st.sampled_from([STORM, *HOSTILE.values()])),
    st.one_of(arabic, st.just(STORM)),
    text=anything,
    outlet=st.sampled_from(["أ", "ب", "x\ud800", " "]),
    section=anything,
    country=st.sampled_from(["", "SA", "ZZ", "\ud800", "saudi"]),
    language=st.sampled_from(["ar", "en", "fr", "tlh", "", "a"]),
    dateline=anything,
    dated=st.booleans(),
    published=st.builds(
        lambda minutes, offset: (NOW + dt.timedelta(minutes=minutes)).astimezone(dt.timezone(offset)),
        st.integers(-29_000_000, 90_000_000),
        st.timedeltas(-dt.timedelta(hours=23), dt.timedelta(hours=23)),
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ARTICLES, max_size=8), st.randoms(use_true_random=False))
def test_any_articles_stand_in_one_story_each_in_any_order(
    drawn: list[Article], order: random.Random
) -> None:
    articles = [replace(one, id=str(number)) for number, one in enumerate(drawn)]
    stories = ranked(articles)
    check(stories, articles)
    assert ranked(order.sample(articles, len(articles))) == stories


def test_ten_thousand_copies_are_one_story() -> None:
    copies = [article(number, STORM, STORM, outlet=f"o{number % 7}") for number in range(10_000)]
    [story] = ranked(copies)
    assert (len(story.articles), len(story.outlets)) == (10_000, 7)


def test_copies_that_differ_in_a_word_make_no_more_pairs_than_each_has_neighbours() -> None:
    bags = [article_stems(article(number, STORM, f"{STORM} {number}")) for number in range(2000)]
    pairs = similar_pairs(tfidf(bags))
    assert 0 < len(pairs.first) <= MOST_NEIGHBOURS * len(bags)
    assert Counter(pairs.first.tolist()).most_common(1)[0][1] <= MOST_NEIGHBOURS


def test_a_stem_that_is_everywhere_hides_no_other() -> None:
    # More articles share a stem than are looked up by one: two on another event still find each other.
    crowd = [article(f"c{n}", f"{STORM} {n}", f"خبر رقم {n} من {n + 9000}") for n in range(400)]
    pair = [
        article(f"p{n}", "افتتاح متحف الخزف في مراكش", "متحف الخزف يفتح أبوابه في مراكش") for n in range(2)
    ]
    pair[1] = replace(pair[1], summary="أبواب متحف الخزف تفتح للزوار في مراكش")
    together = [story for story in ranked([*crowd, *pair]) if story.articles[0].id.startswith("p")]
    assert [len(story.articles) for story in together] == [2]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("مقتل 15 شخصا", 15, id="plain"),
        pytest.param("Storm kills 1,204", 1204, id="thousands"),
        pytest.param(f"مقتل {'9' * 5000} شخصا", None, id="endless"),
        pytest.param(f"{'9' * 400} killed", None, id="endless-first"),
    ],
)
def test_a_toll_of_endless_digits_is_none(text: str, count: int | None) -> None:
    assert toll(text) == count


@pytest.mark.parametrize(
    ("title", "summary", "expected"),
    [
        pytest.param("\x00\u202e", "سقط جسر.", "سقط جسر", id="no-title-but-a-summary"),
        pytest.param("\x00\u202e", "", "", id="nothing-at-all"),
        pytest.param("كلمة " * 5000, "", f"{'كلمة ' * 59}كلمة…", id="cut-between-words"),
        pytest.param("…", "", "…", id="dots"),
    ],
)
def test_headlines_of_hostile_articles(title: str, summary: str, expected: str) -> None:
    assert headline_of(article(1, title, summary)) == expected


def row(number: int | str, **more: Any) -> dict[str, Any]:
    """A line of a file for `digest rank`."""
    return {"id": f"n{number}", "outlet": "x", "title": STORM, "summary": STORM} | more


ROWS = [
    *(row(name, title=text, summary=text[:2000]) for name, text in HOSTILE.items()),
    row("no-more", title=None, summary=None, published=None),
    row("odd-types", title=5, summary=[1, 2], url={"a": 1}, section=3.5, text=True),
    row("number", id=10**18, outlet=7),
    row("year-9999", published="9999-12-31T23:59:59-12:00"),
    row("year-1", published="0001-01-01T00:00:00+14:00"),
    row("odd-zone", published="2026-11-22T01:00:00+99:00"),
    row("epoch", published=1e300),
    row("endless-date", published="1" * 10_000),
    row("odd-address", url="\ud800http://%zz%ff/\x00", section="//", country="ZZ", language="tlh"),
    row("odd-fields", section="\ud800", country="\ud800", language="\ud800", dateline="\ud800" * 50),
    row("spaces", id=" ", outlet=" "),
    row("controls", id="n\n\x00"),
]
BAD = [
    row("same", id="nempty"),
    {"id": "no-outlet", "title": STORM},
    row("empty-outlet", outlet=""),
    row("no-id", id=None),
    row("odd-place", place=0),
    [1],
    "text",
    None,
]


def ran_rows(folder: pathlib.Path, rows: Sequence[object]) -> tuple[int, list[dict[str, Any]], str]:
    path = folder / "articles.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    ran = digest(folder, "rank", str(path), "--at", NOW.isoformat(), "--json")
    return ran.code, ran.lines, ran.err


def test_hostile_lines_are_ranked_and_bad_ones_named(tmp_path: pathlib.Path) -> None:
    code, stories, err = ran_rows(tmp_path, [*ROWS, *BAD])
    assert code == 1
    assert [line.split("line ")[1].split(" ")[0] for line in err.splitlines()] == [
        str(len(ROWS) + number) for number in range(1, len(BAD) + 1)
    ]
    placed = [one for story in stories for one in story["articles"]]
    assert sorted(placed) == sorted(str(one["id"]) for one in ROWS)
    assert {story["region"] for story in stories} <= set(REGIONS)
    for story in stories:
        assert sum(story["score_parts"].values()) == pytest.approx(story["score"], abs=1e-3)
    assert 0 < sum(story["picked"] for story in stories) <= app().newsletter().most_stories
    # Any order of the lines, the same stories.
    assert ran_rows(tmp_path, ROWS[::-1])[:2] == (0, stories)


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"url": "http://[::1/world/1"}, id="broken-address"),
        pytest.param({"outlet": "x\ud800"}, id="surrogate-in-the-outlet"),
        pytest.param({"id": "x\ud800"}, id="surrogate-in-the-id"),
    ],
)
def test_a_field_that_cannot_be_read_costs_its_line_at_most(
    field: dict[str, str], tmp_path: pathlib.Path
) -> None:
    code, stories, err = ran_rows(tmp_path, [row(1) | field, row(2)])
    assert (code, len(err.splitlines())) in {(0, 0), (1, 1)}
    assert "n2" in [one for story in stories for one in story["articles"]]
