"""`digest web` as a process of its own."""

from __future__ import annotations

import http.client
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from tests.cli.running import environment
from tests.web.desk_site import WITH_DESK
from tests.web.site import SECRET_KEY

_PATIENCE_SECONDS = 30


@contextmanager
def served(home: pathlib.Path, extra: Mapping[str, str] | None = None) -> Iterator[int]:
    """Give the port of a site of one process and two threads; it must not have fallen over at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    settings = {"DIGEST_SECRET_KEY": SECRET_KEY, "DIGEST_BASE_URL": f"http://127.0.0.1:{free}", **WITH_DESK}
    words = ["web", "--port", str(free), "--workers", "1", "--threads", "2"]
    with (home / "said").open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "digest", *words],
            env=environment(home, {**settings, **(extra or {})}),
            cwd=home,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_served(free, server)
        yield free
        assert server.poll() is None, "it has fallen over"
    finally:
        server.terminate()
        server.wait(timeout=_PATIENCE_SECONDS)
    assert "Traceback" not in (home / "said").read_text("utf-8")


def status(port: int, path: str) -> int:
    """Return what a page answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)) as line:
        line.request("GET", path)
        return line.getresponse().status


def _wait_until_served(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            if status(port, "/healthz") == http.client.OK:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the site is not served")
