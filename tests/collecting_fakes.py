"""Stand-ins for the ports of collecting; `tests/fakes.py` gives them, with those of delivering."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TypeVar

from digest.adapters.parser import read_feed, read_page
from digest.adapters.store.articles import MOST_TEXT_TRIES
from digest.collector.identity import Match, match
from digest.collector.moments import publication
from digest.collector.sites import is_on_own_site
from digest.errors import FeedError
from digest.model import (
    Article,
    ArticleDraft,
    Failure,
    FetchRequest,
    FetchResult,
    FetchState,
    PageText,
    ParsedFeed,
    SaveCounts,
    Source,
    SourceStats,
)


@dataclass(slots=True)
class FakeFetcher:
    """Answers each request with what was laid ready for its source."""

    answers: Mapping[str, FetchResult]
    asked: list[FetchRequest] = field(default_factory=list)

    def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
        """See `ports.Fetcher`; the last one asked for comes back first."""
        self.asked += requests
        for request in reversed(requests):
            yield self.answers[request.key]


_T = TypeVar("_T")


@dataclass(slots=True)
class InlineParser:
    """Reads in the caller's own thread, at once; what it gives back is finished."""

    #: The ids of the sources and articles that were read, in their order.
    asked: list[str] = field(default_factory=list)
    #: How often it was closed.
    closings: int = 0

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        """See `ports.Parser`."""
        self.asked.append(source.id)
        return _finished(lambda: read_feed(source, fetched, dict(seen)))

    def page(self, fetched: FetchResult, article: Article) -> Future[PageText]:
        """See `ports.Parser`."""
        self.asked.append(article.id)
        return _finished(lambda: read_page(fetched, article.title, article.outlet))

    def close(self) -> None:
        """See `ports.Parser`."""
        self.closings += 1


def _finished(read: Callable[[], _T]) -> Future[_T]:
    future: Future[_T] = Future()
    try:
        future.set_result(read())
    except FeedError as error:
        future.set_exception(error)
    except Exception as error:
        reason = f"cannot be parsed: {type(error).__name__}: {error}"
        future.set_exception(FeedError(reason, Failure.BROKEN))
    return future


@dataclass(slots=True)
class _Kept:
    """One article as the store in memory keeps it."""

    article: Article
    first_seen: dt.datetime
    on_own_site: bool
    #: The sources that have named it beside its own.
    named_by: list[str] = field(default_factory=list)
    tries: int = 0


