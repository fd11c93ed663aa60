"""Others who send, for `send.py`: Postfix's smtp-source and nodemailer, and the smtp-sink that takes it all."""

from __future__ import annotations

import json
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from machine import find_program

HERE = pathlib.Path(__file__).parent


@contextmanager
def sink() -> Iterator[int]:
    """Run a smtp-sink of its own; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # As root it wants to be told whom to become.
    process = subprocess.Popen(
        [_tool("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("smtp-sink did not come up")


def _tool(name: str) -> str:
    return find_program(name) or name


def smtp_source(count: int, size: int, connections: int, *, kept: bool) -> float:
    """Send with Postfix's own, written in C; return the messages a second.

    Left to itself it hangs up after each message; `kept` has it send the next one over the same connection.
    """
    with sink() as port:
        begin = time.perf_counter()
        command = [
            _tool("smtp-source"),
            *["-d"] * kept,
            "-s",
            str(connections),
            "-m",
            str(count),
            "-l",
            str(size),
        ]
        subprocess.run(
            [*command, "-f", "mujaz@example.org", "-t", "reader@example.org", f"127.0.0.1:{port}"],
            check=True,
            timeout=300,
        )
        return count / (time.perf_counter() - begin)


def send_by_nodemailer(kind: str, count: int, connections: int, folder: pathlib.Path) -> float:
    """Send what lies in a folder with nodemailer's pooled transport; return the messages a second."""
    with sink() as port:
        arguments = [str(port), str(count), str(connections), kind, str(folder)]
        done = subprocess.run(
            ["node", HERE / "nodemailer_send.mjs", *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    return count / float(done.stdout)


def nodemailer_version() -> str:
    """Return nodemailer's version; empty where it is not in the checkout, or node not on the machine."""
    package = HERE.parent / "node_modules" / "nodemailer" / "package.json"
    if not (package.is_file() and shutil.which("node")):
        return ""
    told: str = json.loads(package.read_text(encoding="utf-8"))["version"]
    return told
