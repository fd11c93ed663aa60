"""Whether there is room to work: the home, the disks under it, the machine's memory. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.doctor.findings import Finding, fault, good, warning

#: Free bytes below which a disk is said to fill up, and to be full: an edition for a million readers takes 64 MB.
_LITTLE_SPACE = 1_000_000_000
_NO_SPACE = 100_000_000
#: A share of the disk below which it is said to fill up, unless what is left lasts for long anyway.
_LITTLE_SHARE = 0.1
_PLENTY = 50_000_000_000
#: A share of the files that a disk can hold, below which it is said to fill up.
_FEW_FILES = 0.05
#: Bytes of memory that a worker needs at least beside what runs already.
_LITTLE_MEMORY = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """The folder that holds config/, templates/ and var/."""

    path: str
    exists: bool = True
    #: Whether it has a config/ or a var/ of its own.
    used: bool = True
    #: Why nothing can be written in it; empty where it can.
    trouble: str = ""


def home_findings(home: HomeFacts) -> list[Finding]:
    """Return whether the home is there, and can be written to."""
    if not home.exists:
        return [
            fault(
                "home.missing",
                f"The home {home.path} is not there.",
                "Correct DIGEST_HOME, or make the folder if it is the one that is meant.",
                home.path,
            )
        ]
    if home.trouble:
        return [
            fault(
                "home.read-only",
                f"The home {home.path} cannot be written to: {home.trouble}.",
                "Give the user that runs Mujaz the right to write to its var/.",
                home.path,
            )
        ]
    if not home.used:
        return [
            warning(
                "home.empty",
                f"The home {home.path} holds neither config/ nor var/.",
                "If Mujaz has run before, DIGEST_HOME names the wrong folder.",
                home.path,
            )
        ]
    return [good("home.ok", f"{home.path} can be written to.", home.path)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """One file system that Mujaz writes to."""

    #: What of ours is there: `the database, the outbox`.
    holds: str
    path: str
    #: Bytes.
    free: int
    total: int
    #: Files that can still be made, and all that it has room for; 0 in all where it sets no limit.
    free_files: int = 0
    files: int = 0


def disk_findings(disks: Sequence[DiskFacts], free_memory: int | None = None) -> list[Finding]:
    """Return whether the disks have room; `free_memory` is the machine's, in bytes, None where it is not told."""
    found = [finding for disk in disks for finding in _of_disk(disk)]
    if free_memory is not None and free_memory < _LITTLE_MEMORY:
        says = f"The machine has {megabytes(free_memory)} of memory left; a worker takes up to 300 MB."
        found.append(warning("disk.memory", says, "Give the machine more memory, or run less beside it."))
    if found or not disks:
        return found
    least = min(disks, key=lambda disk: disk.free)
    return [good("disk.ok", f"{megabytes(least.free)} are free for {least.holds}.", least.path)]


def _of_disk(disk: DiskFacts) -> list[Finding]:
    found = []
    share = disk.free / max(disk.total, 1)
    says = f"{megabytes(disk.free)} ({100 * share:.0f} %) are free on the disk of {disk.holds}."
    if disk.free < _NO_SPACE:
        remedy = "Make room at once: nothing can be stored or sent without. Then look at what has grown."
        found.append(fault("disk.full", says, remedy, disk.path))
    elif disk.free < _LITTLE_SPACE or (share < _LITTLE_SHARE and disk.free < _PLENTY):
        found.append(warning("disk.little", says, "Make room on it before it is full.", disk.path))
    if disk.files and disk.free_files < disk.files * _FEW_FILES:
        says = f"The disk of {disk.holds} has room for {disk.free_files:,} more files only."
        remedy = "Delete small files there: those under var/outbox, if they were for a trial, or old logs."
        judge = fault if not disk.free_files else warning
        found.append(judge("disk.files", says, remedy, disk.path))
    return found


def megabytes(size: int) -> str:
    """Return a size in words.

    >>> megabytes(64_200_000), megabytes(12_345_000_000)
    ('64 MB', '12.3 GB')
    """
    return f"{size / 1e9:,.1f} GB" if size >= 10_000_000_000 else f"{size / 1e6:,.0f} MB"
