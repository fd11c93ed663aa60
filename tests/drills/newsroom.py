"""Outlets on loopback that bring fresh news each day, each on a host of its own, and each can be broken."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache

from digest.demo.feeds import feed_bytes
from digest.demo.news import SampleArticle, SampleOutlet, sample_articles, sample_outlets
from tests.adapters.fetching import never
from tests.adapters.http_server import Exchange, Route, Server, answer, http_server
from tests.cli.running import write_sources

#: The sample's events are dealt out to so many days, after which they come again.
_DAYS = 4
_DAY = dt.timedelta(days=1)
#: Entries of a feed, as most outlets have them.
_ENTRIES = 30
_PATH = "/feed.xml"


def refuses(exchange: Exchange) -> None:
    """End the connection without a word."""
    exchange.close_connection = True


#: What an outlet does when it is down.
DOWN: Sequence[Route] = (refuses, answer(b"down for repairs", status=503), never)


@dataclass(slots=True)
class Outlet:
    """An outlet, its own server, and what it does instead of giving its feed."""

    of: SampleOutlet
    server: Server
    fault: Route | None = None

    @property
    def url(self) -> str:
        """Where its feed lies."""
        return f"{self.server.base}{_PATH}"


@dataclass(slots=True)
class Newsroom:
    """All outlets, and the news of all days."""

    #: When the first day's news is written up to.
    begin: dt.datetime
    #: The moment, by the world's clock: what is written later is in no feed yet.
    now: dt.datetime
    outlets: list[Outlet] = field(default_factory=list)
    #: Other sources, by id: whatever a drill serves itself.
    others: dict[str, str] = field(default_factory=dict)

    def articles(self) -> list[SampleArticle]:
        """Return all that was written by now, the newest first."""
        return [one for one in _all_days(self.begin) if one.published <= self.now]

    def add(self, of: SampleOutlet, server: Server) -> None:
        """Have an outlet speak through a server."""
        outlet = Outlet(of=of, server=server)

        def route(exchange: Exchange) -> None:
            (outlet.fault or self._feed(outlet))(exchange)

        server.routes[_PATH] = route
        self.outlets.append(outlet)

    def _feed(self, outlet: Outlet) -> Route:
        own = [article for article in self.articles() if article.outlet == outlet.of.id][:_ENTRIES]
        kind, body = feed_bytes(outlet.of, own, outlet.server.base)
        return answer(body, headers={"Content-Type": kind})

    def break_some(self, count: int) -> None:
        """Have so many outlets be down, each in another way."""
        for number, outlet in enumerate(self.outlets[:count]):
            outlet.fault = DOWN[number % len(DOWN)]

    def mend(self) -> None:
        """Have all outlets work again."""
        for outlet in self.outlets:
            outlet.fault = None

    def write_sources(self, home: pathlib.Path) -> None:
        """List all of them in a home's configuration."""
        write_sources(home, {outlet.of.id: outlet.url for outlet in self.outlets} | self.others)


@cache
def _all_days(begin: dt.datetime) -> list[SampleArticle]:
    """Return the news of all days, the newest first; each day has events of its own."""
    found: list[SampleArticle] = []
    for day in range(_DAYS):
        news = sample_articles(begin + day * _DAY)
        events = sorted({article.event for article in news})
        found += [one for one in news if events.index(one.event) % _DAYS == day]
    return sorted(found, key=lambda article: article.published, reverse=True)


@contextmanager
def newsroom(begin: dt.datetime, now: dt.datetime, count: int = 6) -> Iterator[Newsroom]:
    """Give so many outlets while the context lasts; their feeds tell what was written by then."""
    room = Newsroom(begin=begin, now=now)
    with ExitStack() as stack:
        for of in [outlet for outlet in sample_outlets() if not outlet.fault][:count]:
            room.add(of, stack.enter_context(http_server()))
        yield room
