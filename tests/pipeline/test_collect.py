"""collect(): what each feed's answer comes to, and that no feed is another one's trouble."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from digest.adapters.store import Store
from digest.collector.parse import MOST_ENTRIES
from digest.errors import FeedError
from digest.model import (
    Failure,
    FetchResult,
    FetchState,
    FetchStatus,
    ParsedFeed,
    SaveCounts,
    Source,
)
from digest.pipeline import collect
from tests.conftest import NOW
from tests.fakes import FakeFetcher, InlineParser, MemoryArticleStore
from tests.pipeline.answers import (
    FEED,
    ONE,
    THREE,
    TWO,
    Collecting,
    failed,
    feed,
    fetched,
    item,
    postponed,
    unchanged,
)
from tests.samples import draft, parsed, source

_HOUR = dt.timedelta(hours=1)


@pytest.fixture
def into() -> Collecting:
    """An empty store in memory."""
    return Collecting(MemoryArticleStore())


# --------------------------------------------------------------------------- what came


def test_a_collect_counts_what_came(into: Collecting) -> None:
    report = into.collect(fetched(ONE), unchanged(TWO), failed(THREE, error="the server answered 503"))
    assert {status: report.count(status) for status in FetchStatus} == {
        FetchStatus.FETCHED: 1,
        FetchStatus.UNCHANGED: 1,
        FetchStatus.FAILED: 1,
        FetchStatus.POSTPONED: 0,
    }
    assert (report.new, report.updated, report.outage) == (2, 0, False)
    assert [(one.source.id, one.error, one.failure) for one in report.failed] == [
        ("three", "the server answered 503", Failure.SERVER)
    ]
    [read] = [one for one in report.outcomes if one.status is FetchStatus.FETCHED]
    assert (read.counts, read.entries, read.skipped) == (SaveCounts(new=2), 2, 0)
    assert len(into.titles()) == 2


def test_entries_of_no_use_are_counted(into: Collecting) -> None:
    body = feed(item("الخبر الأول من أخبار هذا اليوم"), "<item><description></description></item>")
    [read] = into.collect(fetched(ONE, body)).outcomes
    assert (read.counts.new, read.entries, read.skipped) == (1, 2, 1)


def test_edits_are_counted(into: Collecting) -> None:
    body = feed("<item><guid>1</guid><link>https://x.example/1</link><title>A</title></item>")
    into.collect(fetched(ONE, body))
    report = into.collect(fetched(ONE, body.replace(b"A<", b"B<")))
    assert (report.new, report.updated) == (0, 1)
    assert into.titles() == ["B"]


def test_an_archive_is_asked_for_again_until_all_of_it_is_read(into: Collecting) -> None:
    archive = feed(*(item(f"الخبر رقم {number} من الأرشيف") for number in range(MOST_ENTRIES + 3)))
    assert into.collect(fetched(ONE, archive)).new == MOST_ENTRIES
    # Neither what the server calls this version nor the body's hash may keep the rest from being read.
    assert into.collect(fetched(ONE, archive)).new == 3
    assert (into.asked["one"].etag, into.state().etag) == (None, '"1"')
    assert into.collect(fetched(ONE, archive)).count(FetchStatus.UNCHANGED) == 1
    assert len(into.titles()) == MOST_ENTRIES + 3


def test_a_good_fetch_is_remembered(into: Collecting) -> None:
    into.collect(fetched(ONE))
    assert into.state() == FetchState(
        source_id="one",
        url=ONE.url,
        etag='"1"',
        last_modified="Sat, 21 Nov 2026 20:00:00 GMT",
        body_hash=hashlib.sha256(FEED).hexdigest(),
        checked_at=NOW,
        succeeded_at=NOW,
    )


def test_what_had_to_be_mended_is_kept_until_it_need_not_be(into: Collecting) -> None:
    damaged = fetched(ONE, FEED.replace(b"</channel>", b"<b>&</channel>"))
    into.collect(damaged)
    mended = into.state().repair
    assert "not well-formed" in mended
    for again in (unchanged(ONE), damaged):
        into.collect(again, at=NOW + _HOUR)
        assert into.state().repair == mended
    into.collect(fetched(ONE, FEED), at=NOW + 2 * _HOUR)
    assert into.state().repair == ""


def test_a_source_that_is_switched_off_is_not_fetched(into: Collecting) -> None:
    off = source("off", enabled=False)
    report = into.collect(fetched(off), fetched(ONE), sources=(off, ONE))
    assert list(into.asked) == ["one"]
    assert [outcome.source.id for outcome in report.outcomes] == ["one"]
    assert report.waiting == report.retired == ()


def test_progress_goes_from_nothing_to_all() -> None:
    seen: list[tuple[str, int, int]] = []
    results = {"one": fetched(ONE), "two": postponed(TWO), "three": failed(THREE, Failure.NETWORK)}
    collect(
        [ONE, TWO, THREE],
        FakeFetcher(results),
        InlineParser(),
        MemoryArticleStore(),
        NOW,
        lambda label, done, total: seen.append((label, done, total)),
    )
    assert seen[0] == ("collect", 0, 3)
    assert seen[-1] == ("collect", 3, 3)
    assert seen == sorted(seen)
    assert {total for _, _, total in seen} == {3}


# --------------------------------------------------------------------------- what need not be read


def test_a_body_that_was_read_before_is_not_read_again(into: Collecting) -> None:
    into.collect(fetched(ONE))
    into.store.save_state(replace(into.state(), failures=2, error="x", failure=Failure.SERVER))
    report = into.collect(fetched(ONE), at=NOW + _HOUR)
    assert report.count(FetchStatus.UNCHANGED) == 1
    assert into.inline.asked == ["one"]
    state = into.state()
    assert (state.error, state.failure, state.failures, state.succeeded_at) == (None, None, 0, NOW + _HOUR)


def test_an_unchanged_answer_reads_nothing(into: Collecting) -> None:
    report = into.collect(unchanged(ONE))
    assert (into.inline.asked, report.count(FetchStatus.UNCHANGED)) == ([], 1)


def test_a_feed_with_nothing_new_in_it_brings_nothing(into: Collecting) -> None:
    into.collect(fetched(ONE))
    before = into.store.articles(None, None)
    body = feed(
        item("الخبر الثاني من أخبار هذا اليوم"),
        item("الخبر الأول من أخبار هذا اليوم"),
        head="<lastBuildDate>Sun, 22 Nov 2026 08:00:00 GMT</lastBuildDate>",
    )
    [read] = into.collect(fetched(ONE, body), at=NOW + _HOUR).outcomes
    assert (read.status, read.counts, read.entries) == (FetchStatus.FETCHED, SaveCounts(), 2)
    assert into.store.articles(None, None) == before
    assert into.state().body_hash == hashlib.sha256(body).hexdigest()
    # And with one: only that one is read.
    report = into.collect(
        fetched(ONE, body.replace(b"<item>", item("خبر ثالث تماماً").encode() + b"<item>", 1))
    )
    assert (report.new, report.updated, len(into.titles())) == (1, 0, 3)


# --------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("body", "failure", "said"),
    [
        pytest.param(
            b"<!doctype html><html><body>maintenance", Failure.UNREADABLE, "web page", id="a web page"
        ),
        pytest.param(b"", Failure.UNREADABLE, "empty answer", id="nothing"),
        pytest.param(
            b"<!doctype html><title>Just a moment...</title><body>Enable JavaScript and cookies to continue",
            Failure.BLOCKED,
            "challenge page",
            id="a challenge page with status 200",
        ),
    ],
)
def test_a_feed_that_cannot_be_read_stops_no_other(
    body: bytes, failure: Failure, said: str, into: Collecting
) -> None:
    report = into.collect(fetched(ONE), fetched(TWO, body), unchanged(THREE))
    [outcome] = report.failed
    assert (outcome.source, outcome.failure) == (TWO, failure)
    assert said in outcome.error
    assert report.count(FetchStatus.FETCHED) == 1
    state = into.state("two")
    assert (state.failures, state.failure, state.error) == (1, failure, outcome.error)
    # Neither hash nor validators of it are kept: mended, or read by a better parser, it must be read again.
    assert (state.body_hash, state.etag, state.succeeded_at) == (None, None, None)


class _Breaking(InlineParser):
    """Breaks over one source's feeds."""

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        if source.id != "two":
            return super().feed(source, fetched, seen)
        future: Future[ParsedFeed] = Future()
        future.set_exception(FeedError("takes longer than 10 s to read", Failure.BROKEN))
        return future


