"""What the public pages bear: an archived edition, and readers who leave by one click, under load by wrk.

The site is served as `digest web` serves it, in two processes, on loopback. Two answers of the same processes that cost
nothing stand beside: /healthz, and a page that is not there. What is measured, and a table: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa
from render import make_edition
from send import NEWSLETTER, fill

from digest.adapters.store import open_store
from digest.adapters.store.schema import edition as editions
from digest.adapters.store.schema import subscription
from digest.app import App

CONNECTIONS, SECONDS = 50, 10
#: Readers who leave in one run.
LEAVING = 20_000
_SECRET = "a-key-of-the-benchmark-and-of-nothing-else"
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


def load(url: str, script: pathlib.Path | None = None) -> Mapping[str, str]:
    """Have wrk ask for a page; return what it says."""
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"]
    arguments = [*command, *(["-s", str(script)] if script else []), url]
    said = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=120).stdout
    return {name: found[1] for name, pattern in _FIGURES.items() if (found := pattern.search(said))}


def leaving_script(home: pathlib.Path, readers: int) -> pathlib.Path:
    """Return a script with which wrk posts the one-click unsubscribe of one reader after the other."""
    app = App(home=home, environment=environment(home))
    tokens = home / "tokens.txt"
    step = max(readers // LEAVING, 1)
    with tokens.open("w", encoding="ascii") as file:
        file.writelines(
            f"{app.links.unsubscribe(number, NEWSLETTER)}\n" for number in range(1, readers + 1, step)
        )
    app.close()
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
  return wrk.format("POST", "/u/" .. token, {{["Content-Type"] = "application/x-www-form-urlencoded"}},
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


def main() -> None:
    """Serve, load, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=1_000_000)
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, two processes of four threads")
    if shutil.which("wrk") is None:
        print("wrk is not there: it is a package of its own")
        return
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        edition_id = prepare(home, given.readers)
        script = leaving_script(home, given.readers)
        pages = {
            "/healthz": ("/healthz", None),
            "an archived edition": (f"/editions/{edition_id}", None),
            "the home page": ("/", None),
            f"one-click unsubscribe, {given.readers:,} stored": ("/", script),
        }
        print(f"{CONNECTIONS} connections, {SECONDS} s each:")
        with site(home) as base:
            for label, (path, lua) in pages.items():
                with urllib.request.urlopen(base + path, timeout=30):
                    pass
                figures = ", ".join(f"{key} {value}" for key, value in load(base + path, lua).items())
                print(f"  {label:45} {figures}")
        print(f"  {ended(home):,} readers had left at the end")


if __name__ == "__main__":
    main()
