"""read_pages(): article pages fetched as robots.txt lets us, their text kept, and no page another one's trouble."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from digest.model import (
    Article,
    ArticleDraft,
    Failure,
    FetchRequest,
    FetchResult,
    FetchState,
    FetchStatus,
    PageText,
    SaveCounts,
    Source,
)
from digest.pipeline import PagesReport, no_progress, read_pages
from digest.pipeline.pages import AGENT, MOST_PAGES
from digest.ports import ArticleStore
from tests.adapters.databases import KINDS, opened_store
from tests.conftest import NOW
from tests.fakes import InlineParser, MemoryArticleStore
from tests.samples import draft, parsed, source

_FULL = source("one", full_text=True)
_SITE = "https://one.example"
_ROBOTS = f"{_SITE}/robots.txt"
_HOUR = dt.timedelta(hours=1)
_TITLE = "افتتاح الميناء الجديد في مدينة صفاقس اليوم"
_LEDE = "افتتح رئيس الحكومة صباح اليوم الميناء الجديد في مدينة صفاقس بحضور عدد من الوزراء والسفراء المعتمدين."
_MORE = "ويتسع الميناء الذي استغرق بناؤه أربعة أعوام لعشرين سفينة في وقت واحد، ويوفر ألفي فرصة عمل للشباب."
_PAGE = f"""<!doctype html><html lang="ar" dir="rtl"><head><title>{_TITLE}</title></head><body>
<nav><a href="/">الرئيسية</a> <a href="/sport">رياضة</a></nav>
<article><h1>{_TITLE}</h1><p>{_LEDE}</p><p>{_MORE}</p></article>
<footer>جميع الحقوق محفوظة</footer></body></html>"""


@dataclass(slots=True)
class _Web:
    """Answers by address; what is not there is 404."""

    pages: dict[str, FetchResult] = field(default_factory=dict)
    asked: list[FetchRequest] = field(default_factory=list)

    def put(self, url: str, body: str = "", *, status: int = 200, failure: Failure | None = None) -> None:
        self.pages[url] = FetchResult(
            key="",
            status=FetchStatus.FAILED if failure else FetchStatus.FETCHED,
            body=body.encode(),
            content_type="text/html",
            charset="utf-8",
            url=url,
            http_status=status,
            failure=failure,
            error=f"it is {failure}" if failure else "",
        )

    def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
        for request in requests:
            self.asked.append(request)
            if request.url not in self.pages:
                self.put(request.url, status=404, failure=Failure.MISSING)
            yield replace(self.pages[request.url], key=request.key)

    def asked_for(self, url: str) -> int:
        """How often an address was asked for."""
        return sum(request.url == url for request in self.asked)


@pytest.fixture
def web() -> _Web:
    """A web with one article's page on it, and no robots.txt."""
    found = _Web()
    found.put(f"{_SITE}/1", _PAGE)
    return found


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[ArticleStore]:
    """A store with one article without a summary, in memory and in SQL in turn."""
    if request.param == "memory":
        made: ArticleStore = MemoryArticleStore()
        _save(made, _entry(1))
        yield made
        return
    with opened_store(request.param, request, tmp_path) as opened:
        _save(opened.articles, _entry(1))
        yield opened.articles


def _entry(number: int, *, title: str = _TITLE, summary: str = "", site: str = _SITE) -> ArticleDraft:
    return draft(
        title if number == 1 else f"{title} رقم {number}",
        of=_FULL,
        guid=f"{site}-{number}",
        url=f"{site}/{number}",
        summary=summary,
        published=NOW - number * dt.timedelta(minutes=1),
    )


def _save(
    store: ArticleStore, *drafts: ArticleDraft, of: Source = _FULL, at: dt.datetime = NOW
) -> SaveCounts:
    return store.save_feed(of, parsed(*drafts), FetchState(source_id=of.id, url=of.url), at)


def _read(
    web: _Web,
    store: ArticleStore,
    *,
    of: Source = _FULL,
    at: dt.datetime = NOW,
    parser: InlineParser | None = None,
    stopped: Sequence[bool] = (),
) -> PagesReport:
    """Read pages; `stopped` is what that callback says, call by call."""
    says = iter(stopped)
    return read_pages([of], web, parser or InlineParser(), store, at, no_progress, lambda: next(says, False))


def _only(store: ArticleStore) -> Article:
    [article] = store.articles(None, None)
    return article


# --------------------------------------------------------------------------- text


def test_a_page_s_text_is_kept_and_its_lede_is_the_summary(web: _Web, store: ArticleStore) -> None:
    assert _read(web, store) == PagesReport(read=1)
    article = _only(store)
    assert article.summary == _LEDE
    assert article.text.split("\n") == [_LEDE, _MORE]
    # And it is not read again.
    assert _read(web, store, at=NOW + _HOUR) == PagesReport()
    assert web.asked_for(f"{_SITE}/1") == 1


