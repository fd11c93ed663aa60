"""Whether the ledger adds up, and what in it waits for a person. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.collector.health import moment
from digest.doctor.findings import Finding, fault, good, warning
from digest.model import DeliveryState

_CHECK = "ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFigures:
    """What the ledger holds of one edition whose recipients are frozen."""

    edition_id: str
    #: How many recipients were frozen.
    recipients: int
    states: Mapping[DeliveryState, int]
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
        return [good(_CHECK, "No edition was sent in the last days.")]
    people = sum(one.recipients for one in editions)
    return [good(_CHECK, f"The states of {len(editions)} editions add up to their {people:,} recipients.")]


def _of_edition(one: EditionFigures, now: dt.datetime) -> Iterator[Finding]:
    total = sum(one.states.values())
    if total != one.recipients:
        yield fault(
            _CHECK,
            f"Edition {one.edition_id} has {one.recipients:,} recipients, and its states add up to {total:,}.",
            "This must never be. Stop the workers, keep a copy of the database, and report it.",
        )
    unknown = one.states.get(DeliveryState.UNKNOWN, 0)
    if unknown:
        yield warning(
            _CHECK,
            f"Edition {one.edition_id}: of {unknown:,} nobody knows whether they left; none of them is sent again by itself.",
            f"Look into the carrier's log, then `digest deliveries settle {one.edition_id}`, or `resend-unknown`.",
        )
    if one.overdue:
        yield warning(
            _CHECK,
            f"Edition {one.edition_id}: {one.overdue:,} are held by a process that has given no sign of life.",
            f"A running worker takes over by itself; without one run `digest send {one.edition_id}`.",
        )
    if one.held_until and one.held_until > now and any(state.open for state in one.states):
        yield warning(
            _CHECK,
            f"Edition {one.edition_id} is on hold until {moment(one.held_until)}: {one.held_why}.",
            f"It goes on by itself then; `digest send {one.edition_id}` goes on now.",
        )
