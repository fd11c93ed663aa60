"""All benchmarks one after the other, each in a process of its own, and the page of their results.

A benchmark that fails or takes too long is named in the page, and the next one begins. What each left stands in
`var/benchmarks`, so that `--only` renews one section of the page and keeps the others. `--quick` has a folder and a
page of its own there: it never touches `benchmarks/results.md`.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from machine import commit, describe_machine, program_versions
from reporting import read_findings
from results_page import Ran, page
from tqdm import tqdm

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE.parent / "var" / "benchmarks"
PAGE = HERE / "results.md"
#: Seconds that a benchmark has to stop in when it is told to.
_GRACE = 10


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One of the scripts beside this one."""

    name: str
    #: Seconds after which it is stopped; a quick look has a third.
    longest: float
    folder: pathlib.Path = HERE

    @property
    def script(self) -> pathlib.Path:
        """What is run."""
        return self.folder / f"{self.name}.py"


BENCHMARKS = (
    Benchmark("collect", 600),
    Benchmark("rank", 480),
    Benchmark("rank_quality", 480),
    Benchmark("replay_days", 180),
    Benchmark("render", 120),
    Benchmark("inline", 120),
    Benchmark("send", 600),
    Benchmark("web", 420),
    Benchmark("scale", 900),
)


def there() -> list[Benchmark]:
    """Return the benchmarks that have a script in this checkout."""
    return [one for one in BENCHMARKS if one.script.exists()]


def run(benchmark: Benchmark, folder: pathlib.Path, progress: tqdm[None], *, quick: bool) -> Ran:
    """Run one benchmark, show what it printed, and return what it came to."""
    left = folder / f"{benchmark.name}.json"
    left.unlink(missing_ok=True)
    began, load = dt.datetime.now(dt.UTC), os.getloadavg()[0]
    command = [sys.executable, str(benchmark.script), "--json", str(left)]
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            command + ["--quick"] * quick, stdout=printed, stderr=subprocess.STDOUT, start_new_session=True
        )
        failure = _wait(process, benchmark.longest / (3 if quick else 1), progress)
        printed.seek(0)
        lines = printed.read().rstrip().splitlines()
    progress.write("\n".join(lines))
    findings = None
    if not failure:
        try:
            findings = read_findings(left)
        except (OSError, ValueError) as error:
            failure = f"it left no findings that could be read: {error}"
    elif lines:
        failure += f" Its last word: {lines[-1]}"
    return Ran(
        name=benchmark.name,
        at=f"{began:%Y-%m-%d %H:%M} UTC",
        seconds=time.perf_counter() - begin,
        load=load,
        commit=commit(),
        findings=findings,
        failure=failure,
    )


def _wait(process: subprocess.Popen[bytes], longest: float, progress: tqdm[None]) -> str:
    """Wait for the end, turning the clock of the progress line; return why it failed, or nothing."""
    deadline = time.monotonic() + longest
    try:
        while True:
            try:
                code = process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                progress.refresh()
                if time.monotonic() < deadline:
                    continue
                return f"it was stopped after {longest:.0f} s."
            return f"it ended with {code}." if code else ""
    finally:
        _end_all(process)


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End a benchmark with all that it started: they are one session, which it began."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, end)
            process.wait(timeout=_GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def keep(ran: Ran, folder: pathlib.Path) -> None:
    """Keep a run beside its findings, for the page."""
    record = dataclasses.asdict(dataclasses.replace(ran, findings=None))
    (folder / f"{ran.name}.run.json").write_text(json.dumps(record), encoding="utf-8")


def kept(folder: pathlib.Path) -> list[Ran]:
    """Return the latest run of each benchmark, in their order."""
    runs = []
    for benchmark in there():
        record = folder / f"{benchmark.name}.run.json"
        if record.exists():
            ran = Ran(**json.loads(record.read_text(encoding="utf-8")))
            found = None if ran.failure else read_findings(folder / f"{benchmark.name}.json")
            runs.append(dataclasses.replace(ran, findings=found))
    return runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, write the page, and return 1 where a benchmark failed."""
    options = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="small and one round: a look, no measurement")
    options.add_argument(
        "--only", action="append", choices=[one.name for one in there()], help="only this one"
    )
    options.add_argument("--kept", type=pathlib.Path, help="the folder of what they leave (var/benchmarks)")
    options.add_argument("--page", type=pathlib.Path, help="the page to write (benchmarks/results.md)")
    given = options.parse_args(arguments)
    folder = (given.kept or KEPT) / ("quick" if given.quick else "full")
    folder.mkdir(parents=True, exist_ok=True)
    output = given.page or (folder / "results.md" if given.quick else PAGE)
    chosen = [one for one in there() if not given.only or one.name in given.only]
    failed = []
    with tqdm(chosen, disable=None, leave=False) as progress:
        for number, benchmark in enumerate(chosen, start=1):
            progress.set_description(benchmark.name)
            progress.write(f"== {benchmark.name} ({number} of {len(chosen)})")
            ran = run(benchmark, folder, progress, quick=given.quick)
            keep(ran, folder)
            failed += [ran] * bool(ran.failure)
            progress.update()
    output.write_text(page(kept(folder), describe_machine(), program_versions(), quick=given.quick), "utf-8")
    for ran in failed:
        print(f"{ran.name} failed: {ran.failure}", file=sys.stderr)
    print(f"the results stand in {output}")
    return 1 if failed else 0
