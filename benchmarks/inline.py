"""What styles into elements cost: Mujaz's way, premailer alone, juice and css-inline, on the pages of a real theme.

Every contestant has a process of its own and the same eight variants of an edition of 40 stories. Then it is seen
whether each of them gave every element the declarations that Mujaz did. What is compared: docs/benchmarks.md.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import multiprocessing
import pathlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import lxml.html
from render import alone, render_all
from reporting import Findings, Row, benchmark_options, beside, library_versions, limit, measured, print_goals

from digest.mailer.inline import inline_styles

HERE = pathlib.Path(__file__).parent
MUJAZ, PREMAILER = "Mujaz", "premailer"
JUICE, CSS_INLINE = "juice", "css-inline"
#: The block that stays a block is marked for each of them.
_IGNORED, _IGNORED_BY_ALL = (
    'data-premailer="ignore"',
    'data-premailer="ignore" data-css-inline="ignore" data-embed',
)
_WHY_NATIVE = "css-inline is compiled Rust; an edition is inlined once for a variant, not for a reader."
_WHY_JUICE = "premailer builds the whole page anew with lxml and cssutils."


def _by_css_inline(page: str) -> str:
    inliner = _css_inline.CSSInliner(keep_at_rules=True)
    inlined: str = inliner.inline(page.replace(_IGNORED, _IGNORED_BY_ALL))
    return inlined


_IN_PYTHON: dict[str, Callable[[str], str]] = {MUJAZ: inline_styles, PREMAILER: alone}
if importlib.util.find_spec("css_inline"):
    # Here, for the others are imported before the first page is measured as well.
    _css_inline = importlib.import_module("css_inline")
    _IN_PYTHON[CSS_INLINE] = _by_css_inline


@dataclass(slots=True)
class Inlined:
    """What a contestant took in each round, in milliseconds of processor time, and what it made of the pages."""

    first: list[float] = field(default_factory=list)
    next: list[float] = field(default_factory=list)
    pages: Sequence[str] = ()
    version: str = ""


def in_python(name: str, pages: Sequence[str]) -> tuple[list[float], list[str], str]:
    """Inline all pages in this process; return the times, the pages, and no version."""
    inline, times, made = _IN_PYTHON[name], [], []
    for page in pages:
        begin = time.process_time()
        made.append(inline(page))
        times.append((time.process_time() - begin) * 1000)
    return times, made, ""


def in_node(pages: Sequence[str]) -> tuple[list[float], list[str], str] | None:
    """Inline all pages with juice; None where it is not there."""
    if shutil.which("node") is None:
        return None
    given = json.dumps([page.replace(_IGNORED, _IGNORED_BY_ALL) for page in pages])
    command = ["node", str(HERE / "inline.mjs")]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
    if "Cannot find module" in done.stderr:
        return None
    done.check_returncode()
    told = json.loads(done.stdout)
    return told["times"], told["pages"], told["version"]


def play(rounds: int) -> dict[str, Inlined]:
    """Let all contestants that are there inline the same pages, in turns."""
    found: dict[str, Inlined] = {}
    context = multiprocessing.get_context("spawn")
    for turn in range(rounds):
        with context.Pool(1) as pool:
            _, pages = pool.apply(render_all, (turn,))
        names = [*_IN_PYTHON, JUICE]
        for name in names[:: -1 if turn % 2 else 1]:
            if name == JUICE:
                did = in_node(pages)
            else:
                with context.Pool(1) as pool:
                    did = pool.apply(in_python, (name, pages))
            if did is None:
                continue
            times, made, version = did
            one = found.setdefault(name, Inlined())
            one.first.append(times[0])
            one.next.append(median(times[1:]))
            one.pages, one.version = made, version
    return found


def declarations(page: str) -> list[tuple[str, dict[str, str]]]:
    """Return each element of the body with its declarations, as they mean the same: without spaces, quotes alike."""
    body = lxml.html.document_fromstring(page).body
    # A parser of HTML 5 may put a tbody where the page has none.
    elements = (one for one in body.iter() if isinstance(one.tag, str) and one.tag not in ("tbody", "style"))
    return [(one.tag, _declared(one.get("style") or "")) for one in elements]


def _declared(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.split(";"))
    return {
        name.strip().lower(): re.sub(r"\s+", "", said).replace("'", '"').lower()
        for name, _, said in pairs
        if name.strip()
    }


def unlike(ours: str, theirs: str) -> int:
    """Return how many elements have other declarations than ours; all of them where the pages hold others."""
    left, right = declarations(ours), declarations(theirs)
    if [tag for tag, _ in left] != [tag for tag, _ in right]:
        return len(left)
    return sum(one != other for one, other in zip(left, right, strict=True))


def rows_of(found: dict[str, Inlined]) -> list[Row]:
    """Return the figures: each contestant's time, Mujaz beside it, and what it made."""
    rows: list[Row] = []
    for name, one in found.items():
        rows += [
            measured(f"{name}: first variant", one.first, "ms of CPU"),
            measured(f"{name}: a later variant", one.next, "ms of CPU"),
        ]
    mujaz = found[MUJAZ]
    for name, one in found.items():
        if name == MUJAZ:
            continue
        why = _WHY_NATIVE if name == CSS_INLINE else _WHY_JUICE
        for which, ours, theirs in (
            ("first", mujaz.first, one.first),
            ("a later", mujaz.next, one.next),
        ):
            rows.append(
                beside(
                    f"{which} variant: times as fast as {name}", name, median(theirs) / median(ours), why=why
                )
            )
        different = sum(unlike(a, b) for a, b in zip(mujaz.pages, one.pages, strict=True))
        rows.append(limit(f"elements with other declarations than {name}'s", different, "", 0))
    return rows


def main() -> None:
    """Compare, and print a table."""
    options = benchmark_options(__doc__)
    options.add_argument("--rounds", type=int, default=7, help="rounds to take the median of (7)")
    given = options.parse_args()
    found = play(1 if given.quick else given.rounds)
    rows = rows_of(found)
    for row in rows:
        print(f"{row.name:48}{row.value:10.2f} {row.unit}")
    print_goals(rows)
    brings = {JUICE: "npm ci", CSS_INLINE: "pip install -r requirements-bench.lock"}
    Findings(
        title="Inlining",
        compares=f"Eight variants of an edition of 40 stories by the shipped theme, {len(found[MUJAZ].pages[0]) // 1000:,} KB "
        "each; every contestant has the same pages, in a process of its own. The first variant includes what a "
        "contestant learns of the sheet, and node's warming up.",
        versions=library_versions("premailer", *([CSS_INLINE] if CSS_INLINE in found else []))
        | ({JUICE: found[JUICE].version} if JUICE in found else {}),
        rows=rows,
        skipped=[
            f"{name} is not there: `{how}` brings it." for name, how in brings.items() if name not in found
        ],
    ).save(given.json)


if __name__ == "__main__":
    main()
