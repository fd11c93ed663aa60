"""What the public pages bear: an archived edition, and readers who leave by one click.

The site is served as `digest web` serves it, in two processes, on loopback. Once wrk asks as fast as it is answered,
once requests come at a pace of their own (`paced.py`). /healthz, which costs nothing, stands beside. What is measured,
and a table: docs/benchmarks.md.
"""

from __future__ import annotations

import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa
from paced import load_at
from readers import NEWSLETTER, fill
from render import make_edition
from reporting import Findings, Row, benchmark_options, library_versions, limit, measured, print_goals

from digest.adapters.store import open_store
from digest.adapters.store.schema import edition as editions
from digest.adapters.store.schema import subscription
from digest.app import App

CONNECTIONS, SECONDS = 50, 10
#: Readers who leave in one run.
LEAVING = 20_000
EDITION, LEAVE = "an archived edition", "one-click unsubscribe"
#: Requests a second at least, and the 99th percentile in milliseconds at most.
_GOALS = {EDITION: (300.0, 100.0), LEAVE: (300.0, 200.0)}
_WHY_FULL = (
    "wrk leaves no processor idle, its own included: a percentile of a full queue, not of a reader's wait."
)
_SECRET = "a-key-of-the-benchmark-and-of-nothing-else"
#: Requests a second of the load that keeps its own pace, and its seconds.
PACE, PACED_SECONDS = 300, 10
_FIGURES = {
    "requests a second": re.compile(r"Requests/sec:\s+([\d.]+)"),
    "p50": re.compile(r"50%\s+([\d.]+m?u?s)"),
    "p99": re.compile(r"99%\s+([\d.]+m?u?s)"),
    "not 2xx or 3xx": re.compile(r"Non-2xx or 3xx responses: (\d+)"),
    "broken": re.compile(r"Socket errors: (.*)"),
}


def environment(home: pathlib.Path) -> dict[str, str]:
    """Return the environment of a site of our own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DIGEST_", "DATABASE_URL"))
    }
    return kept | {
        "DIGEST_HOME": str(home),
        "DIGEST_BASE_URL": "https://news.example",
        "DIGEST_SECRET_KEY": _SECRET,
    }


def prepare(home: pathlib.Path, readers: int) -> str:
    """Store an edition that was sent, and so many readers; return the edition's id."""
    app = App(home=home, environment=environment(home))
    newsletter = replace(app.newsletter(), regions=tuple(app.settings.regions)[:8])
    edition = replace(
        make_edition(newsletter, 1, 16, 6), newsletter_id=NEWSLETTER, id=f"{NEWSLETTER}-2026-11-22"
    )
    app.store.editions.freeze(edition)
    with app.store.engine.begin() as connection:
        sent = sa.update(editions).where(editions.c.id == edition.id)
        connection.execute(sent.values(opened_at=app.clock.now(), recipients=readers))
    fill(app.store, readers)
    app.close()
    return edition.id


@contextmanager
def site(home: pathlib.Path) -> Iterator[str]:
    """Serve with `digest web`; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "digest", "web", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, env=environment(home), stderr=subprocess.DEVNULL, cwd=home)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{base}/readyz")
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def load(url: str, seconds: int, script: pathlib.Path | None = None) -> Mapping[str, str]:
    """Have wrk ask for a page as fast as it is answered; return what it says."""
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    arguments = [*command, *(["-s", str(script)] if script else []), url]
    said = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=120).stdout
    return {name: found[1] for name, pattern in _FIGURES.items() if (found := pattern.search(said))}


def milliseconds(said: str) -> float:
    """Return a time of wrk's in milliseconds.

    >>> milliseconds("1.50s"), milliseconds("18.20ms"), milliseconds("900.00us")
    (1500.0, 18.2, 0.9)
    """
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if said.endswith(unit):
            return float(said.removesuffix(unit)) * factor
    raise ValueError(f"no time: {said}")


def leaving(home: pathlib.Path, readers: int, first: int, count: int) -> list[str]:
    """Return the addresses at which so many readers leave by one click, spread over all who are stored."""
    app = App(home=home, environment=environment(home))
    step = max(readers // count, 1)
    numbers = range(first, readers + 1, step)
    paths = [f"/u/{app.links.unsubscribe(number, NEWSLETTER)}" for number in numbers][:count]
    app.close()
    return paths


def leaving_script(home: pathlib.Path, paths: Sequence[str]) -> pathlib.Path:
    """Return a script with which wrk posts the one-click unsubscribe of one reader after the other."""
    tokens = home / "tokens.txt"
    tokens.write_text("".join(f"{path}\n" for path in paths), encoding="ascii")
    script = home / "leave.lua"
    script.write_text(
        f"""
