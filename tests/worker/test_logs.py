"""The worker's log: one object a line, and nobody's address."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import pathlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Slot
from digest.pipeline import edition_id
from digest.worker.logs import about, log_to, redacted
from digest.worker.rounds import slot_name
from tests.cli.running import LOOPBACK, digest, sample_feeds, subscribe, write_sources
from tests.conftest import NOW
from tests.worker.processes import due_newsletter, end, letters, now, rows, running_worker, wait_until

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
        " ERROR digest.worker no answer from ***@example.org [edition=daily-2026-11-22 slot=daily 2026-11-22]\n"
    )


def test_others_are_heard_when_they_warn() -> None:
    out = io.StringIO()
    log_to(out)
    logging.getLogger("somebody.else").info("all is well")
    logging.getLogger("somebody.else").warning("no room for layla@example.org")
    [line] = out.getvalue().splitlines()
    assert json.loads(line)["message"] == "no room for ***@example.org"


# --------------------------------------------------------------------------- what a line is about


def _lines(out: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("slot", "edition"),
    [
        pytest.param("daily 2026-11-22", "daily-2026-11-22", id="the newsletter's own zone"),
        pytest.param("daily 2026-11-22 Asia/Tokyo", "daily-2026-11-22-asia-tokyo", id="another zone"),
        pytest.param("my-news.2 2026-11-22 Etc/GMT+5", "my-news.2-2026-11-22-etc-gmt-plus-5", id="a plus"),
        pytest.param("my-news.2 2026-11-22 Etc/GMT-5", "my-news.2-2026-11-22-etc-gmt-5", id="a minus"),
        pytest.param(
            "daily 2026-11-22 America/Port-au-Prince", "daily-2026-11-22-america-port-au-prince", id="hyphens"
        ),
    ],
)
def test_a_slot_and_its_edition_tell_each_other(slot: str, edition: str) -> None:
    newsletter_id, day, *zone = slot.split(" ")
    local_date = dt.date.fromisoformat(day)
    of = Slot(newsletter_id=newsletter_id, local_date=local_date, cohort="".join(zone), due_at=NOW)
    assert (slot_name(of), edition_id(of)) == (slot, edition)
    out = io.StringIO()
    log_to(out)
    for fields in ({"slot": slot}, {"edition": edition}):
        with about(**fields):
            _log.info("at work")
    # In a thread that knows of no work: by what the message names.
    for text in (f"slot {slot}: no news", f"alert slot {slot}: right again", f"edition {edition} is opened"):
        _log.info(text)
    assert {(line["slot"], line["edition"]) for line in _lines(out)} == {(slot, edition)}


def test_what_a_line_names_comes_before_what_the_work_is_about() -> None:
    out = io.StringIO()
    log_to(out)
    with about(edition="daily-2026-11-22", task="compose", job="7"):
        _log.warning("edition %s: 3 deliveries expired, a newer edition came", "daily-2026-11-21")
        _log.info("slot daily 2026-11-22 Failed for no zone")
    older, other = _lines(out)
    assert (older["edition"], older["slot"]) == ("daily-2026-11-21", "daily 2026-11-21")
    assert (older["task"], older["job"]) == ("compose", "7")
    assert (other["edition"], other["slot"]) == ("daily-2026-11-22", "daily 2026-11-22")


def test_a_line_about_nothing_says_nothing_of_it() -> None:
    out = io.StringIO()
    log_to(out)
    _log.info("worker started")
    _log.info("newsletter daily: next edition 2026-11-23, due 2026-11-23T03:30:00+00:00")
    assert all(not {"edition", "slot"} & set(line) for line in _lines(out))


def test_each_line_of_a_worker_about_an_edition_says_which(tmp_path: pathlib.Path) -> None:
    """Collect, compose, open, deliver; and a carrier that takes nothing, of which alerts are raised."""
    due_newsletter(tmp_path)
    subscribe(tmp_path, "layla.haddad@example.org")
    refusing = {
        "DIGEST_MAIL__TRANSPORT": "smtp",
        "DIGEST_SMTP__HOST": "127.0.0.1",
        "DIGEST_SMTP__PORT": "9",
        "DIGEST_SMTP__SECURITY": "none",
    }
    with sample_feeds(now()) as urls:
        write_sources(tmp_path, urls)
        stopped = digest(tmp_path, "worker", "--once", extra={**LOOPBACK, **refusing})
        [(edition,)] = rows(tmp_path, "SELECT id FROM edition")
        with closing(sqlite3.connect(tmp_path / "var" / "digest.db")) as connection, connection:
            connection.execute("UPDATE edition SET held_until = NULL")
        done = digest(tmp_path, "worker", "--once", extra=LOOPBACK)
    lines = [json.loads(line) for line in (stopped.out + done.out).splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    slot = str(edition).replace("daily-", "daily ")
    concerned = [line for line in lines if str(edition) in str(line) or slot in str(line)]
    said = " | ".join(line["message"] for line in concerned)
    for words in ("is composed", "is opened for 1 reader", "is left alone until", "alert sending", "1 sent"):
        assert words in said, said
    assert {(line.get("edition"), line.get("slot")) for line in concerned} == {(edition, slot)}
    # And no other line is about anything.
    assert all("edition" not in line for line in lines if line not in concerned)
    assert "layla" not in stopped.out + done.out


# --------------------------------------------------------------------------- the web


def test_gunicorn_and_the_site_say_it_in_the_same_lines(tmp_path: pathlib.Path) -> None:
    program = """
