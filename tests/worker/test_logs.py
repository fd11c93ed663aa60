"""The worker's log: one object a line, and nobody's address."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.worker.logs import about, log_to, redacted

_log = logging.getLogger("digest.worker")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", "digest", "apscheduler")]
    before = [(one, list(one.handlers), one.level) for one in loggers]
    yield
    for one, handlers, level in before:
        one.handlers, one.level = handlers, level
        one.setLevel(level)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("sent to layla@example.org", "sent to ***@example.org", id="plain"),
        pytest.param("550 <o'brien+news@example.org> no", "550 <***@example.org> no", id="odd letters"),
        pytest.param("to=layla@example.org,", "***@example.org,", id="a name before it"),
        pytest.param("mailto:layla@example.org?subject=x", "mailto:***@example.org?subject=x", id="mailto"),
        pytest.param('"layla haddad"@example.org', "***@example.org", id="quoted, with a blank"),
        pytest.param('"layla\\"h"@example.org', "***@example.org", id="quoted, with a quote in it"),
        pytest.param('\\"layla h\\"@example.org', "\\***@example.org", id="quoted in something quoted"),
        pytest.param("ليلى@example.org غير موجودة", "***@example.org غير موجودة", id="UTF-8 local part"),
        pytest.param("layla@مثال.example", "***@مثال.example", id="IDN"),
        pytest.param("layla@[192.0.2.1]", "***@[192.0.2.1]", id="address literal"),
        pytest.param("b'\\xd9\\x84ayla@example.org'", "***@example.org'", id="bytes as a repr"),
        pytest.param("\\u0644ayla@example.org", "***@example.org", id="escaped"),
        pytest.param("layla%40example.org.eml", "***%40example.org.eml", id="percent-encoded"),
        pytest.param("layla＠example.org", "***＠example.org", id="full width"),
        pytest.param("a@b@example.org", "***@***@example.org", id="two of them"),
        pytest.param("a@example.org,b@example.net", "***@example.org,***@example.net", id="a list"),
        pytest.param("{'email': 'layla@example.org'}", "{'email': ***@example.org'}", id="a dict's repr"),
        pytest.param('{"email":"layla@example.org"}', '{"email":"***@example.org"}', id="JSON"),
        pytest.param("bounce+layla=example.org@news.example", "***@news.example", id="VERP"),
        pytest.param("@property at 12:00 @ noon, 5 @ 3", "@property at 12:00 @ noon, 5 @ 3", id="no address"),
    ],
)
def test_addresses_lose_the_name_and_keep_the_domain(said: str, shown: str) -> None:
    assert redacted(said) == shown


_WORDS = st.text(st.sampled_from("abلى \t<>\"'\\,:;()/é"), max_size=12)
_NAMES = st.text(st.sampled_from("abلىé+._-'=/"), min_size=3, max_size=12)


@given(before=_WORDS, name=_NAMES, after=_WORDS)
def test_no_name_is_left_whatever_stands_around_it(before: str, name: str, after: str) -> None:
    assert f"{name}@" not in redacted(f"{before} {name}@example.org {after}")


def test_a_long_word_without_an_address_costs_no_more_than_its_length() -> None:
    long = "x" * 2_000_000
    assert redacted(long) == long


def test_a_line_is_an_object_with_what_it_is_about() -> None:
    out = io.StringIO()
    log_to(out)
    with about(edition="daily-2026-11-22"), about(slot="daily 2026-11-22"):
        _log.info("%d went to %s", 3, "layla@example.org")
    _log.warning("later")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "digest.worker",
        "message": "3 went to ***@example.org",
        "edition": "daily-2026-11-22",
        "slot": "daily 2026-11-22",
    }
    assert set(second) == {"time", "level", "logger", "message"}


def test_a_traceback_is_in_its_line_and_names_nobody() -> None:
    out = io.StringIO()
    log_to(out)
    failure = RuntimeError("the server said:\n550 ليلى@example.org\nunknown")
    _log.error("it failed", exc_info=failure)
    [line] = out.getvalue().splitlines()
    traceback = json.loads(line)["traceback"]
    assert "550 ***@example.org" in traceback
    assert traceback.startswith("RuntimeError")


def test_a_thread_s_lines_are_about_its_own_work() -> None:
    out = io.StringIO()
    log_to(out)

    def work() -> None:
        with about(edition="one"):
            _log.info("in the thread")

    with about(edition="two"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        _log.info("outside")
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {one["message"]: one["edition"] for one in said} == {"in the thread": "one", "outside": "two"}


def test_on_a_terminal_a_line_is_for_reading() -> None:
    out = _Terminal()
    log_to(out)
    with about(edition="daily-2026-11-22"):
        _log.error("no answer from %s", "layla@example.org")
    assert out.getvalue().endswith(
        " ERROR digest.worker no answer from ***@example.org [edition=daily-2026-11-22]\n"
    )


def test_others_are_heard_when_they_warn() -> None:
    out = io.StringIO()
    log_to(out)
    logging.getLogger("somebody.else").info("all is well")
    logging.getLogger("somebody.else").warning("no room for layla@example.org")
    [line] = out.getvalue().splitlines()
    assert json.loads(line)["message"] == "no room for ***@example.org"
