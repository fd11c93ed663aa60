"""What a check says: how grave it is, in which words, and what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: A secret that is shorter stands in ordinary words too, and guards nothing.
_SHORTEST_SECRET = 4


class Level(enum.StrEnum):
    """How grave a finding is."""

    OK = "ok"
    #: It works, and somebody should look at it.
    WARNING = "warning"
    #: Something does not work.
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    #: What was looked at: `database`, `sender`.
    check: str
    level: Level
    #: What was found, in a sentence.
    says: str
    #: What to do; empty where there is nothing to do.
    remedy: str = ""


def good(check: str, says: str) -> Finding:
    """Return that it is as it should be."""
    return Finding(check=check, level=Level.OK, says=says)


def warning(check: str, says: str, remedy: str) -> Finding:
    """Return that somebody should look at it."""
    return Finding(check=check, level=Level.WARNING, says=says, remedy=remedy)


def fault(check: str, says: str, remedy: str) -> Finding:
    """Return that it does not work."""
    return Finding(check=check, level=Level.FAULT, says=says, remedy=remedy)


def hushed(finding: Finding, secrets: Iterable[str]) -> Finding:
    """Return the finding without any of the secrets: a server's own words may hold what it was given."""
    says, remedy = finding.says, finding.remedy
    # The longest first: one may be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            says, remedy = says.replace(secret, "***"), remedy.replace(secret, "***")
    return replace(finding, says=says, remedy=remedy)
