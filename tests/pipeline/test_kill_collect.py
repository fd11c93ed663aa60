"""kill -9 in the middle of a collect, again and again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import hashlib
import pathlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import article_alias
from digest.collector.parse import read_feed
from digest.model import ParsedFeed, Source
from tests.adapters.databases import opened_store
from tests.adapters.http_server import Exchange, Server, answer, http_server
from tests.collector.samples import fetched, item, rss
from tests.conftest import REPOSITORY
from tests.pipeline.killable_collect import sources

_SOURCES = 12
_KILLS = 12
#: Steps that a collect says, more or less: the kills are spread over them.
_STEPS = 72
_PATIENCE_SECONDS = 60
#: What the feeds of the fifth and sixth source both link to.
_SHARED = "https://agency.example/shared"


def _entry(number: int, story: int, edition: int) -> str:
    """Return an entry of a source; its first one is edited with each edition."""
    link = _SHARED if story == 1 and number in {4, 5} else f"https://s{number}.example/{story}"
    edit = f" بعد التعديل {edition}" if story == 0 else ""
    guid = {2: "", 3: "<guid>1</guid>"}.get(number, f"<guid>{number}-{story}</guid>")
    return item(f"الخبر {story} من أخبار الوكالة {number} لهذا اليوم{edit}", link, guid)


@cache
def _body(number: int, edition: int) -> bytes:
    """Return a source's feed, of which every edition has a story more."""
    entries = [_entry(number, story, edition) for story in reversed(range(edition + 4))]
    if number == 0:
        return rss(*entries).replace("utf-8", "windows-1256").encode("cp1256")
    # One that is not well-formed, and is read whole each time.
    return rss(*entries, *(["&nbsp;"] if number == 1 else [])).encode()


@cache
def _hash(number: int, edition: int) -> str:
    return hashlib.sha256(_body(number, edition)).hexdigest()


def _tag(number: int, edition: int) -> str:
    return f'"{_hash(number, edition)[:16]}"'


@cache
def _read(source: Source, number: int, edition: int) -> ParsedFeed:
    """Return the feed as it is read where nothing of it was seen."""
    return read_feed(source, fetched(_body(number, edition)))


class Newspapers:
    """The feeds' web server, whose feeds go from one edition to the next."""

    def __init__(self, server: Server) -> None:
        self.base = server.base
        self.edition = 0
        for number in range(_SOURCES):
            server.routes[f"/feed/{number}"] = self._route(number)

    def _route(self, number: int) -> Callable[[Exchange], None]:
        def route(exchange: Exchange) -> None:
            tag = _tag(number, self.edition)
            if exchange.headers.get("If-None-Match") == tag:
                answer(status=304)(exchange)
            else:
                headers = {"ETag": tag, "Content-Type": "text/xml"}
                answer(_body(number, self.edition), headers=headers)(exchange)

        return route


@pytest.fixture
def newspapers() -> Iterator[Newspapers]:
    with http_server() as server:
        yield Newspapers(server)


Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[list[Store]]:
    """An open store on an empty database of each kind."""
    with ExitStack() as opened:
        yield [
            opened.enter_context(opened_store(kind, request, tmp_path)) for kind in ("sqlite", "postgresql")
        ]


@pytest.fixture
def start(stores: list[Store], newspapers: Newspapers) -> Iterator[Start]:
    """Starts collecting processes; none of them outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        urls = [store.engine.url.render_as_string(hide_password=False) for store in stores]
        module = "tests.pipeline.killable_collect"
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", module, newspapers.base, str(_SOURCES), *urls],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for worker in started:
        if worker.poll() is None:
            worker.kill()
            worker.communicate()


def _say(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _hear(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def _kill_after(worker: subprocess.Popen[str], steps: int, delay: float) -> None:
    """Let a worker go so many steps, and a little further, and kill it."""
    _say(worker)
    for _ in range(steps):
        if _hear(worker) == "done":
            break
    time.sleep(delay)
    worker.kill()
    worker.communicate(timeout=_PATIENCE_SECONDS)
    assert worker.returncode == -9, "the worker ended before it could be killed"


def _links(number: int, edition: int) -> list[str]:
    return [
        _SHARED if story == 1 and number in {4, 5} else f"https://s{number}.example/{story}"
        for story in range(edition + 4)
    ]


def _check(store: Store, every: list[Source], editions: int) -> None:
    """Whatever was stored is whole: what a state says of a body holds, and nothing is there twice."""
    found = list(store.articles.articles(None, None))
    urls = Counter(article.url for article in found)
    assert set(urls.values()) <= {1}
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(article_alias.c.alias, article_alias.c.article_id))
        known = {row.alias: row.article_id for row in rows}
    assert set(known.values()) == {article.id for article in found}
    states = store.articles.fetch_states()
    for number, source in enumerate(every):
        state = states.get(source.id)
        if state is None:
            continue
        by_hash = {_hash(number, one): one for one in range(editions)}
        assert state.body_hash in by_hash, "a state that belongs to no body"
        edition = by_hash[state.body_hash]
        assert state.etag == _tag(number, edition), "a validator of a body that is not stored"
        assert set(_links(number, edition)) <= set(urls), "a body that is said to be stored, and is not"
        whole = _read(source, number, edition)
        assert store.articles.seen_items(source.id) == whole.items
        assert {alias for draft in whole.drafts for alias in draft.aliases} <= known.keys()


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_there_twice(
    stores: list[Store], newspapers: Newspapers, start: Start
) -> None:
    chance = random.Random(20261122)
    every = sources(newspapers.base, _SOURCES)
    unfinished = 0
    worker = start()
    for kill in range(_KILLS):
        # The next one warms up while this one works.
        following = start()
        newspapers.edition = kill
        assert _hear(worker) == "ready"
        _kill_after(worker, 1 + kill * (_STEPS - 1) // (_KILLS - 1), chance.uniform(0, 0.004))
        for store in stores:
            _check(store, every, kill + 1)
            unfinished += _behind(store, kill)
        worker = following
    assert _hear(worker) == "ready"
    _say(worker)
    while _hear(worker) == "step":
        pass
    _say(worker)
    worker.communicate(timeout=_PATIENCE_SECONDS)
    assert worker.returncode == 0
    for store in stores:
        _check(store, every, _KILLS)
        _check_the_end(store, every)
    assert unfinished > _KILLS, "the kills came too late to interrupt anything"


def _behind(store: Store, edition: int) -> bool:
    """Say whether some feeds' last edition is not stored."""
    stored = {state.body_hash for state in store.articles.fetch_states().values()}
    return bool({_hash(number, edition) for number in range(_SOURCES)} - stored)


def _check_the_end(store: Store, every: list[Source]) -> None:
    states = store.articles.fetch_states()
    last = [_hash(number, _KILLS - 1) for number in range(_SOURCES)]
    assert [states[source.id].body_hash for source in every] == last
    found = store.articles.articles(None, None)
    expected = {url for number in range(_SOURCES) for url in _links(number, _KILLS - 1)}
    assert sorted(article.url for article in found) == sorted(expected)
    edited = [article.title for article in found if article.url.endswith("/0")]
    assert len(edited) == _SOURCES
    assert all(title.endswith(f"بعد التعديل {_KILLS - 1}") for title in edited)
