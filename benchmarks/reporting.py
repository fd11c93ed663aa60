"""What a benchmark found: a file for the page of results, and the goals as lines for whoever watches.

A benchmark gathers `Row`s, prints its own tables and, where it was called with `--json FILE`, leaves a `Findings`
there. `results_page.py` makes the page of many such files.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any, Literal

Sense = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure."""

    name: str
    #: The median, where there were several rounds.
    value: float
    unit: str = ""
    #: The lowest and the highest of the rounds, and how many there were.
    spread: tuple[float, float] | None = None
    rounds: int = 0
    #: Who stands beside Mujaz here, and how many times as good as it Mujaz is: above 1 Mujaz leads.
    against: str = ""
    ratio: float | None = None
    #: What the value should be.
    goal: float | None = None
    sense: Sense = "at least"
    #: Why it is behind, for the day on which it is.
    why: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.sense == "at least" else self.value <= self.goal

    @property
    def behind(self) -> bool:
        """Whether the page must name it: the goal is missed, or the contestant does better."""
        return self.met is False or (self.ratio is not None and self.ratio < 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that one run of a benchmark came to."""

    title: str
    #: A sentence or two: what stands beside what.
    compares: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    #: What this machine lacks, so that it was left out; each a sentence.
    skipped: Sequence[str] = ()

    def save(self, path: pathlib.Path | None) -> None:
        """Leave it in a file as one JSON object, where one was asked for."""
        if path is not None:
            text = json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=1)
            path.write_text(text, encoding="utf-8")


def read_findings(path: pathlib.Path) -> Findings:
    """Return what a benchmark left in a file.

    Raises: ValueError where the file holds no such object.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        rows = [_row(row) for row in read.pop("rows", ())]
        known = {one.name for one in dataclasses.fields(Findings)}
        return Findings(rows=rows, **{name: value for name, value in read.items() if name in known})
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name} holds no findings: {error}") from error


def _row(read: dict[str, Any]) -> Row:
    known = {one.name for one in dataclasses.fields(Row)}
    given = {name: value for name, value in read.items() if name in known}
    spread = given.pop("spread", None)
    return Row(spread=tuple(spread) if spread else None, **given)


def measured(name: str, values: Sequence[float], unit: str) -> Row:
    """Return the row of a contestant's rounds."""
    spread = (min(values), max(values)) if len(values) > 1 else None
    return Row(name=name, value=median(values), unit=unit, spread=spread, rounds=len(values))


def beside(name: str, against: str, ratio: float, goal: float | None = None, why: str = "") -> Row:
    """Return the row of a ratio to a contestant: how many times as good as it Mujaz is, and should be."""
    return Row(name=name, value=ratio, unit="times", against=against, ratio=ratio, goal=goal, why=why)


def limit(name: str, value: float, unit: str, most: float, why: str = "") -> Row:
    """Return the row of a figure that should not be above a goal."""
    return Row(name=name, value=value, unit=unit, goal=most, sense="at most", why=why)


def print_goals(rows: Iterable[Row]) -> None:
    """Print what was to be reached beside what was."""
    print()
    for row in rows:
        if row.goal is not None:
            verdict = "pass" if row.met else "SHORT"
            print(f"{row.name:52}{row.value:10.2f}  {row.sense:8} {row.goal:<7g} {verdict}")


def library_versions(*names: str) -> dict[str, str]:
    """Return the versions of installed packages."""
    return {name: version(name) for name in names}


def benchmark_options(doc: str | None) -> argparse.ArgumentParser:
    """Return the options that all benchmarks have; the first line of the docstring is their help."""
    options = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="small and one round: a look, no measurement")
    options.add_argument("--json", type=pathlib.Path, metavar="FILE", help="leave the findings there as well")
    return options
