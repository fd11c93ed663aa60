"""Reading feeds and pages: one contract for the fake and the processes, then what a body can do to a process."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace

import pytest

from digest.adapters.parser import ProcessParser, read_feed
from digest.errors import FeedError
from digest.model import Article, Failure, ParsedFeed, Source
from digest.ports import Parser
from tests.adapters.obeying import read_obeying
from tests.cli.running import LOOPBACK, environment, sample_feeds, write_sources
from tests.collector.page_samples import BRIDGE, wordpress_page
from tests.collector.samples import RSS, SOURCE, fetched, item, rss
from tests.conftest import NOW, REPOSITORY
from tests.fakes import InlineParser

#: Waited for at most; nothing here takes as long unless it hangs.
_PATIENCE_SECONDS = 60
_ARTICLE = Article(
    id="1", outlet="صوت الواحة", title=BRIDGE.title, url="https://waha.example/1", published=NOW
)

Seen = dict[str, tuple[str, ...]]


@pytest.fixture(params=["inline", "processes"])
def parser(request: pytest.FixtureRequest) -> Iterator[Parser]:
    """A parser, of each kind in turn."""
    made: Parser = (
        InlineParser() if request.param == "inline" else ProcessParser(processes=2, timeout_seconds=30)
    )
    yield made
    made.close()


def _feed(
    parser: Parser, body: bytes | str = RSS, of: Source = SOURCE, seen: Seen | None = None
) -> ParsedFeed:
    return parser.feed(of, fetched(body), seen or {}).result(_PATIENCE_SECONDS)


def _failure(future: Future[ParsedFeed]) -> tuple[str, str]:
    """Return of which kind the failure is, and its words."""
    error = future.exception(_PATIENCE_SECONDS)
    assert isinstance(error, FeedError)
    return error.kind, str(error)


# --------------------------------------------------------------------------- the contract


def test_a_feed_is_read(parser: Parser) -> None:
    assert _feed(parser) == read_feed(SOURCE, fetched(RSS), {})


def test_what_was_seen_is_not_read_again(parser: Parser) -> None:
    first = _feed(parser, rss(item("خبر أول", "/1")))
    second = _feed(parser, rss(item("خبر ثان", "/2"), item("خبر أول", "/1")), seen=dict(first.items))
    assert [draft.title for draft in second.drafts] == ["خبر ثان"]
    assert second.entries == 2


def test_a_page_is_read(parser: Parser) -> None:
    read = parser.page(fetched(wordpress_page(), content_type="text/html"), _ARTICLE).result(
        _PATIENCE_SECONDS
    )
    assert read.lede == BRIDGE.lede
    assert BRIDGE.caption not in read.text


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        pytest.param("", Failure.UNREADABLE, "an empty answer", id="nothing"),
        pytest.param("<html><body>خطأ</body></html>", Failure.UNREADABLE, "a web page", id="a web page"),
        pytest.param(
            "<html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script></html>",
            Failure.BLOCKED,
            "blocks programs",
            id="a challenge page",
        ),
    ],
)
def test_what_is_no_feed_says_of_what_kind_it_is(
    parser: Parser, body: str, kind: Failure, words: str
) -> None:
    found, said = _failure(parser.feed(SOURCE, fetched(body), {}))
    assert found == kind
    assert words in said


def test_a_fault_of_our_own_is_a_failure_of_that_feed(parser: Parser) -> None:
    # A configuration would never give such a zone; it stands for whatever nobody foresaw.
    broken = replace(SOURCE, timezone="Nowhere/None")
    dated = rss(item("خبر", rest="<pubDate>13 فبراير 2026 19:00</pubDate>"))
    kind, words = _failure(parser.feed(broken, fetched(dated), {}))
    assert kind == Failure.BROKEN
    assert words.startswith("cannot be parsed: ")
    assert _feed(parser).entries == 1


def test_many_feeds_are_each_answered(parser: Parser) -> None:
    futures = [parser.feed(SOURCE, fetched(rss(item(f"خبر {n}", f"/{n}"))), {}) for n in range(40)]
    done, waiting = wait(futures, _PATIENCE_SECONDS)
    assert (len(done), len(waiting)) == (40, 0)
    assert [future.result().drafts[0].title for future in futures] == [f"خبر {n}" for n in range(40)]


def test_a_parser_that_was_closed_can_be_used_again(parser: Parser) -> None:
    assert _feed(parser).entries == 1
    parser.close()
    parser.close()
    assert _feed(parser).entries == 1


# --------------------------------------------------------------------------- what a body can do to a process


@pytest.fixture
def obeying() -> Iterator[ProcessParser]:
    """Processes that do what a body says, for two seconds at most."""
    made = ProcessParser(processes=2, timeout_seconds=2, read_feed=read_obeying)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param("loop", "takes longer than 2 s", id="takes-forever"),
        pytest.param("never let go", "takes longer than 2 s", id="takes-forever-in-c"),
        pytest.param("kill", "brings the parser down", id="is-killed"),
        pytest.param("fault", "brings the parser down", id="faults"),
        pytest.param("exit", "brings the parser down", id="exits"),
        pytest.param("vanish", "brings the parser down", id="vanishes"),
        pytest.param("memory", "MemoryError", id="eats-memory"),
        pytest.param("odd error", "cannot be parsed: _OddError", id="raises-what-cannot-travel"),
        pytest.param("odd answer", "brings the parser down", id="returns-what-cannot-travel"),
    ],
)
def test_a_body_that_breaks_its_process_fails_alone(obeying: ProcessParser, deed: str, words: str) -> None:
    bodies = [RSS, deed, *([RSS] * 10), deed, *([RSS] * 10)]
    futures = [obeying.feed(SOURCE, fetched(body), {}) for body in bodies]
    for body, future in zip(bodies, futures, strict=True):
        if body == RSS:
            assert future.result(_PATIENCE_SECONDS).entries == 1
        else:
            kind, said = _failure(future)
            assert kind == Failure.BROKEN
            assert words in said


def test_a_feed_that_takes_too_long_of_itself_is_stopped() -> None:
    parser = ProcessParser(processes=1, timeout_seconds=0.2)
    # Not well-formed, and of a great many elements: feedparser takes seconds to mend it.
    slow = parser.feed(SOURCE, fetched("<rss><channel>" + "<item><title>&</title></item>" * 100_000), {})
    kind, words = _failure(slow)
    assert (kind, words) == (Failure.BROKEN, "takes longer than 0.2 s to read")
    parser.close()


def _children() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def test_a_program_s_stop_signal_to_its_whole_group_takes_no_body_away(obeying: ProcessParser) -> None:
    assert obeying.feed(SOURCE, fetched(RSS), {}).result(_PATIENCE_SECONDS).entries == 1
    before = _children()
    futures = [obeying.feed(SOURCE, fetched(RSS), {}) for _ in range(30)]
    for pid in before:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    assert [future.result(_PATIENCE_SECONDS).entries for future in futures] == [1] * 30
    assert set(before) <= set(_children())


def test_processes_that_somebody_kills_are_replaced(obeying: ProcessParser) -> None:
    for _ in range(3):
        futures = [obeying.feed(SOURCE, fetched(RSS), {}) for _ in range(30)]
        assert futures[0].result(_PATIENCE_SECONDS).entries == 1
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        failures = [error for future in futures if (error := future.exception(_PATIENCE_SECONDS))]
        # What they were reading at the moment is lost, and nothing else.
        assert len(failures) <= 2
        assert {error.kind for error in failures if isinstance(error, FeedError)} <= {Failure.BROKEN}


def test_a_process_is_replaced_after_many_bodies() -> None:
    parser = ProcessParser(processes=1, timeout_seconds=30, read_feed=read_obeying)
    futures = [parser.feed(SOURCE, fetched("who"), {}) for _ in range(2010)]
    assert len({future.result(_PATIENCE_SECONDS).title for future in futures}) == 2
    assert len(_children()) == 1
    parser.close()


def test_no_process_is_left_behind(obeying: ProcessParser) -> None:
    futures = [obeying.feed(SOURCE, fetched(body), {}) for body in (RSS, "loop", "never let go", "loop", RSS)]
    assert futures[0].result(_PATIENCE_SECONDS).entries == 1
    assert _children()
    obeying.close()
    assert _children() == []
    # Nobody who waits for what was not read waits forever.
    assert {future.done() for future in futures} == {True}


_ORPHANS = """
import sys, time
from digest.adapters.parser import ProcessParser
from tests.adapters.obeying import read_obeying
from tests.collector.samples import RSS, SOURCE, fetched

