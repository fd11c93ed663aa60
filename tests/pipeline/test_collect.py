"""collect(): what each feed's answer comes to, and that no feed is another one's trouble."""

from __future__ import annotations

import datetime as dt
import hashlib
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from digest.model import Article, FetchResult, FetchState, FetchStatus, Source
from digest.pipeline import CollectReport, collect, no_progress
from digest.ports import ArticleStore
from tests.adapters.databases import opened_store
from tests.conftest import NOW
from tests.fakes import FakeFetcher, MemoryArticleStore
from tests.samples import source


def _feed(*headlines: str) -> bytes:
    items = "".join(
        f"<item><title>{headline}</title><link>https://x.example/{quote(headline)}</link>"
        f"<pubDate>Sat, 21 Nov 2026 20:00:00 +0300</pubDate></item>"
        for headline in headlines
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
    )


_FEED = _feed("الخبر الأول من أخبار هذا اليوم", "الخبر الثاني من أخبار هذا اليوم")


def _fetched(of: Source, body: bytes = _FEED, etag: str | None = '"1"') -> FetchResult:
    return FetchResult(
        source_id=of.id,
        status=FetchStatus.FETCHED,
        body=body,
        content_type="application/rss+xml",
        etag=etag,
        last_modified="Sat, 21 Nov 2026 20:00:00 GMT",
    )


def _failed(of: Source, retry_after: float | None = None) -> FetchResult:
    return FetchResult(
        source_id=of.id,
        status=FetchStatus.FAILED,
        error="the server answered 503",
        retry_after=retry_after,
    )


def _unchanged(of: Source) -> FetchResult:
    return FetchResult(source_id=of.id, status=FetchStatus.UNCHANGED)


def _collect(
    results: list[tuple[Source, FetchResult]], store: ArticleStore, at: dt.datetime = NOW
) -> tuple[CollectReport, FakeFetcher]:
    fetcher = FakeFetcher({of.id: result for of, result in results})
    return collect([of for of, _ in results], fetcher, store, at, no_progress), fetcher


_ONE, _TWO, _THREE = source("one"), source("two", outlet="بردى"), source("three", outlet="النيل")


def test_a_collect_counts_what_came() -> None:
    store = MemoryArticleStore()
    report, _ = _collect([(_ONE, _fetched(_ONE)), (_TWO, _unchanged(_TWO)), (_THREE, _failed(_THREE))], store)
    assert {status: report.count(status) for status in FetchStatus} == {
        FetchStatus.FETCHED: 1,
        FetchStatus.UNCHANGED: 1,
        FetchStatus.FAILED: 1,
    }
    assert (report.new, report.updated) == (2, 0)
    assert [(one.source.id, one.error) for one in report.failed] == [("three", "the server answered 503")]
    assert len(store.articles(None, None)) == 2


def test_edits_are_counted() -> None:
    store = MemoryArticleStore()
    before = b"<rss version='2.0'><channel><item><guid>1</guid><link>https://x.example/1</link><title>A</title></item></channel></rss>"
    _collect([(_ONE, _fetched(_ONE, before))], store)
    report, _ = _collect([(_ONE, _fetched(_ONE, before.replace(b"A<", b"B<")))], store)
    assert (report.new, report.updated) == (0, 1)


def test_a_good_fetch_is_remembered() -> None:
    store = MemoryArticleStore()
    _collect([(_ONE, _fetched(_ONE))], store)
    assert store.fetch_states()["one"] == FetchState(
        source_id="one",
        url=_ONE.url,
        etag='"1"',
        last_modified="Sat, 21 Nov 2026 20:00:00 GMT",
        body_hash=hashlib.sha256(_FEED).hexdigest(),
        checked_at=NOW,
        succeeded_at=NOW,
    )


def test_what_is_remembered_makes_the_next_fetch_conditional() -> None:
    store = MemoryArticleStore()
    _, first = _collect([(_ONE, _fetched(_ONE))], store)
    _, second = _collect([(_ONE, _unchanged(_ONE))], store, NOW + dt.timedelta(hours=1))
    assert [(request.etag, request.last_modified) for request in first.asked + second.asked] == [
        (None, None),
        ('"1"', "Sat, 21 Nov 2026 20:00:00 GMT"),
    ]
    state = store.fetch_states()["one"]
    assert (state.etag, state.checked_at, state.succeeded_at) == (
        '"1"',
        NOW + dt.timedelta(hours=1),
        NOW + dt.timedelta(hours=1),
    )


def test_a_body_that_was_read_before_is_not_read_again() -> None:
    # Of a body that nobody can parse, only its hash can make it unchanged.
    unreadable = b"\x00 no feed at all"
    known = FetchState(
        source_id="one", url=_ONE.url, body_hash=hashlib.sha256(unreadable).hexdigest(), failures=2, error="x"
    )
    store = MemoryArticleStore()
    store.save_state(known)
    report, _ = _collect([(_ONE, _fetched(_ONE, unreadable))], store)
    assert report.count(FetchStatus.UNCHANGED) == 1
    state = store.fetch_states()["one"]
    assert (state.error, state.failures, state.succeeded_at) == (None, 0, NOW)


def test_a_new_address_is_asked_for_without_the_old_one_s_validators() -> None:
    store = MemoryArticleStore()
    _collect([(_ONE, _fetched(_ONE, etag='"1"'))], store)
    moved = replace(_ONE, url="https://elsewhere.example/feed")
    _, fetcher = _collect([(moved, _fetched(moved))], store)
    assert [(request.url, request.etag) for request in fetcher.asked] == [(moved.url, None)]