def test_a_summary_of_the_feed_is_kept(web: _Web, store: ArticleStore) -> None:
    _save(store, _entry(1, summary="قال الوزير إن الميناء يعمل بكامل طاقته."))
    assert _read(web, store).read == 1
    article = _only(store)
    assert article.summary == "قال الوزير إن الميناء يعمل بكامل طاقته."
    assert article.text.startswith(_LEDE)


def test_the_next_feed_takes_nothing_of_it_away(web: _Web, store: ArticleStore) -> None:
    _read(web, store)
    before = _only(store)
    assert _save(store, _entry(1), at=NOW + _HOUR) == SaveCounts(known=1)
    assert _only(store) == before
    edited = _entry(1, title="افتتاح الميناء الجديد بعد تأخير عامين")
    assert _save(store, edited, at=NOW + _HOUR) == SaveCounts(updated=1)
    assert (_only(store).summary, _only(store).text) == (before.summary, before.text)


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(source("one"), id="one that does not ask for it"),
        pytest.param(replace(_FULL, enabled=False), id="one that is switched off"),
        pytest.param(source("two", full_text=True), id="another than the article's"),
    ],
)
def test_pages_are_read_only_of_sources_that_ask_for_it(of: Source, web: _Web, store: ArticleStore) -> None:
    assert _read(web, store, of=of) == PagesReport()
    assert web.asked == []


def test_old_articles_are_let_be(web: _Web, store: ArticleStore) -> None:
    assert _read(web, store, at=NOW + dt.timedelta(hours=48)) == PagesReport()
    assert web.asked == []


# --------------------------------------------------------------------------- robots.txt


@pytest.mark.parametrize(
    "robots",
    [
        pytest.param("", id="says nothing"),
        pytest.param("User-agent: *\nDisallow: /private", id="keeps another path from us"),
        pytest.param("User-agent: Other\nDisallow: /", id="keeps it from another program"),
        pytest.param(f"User-agent: *\nDisallow: /\n\nUser-agent: {AGENT}\nAllow: /", id="lets us in"),
        pytest.param("<!doctype html><title>404</title>", id="is a web page"),
    ],
)
def test_where_robots_txt_lets_us_the_page_is_read(robots: str, web: _Web, store: ArticleStore) -> None:
    web.put(_ROBOTS, robots)
    assert _read(web, store) == PagesReport(read=1)
    assert [request.url for request in web.asked] == [_ROBOTS, f"{_SITE}/1"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_robots_txt_the_page_is_read(status: int, web: _Web, store: ArticleStore) -> None:
    web.put(_ROBOTS, status=status, failure=Failure.MISSING)
    assert _read(web, store) == PagesReport(read=1)


@pytest.mark.parametrize(
    "robots",
    [
        pytest.param("User-agent: *\nDisallow: /", id="from everybody"),
        pytest.param(f"User-agent: {AGENT.lower()}\nDisallow: /1", id="from us"),
    ],
)
def test_what_robots_txt_keeps_from_us_is_not_asked_for(robots: str, web: _Web, store: ArticleStore) -> None:
    web.put(_ROBOTS, robots)
    for hours in range(3):
        assert _read(web, store, at=NOW + hours * _HOUR) == PagesReport(disallowed=1)
    # Looked at as often as any page that fails, and let be then.
    assert _read(web, store, at=NOW + 3 * _HOUR) == PagesReport()
    assert web.asked_for(f"{_SITE}/1") == 0
    assert (_only(store).text, _only(store).summary) == ("", "")


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        pytest.param(0, Failure.NETWORK, id="no answer"),
        pytest.param(500, Failure.SERVER, id="a server in trouble"),
        pytest.param(503, Failure.BUSY, id="a server that asks for rest"),
        pytest.param(429, Failure.BUSY, id="a server that we have asked too often"),
        pytest.param(200, Failure.NETWORK, id="an answer that broke off"),
    ],
)
def test_where_robots_txt_cannot_be_had_nothing_is_asked_for_and_no_try_is_spent(
    status: int, failure: Failure, web: _Web, store: ArticleStore
) -> None:
    web.put(_ROBOTS, status=status, failure=failure)
    for hours in range(9):
        assert _read(web, store, at=NOW + hours * _HOUR) == PagesReport()
    assert web.asked_for(f"{_SITE}/1") == 0
    web.put(_ROBOTS, "")
    assert _read(web, store, at=NOW + 10 * _HOUR) == PagesReport(read=1)


def test_a_site_that_does_not_answer_keeps_no_other_site_waiting(web: _Web, store: ArticleStore) -> None:
    silent = "https://silent.example"
    titles = [f"{number} خبر من موقع لا يجيب عن شيء اليوم" for number in range(MOST_PAGES + 5)]
    later = [_entry(number, title=title, site=silent) for number, title in enumerate(titles)]
    _save(store, *(replace(one, published=NOW) for one in later))
    web.put(f"{silent}/robots.txt", status=500, failure=Failure.SERVER)
    assert _read(web, store) == PagesReport(read=1)


