"""Every real feed and every test feed of other projects, served over loopback and collected as the program does."""

from __future__ import annotations

import io
import logging
import pathlib
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import feedparser
import pytest
import sqlalchemy as sa

from digest.adapters.fetch import FetchLimits, HttpFetcher
from digest.adapters.parser import ProcessParser
from digest.adapters.store import Store, open_store
from digest.adapters.store.schema import article, article_alias, source_items
from digest.collector.decode import decode
from digest.model import Failure, FetchStatus, Source
from digest.pipeline import CollectReport, collect, no_progress
from tests.conftest import NOW


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Newspapers

    def do_GET(self) -> None:
        body = self.server.bodies[self.path]
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Newspapers(ThreadingHTTPServer):
    """Serves bodies by path on every loopback address, so that no two feeds share a host."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self.bodies = bodies
        super().__init__(("0.0.0.0", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take in a client of this machine; nobody else is served."""
        client, address = super().get_request()
        if not address[0].startswith("127."):
            client.close()
            raise OSError("not from here")
        return client, address


@contextmanager
def _served(bodies: Mapping[str, bytes]) -> Iterator[int]:
    server = _Newspapers(bodies)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _source(number: int, path: str, port: int) -> Source:
    host = f"127.{1 + number // 62500}.{1 + number // 250 % 250}.{1 + number % 250}"
    return Source(
        id=f"s{number}",
        outlet=f"outlet {number}",
        name=path,
        url=f"http://{host}:{port}{path}",
        country="EG",
        timezone="Africa/Cairo",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collected:
    """What was collected, and how to collect it again."""

    bodies: Mapping[str, bytes]
    sources: list[Source]
    store: Store
    parser: ProcessParser
    report: CollectReport
    #: What was logged as a warning or worse.
    log: list[str]

    def again(self) -> CollectReport:
        return _collect(self.sources, self.parser, self.store)


def _collect(sources: list[Source], parser: ProcessParser, store: Store) -> CollectReport:
    limits = FetchLimits(timeout_seconds=60, concurrency=20, allow_private_addresses=True)
    return collect(sources, HttpFetcher(limits), parser, store.articles, NOW, no_progress)


class _Listener(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    listener = _Listener()
    logging.getLogger("digest").addHandler(listener)
    try:
        yield listener.heard
    finally:
        logging.getLogger("digest").removeHandler(listener)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory, shared: pathlib.Path) -> Iterator[_Collected]:
    """All of it, collected once."""
    folders = [shared / "data" / "feeds" / name for name in ("corpus", "real")]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    bodies = {f"/{number}": path.read_bytes() for number, path in enumerate(paths)}
    url = f"sqlite:///{tmp_path_factory.mktemp('real') / 'real.db'}"
    with (
        closing(open_store(url)) as store,
        closing(ProcessParser(processes=2, timeout_seconds=60)) as parser,
        _listening() as log,
        _served(bodies) as port,
    ):
        sources = [_source(number, path, port) for number, path in enumerate(bodies)]
        report = _collect(sources, parser, store)
        yield _Collected(bodies=bodies, sources=sources, store=store, parser=parser, report=report, log=log)


def test_every_feed_is_collected_without_an_exception(collected: _Collected) -> None:
    report = collected.report
    assert len(report.outcomes) == len(collected.bodies) > 1300
    assert Counter(outcome.failure for outcome in report.failed).keys() == {Failure.UNREADABLE}
    assert (report.waiting, report.outage, collected.log) == ((), False, [])


def test_as_many_entries_are_found_as_feedparser_finds(collected: _Collected) -> None:
    differing = {}
    total = 0
    for outcome in collected.report.outcomes:
        body = decode(collected.bodies[outcome.source.name]).as_utf8()
        feed = feedparser.parse(io.BytesIO(body))
        is_feed = bool(feed.entries or feed.version)
        found = outcome.entries if outcome.status is FetchStatus.FETCHED else None
        if found != (len(feed.entries) if is_feed else None):
            differing[outcome.source.name] = (found, len(feed.entries), outcome.error)
        total += found or 0
    assert differing == {}
    assert total > 2500


def test_whatever_is_stored_is_told_apart_and_has_names(collected: _Collected) -> None:
    with collected.store.engine.connect() as connection:
        articles = connection.scalar(sa.select(sa.func.count()).select_from(article))
        named = connection.scalar(sa.select(sa.func.count(sa.distinct(article_alias.c.article_id))))
    assert articles == named == collected.report.new
    assert articles > 1500


@pytest.mark.parametrize("forgotten", ["nothing", "the bodies' hashes", "the entries' hashes too"])
def test_collected_again_nothing_is_new(collected: _Collected, forgotten: str) -> None:
    if forgotten != "nothing":
        for state in collected.store.articles.fetch_states().values():
            collected.store.articles.save_state(replace(state, body_hash=None))
    if forgotten == "the entries' hashes too":
        with collected.store.engine.begin() as connection:
            connection.execute(sa.delete(source_items))
    report = collected.again()
    assert (report.new, report.updated) == (0, 0)
    assert Counter(outcome.failure for outcome in report.failed).keys() <= {Failure.UNREADABLE}
