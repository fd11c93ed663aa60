"""All benchmarks in one go: each answers for itself, one that fails stops no other, and the page is written."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
import runner
from runner import Benchmark, run, there
from tqdm import tqdm

from tests.conftest import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"
_LEAVES = """
import pathlib, sys
pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text('{"title": "Good", "rows": []}')
"""
_HANGS = """
import pathlib, subprocess, time
child = subprocess.Popen(["sleep", "60"])
pathlib.Path(__file__).with_suffix(".pid").write_text(str(child.pid))
print("waiting", flush=True)
time.sleep(60)
"""
# One process for all: what they import costs more than what they say.
_ASKS_FOR_HELP = """
import io, runpy, sys
from contextlib import redirect_stdout
for script in sys.argv[1:]:
    sys.argv, said = [script, "--help"], io.StringIO()
    try:
        with redirect_stdout(said):
            runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        print(f"== {script}:{end.code}", said.getvalue(), sep="\\n")
"""


def run_script(folder: pathlib.Path, text: str, longest: float = 30.0) -> tuple[str, str]:
    """Run a benchmark made of this text; return its title, empty without findings, and why it failed."""
    (folder / "made.py").write_text(text, encoding="utf-8")
    with tqdm(disable=True) as progress:
        ran = run(Benchmark("made", longest, folder), folder, progress, quick=False)
    return ran.findings.title if ran.findings else "", ran.failure


@pytest.mark.parametrize(
    ("text", "title", "failure"),
    [
        pytest.param(_LEAVES, "Good", "", id="leaves findings"),
        pytest.param(
            "raise SystemExit('the sink is gone')",
            "",
            "it ended with 1. Its last word: the sink is gone",
            id="fails",
        ),
        pytest.param("print('done')", "", "it left no findings that could be read", id="leaves nothing"),
        pytest.param(_LEAVES + "sys.exit(3)", "", "it ended with 3.", id="leaves findings and fails"),
    ],
)
def test_what_a_benchmark_comes_to(tmp_path: pathlib.Path, text: str, title: str, failure: str) -> None:
    found, why = run_script(tmp_path, text)
    assert found == title
    assert why.startswith(failure)
    assert bool(why) == bool(failure)


def alive(number: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        state = pathlib.Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_one_that_hangs_is_stopped_with_all_that_it_started(tmp_path: pathlib.Path) -> None:
    title, failure = run_script(tmp_path, _HANGS, longest=2.0)
    assert (title, failure) == ("", "it was stopped after 2 s. Its last word: waiting")
    child = int((tmp_path / "made.pid").read_text(encoding="utf-8"))
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.05)
    assert not alive(child)


def test_the_old_findings_of_one_that_fails_now_are_gone(tmp_path: pathlib.Path) -> None:
    run_script(tmp_path, _LEAVES)
    title, failure = run_script(tmp_path, "print('done')")
    assert (title, failure.partition(":")[0]) == ("", "it left no findings that could be read")


def test_one_that_fails_stops_no_other_and_is_told(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.py").write_text("raise SystemExit(2)", encoding="utf-8")
    (tmp_path / "good.py").write_text(_LEAVES, encoding="utf-8")
    both = tuple(Benchmark(name, 30, tmp_path) for name in ("bad", "good"))
    monkeypatch.setattr(runner, "BENCHMARKS", both)
    assert runner.main(["--kept", str(tmp_path), "--page", str(tmp_path / "page.md")]) == 1
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "- `bad` as a whole: it ended with 2." in text
    assert "## Good" in text


def test_each_benchmark_answers_for_itself() -> None:
    scripts = [str(one.script) for one in there()]
    environment = os.environ | {"PYTHONPATH": str(BENCHMARKS), "COLUMNS": "200"}
    command = [sys.executable, "-c", _ASKS_FOR_HELP, *scripts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, env=environment)
    answers = done.stdout.split("== ")[1:]
    assert {"collect", "rank", "inline", "send", "web"} <= {pathlib.Path(script).stem for script in scripts}
    assert [answer.split()[0] for answer in answers] == [f"{script}:0" for script in scripts]
    for answer in answers:
        assert "--json FILE" in answer
        assert "--quick" in answer


def test_a_quick_look_writes_a_page_and_leaves_the_results_alone(tmp_path: pathlib.Path) -> None:
    results = BENCHMARKS / "results.md"
    before = results.read_bytes() if results.exists() else b""
    command = [sys.executable, str(BENCHMARKS), "--quick", "--only", "replay_days", "--kept", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "quick" / "results.md").read_text(encoding="utf-8")
    assert "## What readers were told before" in text
    assert "| Python | " in text
    kept = json.loads((tmp_path / "quick" / "replay_days.json").read_text(encoding="utf-8"))
    # Without the folder of real news nothing is counted, and the page says so.
    assert ("| picked |" in text) == bool(kept["rows"])
    assert bool(kept["rows"]) != ("not beside this checkout" in text)
    assert (results.read_bytes() if results.exists() else b"") == before
