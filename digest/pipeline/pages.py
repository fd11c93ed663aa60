"""Full text: articles without text | robots.txt | fetch their pages | extract | save."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from digest.collector.robots import Robots, robots_url
from digest.errors import FeedError
from digest.model import Article, Failure, FetchRequest, FetchResult, FetchStatus, PageText, Source
from digest.ports import ArticleStore, Fetcher, Parser, Progress

_log = logging.getLogger("digest")

#: Pages of one collect at most; the rest is read by the next.
MOST_PAGES = 300
#: Articles that are looked at for them: a site that does not answer must not keep the others' from being read.
_MOST_WANTED = 10 * MOST_PAGES
#: Seconds that the pages of one site may take of one collect, where it wants a pause between any two.
_LONGEST_AT_SITE = 60.0
#: Pages that wait for the parser at most.
_MOST_READING = 16
#: Older articles are yesterday's: their pages are not worth a request.
_WITHIN = dt.timedelta(hours=48)
#: Our name in robots.txt (RFC 9309, section 2.2.1).
AGENT = "Mujaz"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesReport:
    """What reading article pages came to."""

    read: int = 0
    failed: int = 0
    #: Pages that their sites' robots.txt keeps from us.
    disallowed: int = 0


def read_pages(
    sources: Sequence[Source],
    fetcher: Fetcher,
    parser: Parser,
    store: ArticleStore,
    now: dt.datetime,
    progress: Progress,
    stopped: Callable[[], bool] = lambda: False,
) -> PagesReport:
    """Read the pages of new articles of those sources that ask for it.

    A page that fails is tried again by a later collect, a few times; the article stands without it.
    """
    ids = [source.id for source in sources if source.enabled and source.full_text]
    if not ids or stopped():
        return PagesReport()
    wanted = store.wanting_text(ids, now - _WITHIN, _MOST_WANTED)
    rules = _rules(wanted, fetcher, stopped)
    # Where robots.txt cannot be had, nothing is asked for (RFC 9309, section 2.3.1.4), and no try is spent.
    known = [(one, rules[robots_url(one.url)]) for one in wanted if robots_url(one.url) in rules]
    run = _Run(parser, store, now)
    for article, rule in known:
        if not rule.allows(article.url, AGENT):
            run.disallow(article)
    chosen = _in_good_time([(one, rule) for one, rule in known if rule.allows(one.url, AGENT)])[:MOST_PAGES]
    articles = {one.id: one for one, _ in chosen}
    requests = [
        FetchRequest(key=one.id, url=one.url, spacing=rule.delay(AGENT), same_site=True)
        for one, rule in chosen
    ]
    progress("pages", 0, len(requests))
    for done, result in enumerate(fetcher.fetch([] if stopped() else requests), start=1):
        run.take(articles[result.key], result)
        progress("pages", done, len(requests))
        if stopped():
            break
    run.store_read(0)
    return PagesReport(
        read=run.counts["read"], failed=run.counts["failed"], disallowed=run.counts["disallowed"]
    )


def _rules(
    articles: Sequence[Article], fetcher: Fetcher, stopped: Callable[[], bool]
) -> Mapping[str, Robots]:
    """Return what each site lets us read, by the address of its robots.txt; without those that do not answer."""
    rules = {}
    urls = dict.fromkeys(robots_url(article.url) for article in articles)
    for result in fetcher.fetch([FetchRequest(key=url, url=url) for url in urls]):
        # A site that wants to be left alone has not said that it has no rules, nor has an answer that broke off.
        refused = 300 <= result.http_status < 500 and result.failure is not Failure.BUSY
        if refused or result.status is FetchStatus.FETCHED:
            rules[result.key] = Robots.read(result.http_status, result.body)
        if stopped():
            break
    return rules


def _in_good_time(articles: Sequence[tuple[Article, Robots]]) -> list[tuple[Article, Robots]]:
    """Return the first articles of each site that wants long pauses: its pages must not hold up a collect."""
    at_site: Counter[str] = Counter()
    chosen = []
    for article, rule in articles:
        site = robots_url(article.url)
        if at_site[site] * rule.delay(AGENT) <= _LONGEST_AT_SITE:
            at_site[site] += 1
            chosen.append((article, rule))
    return chosen


class _Run:
    """One reading of pages: what is being read, and what became of the rest."""

    def __init__(self, parser: Parser, store: ArticleStore, now: dt.datetime) -> None:
        self.counts: Counter[str] = Counter()
        self._parser = parser
        self._store = store
        self._now = now
        self._reading: dict[str, Future[PageText]] = {}

    def disallow(self, article: Article) -> None:
        """Leave a page alone that its site keeps from us."""
        self._keep(article.id, None, "disallowed")

    def take(self, article: Article, result: FetchResult) -> None:
        """Take in one answer; a page goes to the parser. One that was not asked for at all spends no try."""
        if result.status is FetchStatus.FETCHED:
            self._reading[article.id] = self._parser.page(result, article)
            self.store_read(_MOST_READING)
        elif result.status is FetchStatus.FAILED:
            self._keep(article.id, None, "failed")

    def store_read(self, most: int) -> None:
        """Store what the parser has read, and wait until it has at most so many left."""
        while len(self._reading) > most:
            article_id = next(iter(self._reading))
            try:
                text = self._reading.pop(article_id).result()
            except FeedError as error:
                _log.info("the page of article %s cannot be read: %s", article_id, error)
                self._keep(article_id, None, "failed")
            else:
                self._keep(article_id, text, "read")

    def _keep(self, article_id: str, text: PageText | None, outcome: str) -> None:
        try:
            self._store.save_text(article_id, text, self._now)
        except Exception:
            # One page that cannot be stored is one failed page.
            _log.exception("the text of article %s cannot be stored", article_id)
            outcome = "failed"
        self.counts[outcome] += 1