local tokens = {{}}
for line in io.lines("{tokens}") do tokens[#tokens + 1] = line end
local threads = 0
function setup(thread) thread:set("first", threads) threads = threads + 1 end
local at = 0
request = function()
  at = at + 1
  local token = tokens[((first + 2 * at) % #tokens) + 1]
  return wrk.format("POST", token, {{["Content-Type"] = "application/x-www-form-urlencoded"}},
    "List-Unsubscribe=One-Click")
end
""",
        encoding="ascii",
    )
    return script


def ended(home: pathlib.Path) -> int:
    """Return how many readers have left."""
    store = open_store(f"sqlite:///{home / 'var' / 'digest.db'}")
    with store.engine.connect() as connection:
        query = sa.select(sa.func.count()).where(subscription.c.ended_at.is_not(None))
        count = connection.scalar(query) or 0
    store.close()
    return count


#: Figures of all rounds, by what they are of.
Rounds = defaultdict[str, list[float]]


def by_wrk(
    base: str, pages: Mapping[str, tuple[str, pathlib.Path | None]], seconds: int, seen: Rounds
) -> None:
    """Load each page as fast as it is answered, and print what wrk says."""
    print(f"{CONNECTIONS} connections, {seconds} s each, as fast as they are answered:")
    for label, (path, script) in pages.items():
        figures = load(base + path, seconds, script)
        print(f"  {label:45} " + ", ".join(f"{key} {value}" for key, value in figures.items()))
        name = f"{label}, as fast as it is answered"
        seen[name].append(float(figures["requests a second"]))
        seen[f"{name}: p50"].append(milliseconds(figures["p50"]))
        seen[f"{name}: p99"].append(milliseconds(figures["p99"]))
        seen[f"{name}: failed"].append(float(figures.get("not 2xx or 3xx", 0)))


def at_pace(base: str, pages: Mapping[str, Sequence[str]], seen: Rounds) -> None:
    """Load each page at a pace of its own, one click by POST, and print what came of it."""
    print(f"{PACE} requests a second over {CONNECTIONS} connections, whether or not they are answered:")
    for label, paths in pages.items():
        data = {"List-Unsubscribe": "One-Click"} if label == LEAVE else None
        found = load_at(base, paths, PACE, CONNECTIONS, data)
        print(
            f"  {label:45} requests a second {found.rate:.0f}, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms, "
            f"failed {found.failed}"
        )
        name = f"{label}, {PACE} a second"
        seen[f"{name}: p50"].append(found.p50)
        seen[f"{name}: p99"].append(found.p99)
        seen[f"{name}: failed"].append(found.failed)


def rows_of(seen: Rounds) -> list[Row]:
    """Return the medians, with what was to be reached."""
    return [_row(name, values) for name, values in seen.items()]


def _row(name: str, values: Sequence[float]) -> Row:
    page, _, figure = name.partition(": ")
    least, most = _GOALS.get(page.partition(",")[0], (None, None))
    if not figure:
        return replace(measured(name, values, "requests a second"), goal=least)
    if figure == "failed":
        return limit(name, sum(values), "answers", 0)
    why = "" if str(PACE) in page else _WHY_FULL
    goal = most if figure == "p99" else None
    return replace(measured(name, values, "ms"), goal=goal, sense="at most", why=why)


def measure(home: pathlib.Path, readers: int, rounds: int, *, quick: bool) -> list[Row]:
    """Fill a site, serve it and load it."""
    edition = f"/editions/{prepare(home, readers)}"
    seconds, asked = (2, 2 * PACE) if quick else (SECONDS, PACED_SECONDS * PACE)
    seen: Rounds = defaultdict(list)
    with site(home) as base:
        for path in (edition, "/"):
            with urllib.request.urlopen(base + path, timeout=30):
                pass
        for turn in range(rounds):
            # Others leave in each round.
            slowly = leaving(home, readers, 1 + turn, asked)
            at_pace(base, {EDITION: [edition] * asked, LEAVE: slowly}, seen)
            if shutil.which("wrk"):
                script = leaving_script(home, leaving(home, readers, 1 + rounds + turn, LEAVING))
                pages: dict[str, tuple[str, pathlib.Path | None]] = {
                    "/healthz": ("/healthz", None),
                    EDITION: (edition, None),
                    "the home page": ("/", None),
                    LEAVE: ("/", script),
                }
                by_wrk(base, pages, seconds, seen)
    gone = ended(home)
    print(f"  {gone:,} readers had left at the end")
    if gone < asked:
        raise RuntimeError(f"only {gone} readers have left, and {asked} were to")
    return rows_of(seen)


def main() -> None:
    """Serve, load, and print a table."""
    parser = benchmark_options(__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000, help="readers who are stored (1000000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds to take the median of (3)")
    given = parser.parse_args()
    readers = 20_000 if given.quick else given.readers
    print(
        f"Python {platform.python_version()}, {platform.machine()}, two processes, {readers:,} readers stored"
    )
    with tempfile.TemporaryDirectory() as name:
        rounds = 1 if given.quick else given.rounds
        rows = measure(pathlib.Path(name), readers, rounds, quick=given.quick)
    print_goals(rows)
    Findings(
        title="The web",
        compares=f"`digest web` in two processes with SQLite and {readers:,} readers, over {CONNECTIONS} connections. "
        f"Once {PACE} requests a second, answered or not, timed from the moment at which each was due; once wrk, which "
        "asks again as soon as it is answered and so keeps both processors full.",
        versions=library_versions("flask", "gunicorn", "aiohttp"),
        rows=rows,
        skipped=[] if shutil.which("wrk") else ["wrk is not there: it is a package of its own."],
    ).save(given.json)


if __name__ == "__main__":
    main()
