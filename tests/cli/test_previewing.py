"""`digest preview`: its report, its faults, and the studio as a process of its own."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from digest.home import shipped
from tests.cli.conftest import AT
from tests.cli.running import digest, environment
from tests.studio.editing import HTML, change, line_of

_EDITION = "mujaz-2026-11-22"


def _stored(home: pathlib.Path) -> list[str]:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection:
        return list(connection.iterdump())


@contextmanager
def _studio(
    home: pathlib.Path, *words: str, browser: str = "true"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give the process of an open studio, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "digest", "preview", *words, "--serve", "--port", "0"],
        env=environment(home, {"BROWSER": browser}),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if "http://" in line), "")
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found, process.communicate(timeout=20)
        yield process, found[0]
    finally:
        process.kill()
        process.communicate(timeout=20)


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


def test_the_report_names_requirement_figure_and_what_to_do(composed: pathlib.Path) -> None:
    ran = digest(composed, "preview", _EDITION)
    assert (ran.code, ran.err) == (0, "")
    folder = composed / "var" / "preview"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    rows = report["checks"] + report["waiting"]
    assert len(rows) == 31
    assert all(row["figure"] and row["remedy"] and row["requirement"] for row in rows)
    assert {row["requirement"] for row in report["waiting"]} == {26, 27, 29}
    assert "3 checks not judged before you have set this up:" in ran.out
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("✓") == sum(row["passed"] for row in rows)


def test_a_failed_check_says_what_to_do(composed: pathlib.Path) -> None:
    shutil.copytree(shipped("templates"), composed / "templates")
    change(composed / HTML, "<h1>", '<h1><img src="https://example.org/x.png">')
    ran = digest(composed, "preview", _EDITION)
    assert ran.code == 0
    assert "- images: without alt, width or height: 1. To mend: give all three" in ran.out


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param("<h1>{{ edition.titel }}", "has no attribute 'titel'", id="a misspelt name"),
        pytest.param("<h1>{{ 1 + edition.title }}", "unsupported operand", id="a wrong kind"),
        pytest.param("<h1>{% if %}", "Expected an expression", id="syntax"),
    ],
)
def test_a_templates_fault_ends_with_2_and_names_the_line(
    composed: pathlib.Path, wrong: str, says: str
) -> None:
    shutil.copytree(shipped("templates"), composed / "templates")
    line = line_of(composed / HTML, "<h1>")
    change(composed / HTML, "<h1>", wrong)
    ran = digest(composed, "preview", _EDITION)
    assert (ran.code, ran.out) == (2, "")
    assert f"{HTML}: line {line}: " in ran.err
    assert says in ran.err
    assert not (composed / "var" / "preview").exists()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_studio_is_open_until_a_signal_and_ends_clean(
    composed: pathlib.Path, name: signal.Signals
) -> None:
    before = _stored(composed)
    with _studio(composed, _EDITION) as (process, address):
        assert _EDITION in _get(address)
        with urllib.request.urlopen(f"{address}events", timeout=20) as stream:
            assert stream.readline().startswith(b"data: ")
            process.send_signal(name)
            out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        assert "nothing was frozen or sent" in out
    assert _stored(composed) == before
    assert not (composed / "var" / "outbox").exists()


def test_the_studio_shows_the_edition_as_it_would_be_at_that_moment(home: pathlib.Path) -> None:
    before = _stored(home)
    with _studio(home, "--at", AT) as (_, address):
        first = _get(f"{address}edition.txt")
        assert _EDITION in _get(address)
        assert _get(f"{address}edition.txt") == first
    assert _stored(home) == before


def test_the_studio_opens_with_a_broken_template_and_says_so(composed: pathlib.Path) -> None:
    shutil.copytree(shipped("templates"), composed / "templates")
    line = line_of(composed / HTML, "<h1>")
    change(composed / HTML, "<h1>", "<h1>{% if %}")
    with _studio(composed, _EDITION) as (_, address):
        assert f"{HTML}:{line}" in _get(address)
        change(composed / HTML, "<h1>{% if %}", "<h1>")
        assert _EDITION in _get(f"{address}report.json")


def test_a_port_that_is_taken_is_a_sentence(composed: pathlib.Path) -> None:
    with _studio(composed, _EDITION) as (_, address):
        port = address.rstrip("/").rpartition(":")[2]
        ran = digest(composed, "preview", _EDITION, "--serve", "--port", port)
    assert ran.code == 2
    assert f"Port {port} of 127.0.0.1 cannot be had" in ran.err


@pytest.mark.parametrize("serve", [False, True], ids=["the file", "the studio"])
def test_open_shows_it_in_the_browser(composed: pathlib.Path, serve: bool) -> None:
    browser = composed / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > "{composed}/opened.new"\nmv "{composed}/opened.new" "{composed}/opened"\n'
    )
    browser.chmod(0o755)
    if serve:
        with _studio(composed, _EDITION, "--open", browser=f"{browser} %s") as (process, address):
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
            assert (composed / "opened").read_text().strip() == address
    else:
        ran = digest(composed, "preview", _EDITION, "--open", extra={"BROWSER": f"{browser} %s"})
        assert ran.code == 0
        file = composed / "var" / "preview" / "edition.html"
        assert (composed / "opened").read_text().strip() == file.resolve().as_uri()
