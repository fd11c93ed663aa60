"""What the store knows of feeds beside their articles: items that were seen, dates, page texts, states, statistics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from digest.adapters.store.articles import MOST_TEXT_TRIES
from digest.collector.parse import read_feed
from digest.model import (
    ArticleDraft,
    Failure,
    FetchState,
    PageText,
    ParsedFeed,
    SaveCounts,
    Source,
    SourceStats,
)
from digest.ports import ArticleStore
from tests.collector.samples import SOURCE, fetched, item, rss
from tests.conftest import NOW
from tests.samples import draft, parsed, source


def _hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def _save(
    store: ArticleStore, *drafts: ArticleDraft, of: Source | None = None, at: dt.datetime = NOW
) -> SaveCounts:
    of = of or source()
    return store.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), at)


def _story(number: int, *, published: dt.datetime | None = NOW, summary: str = "") -> ArticleDraft:
    title = f"الخبر رقم {number} من أخبار هذا اليوم الطويل"
    return draft(
        title, guid=f"g{number}", url=f"https://z.example/{number}", published=published, summary=summary
    )


# --------------------------------------------------------------------------- items that were seen


def _save_items(store: ArticleStore, of: Source, items: dict[str, tuple[str, ...]]) -> None:
    store.save_feed(of, ParsedFeed(drafts=(), items=items), FetchState(source_id=of.id), NOW)


def test_of_a_source_that_was_never_read_nothing_was_seen(articles: ArticleStore) -> None:
    assert articles.seen_items("zaytuna") == {}
    articles.save_state(FetchState(source_id="zaytuna"))
    assert articles.seen_items("zaytuna") == {}


def test_what_was_seen_comes_back_and_is_replaced_whole(articles: ArticleStore) -> None:
    one, other = source("one"), source("other")
    first = {"a1": ("guid:1", "link:2", "text:3"), "b2": (), "c3": ("text:4",)}
    _save_items(articles, one, first)
    _save_items(articles, other, {"z": ("guid:9",)})
    assert dict(articles.seen_items("one")) == first
    assert list(articles.seen_items("one")) == ["a1", "b2", "c3"]
    _save_items(articles, one, {"d4": ("guid:5",)})
    assert articles.seen_items("one") == {"d4": ("guid:5",)}
    assert articles.seen_items("other") == {"z": ("guid:9",)}
    _save_items(articles, one, {})
    assert articles.seen_items("one") == {}


def test_a_state_alone_leaves_what_was_seen(articles: ArticleStore) -> None:
    _save_items(articles, source("one"), {"a": ("guid:1",)})
    articles.save_state(FetchState(source_id="one", failures=2))
    assert articles.seen_items("one") == {"a": ("guid:1",)}


def _collected(store: ArticleStore, body: str) -> tuple[SaveCounts, int]:
    """Read and store a body as a collect does; return the counts and how many entries were read."""
    feed = read_feed(SOURCE, fetched(body), store.seen_items(SOURCE.id))
    return store.save_feed(SOURCE, feed, FetchState(source_id=SOURCE.id), NOW), len(feed.drafts)


_CHANGES = [
    pytest.param("<guid>{}</guid>", "<guid>https://waha.example/?p={}</guid>", 0, id="guids"),
    pytest.param("<guid>{}</guid>", "", 0, id="guids-gone"),
    pytest.param("https://waha.example/", "http://www.waha.example/", 0, id="scheme-and-host"),
    pytest.param("/news/{}<", "/news/{}?utm_source=rss&amp;fbclid=x<", 0, id="tracking"),
    pytest.param("/news/{}<", "/2026/{}.html<", 0, id="paths"),
    pytest.param("خبر الواحة رقم", "جديد الواحة: الخبر رقم", 12, id="titles"),
]


@pytest.mark.parametrize(("old", "new", "edited"), _CHANGES)
def test_a_feed_that_changes_all_its_entries_brings_no_news(
    articles: ArticleStore, old: str, new: str, edited: int
) -> None:
    form = item("خبر الواحة رقم {0} من أخبار اليوم", "https://waha.example/news/{0}", "<guid>{0}</guid>")
    before = rss(*(form.format(number) for number in range(12)))
    after = rss(
        *(form.replace("{0}", "{}").replace(old, new).replace("{}", "{0}").format(n) for n in range(12))
    )
    assert after != before
    assert _collected(articles, before) == (SaveCounts(new=12), 12)
    assert _collected(articles, after) == (SaveCounts(updated=edited, known=12 - edited), 12)
    assert _collected(articles, after) == (SaveCounts(), 0)
    assert len(articles.articles(None, None)) == 12


def test_an_edited_entry_is_counted_once_and_then_not_read(articles: ArticleStore) -> None:
    entries = [item(f"خبر الواحة رقم {number} من أخبار اليوم", f"/{number}") for number in range(5)]
    _collected(articles, rss(*entries))
    entries[2] = item("تحديث لخبر الواحة بعد ساعات", "/2")
    assert _collected(articles, rss(*entries)) == (SaveCounts(updated=1), 1)
    assert _collected(articles, rss(*entries)) == (SaveCounts(), 0)
    assert "تحديث لخبر الواحة بعد ساعات" in {one.title for one in articles.articles(None, None)}


# --------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("first", "then", "published", "dated"),
    [
        pytest.param(None, None, 0, False, id="never-dated"),
        pytest.param(None, -3, -3, True, id="dated-later"),
        pytest.param(None, 9, 9, True, id="dated-later-and-ahead"),
        pytest.param(None, 1.25, 1, True, id="dated-later-by-a-clock-that-runs-fast"),
        pytest.param(5, -1, -1, True, id="held-back-then-corrected"),
        pytest.param(5, 6, 6, True, id="held-back-for-longer"),
        pytest.param(5, None, 5, True, id="held-back-and-the-date-gone"),
        pytest.param(5, 5, 5, True, id="held-back-still"),
        pytest.param(0.25, -1, 0, True, id="a-clock-that-ran-fast"),
        pytest.param(-2, -1, -2, True, id="dated-anew"),
        pytest.param(-2, 9, -2, True, id="lifted-up-again"),
        pytest.param(-2, None, -2, True, id="the-date-gone"),
        pytest.param(0.9, -1, 0.9, True, id="held-back-and-due-by-now"),
    ],
)
def test_the_first_sure_date_stands(
    articles: ArticleStore, first: float | None, then: float | None, published: float, dated: bool
) -> None:
    def at(hours: float | None) -> dt.datetime | None:
        return None if hours is None else NOW + _hours(hours)

    _save(articles, _story(1, published=at(first)))
    _save(articles, _story(1, published=at(then)), at=NOW + _hours(1))
    [found] = articles.articles(None, None)
    assert (found.published, found.dated) == (at(published), dated)


def test_what_is_held_back_is_no_news_before_its_time(articles: ArticleStore) -> None:
    _save(articles, _story(1, published=NOW + _hours(5)))
    assert articles.articles(None, NOW + _hours(4)) == []
    assert articles.newest(NOW + _hours(4), []) is None
    assert len(articles.articles(None, NOW + _hours(5))) == 1


def test_where_a_report_was_filed_and_its_picture_s_size_come_back(articles: ArticleStore) -> None:
    told = replace(_story(1), dateline="موسكو", image_width=1200, image_height=630)
    _save(articles, told, _story(2))
    first, second = sorted(articles.articles(None, None), key=lambda one: one.title)
    assert (first.dateline, first.image_width, first.image_height) == ("موسكو", 1200, 630)
    assert (second.dateline, second.image_width, second.image_height) == ("", None, None)


# --------------------------------------------------------------------------- the articles' own pages

_PAGE = PageText(text="الفقرة الأولى.\nالفقرة الثانية.", lede="الفقرة الأولى.", dateline="صفاقس")


def _wanting(store: ArticleStore, sources: Sequence[str] = ("zaytuna",), limit: int = 10) -> list[str]:
    return [one.url for one in store.wanting_text(sources, NOW - _hours(1), limit)]


def test_articles_wait_for_their_pages_newest_first(articles: ArticleStore) -> None:
    _save(articles, *(_story(number, published=NOW - _hours(number)) for number in (2, 0, 3, 1)))
    _save(articles, replace(_story(9), aliases=("link:9",)), of=source("other"))
    assert _wanting(articles) == [f"https://z.example/{number}" for number in (0, 1, 2, 3)]
    assert _wanting(articles, limit=2) == ["https://z.example/0", "https://z.example/1"]
    assert len(_wanting(articles, ("zaytuna", "other"))) == 5
    assert _wanting(articles, ("nobody",)) == []


def test_only_articles_that_were_first_seen_lately_wait(articles: ArticleStore) -> None:
    _save(articles, _story(1), at=NOW - _hours(1))
    _save(articles, _story(2, published=NOW - _hours(30)), at=NOW)
    assert _wanting(articles) == ["https://z.example/2"]


def test_a_page_s_text_is_kept_and_waited_for_no_longer(articles: ArticleStore) -> None:
    _save(articles, _story(1))
    [waiting] = articles.wanting_text(["zaytuna"], NOW - _hours(1), 10)
    articles.save_text(waiting.id, _PAGE, NOW)
    [found] = articles.articles(None, None)
    assert found == replace(waiting, text=_PAGE.text, summary=_PAGE.lede, dateline="صفاقس")
    assert _wanting(articles) == []


def test_what_the_feed_says_itself_is_not_replaced(articles: ArticleStore) -> None:
    _save(articles, replace(_story(1, summary="ملخص من الخلاصة."), dateline="تونس"))
    [waiting] = articles.wanting_text(["zaytuna"], NOW - _hours(1), 10)
    articles.save_text(waiting.id, _PAGE, NOW)
    [found] = articles.articles(None, None)
    assert (found.summary, found.dateline, found.text) == ("ملخص من الخلاصة.", "تونس", _PAGE.text)


def test_a_feed_without_summaries_leaves_the_one_of_the_page(articles: ArticleStore) -> None:
    _save(articles, _story(1))
    [waiting] = articles.wanting_text(["zaytuna"], NOW - _hours(1), 10)
    articles.save_text(waiting.id, _PAGE, NOW)
    assert _save(articles, _story(1)) == SaveCounts(known=1)
    [found] = articles.articles(None, None)
    assert (found.summary, found.text, found.dateline) == (_PAGE.lede, _PAGE.text, "صفاقس")
    assert _save(articles, _story(1, summary="ملخص جديد.")) == SaveCounts(updated=1)


def test_a_page_that_cannot_be_read_is_tried_a_few_times(articles: ArticleStore) -> None:
    _save(articles, _story(1), _story(2, published=NOW - _hours(1)))
    [first, _] = articles.wanting_text(["zaytuna"], NOW - _hours(1), 10)
    for _ in range(MOST_TEXT_TRIES):
        assert len(_wanting(articles)) == 2
        articles.save_text(first.id, None, NOW)
    assert _wanting(articles) == ["https://z.example/2"]
    assert next(one for one in articles.articles(None, None) if one.id == first.id) == first


def test_a_page_without_text_counts_as_a_try(articles: ArticleStore) -> None:
    _save(articles, _story(1))
    [waiting] = articles.wanting_text(["zaytuna"], NOW - _hours(1), 10)
    for _ in range(MOST_TEXT_TRIES):
        articles.save_text(waiting.id, PageText(text="", lede=""), NOW)
    assert _wanting(articles) == []


def test_the_text_of_an_article_that_is_not_there_is_nobodys(articles: ArticleStore) -> None:
    articles.save_text("none", _PAGE, NOW)
    assert articles.articles(None, None) == []


# --------------------------------------------------------------------------- states and statistics


@pytest.mark.parametrize("failure", [None, *Failure])
def test_every_kind_of_failure_comes_back(articles: ArticleStore, failure: Failure | None) -> None:
    state = FetchState(
        source_id="zaytuna",
        url="https://zaytuna.example/feed",
        error="x" if failure else None,
        failure=failure,
        failures=1 if failure else 0,
        retry_at=NOW + _hours(1),
        host_retry_at=NOW + _hours(2),
        moved_to="https://zaytuna.example/new",
        moved_count=2,
        retired_at=NOW - _hours(1),
        repair="is windows-1256 but says utf-8; is not well-formed XML (undefined entity)",
    )
    articles.save_state(state)
    [found] = articles.fetch_states().values()
    assert found == state
    assert type(found.failure) is type(failure)


def test_what_articles_tell_of_their_sources(articles: ArticleStore) -> None:
    one, other = source("one"), source("other")
    week = [_story(number, published=NOW - dt.timedelta(days=number)) for number in (9, 3, 1)]
    _save(
        articles,
        *(replace(story, aliases=(f"guid:{n}",)) for n, story in enumerate(week)),
        of=one,
        at=NOW - _hours(9),
    )
    _save(articles, replace(_story(5, published=None), aliases=("guid:5",)), of=one, at=NOW - _hours(2))
    _save(
        articles,
        replace(_story(6, published=NOW + _hours(7)), aliases=("guid:6",)),
        of=one,
        at=NOW - _hours(1),
    )
    _save(articles, replace(_story(7, published=NOW - dt.timedelta(days=30)), aliases=("guid:7",)), of=other)
    assert articles.source_stats(NOW - dt.timedelta(days=7), NOW) == {
        "one": SourceStats(
            newest=NOW - _hours(2),
            # The one that is held back came later, and is no news yet.
            last_new=NOW - _hours(2),
            oldest=NOW - dt.timedelta(days=3),
            articles=3,
            undated=1,
        ),
        "other": SourceStats(
            newest=NOW - dt.timedelta(days=30), last_new=NOW, oldest=None, articles=0, undated=0
        ),
    }


def test_without_articles_there_is_nothing_to_tell(articles: ArticleStore) -> None:
    articles.save_state(FetchState(source_id="zaytuna"))
    _save(articles, _story(1, published=NOW + _hours(7)))
    assert articles.source_stats(NOW - _hours(24), NOW) == {}
