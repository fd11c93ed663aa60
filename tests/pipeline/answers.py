"""What servers answer, and one collect of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from urllib.parse import quote

from digest.model import Failure, FetchRequest, FetchResult, FetchState, FetchStatus, Source
from digest.pipeline import CollectReport, collect, no_progress
from digest.ports import ArticleStore, Parser
from tests.conftest import NOW
from tests.fakes import FakeFetcher, InlineParser
from tests.samples import source

ONE, TWO, THREE = source("one"), source("two", outlet="بردى"), source("three", outlet="النيل")
DATE = "Sat, 21 Nov 2026 20:00:00 +0300"


def item(headline: str, *, date: str = DATE, rest: str = "") -> str:
    """Return one entry of a feed, its link made of its headline."""
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    link = f"https://x.example/{quote(headline)}"
    return f"<item><title>{headline}</title><link>{link}</link>{dated}{rest}</item>"


def feed(*items: str, head: str = "") -> bytes:
    """Return a feed of these entries."""
    inside = "".join(items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{head}{inside}</channel></rss>'.encode()


#: Two articles.
FEED = feed(item("الخبر الأول من أخبار هذا اليوم"), item("الخبر الثاني من أخبار هذا اليوم"))


def fetched(
    of: Source, body: bytes = FEED, *, etag: str | None = '"1"', moved_to: str | None = None
) -> FetchResult:
    """Return a body that came."""
    return FetchResult(
        key=of.id,
        status=FetchStatus.FETCHED,
        body=body,
        content_type="application/rss+xml",
        etag=etag,
        last_modified="Sat, 21 Nov 2026 20:00:00 GMT",
        url=moved_to or of.url,
        moved_to=moved_to,
        http_status=200,
    )


def unchanged(of: Source, *, moved_to: str | None = None) -> FetchResult:
    """Return the answer that there is nothing new (304)."""
    return FetchResult(key=of.id, status=FetchStatus.UNCHANGED, moved_to=moved_to, http_status=304)


def failed(
    of: Source, failure: Failure = Failure.SERVER, *, error: str = "", retry_after: float | None = None
) -> FetchResult:
    """Return a fetch that failed."""
    return FetchResult(
        key=of.id,
        status=FetchStatus.FAILED,
        failure=failure,
        error=error or f"it is {failure}",
        retry_after=retry_after,
    )


def postponed(of: Source) -> FetchResult:
    """Return a fetch that was not made, because its host had just asked to be left alone."""
    return FetchResult(key=of.id, status=FetchStatus.POSTPONED)


class Collecting:
    """One store and parser, collected into again and again."""

    def __init__(self, store: ArticleStore, parser: Parser | None = None) -> None:
        self.store = store
        self.inline = InlineParser()
        self._parser = parser or self.inline
        #: The requests of the last collect, by source.
        self.asked: Mapping[str, FetchRequest] = {}

    def collect(
        self,
        *results: FetchResult,
        sources: tuple[Source, ...] = (ONE, TWO, THREE),
        at: dt.datetime = NOW,
        stopped: Callable[[], bool] = lambda: False,
    ) -> CollectReport:
        """Collect those of the sources for which an answer is laid ready."""
        answers = {result.key: result for result in results}
        fetcher = FakeFetcher(answers)
        chosen = [one for one in sources if one.id in answers]
        report = collect(chosen, fetcher, self._parser, self.store, at, no_progress, stopped)
        self.asked = {request.key: request for request in fetcher.asked}
        return report

    def state(self, source_id: str = "one") -> FetchState:
        """Return what is known of a source."""
        return self.store.fetch_states()[source_id]

    def titles(self, until: dt.datetime | None = None) -> list[str]:
        """Return the headlines that are stored, oldest first."""
        return [article.title for article in self.store.articles(None, until)]
