"""Whether the ledger adds up, and what in it waits for a person. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.collector.health import moment, span
from digest.doctor.findings import Finding, fault, good, warning
from digest.model import DeliveryState

#: An edition that still has readers to be sent to so long after it was opened does not get on.
_LONG = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFigures:
    """What the ledger holds of one edition whose recipients are frozen."""

    edition_id: str
    #: How many recipients were frozen.
    recipients: int
    states: Mapping[DeliveryState, int]
    #: When its recipients were frozen; None where nobody asked.
    opened_at: dt.datetime | None = None
    #: Claimed or sending, and past their lease.
    overdue: int = 0
    held_until: dt.datetime | None = None
    held_why: str = ""


def ledger_findings(editions: Sequence[EditionFigures], now: dt.datetime) -> list[Finding]:
    """Return what is wrong with these editions; one good word where nothing is."""
    found = [finding for one in editions for finding in _of_edition(one, now)]
    if found:
        return found
    if not editions:
        return [good("ledger.ok", "No edition was sent in the last days.")]
    people = sum(one.recipients for one in editions)
    return [
        good("ledger.ok", f"The states of {len(editions)} editions add up to their {people:,} recipients.")
    ]


def _of_edition(one: EditionFigures, now: dt.datetime) -> Iterator[Finding]:
    where = one.edition_id
    total = sum(one.states.values())
    if total != one.recipients:
        yield fault(
            "ledger.sums",
            f"Edition {one.edition_id} has {one.recipients:,} recipients, and its states add up to {total:,}.",
            "This must never be. Stop the workers, keep a copy of the database, and report it.",
            where,
        )
    unknown = one.states.get(DeliveryState.UNKNOWN, 0)
    if unknown:
        yield warning(
            "ledger.unknown",
            f"Edition {one.edition_id}: of {unknown:,} nobody knows whether they left; none of them is sent again by itself.",
            f"Look into the carrier's log, then `digest deliveries settle {one.edition_id}`, or `resend-unknown`.",
            where,
        )
    if one.overdue:
        yield warning(
            "ledger.overdue",
            f"Edition {one.edition_id}: {one.overdue:,} are held by a process that has given no sign of life.",
            f"A running worker takes over by itself; without one run `digest send {one.edition_id}`.",
            where,
        )
    yield from _waiting(one, now)


def _waiting(one: EditionFigures, now: dt.datetime) -> Iterator[Finding]:
    """Yield why readers of an edition still wait."""
    waiting = sum(count for state, count in one.states.items() if state.open)
    if not waiting:
        return
    if one.held_until and one.held_until > now:
        yield warning(
            "ledger.held",
            f"Edition {one.edition_id} is on hold until {moment(one.held_until)}: {one.held_why}.",
            f"It goes on by itself then; `digest send {one.edition_id}` goes on now.",
            one.edition_id,
        )
    elif one.opened_at and now - one.opened_at > _LONG:
        yield warning(
            "ledger.slow",
            f"Edition {one.edition_id} was begun {span(now - one.opened_at)} ago, and is still to be sent to {waiting:,}.",
            f"See `digest status` and the worker's log; `digest send {one.edition_id}` goes on with it, "
            f"`digest deliveries cancel {one.edition_id}` gives it up.",
            one.edition_id,
        )
