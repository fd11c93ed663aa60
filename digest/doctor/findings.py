"""What a check says: how grave it is, in which words, and what to do."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

#: A secret that is shorter stands in ordinary words too, and guards nothing.
_SHORTEST_SECRET = 4
#: A part of one that has blanks in it is a word, unless it is as long as this.
_LONG_PART = 8


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

    #: Names the kind of finding for good, the area first: `database.older`. docs/doctor.md has them all.
    id: str
    level: Level
    #: What was found, in a sentence.
    says: str
    #: What to do; empty where there is nothing to do.
    remedy: str = ""
    #: The file and key, the host or the record that it is about; empty where the sentence is about the whole.
    where: str = ""

    @property
    def check(self) -> str:
        """What was looked at: `database`, `sender`."""
        return self.id.partition(".")[0]


def good(finding_id: str, says: str, where: str = "") -> Finding:
    """Return that it is as it should be."""
    return Finding(id=finding_id, level=Level.OK, says=says, where=where)


def warning(finding_id: str, says: str, remedy: str, where: str = "") -> Finding:
    """Return that somebody should look at it."""
    return Finding(id=finding_id, level=Level.WARNING, says=says, remedy=remedy, where=where)


def fault(finding_id: str, says: str, remedy: str, where: str = "") -> Finding:
    """Return that it does not work."""
    return Finding(id=finding_id, level=Level.FAULT, says=says, remedy=remedy, where=where)


def unseen(check: str, why: str) -> Finding:
    """Return that a check could not look."""
    return fault(
        f"{check}.unseen", f"This could not be looked at: {why}", "Mend what it names, and ask again."
    )


def late(check: str, seconds: float) -> Finding:
    """Return that a check was not done when nobody waited any longer."""
    says = f"This was not done within {seconds:.0f} s: something it asks does not answer."
    return fault(f"{check}.late", says, "See what it asks, the network first, and ask again.")


def hushed(finding: Finding, secrets: Iterable[str]) -> Finding:
    """Return the finding without any of the secrets: a server's own words may hold what it was given."""
    says, remedy, where = finding.says, finding.remedy, finding.where
    shapes = {shape for secret in secrets for shape in _shapes(secret)}
    # The longest first: one may be a part of another.
    for secret in sorted(shapes, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            says, remedy, where = (text.replace(secret, "***") for text in (says, remedy, where))
    return replace(finding, says=says, remedy=remedy, where=where)


def _shapes(secret: str) -> Iterator[str]:
    """Yield a secret as it may stand in somebody's words: as it is, escaped, in a URL, its lines joined or apart."""
    yield from (secret, repr(secret)[1:-1], quote(secret), quote(secret, safe=""), " ".join(secret.split()))
    yield from (part for part in secret.split() if len(part) >= _LONG_PART)