def test_a_feed_that_breaks_the_parser_stops_no_other() -> None:
    into = Collecting(MemoryArticleStore(), _Breaking())
    into.store.save_state(FetchState(source_id="two", url=TWO.url, etag='"0"', succeeded_at=NOW - _HOUR))
    report = into.collect(fetched(ONE), fetched(TWO), fetched(THREE, feed(item("خبر من بلاد النيل"))))
    [outcome] = report.failed
    assert (outcome.source, outcome.failure) == (TWO, Failure.BROKEN)
    assert outcome.error == "takes longer than 10 s to read"
    assert (report.count(FetchStatus.FETCHED), report.new) == (2, 3)
    state = into.state("two")
    assert (state.failures, state.failure, state.etag) == (1, Failure.BROKEN, '"0"')


class _FailingStore(MemoryArticleStore):
    """Cannot store some sources' feeds; or nothing of them at all."""

    def __init__(self, *sources: str) -> None:
        super().__init__()
        self.broken = set(sources)
        self.wholly = False

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        if source.id in self.broken:
            raise OSError("the disk is full")
        return super().save_feed(source, feed, state, now)

    def save_state(self, state: FetchState) -> None:
        if self.wholly and state.source_id in self.broken:
            raise OSError("the disk is full")
        super().save_state(state)