if __name__ == "__main__":
    parser = ProcessParser(processes=2, timeout_seconds=float(sys.argv[1]), read_feed=read_obeying)
    parser.feed(SOURCE, fetched(RSS), {}).result()
    for deed in sys.argv[2:]:
        parser.feed(SOURCE, fetched(deed), {})
    time.sleep(0.3)
    print("busy", flush=True)
    time.sleep(600)
"""


def _processes() -> dict[int, int]:
    """Return the parent of each living process."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def _descendants(pid: int) -> set[int]:
    processes = _processes()
    found = {pid}
    while more := {child for child, parent in processes.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.mark.parametrize(
    ("timeout", "deeds"),
    [
        pytest.param("500", (), id="idle"),
        pytest.param("500", ("loop", "loop"), id="busy"),
        pytest.param("2", ("never let go",), id="busy-in-c"),
    ],
)
def test_no_orphan_outlives_a_killed_parent(timeout: str, deeds: Sequence[str]) -> None:
    program = [sys.executable, "-c", _ORPHANS, timeout, *deeds]
    with subprocess.Popen(program, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "busy\n"
        orphans = _descendants(parent.pid)
        parent.kill()
    # The fork server, what watches over it, and at least one process that reads.
    assert len(orphans) >= 3
    end = time.monotonic() + _PATIENCE_SECONDS
    while (left := orphans & _processes().keys()) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == set()


# --------------------------------------------------------------------------- hostile feeds


def _with_dtd(declarations: str, inside: str) -> str:
    head, _, rest = rss(inside).partition("?>")
    return f"{head}?><!DOCTYPE rss [{declarations}]>{rest}"


_LAUGHS = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
_HOSTILE = {
    "billion laughs": _with_dtd(f'<!ENTITY a0 "ها">{_LAUGHS}', item("&a11;")),
    "one large entity many times": _with_dtd(f'<!ENTITY a "{"ها" * 50_000}">', item("&a;" * 10_000)),
    "entity of itself": _with_dtd('<!ENTITY a "&b;"><!ENTITY b "&a;">', item("&a;")),
    "a file as entity": _with_dtd('<!ENTITY x SYSTEM "file:///etc/passwd">', item("خبر &x;")),
    "a file as parameter entity": _with_dtd('<!ENTITY % x SYSTEM "file:///etc/passwd">%x;', item("خبر")),
    "a file as document type": RSS.replace("?>", '?><!DOCTYPE rss SYSTEM "file:///etc/passwd">', 1),
    "a file by xinclude": rss(item('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>')),
    "deep elements": "<rss version='2.0'><channel>" + "<a>" * 50_000 + "</a>" * 50_000 + "</channel></rss>",
    "deep entries": rss("<item>" * 50_000 + "</item>" * 50_000),
    "deep markup": rss(item("خبر", rest="<description>" + "&lt;div&gt;" * 50_000 + "</description>")),
    "ten megabytes of elements": "<rss version='2.0'><channel>" + "<a>" * 3_300_000,
    "ten megabytes of entries": "<rss version='2.0'><channel>" + "<item/>" * 1_400_000 + "</channel></rss>",
    "ten megabytes of attributes": "<rss><item " + " ".join(f'a{n}="x"' for n in range(800_000)) + "/></rss>",
}  # fmt: skip


def test_hostile_feeds_do_no_harm_to_others_and_read_no_file() -> None:
    parser = ProcessParser(processes=2, timeout_seconds=3)
    futures = {}
    for name, body in _HOSTILE.items():
        futures[name] = parser.feed(SOURCE, fetched(body), {})
        futures[f"after {name}"] = parser.feed(SOURCE, fetched(RSS), {})
    for name, future in futures.items():
        error = future.exception(_PATIENCE_SECONDS)
        assert error is None or isinstance(error, FeedError), name
        assert "root:" not in str(error or future.result()), name
        if name.startswith("after "):
            assert future.result().entries == 1, name
    parser.close()


# --------------------------------------------------------------------------- however the program is started


@pytest.mark.parametrize(
    "program",
    [
        pytest.param([sys.executable, "-m", "digest"], id="module"),
        pytest.param([f"{sysconfig.get_path('scripts')}/digest"], id="console-script"),
        pytest.param([sys.executable, "-c", "from digest.cli import main; main()"], id="from-a-string"),
    ],
)
def test_processes_start_however_the_program_does(program: list[str], tmp_path: pathlib.Path) -> None:
    with sample_feeds(NOW) as urls:
        write_sources(tmp_path, urls)
        done = subprocess.run(
            [*program, "collect", "--at", NOW.isoformat()],
            capture_output=True,
            text=True,
            env=environment(tmp_path, LOOPBACK),
            cwd=tmp_path,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(urls)} ok" in done.stdout