class MemoryArticleStore:
    """Articles in a dictionary."""

    def __init__(self) -> None:
        self._states: dict[str, FetchState] = {}
        self._items: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._kept: dict[str, _Kept] = {}
        self._names: dict[str, str] = {}

    def fetch_states(self) -> Mapping[str, FetchState]:
        """See `ports.ArticleStore`."""
        return dict(self._states)

    def save_state(self, state: FetchState) -> None:
        """See `ports.ArticleStore`."""
        self._states[state.source_id] = state

    def seen_items(self, source_id: str) -> Mapping[str, tuple[str, ...]]:
        """See `ports.ArticleStore`."""
        return dict(self._items.get(source_id, {}))

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        """See `ports.ArticleStore`."""
        titles = {article_id: kept.article.title for article_id, kept in self._kept.items()}
        matches = match(feed.drafts, self._names, titles)
        new = 0
        for found in matches:
            if found.is_new and found.article_id not in self._kept:
                new += 1
                own = is_on_own_site(source.url, found.draft.url)
                self._kept[found.article_id] = _Kept(_new_article(source, found, now), now, own)
        updated = self._update(source, [found for found in matches if not found.is_new], now)
        for found in matches:
            for alias in found.draft.aliases:
                self._names.setdefault(alias, found.article_id)
        self.save_state(state)
        self._items[source.id] = dict(feed.items)
        return SaveCounts(new=new, updated=updated, known=len(matches) - new - updated)

    def _update(self, source: Source, matches: Sequence[Match], now: dt.datetime) -> int:
        updated = 0
        for article_id, found in {found.article_id: found for found in reversed(matches)}.items():
            kept, draft = self._kept[article_id], found.draft
            kept.named_by.append(source.id)
            if (
                not kept.on_own_site
                and is_on_own_site(source.url, draft.url)
                and kept.article.source != source.id
            ):
                kept.named_by.append(kept.article.source)
                kept.article = replace(_new_article(source, found, now), text=kept.article.text)
                kept.on_own_site = True
                updated += 1
                continue
            edited = _edited(kept.article, draft, now)
            if kept.article.source == source.id and edited != kept.article:
                kept.article = edited
                updated += 1
        return updated

    def articles(
        self, since: dt.datetime | None, until: dt.datetime | None, sources: Sequence[str] = ()
    ) -> list[Article]:
        """See `ports.ArticleStore`."""
        found = (
            kept.article
            for kept in self._kept.values()
            if (since is None or kept.article.published > since)
            and (until is None or kept.article.published <= until)
            and (not sources or not {kept.article.source, *kept.named_by}.isdisjoint(sources))
        )
        return sorted(found, key=lambda article: (article.published, article.id))

    def newest(self, until: dt.datetime, sources: Sequence[str]) -> dt.datetime | None:
        """See `ports.ArticleStore`."""
        return max((one.published for one in self.articles(None, until, sources)), default=None)

    def wanting_text(self, sources: Sequence[str], since: dt.datetime, limit: int) -> list[Article]:
        """See `ports.ArticleStore`."""
        wanting = [
            kept.article
            for kept in self._kept.values()
            if kept.article.source in sources
            and kept.first_seen > since
            and not kept.article.text
            and kept.tries < MOST_TEXT_TRIES
        ]
        by_id = sorted(wanting, key=lambda article: article.id)
        return sorted(by_id, key=lambda article: article.published, reverse=True)[:limit]

    def save_text(self, article_id: str, page: PageText | None, now: dt.datetime) -> None:
        """See `ports.ArticleStore`."""
        kept = self._kept.get(article_id)
        if kept is None:
            return
        kept.tries += 1
        if page:
            kept.article = replace(
                kept.article,
                text=page.text,
                summary=kept.article.summary or page.lede,
                dateline=kept.article.dateline or page.dateline,
            )

    def source_stats(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, SourceStats]:
        """See `ports.ArticleStore`."""
        by_source: dict[str, list[_Kept]] = {}
        for kept in self._kept.values():
            if kept.article.published <= now:
                by_source.setdefault(kept.article.source, []).append(kept)
        return {source_id: _stats(own, since) for source_id, own in by_source.items()}


def _new_article(source: Source, found: Match, now: dt.datetime) -> Article:
    entry = found.draft
    published, dated = publication(entry.published, now)
    return Article(
        id=found.article_id,
        outlet=source.outlet,
        title=entry.title,
        url=entry.url,
        published=published,
        summary=entry.summary,
        section=entry.section,
        source=source.id,
        country=source.country,
        language=source.language,
        dateline=entry.dateline,
        dated=dated,
        feed_place=entry.place,
        image_url=entry.image_url,
        image_width=entry.image_width,
        image_height=entry.image_height,
    )


def _edited(old: Article, draft: ArticleDraft, now: dt.datetime) -> Article:
    told = replace(old, title=draft.title, summary=draft.summary or old.summary)
    unsure = not old.dated or old.published > now
    if unsure and draft.published and draft.published != old.published:
        published, dated = publication(draft.published, now)
        return replace(told, published=published, dated=dated)
    return told


def _stats(own: Sequence[_Kept], since: dt.datetime) -> SourceStats:
    within = [kept.article for kept in own if kept.article.published > since]
    return SourceStats(
        newest=max(kept.article.published for kept in own),
        last_new=max(kept.first_seen for kept in own),
        oldest=min((article.published for article in within), default=None),
        articles=len(within),
        undated=sum(not article.dated for article in within),
    )
