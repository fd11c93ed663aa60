"""Looking at one address: is there a feed, and if it is a web page, where are its feeds?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.collector.decode import decode
from digest.collector.discovery import (
    MOST_REQUESTS,
    FeedLink,
    Origin,
    Page,
    address_key,
    is_page,
    read_page,
    usual_places,
)
from digest.collector.suggestion import UNKNOWN_COUNTRY
from digest.collector.survey import FeedSurvey, survey
from digest.errors import FeedError
from digest.model import Failure, FetchRequest, FetchResult, FetchStatus, Source

if TYPE_CHECKING:
    from digest.ports import Fetcher, Parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one address turned out to hold."""

    link: FeedLink
    fetched: FetchResult
    #: Of a feed; None where there is none.
    feed: FeedSurvey | None = None
    #: Of a web page; None where there is none.
    page: Page | None = None
    #: Why there is no feed, in words and by kind; empty where there is one.
    error: str = ""
    failure: Failure | None = None

    @property
    def url(self) -> str:
        """The address to configure: where the given one leads for good."""
        return self.fetched.moved_to or self.link.url

    def goodness(self, now: dt.datetime) -> tuple[bool, bool, bool]:
        """Return what makes one feed better than another: news rather than comments, entries, fresh ones."""
        fresh = self.feed is not None and self.feed.newest is not None and not self.feed.is_stale(now)
        return not self.link.of_comments, self.feed is not None and self.feed.usable > 0, fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Everything that was looked at, in that order."""

    looks: tuple[Look, ...]
    #: Addresses that a page names and that were left alone, to be polite.
    untried: tuple[FeedLink, ...]
    #: The feed to take; None where there is none.
    best: Look | None
    #: How often a server was asked.
    requests: int

    @property
    def first(self) -> Look:
        """What the given address holds."""
        return self.looks[0]

    @property
    def others(self) -> tuple[Look, ...]:
        """The other feeds that were found."""
        return tuple(look for look in self.looks if look.feed and look is not self.best)


def search(addresses: Sequence[str], fetcher: Fetcher, parser: Parser, now: dt.datetime) -> Search:
    """Look at the first of these addresses that answers; where it is a web page, look for its feeds.

    At most MOST_REQUESTS requests, one after the other.
    """
    walk = _Walk(fetcher, parser, now)
    looks = [walk.look(FeedLink(url=address, origin=Origin.GIVEN)) for address in addresses[:1]]
    for address in addresses[1:]:
        if looks[0].failure is Failure.NETWORK:
            other = walk.look(FeedLink(url=address, origin=Origin.GIVEN))
            # Where nothing answers at all, the first address is the one to tell of.
            looks = looks if other.failure is Failure.NETWORK else [other]
    if looks[0].page:
        looks += walk.follow(looks[0])
    found = [look for look in looks if look.feed]
    best = max(found, key=lambda look: look.goodness(now), default=None)
    requests = MOST_REQUESTS - walk.left
    return Search(looks=tuple(looks), untried=walk.untried(), best=best, requests=requests)


class _Walk:
    """Requests one after the other, no address twice, until enough was asked."""

    def __init__(self, fetcher: Fetcher, parser: Parser, now: dt.datetime) -> None:
        self._fetcher = fetcher
        self._parser = parser
        self._now = now
        self._asked: set[str] = set()
        #: Requests that may still be made.
        self.left = MOST_REQUESTS
        #: What pages have named and is still to be looked at.
        self._named: list[FeedLink] = []

    def untried(self) -> tuple[FeedLink, ...]:
        """Return what pages have named and nobody has looked at."""
        return tuple(link for link in self._named if address_key(link.url) not in self._asked)

    def look(self, link: FeedLink) -> Look:
        """Look at one address, and note what it names if it is a page."""
        self.left -= 1
        [fetched] = self._fetcher.fetch([FetchRequest(key=link.url, url=link.url)])
        self._asked |= {address_key(link.url), address_key(fetched.url or link.url)}
        look = _look(link, fetched, self._parser, self._now)
        if look.page:
            known = self._asked | {address_key(other.url) for other in self._named}
            self._named += [other for other in look.page.links if address_key(other.url) not in known]
        return look

    def follow(self, first: Look) -> list[Look]:
        """Look at what the page names, then at the usual places until one is a feed."""
        looks: list[Look] = []
        guesses = list(usual_places(first.fetched.url or first.link.url))
        while self.left and (self._named or (guesses and not any(look.feed for look in looks))):
            link = self._named.pop(0) if self._named else guesses.pop(0)
            if address_key(link.url) not in self._asked:
                looks.append(self.look(link))
        return looks


def _look(link: FeedLink, fetched: FetchResult, parser: Parser, now: dt.datetime) -> Look:
    if fetched.status is not FetchStatus.FETCHED:
        return Look(link=link, fetched=fetched, error=fetched.error, failure=fetched.failure)
    host = urlsplit(link.url).netloc
    source = Source(id="check", outlet=host, name=host, url=fetched.url or link.url, country=UNKNOWN_COUNTRY)
    try:
        feed = parser.feed(source, fetched, {}).result()
    except FeedError as error:
        text = decode(fetched.body, fetched.charset).text
        # A page that wants a browser names no feeds of its site's.
        page = read_page(text, source.url) if is_page(text) and error.kind != Failure.BLOCKED else None
        return Look(link=link, fetched=fetched, page=page, error=str(error), failure=Failure(error.kind))
    return Look(link=link, fetched=fetched, feed=survey(fetched, feed, now))
