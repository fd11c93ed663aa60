"""What the figures were measured on: the machine, and the versions of what is no Python package."""

from __future__ import annotations

import os
import pathlib
import platform
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping

_GIGABYTE = 1_000_000_000
#: Programs by the name in the table, each with the arguments that make it tell its version.
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "PostgreSQL": ("postgres", "--version"),
    "node": ("node", "--version"),
    "Postfix": ("postconf", "-d", "mail_version"),
    "wrk": ("wrk", "--version"),
}
_VERSION = re.compile(r"\d+(\.\d+)+")


def find_program(name: str) -> str | None:
    """Return the path of a program, also of one for administrators and of PostgreSQL's own folder."""
    servers = sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(["/usr/sbin", *servers]))


def describe_machine() -> dict[str, str]:
    """Return the machine's processors, memory and system."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.system()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIGABYTE
    return {
        "processors": f"{os.cpu_count()}, {_processor()}",
        "memory": f"{memory:.1f} GB",
        "system": system,
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    """Return the processor's name, or its architecture where the kernel tells no name."""
    try:
        told = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return found[1] if found else platform.machine()


def program_versions() -> dict[str, str]:
    """Return the versions of Python, SQLite and the programs that are there."""
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for name, (program, *arguments) in _PROGRAMS.items():
        path = find_program(program)
        found[name] = _told(path, arguments) if path else "not there"
    return found


def _told(path: str, arguments: list[str]) -> str:
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=20, check=False)
    version = _VERSION.search(done.stdout + done.stderr)
    return version[0] if version else "there, version not told"


def commit() -> str:
    """Return the short name of the checkout's commit, marked where files have changed since; empty without git."""
    git = shutil.which("git")
    if git is None:
        return ""
    here = pathlib.Path(__file__).parent

    def ask(*arguments: str) -> str:
        command = [git, "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()

    name = ask("rev-parse", "--short", "HEAD")
    changed = ask(
        "status", "--porcelain", "--untracked-files=no", "--", ":(top,exclude)benchmarks/results.md"
    )
    return f"{name} with changes" if name and changed else name
