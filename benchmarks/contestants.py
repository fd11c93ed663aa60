"""Who takes part in `collect.py`: the fetches alone, Mujaz, and lemon24/reader."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import json
import pathlib
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from feed_farm import NEWEST, validator

if TYPE_CHECKING:
    from digest.model import Article, FetchResult, PageText, ParsedFeed, Source
    from digest.ports import Parser

#: Fetches at a time, Mujaz's and the floor's.
CONCURRENCY = 50
FIRST, TWO_NEW, UNCHANGED = SITUATIONS = ("first fetch", "two new each", "unchanged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one run is to do."""

    contestant: str
    situation: str
    urls: Sequence[str]
    outlets: Sequence[str]
    #: Where its database lies, as the situation before has left it.
    folder: pathlib.Path
    #: Threads of lemon24/reader.
    workers: int = 0

    @property
    def name(self) -> str:
        """The contestant as the table shows it."""
        return f"{self.contestant}, {self.workers} workers" if self.workers else self.contestant


class Contestant(Protocol):
    """Imports and opens its database, with tables and feeds, when it is made; only `run` is timed."""

    #: Bodies that were given to a parser, and entries that are stored, after the run.
    parsed: int
    entries: int

    def run(self) -> None: ...
    def count(self) -> None: ...


class Floor:
    """The fetches alone: bodies are read and dropped."""

    def __init__(self, job: Job) -> None:
        import aiohttp

        self.parsed = self.entries = 0
        self._aiohttp = aiohttp
        self._urls = job.urls
        self._headers = {"If-None-Match": validator(1)} if job.situation == UNCHANGED else {}

    def run(self) -> None:
        asyncio.run(self._fetch_all())

    async def _fetch_all(self) -> None:
        connector = self._aiohttp.TCPConnector(limit=CONCURRENCY)
        async with self._aiohttp.ClientSession(connector=connector, headers=self._headers) as session:

            async def fetch(url: str) -> None:
                async with session.get(url) as response:
                    await response.read()

            await asyncio.gather(*map(fetch, self._urls))

    def count(self) -> None:
        """Count nothing: nothing is stored."""


class Mujaz:
    """`digest collect` as the program puts it together, but for more fetches at a time; also its own parser."""

    def __init__(self, job: Job) -> None:
        from digest.adapters.clock import SetClock
        from digest.app import App
        from digest.pipeline import collect, no_progress

        self._collect, self._progress = collect, no_progress
        self.parsed = self.entries = 0
        _write_sources(job.folder / "config", job)
        environment = {
            "DIGEST_COLLECT__CONCURRENCY": str(CONCURRENCY),
            "DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES": "true",
        }
        hours = 1 + SITUATIONS.index(job.situation)
        self._app = App(job.folder, environment, SetClock(NEWEST + dt.timedelta(hours=hours)))
        self._sources = list(self._app.settings.sources.values())
        self._fetcher, self._articles = self._app.fetcher, self._app.store.articles
        self._parser: Parser = self._app.parser

    def run(self) -> None:
        """Collect, the start and the end of the parser's processes included."""
        now = self._app.clock.now()
        report = self._collect(self._sources, self._fetcher, self, self._articles, now, self._progress)
        self._app.close()
        if len(report.outcomes) < len(self._sources) or report.failed:
            raise SystemExit(f"collect: Mujaz failed: {report.failed[:1]}")

    def count(self) -> None:
        with sqlite3.connect(self._app.var / "digest.db") as connection:
            self.entries = connection.execute("SELECT count(*) FROM article").fetchone()[0]

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        self.parsed += 1
        return self._parser.feed(source, fetched, seen)

    def page(self, fetched: FetchResult, article: Article) -> Future[PageText]:
        return self._parser.page(fetched, article)

    def close(self) -> None:
        self._parser.close()


def _write_sources(folder: pathlib.Path, job: Job) -> None:
    tables = [
        f'[[source]]\nid = "feed-{at}"\noutlet = {json.dumps(outlet)}\nurl = "{url}"\ncountry = "JO"\n'
        for at, (outlet, url) in enumerate(zip(job.outlets, job.urls, strict=True))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.toml").write_text("\n".join(tables), encoding="utf-8")


class LemonReader:
    """lemon24/reader by its own threads, all feeds updated, those too that its schedule finds fresh."""

    def __init__(self, job: Job) -> None:
        if not importlib.util.find_spec("sgmllib"):
            # Its release asks for a module of Python 2's; feedparser's successor of that does as well.
            sys.modules["sgmllib"] = importlib.import_module("feedparser_sgmllib")
        from reader import make_reader

        self.parsed = self.entries = 0
        self._workers = job.workers
        job.folder.mkdir(exist_ok=True)
        self._reader = make_reader(str(job.folder / "reader.db"))
        for url in job.urls:
            self._reader.add_feed(url, exist_ok=True)

    def run(self) -> None:
        self._reader.update_feeds(scheduled=False, workers=self._workers)

    def count(self) -> None:
        if self._reader.get_feed_counts().broken:
            raise SystemExit("collect: reader failed")
        self.entries = self._reader.get_entry_counts().total or 0


CONTESTANTS: Mapping[str, Callable[[Job], Contestant]] = {
    "floor": Floor,
    "Mujaz": Mujaz,
    "reader": LemonReader,
}
