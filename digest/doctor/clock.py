"""Whether the machine's clock can be right, and whether it knows the zones. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digest.collector.health import moment, span
from digest.doctor.findings import Finding, fault, good, warning

#: Differences between two clocks, in seconds, that are worth a word and that break leases.
_APART = 10
_FAR_APART = 60
#: Some governments tell half a year ahead how the clocks will go; rules that are older miss what came since.
_OLD_RULES = 2
_REMEDY = "Set the machine's clock, and keep it right with NTP."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """What speaks for and against the machine's clock."""

    #: How far the database's clock is ahead of ours, in seconds.
    database_ahead: float = 0
    #: The newest moment that is stored of each kind of our own acts: `fetch`, `sign of life`.
    stored: Mapping[str, dt.datetime] = field(default_factory=dict)
    #: How many sources have articles that are dated some minutes ahead of now, and how many there are.
    sources_ahead: int = 0
    sources: int = 0
    #: The release of the time zones' rules, such as 2026a; empty where it is not known.
    zone_rules: str = ""
    #: Zones that readers gave and this machine does not know.
    unknown_zones: Sequence[str] = ()


def clock_findings(now: dt.datetime, clock: ClockFacts) -> list[Finding]:
    """Return whether the machine's clock can be right."""
    found = [
        *_apart("clock.database", "The database", clock.database_ahead),
        *_gone_back(now, clock.stored),
    ]
    if clock.sources_ahead >= 3 and clock.sources_ahead * 4 >= clock.sources:
        says = f"{clock.sources_ahead} of {clock.sources} sources are ahead of this machine: its clock seems slow."
        found.append(warning("clock.sources", says, _REMEDY))
    found += _zones(now, clock)
    rules = f"; the zones' rules are of {clock.zone_rules}" if clock.zone_rules else ""
    return found or [good("clock.ok", f"It is {moment(now)}, and nothing speaks against that{rules}.")]


def carrier_clock_findings(ahead: float) -> list[Finding]:
    """Return whether the carrier's clock, which is ahead of ours by so many seconds, speaks against it."""
    return _apart("clock.carrier", "The carrier", ahead)


def _apart(finding_id: str, whose: str, ahead: float) -> list[Finding]:
    if abs(ahead) <= _APART:
        return []
    judge = fault if abs(ahead) > _FAR_APART else warning
    side = "ahead of" if ahead > 0 else "behind"
    return [judge(finding_id, f"{whose}'s clock is {abs(ahead):.0f} s {side} this machine's.", _REMEDY)]


def _gone_back(now: dt.datetime, stored: Mapping[str, dt.datetime]) -> list[Finding]:
    return [
        warning(
            "clock.back",
            f"The last {what} is dated {span(when - now)} ahead: the clock went back, or another machine's is fast.",
            _REMEDY,
        )
        for what, when in stored.items()
        if (when - now).total_seconds() > _FAR_APART
    ]


def _zones(now: dt.datetime, clock: ClockFacts) -> list[Finding]:
    found = []
    year = re.match(r"\d{4}", clock.zone_rules)
    if year and int(year[0]) <= now.year - _OLD_RULES:
        says = f"The time zones' rules are of {clock.zone_rules}: letters may come an hour early or late."
        found.append(
            warning("clock.rules", says, "Update the system's tzdata, or the Python package tzdata.")
        )
    if clock.unknown_zones:
        says = f"Readers gave zones that this machine does not know: {', '.join(clock.unknown_zones[:5])}."
        remedy = "They get the newsletter's own time. Update tzdata, or correct the zones: `digest subscribers export`."
        found.append(warning("clock.zones", says, remedy))
    return found
