"""What collecting needs from the world: the web, a parser, and a place for articles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from digest.model import (
    Article,
    FetchRequest,
    FetchResult,
    FetchState,
    PageText,
    ParsedFeed,
    SaveCounts,
    Source,
    SourceStats,
)


class Fetcher(Protocol):
    """Gets feeds and pages from the web, politely."""

    def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
        """Yield one result for each request, in the order in which they come back. Raises nothing."""


class Parser(Protocol):
    """Reads what was fetched, away from the caller's thread and with a deadline.

    A body that cannot be read gives a future with FeedError, which says of what kind the failure is; no body can do
    more harm than that.
    """

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        """Read a feed; entries whose bytes' hash is in `seen` (see ParsedFeed.items) are not read again."""

    def page(self, fetched: FetchResult, article: Article) -> Future[PageText]:
        """Read an article's own page."""

    def close(self) -> None:
        """End what it started, for now or for good."""


class ArticleStore(Protocol):
    """Keeps articles and what we know of their sources."""

    def fetch_states(self) -> Mapping[str, FetchState]:
        """Return what is known of every source that was ever fetched, by its id."""

    def save_state(self, state: FetchState) -> None:
        """Keep what a fetch without new content has taught."""

    def seen_items(self, source_id: str) -> Mapping[str, tuple[str, ...]]:
        """Return the `items` of the source's last stored feed; empty where there is none."""

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        """Store a feed's entries and its new state in one transaction; an entry known by any alias is no new article."""

    def articles(
        self, since: dt.datetime | None, until: dt.datetime | None, sources: Sequence[str] = ()
    ) -> list[Article]:
        """Return the articles published after `since` and at or before `until`, oldest first.

        Of these sources, where some are named: whatever any of them has named, whosever article it is.
        """

    def newest(self, until: dt.datetime, sources: Sequence[str]) -> dt.datetime | None:
        """Return when the newest article of these sources (all, where none is named) up to `until` was published."""

    def wanting_text(self, sources: Sequence[str], since: dt.datetime, limit: int) -> list[Article]:
        """Return up to `limit` articles of these sources, first seen after `since`, whose pages are still to be read.

        Newest first; a page that was tried often enough in vain is left out.
        """

    def save_text(self, article_id: str, page: PageText | None, now: dt.datetime) -> None:
        """Keep what an article's page says, and count the try; the lede is its summary where the feed gave none.

        None for a page that could not be read.
        """

    def source_stats(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, SourceStats]:
        """Return, by source, what its articles tell; the window is from `since` to now."""
