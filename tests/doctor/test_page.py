"""docs/doctor.md has every finding of the code, with its level, and no other."""

from __future__ import annotations

import ast
import pathlib
import re
from collections import defaultdict
from collections.abc import Iterator

from digest.cli.examining import CHECKS

_ROOT = pathlib.Path(__file__).parents[2]
_PACKAGES = ("digest/doctor", "digest/cli", "digest/adapters")
#: What makes a finding, with its level; `judge` is one of the two by how far a figure is off.
_MAKERS = {"good": "ok", "warning": "warning", "fault": "fault", "judge": "warning or fault"}
_ROW = re.compile(r"^\| `([a-z]+\.[a-z-]+)` \| ([a-z ]+) \| ([^|]+) \| ([^|]*)\|$", re.M)
_ID = re.compile(r"[a-z]+\.[a-z-]+")


def _made() -> Iterator[tuple[str, str]]:
    """Yield the id and the level of each finding that the code makes, as far as it is written there."""
    for path in (path for folder in _PACKAGES for path in (_ROOT / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=maker), args=[ast.Constant(value=str(made)), *_]) if maker in {
                    *_MAKERS,
                    "_apart",
                } and _ID.fullmatch(made):
                    yield made, _MAKERS.get(maker, "warning or fault")


def test_the_page_has_every_finding() -> None:
    levels = defaultdict(set)
    for made, level in _made():
        levels[made].add(level)
    told = {made: " or ".join(sorted(found, reverse=True)) for made, found in levels.items()}
    page = (_ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = {made: level for made, level, _, _ in _ROW.findall(page)}
    assert rows == told
    assert {made.partition(".")[0] for made in rows} == set(CHECKS)


def test_what_is_not_well_has_a_meaning_and_a_remedy() -> None:
    page = (_ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = _ROW.findall(page)
    assert len(rows) > 100
    assert [
        made
        for made, level, means, remedy in rows
        if level != "ok" and not (means.strip() and remedy.strip())
    ] == []
