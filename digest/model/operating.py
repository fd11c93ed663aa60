"""What a running installation knows of itself: workers, turns, alerts, pauses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLife:
    """One worker process, as it last gave a sign of life."""

    #: Names the process among all there ever were.
    id: str
    host: str
    pid: int
    started_at: dt.datetime
    beat_at: dt.datetime
    #: What it is at, in words: `collecting`, `delivering mujaz-2026-11-22`, `waiting`.
    doing: str = "waiting"
    #: When it ended in order; None while it lives, and where it was killed.
    stopped_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The last turn at something that one of all workers does once in an interval."""

    name: str
    #: The worker's id.
    holder: str
    started_at: dt.datetime
    #: None while it is being done, and where its worker died.
    done_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that an operator must know."""

    #: Names the trouble, so that it is told once: `slot mujaz 2026-11-22`, `sources`.
    key: str
    text: str
    raised_at: dt.datetime
    mailed_at: dt.datetime | None = None
    cleared_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A newsletter that an operator has stopped for a while."""

    newsletter_id: str
    since: dt.datetime
    why: str = ""