def test_validators_are_kept_only_of_what_is_stored(caplog: pytest.LogCaptureFixture) -> None:
    store = _FailingStore("one")
    into = Collecting(store)
    report = into.collect(fetched(ONE), fetched(TWO, feed(item("خبر من بردى هذا اليوم"))))
    [outcome] = report.failed
    assert (outcome.source, outcome.failure) == (ONE, Failure.NOT_STORED)
    assert outcome.error == "cannot be stored: OSError: the disk is full"
    assert "source one cannot be stored" in caplog.text
    assert (report.count(FetchStatus.FETCHED), report.new) == (1, 1)
    # Known as a failure that a person can see, and asked for again as if it had never come.
    assert (into.state().failure, into.state().failures) == (Failure.NOT_STORED, 1)
    store.broken.clear()
    report = into.collect(fetched(ONE), at=NOW + _HOUR)
    assert (into.asked["one"].etag, into.asked["one"].last_modified) == (None, None)
    assert (report.new, into.state().failures, into.state().etag) == (2, 0, '"1"')


def test_after_a_failed_save_the_last_stored_validators_stand() -> None:
    store = _FailingStore()
    into = Collecting(store)
    into.collect(fetched(ONE, etag='"1"'))
    store.broken = {"one"}
    more = feed(item("الخبر الثالث من أخبار هذا اليوم"))
    into.collect(fetched(ONE, more, etag='"2"'))
    store.broken = set()
    report = into.collect(fetched(ONE, more, etag='"2"'))
    assert into.asked["one"].etag == '"1"'
    assert (report.new, into.state().etag) == (1, '"2"')


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(fetched(ONE), id="a feed"),
        pytest.param(unchanged(ONE), id="unchanged"),
        pytest.param(failed(ONE, Failure.MISSING), id="a failure"),
        pytest.param(failed(ONE, Failure.NETWORK), id="a failure that waits for the whole picture"),
    ],
)
def test_a_store_that_takes_nothing_of_a_source_stops_no_other(result: FetchResult) -> None:
    store = _FailingStore("one")
    store.wholly = True
    into = Collecting(store)
    report = into.collect(fetched(TWO), result, unchanged(THREE))
    assert [(one.source.id, one.failure) for one in report.failed] == [("one", Failure.NOT_STORED)]
    assert (report.count(FetchStatus.FETCHED), report.count(FetchStatus.UNCHANGED)) == (1, 1)
    assert set(store.fetch_states()) == {"two", "three"}


# --------------------------------------------------------------------------- beside the fetching


class _ThreadedParser(InlineParser):
    """Finds one article in each feed, in threads; counts the bodies that it holds at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(2)
        self._held: list[Future[ParsedFeed]] = []
        self.most_held = 0

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        self._held = [future for future in self._held if not future.done()]
        self._held.append(self._threads.submit(_one_article, source))
        self.most_held = max(self.most_held, len(self._held))
        return self._held[-1]

    def close(self) -> None:
        self._threads.shutdown()


def _one_article(of: Source) -> ParsedFeed:
    # Slower than the feeds come.
    time.sleep(0.002)
    return parsed(draft(f"خبر من {of.id}", of=of, guid=of.id, url=f"https://x.example/{of.id}"))


def test_feeds_are_read_beside_the_fetching_and_few_at_a_time() -> None:
    sources = tuple(source(f"s{number}") for number in range(200))
    parser = _ThreadedParser()
    into = Collecting(MemoryArticleStore(), parser)
    report = into.collect(*(fetched(one) for one in sources), sources=sources)
    parser.close()
    assert (report.count(FetchStatus.FETCHED), report.new, len(into.titles())) == (200, 200, 200)
    assert len(into.store.fetch_states()) == 200
    assert parser.most_held <= 17


def test_when_stopped_what_came_is_stored_and_no_more_is_asked_for(into: Collecting) -> None:
    came: list[str] = []

    def stopped() -> bool:
        came.append("one more")
        return len(came) == 2

    results = [fetched(ONE), failed(TWO, Failure.NETWORK), fetched(THREE)]
    report = into.collect(*results, stopped=stopped)
    # The fake gives the last first.
    assert [outcome.source.id for outcome in report.outcomes] == ["three", "two"]
    assert set(into.store.fetch_states()) == {"three", "two"}
    assert len(into.titles()) == 2


# --------------------------------------------------------------------------- a real store


def test_a_server_with_broken_headers_stops_no_other(store: Store) -> None:
    # So aiohttp hands on header bytes that are no UTF-8.
    into = Collecting(store.articles)
    report = into.collect(
        fetched(ONE, etag='"\udce9"'), fetched(TWO, feed(item("خبر آخر من مصدر آخر اليوم")))
    )
    assert report.count(FetchStatus.FETCHED) == 2
    assert len(into.titles()) == 3
