"""Looks at the machine: disks, memory, the rules of the time zones. What `digest doctor` says of them."""

from __future__ import annotations

import contextlib
import importlib
import os
import pathlib
import tempfile
import zoneinfo
from collections.abc import Mapping

from digest.doctor import DiskFacts

_MEMORY = pathlib.Path("/proc/meminfo")
#: What a container may take, and what it takes (the kernel's cgroup v2).
_LIMIT, _TAKEN = pathlib.Path("/sys/fs/cgroup/memory.max"), pathlib.Path("/sys/fs/cgroup/memory.current")


def write_trouble(folder: pathlib.Path) -> str:
    """Return why no file can be made in a folder, or in what is there of the way to it; empty where one can."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _existing(path: pathlib.Path) -> pathlib.Path:
    """Return what is there of the way to a path; what cannot be looked into counts as not there."""
    return next(one for one in (path, *path.parents) if os.access(one, os.F_OK))


def look_at_disks(places: Mapping[str, pathlib.Path]) -> list[DiskFacts]:
    """Return the file systems of these places, each once; `places` are paths by what they hold."""
    disks: dict[int, tuple[list[str], pathlib.Path]] = {}
    for holds, path in places.items():
        there = _existing(path)
        disks.setdefault(there.stat().st_dev, ([], there))[0].append(holds)
    return [_disk(", ".join(held), path) for held, path in disks.values()]


def _disk(holds: str, path: pathlib.Path) -> DiskFacts:
    found = os.statvfs(path)
    return DiskFacts(
        holds=holds,
        path=str(path),
        # What is kept for the system's administrator is not ours to fill.
        free=found.f_bavail * found.f_frsize,
        total=found.f_blocks * found.f_frsize,
        free_files=found.f_favail,
        files=found.f_files,
    )


def free_memory() -> int | None:
    """Return the bytes of memory that can still be had; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = _MEMORY.read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        free = int(line.split()[1]) * 1024
        with contextlib.suppress(OSError, ValueError):
            # `max` where a container has no limit of its own.
            free = min(free, int(_LIMIT.read_text()) - int(_TAKEN.read_text()))
        return free
    return None


def zone_rules() -> str:
    """Return the release of the time zones' rules that are in use, such as 2026a; empty where it is not known."""
    for folder in map(pathlib.Path, zoneinfo.TZPATH):
        with contextlib.suppress(OSError):
            first = (folder / "tzdata.zi").read_text(encoding="utf-8", errors="replace").partition("\n")[0]
            return first.removeprefix("# version ").strip()
        if folder.is_dir():
            # Zones without a word on their release.
            return ""
    with contextlib.suppress(ImportError):
        return str(importlib.import_module("tzdata").IANA_VERSION)
    return ""
