"""The page of results, made of what the benchmarks left: text from values, nothing is read or measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reporting import Findings, Row

_MEASURED = ("| what | median | lowest to highest | rounds |", "|---|---:|---:|---:|")
_JUDGED = ("| what | median | lowest to highest | beside | goal | |", "|---|---:|---:|---|---|---|")
_INTRODUCTION = (
    "Written by `make bench`; what is compared, and what the figures mean, stands in "
    "[docs/benchmarks.md](../docs/benchmarks.md). A ratio says how many times as good as the contestant Mujaz is in "
    "the same run: above 1 Mujaz leads. Trust the ratios, not the seconds."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One benchmark's run."""

    name: str
    #: When it began (as a person reads it), how long it took, and the load of the machine just before.
    at: str
    seconds: float
    load: float
    #: Of the tree that was measured.
    commit: str = ""
    findings: Findings | None = None
    #: Why there are no findings; empty where there are.
    failure: str = ""


def page(runs: Sequence[Ran], machine: Mapping[str, str], versions: Mapping[str, str], *, quick: bool) -> str:
    """Return the page in Markdown; of a quick look nothing is judged."""
    known = dict(versions)
    for ran in runs:
        known |= ran.findings.versions if ran.findings else {}
    parts = [
        "# Results of the benchmarks",
        _INTRODUCTION,
    ]
    if quick:
        parts.append("**A look, no measurement**: small inputs, one round. Nothing is judged.")
    parts += ["## Summary", *_summary(runs, quick=quick)]
    parts += ["## Machine and versions", _pairs("machine", machine), _pairs("version", known)]
    for ran in runs:
        parts += _section(ran, quick=quick)
    return "\n\n".join(parts) + "\n"


def _summary(runs: Sequence[Ran], *, quick: bool) -> Iterator[str]:
    measured = [(ran.findings.title, row) for ran in runs if ran.findings for row in ran.findings.rows]
    if not quick:
        goals = [row.met for _, row in measured if row.goal is not None]
        yield f"**{sum(map(bool, goals))} of {len(goals)} goals are met.**"
        yield from _titled(
            "Where Mujaz leads",
            [
                f"- {title}, {row.name}: {_ratio(row)}{_goal_in_words(row)}"
                for title, row in measured
                if row.ratio is not None and row.ratio >= 1
            ],
        )
        yield from _titled(
            "Where Mujaz is behind", [_behind(title, row) for title, row in measured if row.behind]
        )
    yield from _titled("Not measured here", [*_not_measured(runs)])


def _titled(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"### {title}"
    yield "\n".join(lines) if lines else "Nothing."


def _behind(title: str, row: Row) -> str:
    figure = _ratio(row) if row.ratio is not None else f"{_number(row.value)} {row.unit}".rstrip()
    return f"- {title}, {row.name}: {figure}{_goal_in_words(row)}{' ' + row.why if row.why else ''}"


def _goal_in_words(row: Row) -> str:
    if row.goal is None:
        return "."
    return f"; the goal, {row.sense} {_number(row.goal)}, is {'met' if row.met else '**missed**'}."


def _not_measured(runs: Sequence[Ran]) -> Iterator[str]:
    for ran in runs:
        if ran.findings is None:
            yield f"- `{ran.name}` as a whole: {ran.failure}"
        else:
            yield from (f"- {ran.findings.title}: {reason}" for reason in ran.findings.skipped)


def _section(ran: Ran, *, quick: bool) -> Iterator[str]:
    found = ran.findings
    yield f"## {found.title if found else ran.name}"
    commit = f", commit {ran.commit}" if ran.commit else ""
    yield (
        f"`benchmarks/{ran.name}.py`, {ran.at}{commit}, {_duration(ran.seconds)}; load of the machine before: "
        f"{ran.load:.2f}."
    )
    if found is None:
        yield f"**Failed**: {ran.failure}"
        return
    if found.compares:
        yield found.compares
    judged = [row for row in found.rows if row.goal is not None or row.ratio is not None]
    measured = [row for row in found.rows if row not in judged]
    if measured:
        yield "\n".join([*_MEASURED, *(_line(*_figure(row), str(row.rounds or 1)) for row in measured)])
    if judged:
        yield "\n".join([*_JUDGED, *(_judged(row, quick=quick) for row in judged)])
    if found.skipped:
        yield "Left out: " + " ".join(found.skipped)


def _figure(row: Row) -> tuple[str, str, str]:
    spread = f"{_number(row.spread[0])} to {_number(row.spread[1])}" if row.spread else ""
    return row.name.replace("|", "\\|"), f"{_number(row.value)} {row.unit}".rstrip(), spread


def _judged(row: Row, *, quick: bool) -> str:
    goal = f"{row.sense} {_number(row.goal)}" if row.goal is not None else ""
    return _line(*_figure(row), row.against, goal, "" if quick else _verdict(row))


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _verdict(row: Row) -> str:
    if row.met is not None:
        return "met" if row.met else "**behind**"
    if row.ratio is not None:
        return "ahead" if row.ratio >= 1 else "**behind**"
    return ""


def _ratio(row: Row) -> str:
    return f"{_number(row.ratio or 0.0)} times {row.against}"


def _pairs(title: str, pairs: Mapping[str, str]) -> str:
    lines = [f"| {name} | {value} |" for name, value in pairs.items()]
    return "\n".join([f"| {title} | |", "|---|---|", *lines])


def _number(value: float) -> str:
    """Return a figure with as many places as a reader needs: three digits, thousands parted."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 10 else 1}f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