import logging
from gunicorn.config import Config
from gunicorn.glogging import Logger
from digest.worker.logs import logging_of_gunicorn
config = Config()
config.set("logconfig_dict", logging_of_gunicorn())
Logger(config).info("Booting worker with pid: %s", 7)
logging.getLogger("digest.web").info("events taken", extra={"event": "provider_events", "accepted": 3})
logging.getLogger("digest.web").error("no letter to layla@example.org", exc_info=RuntimeError("550"))
logging.getLogger("somebody.else").info("not for us")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr == ""
    booting, taken, failed = [json.loads(line) for line in done.stdout.splitlines()]
    assert (booting["logger"], booting["message"]) == ("gunicorn.error", "Booting worker with pid: 7")
    assert (taken["event"], taken["accepted"]) == ("provider_events", 3)
    assert (failed["message"], failed["level"]) == ("no letter to ***@example.org", "ERROR")
    assert failed["traceback"].startswith("RuntimeError")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_lines_of_a_task_say_which_and_its_job(database_url: str, tmp_path: pathlib.Path) -> None:
    due_newsletter(tmp_path)
    of = {**LOOPBACK, "DATABASE_URL": database_url}
    assert digest(tmp_path, "subscribers", "add", "layla.haddad@example.org", extra=of).code == 0
    with sample_feeds(now()) as urls:
        write_sources(tmp_path, urls)
        with running_worker(tmp_path, tmp_path / "worker.log", extra=of) as process:
            wait_until(lambda: bool(letters(tmp_path)), [process])
            assert end(process) == 0
    said = (tmp_path / "worker.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in said.splitlines()]
    task_of = {
        words: {line.get("task") for line in lines if words in line["message"]}
        for words in ("collected 9 sources", "is composed", "is opened for 1 reader", "1 sent")
    }
    assert task_of == {
        "collected 9 sources": {"collect_shard"},
        "is composed": {"compose_slot"},
        "is opened for 1 reader": {"compose_slot"},
        "1 sent": {"deliver_chunk"},
    }, said
    assert all(line["job"].isdecimal() for line in lines if "task" in line)
    assert all(
        {"edition", "slot"} <= set(line)
        for line in lines
        if line.get("task") in {"compose_slot", "deliver_chunk"}
    )
    assert "layla" not in said