def test_each_site_is_asked_for_its_own_rules_once(web: _Web, store: ArticleStore) -> None:
    other = "https://other.example:8443"
    _save(store, _entry(2), _entry(3), _entry(1, title="خبر آخر من موقع آخر تماماً", site=other))
    web.put(f"{other}/robots.txt", "User-agent: *\nDisallow: /")
    report = _read(web, store)
    assert report.disallowed == 1
    assert [web.asked_for(url) for url in (_ROBOTS, f"{other}/robots.txt", f"{other}/1")] == [1, 1, 0]


def test_a_site_s_crawl_delay_is_the_spacing_of_its_requests(web: _Web, store: ArticleStore) -> None:
    for number in range(2, 20):
        _save(store, _entry(number))
        web.put(f"{_SITE}/{number}", _PAGE)
    web.put(_ROBOTS, "User-agent: *\nCrawl-delay: 10")
    assert _read(web, store).read == 7
    pages = [request for request in web.asked if request.url != _ROBOTS]
    assert {request.spacing for request in pages} == {10.0}
    # A minute's worth of them, newest first: a collect must not hang on one site. The rest is for the next.
    assert [request.url for request in pages] == [f"{_SITE}/{number}" for number in range(1, 8)]
    assert [_read(web, store, at=NOW + hours * _HOUR).read for hours in range(1, 4)] == [7, 5, 0]


def test_without_a_crawl_delay_a_collect_reads_many_pages_but_not_all(web: _Web, store: ArticleStore) -> None:
    _save(store, *(_entry(number) for number in range(2, MOST_PAGES + 3)))
    _read(web, store)
    pages = [request for request in web.asked if request.url != _ROBOTS]
    assert len(pages) == MOST_PAGES
    assert {request.spacing for request in pages} == {0.0}


# --------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        pytest.param("", Failure.SERVER, id="a server in trouble"),
        pytest.param("", Failure.BLOCKED, id="blocked"),
        pytest.param("%PDF-1.7", None, id="what is no page"),
        pytest.param("<html><body><p>تسجيل الدخول</p></body></html>", None, id="a page without the article"),
    ],
)
def test_a_page_that_fails_is_tried_three_times_at_most(
    body: str, failure: Failure | None, web: _Web, store: ArticleStore
) -> None:
    web.put(f"{_SITE}/1", body, status=500 if failure else 200, failure=failure)
    for hours in range(3):
        assert _read(web, store, at=NOW + hours * _HOUR) == PagesReport(failed=1)
    assert _read(web, store, at=NOW + 4 * _HOUR) == PagesReport()
    assert web.asked_for(f"{_SITE}/1") == 3
    assert _only(store).text == ""


def test_a_page_that_fails_stops_no_other(web: _Web, store: ArticleStore) -> None:
    _save(store, _entry(2))
    assert _read(web, store) == PagesReport(read=1, failed=1)
    assert [bool(article.text) for article in store.articles(None, None)] == [False, True]


def test_a_page_that_was_not_asked_for_spends_no_try(web: _Web, store: ArticleStore) -> None:
    web.pages[f"{_SITE}/1"] = FetchResult(key="", status=FetchStatus.POSTPONED)
    for hours in range(9):
        assert _read(web, store, at=NOW + hours * _HOUR) == PagesReport()
    web.put(f"{_SITE}/1", _PAGE)
    assert _read(web, store, at=NOW + 10 * _HOUR) == PagesReport(read=1)


class _FailingStore(MemoryArticleStore):
    """Takes one article's text and no other's."""

    def save_text(self, article_id: str, page: PageText | None, now: dt.datetime) -> None:
        if page is None:
            raise OSError("the disk is full")
        super().save_text(article_id, page, now)


def test_a_text_that_cannot_be_stored_stops_no_other(web: _Web, caplog: pytest.LogCaptureFixture) -> None:
    store = _FailingStore()
    _save(store, _entry(1), _entry(2))
    assert _read(web, store) == PagesReport(read=1, failed=1)
    assert "cannot be stored" in caplog.text


@pytest.mark.parametrize(
    ("stopped", "asked", "report"),
    [
        pytest.param([True], [], PagesReport(), id="before it begins"),
        pytest.param([False, True, True], [_ROBOTS], PagesReport(), id="while it looks at robots.txt"),
        pytest.param(
            [False, False, False, True], [_ROBOTS, f"{_SITE}/1"], PagesReport(read=1), id="after a page"
        ),
    ],
)
def test_when_stopped_what_came_is_stored_and_no_more_is_asked_for(
    stopped: list[bool], asked: list[str], report: PagesReport, web: _Web
) -> None:
    store = MemoryArticleStore()
    _save(store, _entry(1), _entry(2))
    assert _read(web, store, stopped=stopped) == report
    assert [request.url for request in web.asked] == asked


def test_progress_goes_from_nothing_to_all(web: _Web) -> None:
    store, seen = MemoryArticleStore(), []
    _save(store, _entry(1), _entry(2))
    read_pages([_FULL], web, InlineParser(), store, NOW, lambda *step: seen.append(step))
    assert seen == [("pages", 0, 2), ("pages", 1, 2), ("pages", 2, 2)]
