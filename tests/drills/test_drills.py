"""Each fault drill as a test: see `python -m tests.drills`."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.cluster import postgresql_programs
from tests.conftest import REPOSITORY, require
from tests.drills.drills import DRILLS
from tests.drills.report import Drill, Report, lines_of


@pytest.mark.parametrize("drill", [pytest.param(drill, id=drill.name) for drill in DRILLS])
def test_it_is_as_the_operator_was_promised(drill: Drill, tmp_path: pathlib.Path) -> None:
    require(drill.needs != "PostgreSQL" or postgresql_programs() is not None, drill.needs)
    report = Report()
    drill.run(tmp_path, report)
    assert report.passed, "\n".join(lines_of(drill, report, 0))
    # What was broken is seen, and what was to be right was looked at.
    assert report.broken
    assert len(report.right) >= 5
    assert "reader0" not in "\n".join(sight.words for sight in report.seen), (
        "a reader's address is in a log or a mail"
    )


@pytest.mark.parametrize(
    ("hold", "known", "passed", "where"),
    [
        pytest.param(True, "", True, "right", id="as it should be"),
        pytest.param(False, "", False, "wrong", id="not as it should be"),
        pytest.param(False, "a fault", True, "lacking", id="a known fault"),
        pytest.param(True, "a fault", False, "wrong", id="a known fault that is mended"),
    ],
)
def test_what_fails_a_drill(hold: bool, known: str, passed: bool, where: str) -> None:
    report = Report()
    report.expect(True, "something holds")
    report.expect(hold, "this holds", "that", known)
    assert report.passed is passed
    told = {"right": report.right[1:], "wrong": report.wrong, "lacking": report.lacking}
    assert [name for name, words in told.items() if words] == [where]
    assert ("FAILED" in "\n".join(lines_of(DRILLS[0], report, 0))) is not passed


def test_a_drill_that_looks_at_nothing_has_not_passed() -> None:
    assert not Report().passed


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["--list"], 0, "feeds-down", id="the list"),
        pytest.param(["no-such-drill"], 2, "invalid choice", id="an unknown name"),
    ],
)
def test_the_command(words: list[str], code: int, says: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.drills", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == code
    assert says in ran.stdout + ran.stderr
