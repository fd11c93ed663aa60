"""The tutorial typed into a shell: its commands as they stand, each with the answer that the page shows."""

from __future__ import annotations

import pathlib
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from digest.adapters.clock import SystemClock
from digest.demo.feeds import feed_bytes
from digest.demo.news import sample_articles, sample_outlets
from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS, fences

#: What the shell has before the first command. `make setup` made what these tests run in: it is only asked whether it
#: could be run, and the virtual environment is the one of this process.
_PROLOGUE = """
set -e
make() { command make --dry-run --directory "$CHECKOUT" "$@" >/dev/null; }
mkdir -p .venv/bin && echo 'export PATH="$PROGRAMS:$PATH"' > .venv/bin/activate
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command of a page, all its lines, and what the page shows below it."""

    line: str
    answer: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What came of typing all commands: of each the answer, and how the shell ended."""

    answers: list[str]
    code: int
    err: str
    home: pathlib.Path


def typed() -> list[Typed]:
    """Return the tutorial's commands in their order."""
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    return [one for fence in fences(text, "console") for one in _commands(fence.text)]


def _commands(text: str) -> Iterator[Typed]:
    lines = text.splitlines()
    while lines:
        command = lines.pop(0)
        assert command.startswith("$ "), f"a command begins with $: {command}"
        rest = [command.removeprefix("$ ")]
        here = re.search(r"<<'?(\w+)'?$", command)
        while rest[-1].endswith("\\") or (here and rest[-1] != here[1]):
            rest.append(lines.pop(0))
        answer = []
        while lines and not lines[0].startswith("$ "):
            answer.append(lines.pop(0))
        yield Typed(line="\n".join(rest), answer=answer)


def walk(folder: pathlib.Path, variables: Mapping[str, str]) -> Walk:
    """Type all commands into one shell in a folder of its own."""
    mark = f"--- {uuid.uuid4().hex} ---"
    script = _PROLOGUE + "".join(f"{one.line}\necho; echo '{mark}'\n" for one in typed())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={
            "HOME": str(folder),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "CHECKOUT": str(REPOSITORY),
            "PROGRAMS": str(pathlib.Path(sys.executable).parent),
            **variables,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    return Walk(
        answers=done.stdout.split(f"{mark}\n"), code=done.returncode, err=done.stderr, home=folder / "morning"
    )


def untrue(shown: list[str], answer: str) -> list[str]:
    """Return the lines that a page shows and the program did not say, in their order; `…` stands for anything.

    Figures may be others: they are those of another day.
    """
    said = [_plain(line) for line in answer.splitlines()]
    wrong = []
    for line in shown:
        if line.strip() in {"", "…"}:
            continue
        pattern = ".*".join(re.escape(part) for part in _plain(line).split("…"))
        found = next((place for place, one in enumerate(said) if re.fullmatch(pattern, one)), None)
        if found is None:
            wrong.append(line)
        else:
            said = said[found + 1 :]
    return wrong


def _plain(line: str) -> str:
    return re.sub(r"\d+", "0", line.strip())


class _Outlet(BaseHTTPRequestHandler):
    """One feed and nothing else, as its Content-Type and its bytes."""

    feed: tuple[str, bytes]

    def do_GET(self) -> None:
        found = self.path == "/feed"
        kind, body = self.feed if found else ("text/plain", b"not here")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


#: Outlets on one address would be taken for feeds of one outlet.
_HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


def can_serve() -> bool:
    """Say whether this machine has the addresses that the three outlets want."""
    try:
        for host in _HOSTS:
            with socket.socket() as free:
                free.bind((host, 0))
    except OSError:
        return False
    return True


@contextmanager
def three_outlets() -> Iterator[dict[str, str]]:
    """Serve three of the sample's outlets, each on a loopback address of its own; gives the variables of the page."""
    articles = sample_articles(SystemClock().now())
    found = {}
    with ExitStack() as stack:
        for name, host, outlet in zip("ABC", _HOSTS, sample_outlets(), strict=False):
            own = [article for article in articles if article.outlet == outlet.id]
            handler = type("Handler", (_Outlet,), {"feed": feed_bytes(outlet, own, f"http://{host}")})
            server = stack.enter_context(ThreadingHTTPServer((host, 0), handler))
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
            found[f"FEED_{name}"] = f"http://{host}:{server.server_port}/feed"
        yield found
