"""Articles and fetch states: one contract for the store in memory and both databases, then what only SQL can get wrong."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store, open_store
from digest.adapters.store.schema import metadata
from digest.model import Article, ArticleDraft, FetchState, PageText, ParsedFeed, SaveCounts, Source
from digest.ports import ArticleStore
from tests.conftest import NOW
from tests.samples import draft, parsed, source

_STATE = FetchState(source_id="zaytuna")


def _save(store: ArticleStore, *drafts: ArticleDraft, at: dt.datetime = NOW) -> SaveCounts:
    return store.save_feed(source(), parsed(*drafts), _STATE, at)


# --------------------------------------------------------------------------- the contract


def test_an_article_comes_back_as_it_was_saved(articles: ArticleStore) -> None:
    saved = draft()
    _save(articles, saved)
    [found] = articles.articles(None, None)
    assert found == Article(
        id=found.id,
        outlet="صوت الزيتونة",
        title=saved.title,
        url=saved.url,
        published=NOW - dt.timedelta(hours=2),
        summary=saved.summary,
        section="اقتصاد",
        source="zaytuna",
        country="TN",
        language="ar",
        image_url="https://zaytuna.example/1.jpg",
    )
    assert found.id


def test_a_second_save_stores_nothing(articles: ArticleStore) -> None:
    drafts = [
        draft(),
        draft("إضراب المعلمين يدخل أسبوعه الثاني في البلاد", guid="g2", url="https://z.example/2"),
    ]
    assert _save(articles, *drafts) == SaveCounts(new=2)
    before = articles.articles(None, None)
    assert _save(articles, *drafts, at=NOW + dt.timedelta(hours=1)) == SaveCounts(known=2)
    assert articles.articles(None, None) == before


def test_an_edit_is_counted_once_and_taken_over(articles: ArticleStore) -> None:
    _save(articles, draft())
    [first] = articles.articles(None, None)
    edited = draft("افتتاح الميناء الجديد بعد تأخير عامين كاملين", summary="تأخر الافتتاح عامين.")
    assert _save(articles, edited) == SaveCounts(updated=1)
    assert _save(articles, edited) == SaveCounts(known=1)
    [second] = articles.articles(None, None)
    assert (second.title, second.summary) == (edited.title, edited.summary)
    assert (second.id, second.url, second.published) == (first.id, first.url, first.published)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(draft(guid="another"), SaveCounts(known=1), id="the guid"),
        pytest.param(draft(guid=""), SaveCounts(known=1), id="the guid gone"),
        pytest.param(draft(url="https://zaytuna.example/moved/1"), SaveCounts(known=1), id="the link"),
        pytest.param(
            draft(guid="another", url="http://www.zaytuna.example/1/?utm_source=rss"),
            SaveCounts(known=1),
            id="the guid, and the link's decoration",
        ),
        pytest.param(
            draft(guid="another", url="https://zaytuna.example/moved/1"),
            SaveCounts(known=1),
            id="the guid and the link, not the words",
        ),
        pytest.param(draft("عنوان آخر تماماً لخبر الميناء نفسه"), SaveCounts(updated=1), id="the headline"),
        pytest.param(
            draft("عنوان آخر تماماً لخبر الميناء نفسه", guid="another"),
            SaveCounts(updated=1),
            id="the guid and the headline, not the link",
        ),
    ],
)
def test_an_article_is_known_by_any_of_its_names(
    articles: ArticleStore, changed: ArticleDraft, expected: SaveCounts
) -> None:
    _save(articles, draft())
    assert _save(articles, changed) == expected
    assert len(articles.articles(None, None)) == 1
    assert _save(articles, changed, draft()).new == 0


def test_a_name_learned_later_is_known_as_well(articles: ArticleStore) -> None:
    _save(articles, draft())
    _save(articles, draft(guid="second", url="https://zaytuna.example/moved/1"))
    last = draft("صفاقس: افتتاح الميناء وسط حضور كبير", guid="second", url="https://elsewhere.example/9")
    assert _save(articles, last) == SaveCounts(updated=1)


def test_a_guid_that_is_used_again_for_other_news_makes_an_article(articles: ArticleStore) -> None:
    _save(articles, draft(guid="1"))
    other = draft("مقتل ثلاثة في انهيار مبنى قديم", guid="1", url="https://zaytuna.example/2", summary="")
    assert _save(articles, other) == SaveCounts(new=1)
    assert {one.url: one.title for one in articles.articles(None, None)} == {
        "https://zaytuna.example/1": draft().title,
        "https://zaytuna.example/2": other.title,
    }


def test_two_entries_of_one_feed_that_share_a_name_are_one_article(articles: ArticleStore) -> None:
    assert _save(articles, draft(guid="a"), draft(guid="b")) == SaveCounts(new=1, known=1)
    assert len(articles.articles(None, None)) == 1


def test_a_place_in_the_feed_is_that_of_the_first_time(articles: ArticleStore) -> None:
    _save(articles, replace(draft(), place=3))
    edited = draft("افتتاح الميناء الجديد بعد تأخير عامين كاملين")
    for place in (1, 9, None):
        _save(articles, replace(edited, place=place))
    assert [one.feed_place for one in articles.articles(None, None)] == [3]


def test_an_undated_article_is_of_the_moment_it_was_first_seen(articles: ArticleStore) -> None:
    undated = draft(published=None)
    _save(articles, undated)
    _save(articles, undated, at=NOW + dt.timedelta(hours=5))
    _save(articles, draft("عنوان معدّل للخبر الأول نفسه", published=None), at=NOW + dt.timedelta(hours=6))
    [found] = articles.articles(None, None)
    assert found.published == NOW


_HOURS = (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(None, None, [0, 1, 2, 3], id="all"),
        pytest.param(1, None, [2, 3], id="since is left out"),
        pytest.param(None, 2, [0, 1, 2], id="until is taken in"),
        pytest.param(0, 3, [1, 2, 3], id="both"),
        pytest.param(3, 3, [], id="an empty window"),
    ],
)
def test_the_window_is_after_since_and_up_to_until(
    articles: ArticleStore, since: int | None, until: int | None, expected: list[int]
) -> None:
    def moment(hour: int | None) -> dt.datetime | None:
        return None if hour is None else NOW + dt.timedelta(hours=hour)

    words = ("الأولى عن الطقس", "الثانية عن النفط", "الثالثة عن الكرة", "الرابعة عن الفن")
    drafts = [
        draft(words[hour], guid=f"g{hour}", url=f"https://z.example/{hour}", published=moment(hour))
        for hour in reversed(_HOURS)
    ]
    _save(articles, *drafts)
    found = articles.articles(moment(since), moment(until))
    assert [article.title for article in found] == [words[hour] for hour in expected]


def test_moments_of_any_zone_come_back_in_utc(articles: ArticleStore) -> None:
    there = dt.timezone(dt.timedelta(hours=3, minutes=30))
    moment = dt.datetime(2026, 11, 21, 23, 59, 59, 123456, tzinfo=there)
    _save(articles, draft(published=moment))
    [found] = articles.articles(moment - dt.timedelta(microseconds=1), moment)
    assert found.published == moment
    assert articles.articles(moment, None) == []


def test_fetch_states_come_back_and_are_replaced_whole(articles: ArticleStore) -> None:
    full = FetchState(
        source_id="zaytuna",
        etag='"abc"',
        last_modified="Sat, 21 Nov 2026 10:00:00 GMT",
        body_hash="0" * 64,
        checked_at=NOW,
        succeeded_at=NOW - dt.timedelta(days=1),
        error="لا جواب خلال 20 ثانية",
        failures=3,
        retry_at=NOW + dt.timedelta(seconds=90),
    )
    other = FetchState(source_id="barada", failures=1)
    articles.save_state(full)
    articles.save_state(other)
    assert articles.fetch_states() == {"zaytuna": full, "barada": other}
    articles.save_state(_STATE)
    assert articles.fetch_states() == {"zaytuna": _STATE, "barada": other}


def test_a_feed_brings_its_state(articles: ArticleStore) -> None:
    state = FetchState(source_id="zaytuna", etag='"abc"', checked_at=NOW)
    assert articles.save_feed(source(), parsed(), state, NOW) == SaveCounts()
    assert articles.fetch_states() == {"zaytuna": state}


def test_a_long_feed_is_known_again(articles: ArticleStore) -> None:
    drafts = [
        draft(
            f"الخبر رقم {number} من أخبار هذا اليوم الطويل",
            guid=f"g{number}",
            url=f"https://z.example/{number}",
        )
        for number in range(300)
    ]
    assert _save(articles, *drafts) == SaveCounts(new=300)
    assert _save(articles, *drafts) == SaveCounts(known=300)
    assert len({article.id for article in articles.articles(None, None)}) == 300


# --------------------------------------------------------------------------- what only SQL can get wrong


def test_a_moment_is_aware_and_of_utc(store: Store) -> None:
    _save(store.articles, draft(published=NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))))
    [found] = store.articles.articles(None, None)
    assert found.published.tzinfo is dt.UTC


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda store, naive: store.articles(naive, None), id="in a question"),
        pytest.param(lambda store, naive: _save(store, draft(published=None), at=naive), id="in a row"),
        pytest.param(
            lambda store, naive: store.save_state(FetchState(source_id="s", checked_at=naive)),
            id="in a state",
        ),
    ],
)
def test_a_naive_moment_is_refused(store: Store, ask: Callable[[ArticleStore, dt.datetime], object]) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a time zone"):
        ask(store.articles, NOW.replace(tzinfo=None))
    assert store.articles.articles(None, None) == []
    assert store.articles.fetch_states() == {}


def _snapshot(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


_NO_JSON: Any = object()


@pytest.mark.parametrize(
    ("state", "items"),
    [
        pytest.param(replace(_STATE, checked_at=NOW.replace(tzinfo=None)), {}, id="the state"),
        pytest.param(replace(_STATE, etag='"2"'), {"i": _NO_JSON}, id="what was seen"),
    ],
)
def test_a_feed_is_stored_whole_or_not_at_all(
    store: Store, state: FetchState, items: Mapping[str, tuple[str, ...]]
) -> None:
    feed = ParsedFeed(drafts=(draft(),), items={"h": ("guid:1",)})
    store.articles.save_feed(source(), feed, replace(_STATE, etag='"1"'), NOW)
    before = _snapshot(store)
    edited = draft("افتتاح الميناء الجديد بعد تأخير عامين كاملين", guid="another")
    new = draft("خبر ثانٍ من أخبار هذا اليوم الطويل", guid="g2", url="https://z.example/2")
    # Articles are written first: what fails comes after them.
    with pytest.raises((sa.exc.StatementError, TypeError)):
        store.articles.save_feed(source(), ParsedFeed(drafts=(edited, new), items=items), state, NOW)
    assert _snapshot(store) == before
    assert _save(store.articles, edited, new) == SaveCounts(new=1, updated=1)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        pytest.param('"\udce9t\udce9"', '"?t?"', id="bytes that are no UTF-8"),
        pytest.param("a\0b", "a\N{REPLACEMENT CHARACTER}b", id="NUL"),
    ],
)
def test_whatever_a_server_sends_can_be_kept(store: Store, header: str, kept: str) -> None:
    store.articles.save_state(FetchState(source_id="s", etag=header, last_modified=header, error=header))
    state = store.articles.fetch_states()["s"]
    assert (state.etag, state.last_modified, state.error) == (kept, kept, kept)


def test_whatever_a_feed_or_a_page_says_can_be_kept(store: Store) -> None:
    odd, kept = "a\0b\ud800", "a\N{REPLACEMENT CHARACTER}b?"
    said = replace(draft(odd), summary="", section=odd, dateline="", url=odd)
    assert _save(store.articles, said) == SaveCounts(new=1)
    assert _save(store.articles, said) == SaveCounts(known=1)
    [found] = store.articles.articles(None, None)
    assert (found.title, found.section, found.url) == (kept, kept, kept)
    store.articles.save_text(found.id, PageText(text=odd, lede=odd, dateline=odd), NOW)
    [found] = store.articles.articles(None, None)
    assert (found.text, found.summary, found.dateline) == (kept, kept, kept)


def _save_at_once(url: str, feeds: Sequence[tuple[Source, Sequence[ArticleDraft]]]) -> list[SaveCounts]:
    """Save each feed from a connection of its own, all at the same moment."""
    start = threading.Barrier(len(feeds))

    def save(of: Source, drafts: Sequence[ArticleDraft]) -> SaveCounts:
        store = open_store(url)
        try:
            start.wait(timeout=20)
            return store.articles.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), NOW)
        finally:
            store.close()

    with ThreadPoolExecutor(len(feeds)) as threads:
        return list(threads.map(save, *zip(*feeds, strict=True)))


def test_one_feed_saved_by_many_at_once_is_stored_once(database_url: str, store: Store) -> None:
    for turn in range(3):
        drafts = [
            draft(
                f"الخبر {turn} {number} من أخبار اليوم الطويل",
                guid=f"{turn}-{number}",
                url=f"https://z.example/{turn}/{number}",
            )
            for number in range(5)
        ]
        counts = _save_at_once(database_url, [(source(), drafts)] * 4)
        assert sorted(count.new for count in counts) == [0, 0, 0, 5]
        assert len(store.articles.articles(None, None)) == 5 * (turn + 1)


def test_outlets_that_share_a_link_make_one_article_even_at_once(database_url: str, store: Store) -> None:
    outlets = [source(f"s{number}", outlet=f"وكالة {number}") for number in range(4)]
    for turn in range(3):
        # Without a guid the link is the strongest name; half of them list the two articles the other way round.
        feeds = [
            (
                of,
                [
                    draft(
                        f"الخبر {turn} {which} كما ترويه {of.outlet}",
                        of=of,
                        guid="",
                        url=f"https://agency.example/{turn}/{which}",
                    )
                    for which in ((1, 2) if number % 2 else (2, 1))
                ],
            )
            for number, of in enumerate(outlets)
        ]
        counts = _save_at_once(database_url, feeds)
        assert sum(count.new for count in counts) == 2
        assert len(store.articles.articles(None, None)) == 2 * (turn + 1)