def test_the_same_body_under_a_new_etag_is_asked_for_by_that() -> None:
    store = MemoryArticleStore()
    _collect([(_ONE, _fetched(_ONE, etag='"1"'))], store)
    report, _ = _collect([(_ONE, _fetched(_ONE, etag='"2"'))], store)
    assert report.count(FetchStatus.UNCHANGED) == 1
    assert store.fetch_states()["one"].etag == '"2"'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"<!doctype html><html><body>maintenance", "web page", id="a web page"),
        pytest.param(b"", "empty answer", id="nothing"),
    ],
)
def test_a_feed_that_cannot_be_read_stops_no_other(body: bytes, said: str) -> None:
    store = MemoryArticleStore()
    report, _ = _collect(
        [(_ONE, _fetched(_ONE)), (_TWO, _fetched(_TWO, body)), (_THREE, _unchanged(_THREE))], store
    )
    [failed] = report.failed
    assert failed.source is _TWO
    assert said in failed.error
    assert report.count(FetchStatus.FETCHED) == 1
    state = store.fetch_states()["two"]
    assert (state.failures, state.error, state.succeeded_at) == (1, failed.error, None)
    # Neither hash nor validators of it are kept: mended, or read by a better parser, it must be read again.
    assert (state.body_hash, state.etag) == (None, None)


def test_a_feed_that_breaks_the_parser_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    # A configuration would never give such a zone; it stands for whatever nobody foresaw.
    broken = replace(_TWO, timezone="Nowhere/None")
    store = MemoryArticleStore()
    report, _ = _collect(
        [(_ONE, _fetched(_ONE)), (broken, _fetched(broken)), (_THREE, _unchanged(_THREE))], store
    )
    [failed] = report.failed
    assert failed.source is broken
    assert failed.error.startswith("cannot be parsed: ")
    assert (report.count(FetchStatus.FETCHED), report.count(FetchStatus.UNCHANGED)) == (1, 1)
    assert store.fetch_states()["two"].failures == 1
    assert "source two breaks the parser" in caplog.text


def test_failures_add_up_until_a_good_fetch() -> None:
    store = MemoryArticleStore()
    for hour in (1, 2, 3):
        _collect([(_ONE, _failed(_ONE))], store, NOW + dt.timedelta(hours=hour))
        assert store.fetch_states()["one"].failures == hour
    _collect([(_ONE, _fetched(_ONE))], store)
    assert (store.fetch_states()["one"].failures, store.fetch_states()["one"].error) == (0, None)


def test_a_failure_forgets_nothing_that_was_known() -> None:
    store = MemoryArticleStore()
    _collect([(_ONE, _fetched(_ONE))], store)
    before = store.fetch_states()["one"]
    _collect([(_ONE, _failed(_ONE))], store, NOW + dt.timedelta(hours=1))
    after = store.fetch_states()["one"]
    assert (after.etag, after.body_hash, after.succeeded_at) == (
        before.etag,
        before.body_hash,
        before.succeeded_at,
    )


def test_a_server_that_asks_us_to_stay_away_is_left_alone_for_so_long() -> None:
    store = MemoryArticleStore()
    _collect([(_ONE, _failed(_ONE, retry_after=600))], store)
    almost, over = NOW + dt.timedelta(seconds=599), NOW + dt.timedelta(seconds=600)
    report, fetcher = _collect([(_ONE, _fetched(_ONE)), (_TWO, _fetched(_TWO))], store, almost)
    assert [waiting.id for waiting in report.waiting] == ["one"]
    assert [request.source_id for request in fetcher.asked] == ["two"]
    report, fetcher = _collect([(_ONE, _fetched(_ONE))], store, over)
    assert (report.waiting, len(fetcher.asked)) == ((), 1)
    assert store.fetch_states()["one"].retry_at is None


def test_a_source_that_is_switched_off_is_not_fetched() -> None:
    off = source("off", enabled=False)
    report, fetcher = _collect([(off, _fetched(off)), (_ONE, _fetched(_ONE))], MemoryArticleStore())
    assert [request.source_id for request in fetcher.asked] == ["one"]
    assert [outcome.source.id for outcome in report.outcomes] == ["one"]


def test_progress_goes_from_nothing_to_all() -> None:
    seen: list[tuple[int, int]] = []
    results = {of.id: _fetched(of) for of in (_ONE, _TWO)}
    collect(
        [_ONE, _TWO],
        FakeFetcher(results),
        MemoryArticleStore(),
        NOW,
        lambda label, done, total: seen.append((done, total)),
    )
    assert seen == [(0, 2), (1, 2), (2, 2)]


@pytest.fixture
def sqlite_articles(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[ArticleStore]:
    """A real store of articles."""
    with opened_store("sqlite", request, tmp_path) as store:
        yield store.articles


def test_a_server_with_broken_headers_stops_no_other(sqlite_articles: ArticleStore) -> None:
    # So aiohttp hands on header bytes that are no UTF-8.
    results = [
        (_ONE, _fetched(_ONE, etag='"\udce9"')),
        (_TWO, _fetched(_TWO, _feed("خبر آخر من مصدر آخر اليوم"))),
    ]
    report, _ = _collect(results, sqlite_articles)
    assert report.count(FetchStatus.FETCHED) == 2
    found: list[Article] = sqlite_articles.articles(None, None)
    assert len(found) == 3
