"""`digest worker` as a process of its own: what is due is done, once, and SIGTERM ends it in order."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.adapters.store.operating import SqlOperations
from digest.app import App
from digest.errors import DatabaseError
from digest.worker import Worker
from tests.adapters.http_server import Exchange, answer, http_server
from tests.cli.running import (
    LOOPBACK,
    digest,
    sample_feeds,
    subscribe,
    write_newsletter,
    write_sources,
)
from tests.fakes import FakeFetcher, InlineParser
from tests.pipeline.answers import fetched
from tests.samples import source
from tests.worker.processes import (
    ZONE,
    due_newsletter,
    end,
    last,
    letters,
    now,
    rows,
    running_worker,
    wait_until,
)

_PEOPLE = ["layla@example.org", "omar@example.com", "reader@example.net"]


def test_a_worker_delivers_what_is_due_and_ends_at_sigterm(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "worker.log"
    due_newsletter(tmp_path)
    subscribe(tmp_path, *_PEOPLE)
    with sample_feeds(now()) as urls:
        write_sources(tmp_path, urls)
        with running_worker(tmp_path, log) as process:
            delivered = wait_until(lambda: letters(tmp_path) == _PEOPLE, [process])
            said = log.read_text(encoding="utf-8")
            assert delivered, said
            code = end(process)
    said = log.read_text(encoding="utf-8")
    assert code == 0, said
    assert "Traceback" not in said
    assert (
        f"newsletter daily: next edition {now().astimezone(ZoneInfo(ZONE)).date() + dt.timedelta(days=1)}"
        in said
    )
    # Every start says where mail goes.
    assert f"through outbox {tmp_path / 'var' / 'outbox'}" in said
    assert "collected 9 sources, 0 failed, " in said
    assert last(said) == "stopped"
    states = digest(tmp_path, "deliveries", _edition_id(tmp_path), "--json").json["states"]
    assert states == {"sent": 3}


def _edition_id(home: pathlib.Path) -> str:
    [(edition_id,)] = rows(home, "SELECT id FROM edition")
    return str(edition_id)


def test_two_workers_make_one_edition_and_write_to_each_once(tmp_path: pathlib.Path) -> None:
    people = sorted(f"reader{number}@example.org" for number in range(40))
    due_newsletter(tmp_path)
    subscribe(tmp_path, *people)
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    with sample_feeds(now()) as urls, ExitStack() as stack:
        write_sources(tmp_path, urls)
        processes = [stack.enter_context(running_worker(tmp_path, log)) for log in logs]

        def done() -> bool:
            return letters(tmp_path) == people

        delivered = wait_until(done, processes)
        assert delivered, "\n".join(log.read_text(encoding="utf-8") for log in logs)
        assert [end(process) for process in processes] == [0, 0]
    assert letters(tmp_path) == people
    assert len(rows(tmp_path, "SELECT id FROM edition")) == 1
    sent = rows(tmp_path, "SELECT email, state, attempts FROM delivery ORDER BY email")
    assert sent == [(email, "sent", 1) for email in people]
    assert not [log for log in logs if "Traceback" in log.read_text(encoding="utf-8")]


class _Slow(BaseHTTPRequestHandler):
    """Answers long after everybody else."""

    def do_GET(self) -> None:
        time.sleep(2)
        item = "<item><title>{0}</title><link>https://slow.example.org/{1}</link><guid>{1}</guid></item>"
        items = "".join(item.format(f"افتتاح الجسر رقم {n} في مدينة تونس", n) for n in range(3))
        body = f'<rss version="2.0"><channel><title>بطيء</title>{items}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _slow_feed() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed.xml"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_worker_that_starts_when_an_edition_is_due_collects_all_feeds_first(tmp_path: pathlib.Path) -> None:
    due_newsletter(tmp_path)
    with sample_feeds(now()) as urls, _slow_feed() as slow:
        write_sources(tmp_path, {"shiraa": urls["shiraa"]})
        # What an earlier run has stored would do for an edition: one without the night's news.
        assert digest(tmp_path, "collect", extra=LOOPBACK).code == 0
        write_sources(tmp_path, {"shiraa": urls["shiraa"], "slow": slow})
        with running_worker(tmp_path, tmp_path / "worker.log") as process:
            made = wait_until(lambda: bool(rows(tmp_path, "SELECT id FROM edition")), [process])
            assert made, (tmp_path / "worker.log").read_text(encoding="utf-8")
            assert end(process) == 0
    [(document,)] = rows(tmp_path, "SELECT document FROM edition")
    of_slow, everything = rows(
        tmp_path,
        "SELECT count(*) FROM article WHERE source_id = 'slow' UNION ALL SELECT count(*) FROM article",
    )
    assert of_slow == (3,)
    # The sample reaches back further than an edition does.
    assert 3 < json.loads(str(document))["articles_read"] <= int(str(everything[0]))
    assert "slow.example.org" in str(document)


def test_a_worker_without_news_sends_nothing_and_says_why_once(tmp_path: pathlib.Path) -> None:
    due_newsletter(tmp_path)
    subscribe(tmp_path, *_PEOPLE)
    write_sources(tmp_path, {})
    log = tmp_path / "worker.log"
    with running_worker(tmp_path, log) as process:
        said = wait_until(lambda: "Nothing to say in daily" in log.read_text(encoding="utf-8"), [process])
        assert said, log.read_text(encoding="utf-8")
        assert end(process) == 0
    assert letters(tmp_path) == []
    assert rows(tmp_path, "SELECT id FROM edition") == []
    assert log.read_text(encoding="utf-8").count("Nothing to say in daily") == 1


@pytest.mark.parametrize("late", [pytest.param(False, id="in time"), pytest.param(True, id="too late")])
def test_once_does_what_is_due_and_ends(late: bool, tmp_path: pathlib.Path) -> None:
    local = now().astimezone(ZoneInfo(ZONE)) - dt.timedelta(minutes=30 if late else 0)
    write_newsletter(tmp_path, timezone=ZONE, send_at=f"{local:%H:%M}", late_minutes=20)
    subscribe(tmp_path, *_PEOPLE)
    with sample_feeds(now()) as urls:
        write_sources(tmp_path, urls)
        first = digest(tmp_path, "worker", "--once", extra=LOOPBACK)
        again = digest(tmp_path, "worker", "--once", extra=LOOPBACK)
    assert (first.code, again.code) == (0, 0)
    assert letters(tmp_path) == ([] if late else _PEOPLE)
    assert {row[0] for row in rows(tmp_path, "SELECT attempts FROM delivery")} == (set() if late else {1})


# --------------------------------------------------------------------------- collecting


def test_a_worker_that_is_told_to_stop_while_it_collects_does_so(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "worker.log"
    due_newsletter(tmp_path)
    with http_server() as server:

        def slow(exchange: Exchange) -> None:
            exchange.wait_for_stop(0.1)
            answer(f"<rss version='2.0'><channel><title>{exchange.path}</title></channel></rss>".encode())(
                exchange
            )

        server.routes |= {f"/{number}": slow for number in range(400)}
        write_sources(tmp_path, {f"s{number}": f"{server.base}/{number}" for number in range(400)})
        with running_worker(tmp_path, log) as process:
            stored = "SELECT count(*) FROM source_state"
            assert wait_until(lambda: len(server.requests) > 5, [process])
            assert end(process) == 0, log.read_text(encoding="utf-8")
            [(count,)] = rows(tmp_path, stored)
        asked = len(server.requests)
    # What had come is stored; of the rest nothing was asked for any more.
    assert 0 < int(str(count)) <= asked < 400
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert last(said) == "stopped"


def test_an_outage_of_our_own_is_said_once_and_nobody_is_blamed(tmp_path: pathlib.Path) -> None:
    write_newsletter(tmp_path)
    with http_server() as server:
        lost = {f"lost{number}": f"http://127.0.0.{number}:9/feed" for number in range(2, 6)}
        write_sources(tmp_path, {**lost, "missing": f"{server.base}/feed"})
        ran = digest(tmp_path, "worker", "--once", extra=LOOPBACK)
    assert ran.code == 0
    assert ran.out.count("most hosts cannot be reached") == 1
    assert "source lost2 failed" not in ran.out
    assert "source missing failed: the server answered 404" in ran.out
    states = rows(tmp_path, "SELECT source_id, failures FROM source_state ORDER BY source_id")
    assert states == [("lost2", 0), ("lost3", 0), ("lost4", 0), ("lost5", 0), ("missing", 1)]


class _NoStore:
    """Stands for a database that is gone."""

    def __getattr__(self, name: str) -> object:
        raise DatabaseError("the database is gone")


@dataclass(frozen=True)
class _Shelves:
    """A store of which one shelf is gone."""

    articles: object
    operations: SqlOperations


@pytest.mark.parametrize("broken", [pytest.param(False, id="well"), pytest.param(True, id="badly")])
def test_however_a_collect_ends_the_parser_s_processes_end_with_it(
    broken: bool, tmp_path: pathlib.Path
) -> None:
    write_newsletter(tmp_path)
    write_sources(tmp_path, {"one": "https://one.example/feed"})
    app, parser = App(home=tmp_path, environment={}), InlineParser()
    app.parser, app.fetcher = parser, FakeFetcher({"one": fetched(source("one"))})
    real = app.store
    worker = Worker(app)
    if broken:
        no_store: Any = _Shelves(articles=_NoStore(), operations=real.operations)
        app.store = no_store
    try:
        with pytest.raises(DatabaseError) if broken else nullcontext():
            worker.collecting.collect_if_due()
        assert parser.closings == 1
        assert parser.asked == ([] if broken else ["one"])
    finally:
        real.close()


def test_wrong_settings_end_a_worker_before_it_starts(tmp_path: pathlib.Path) -> None:
    due_newsletter(tmp_path, accent="red")
    ran = digest(tmp_path, "worker")
    assert ran.code == 2
    assert "accent: 'red'" in ran.err
