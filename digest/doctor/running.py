"""Whether the schedule is kept: workers, slots, alerts, and what signs readers' links. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.collector.health import moment, span
from digest.doctor.findings import Finding, fault, good, warning
from digest.model import Alert, Pause, Slot, WorkerLife

#: A worker that gave no sign of life for so long is taken for dead.
_SILENCE = dt.timedelta(minutes=5)
#: Characters of a key that cannot be guessed.
_KEY_LENGTH = 32
#: Missed slots that are named.
_NAMED = 5


def worker_findings(lives: Sequence[WorkerLife], now: dt.datetime) -> list[Finding]:
    """Return whether a worker runs; `lives` are those of the last days, the newest sign first."""
    check, start = "workers", "Start `digest worker`, and have it started again whenever it ends."
    running = [life for life in lives if life.stopped_at is None and now - life.beat_at <= _SILENCE]
    if running:
        told = "; ".join(f"{life.host} {life.pid}: {life.doing}" for life in running)
        return [good(check, f"Running: {told}.")]
    if not lives:
        return [warning(check, "No worker has run of late: nothing is collected or sent by itself.", start)]
    last = lives[0]
    ago = span(max(now - (last.stopped_at or last.beat_at), dt.timedelta()))
    how = "was stopped" if last.stopped_at else "gave its last sign of life"
    return [warning(check, f"No worker runs: the last one ({last.host} {last.pid}) {how} {ago} ago.", start)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsletterFacts:
    """How one newsletter stands to its schedule."""

    newsletter_id: str
    #: Confirmed readers.
    readers: int
    #: The next slot of each cohort, the soonest first.
    upcoming: Sequence[Slot]
    #: Slots of the last days whose edition was not sent, and is not sent any more.
    missed: Sequence[Slot] = ()
    pause: Pause | None = None


def newsletter_findings(one: NewsletterFacts) -> Iterator[Finding]:
    """Yield when a newsletter appears next, and what keeps it from appearing."""
    check = "schedule"
    if one.pause:
        why = f": {one.pause.why}" if one.pause.why else ""
        yield warning(
            check,
            f"{one.newsletter_id} is paused since {moment(one.pause.since)}{why}.",
            f"`digest resume {one.newsletter_id}` ends the pause.",
        )
    if one.missed:
        named = ", ".join(map(_slot, one.missed[:_NAMED]))
        more = f" and {len(one.missed) - _NAMED} more" if len(one.missed) > _NAMED else ""
        yield fault(
            check,
            f"{one.newsletter_id} was not sent in its time: {named}{more}.",
            "Keep a worker running; its log says why. `digest compose` and `digest send` send today's by hand.",
        )
    if not one.readers:
        yield warning(
            check, f"{one.newsletter_id} has no confirmed readers.", "Add some: `digest subscribers import`."
        )
    elif one.upcoming and not one.pause:
        first, others = one.upcoming[0], len(one.upcoming) - 1
        rest = f"; {others} more zones at their own time" if others else ""
        yield good(
            check,
            f"{one.newsletter_id} appears next for {_slot(first)}, {moment(first.due_at)}, of {one.readers:,} readers{rest}.",
        )


def alert_findings(alerts: Sequence[Alert]) -> list[Finding]:
    """Return the alerts that stand."""
    return [
        warning(
            "alerts", f"Since {moment(one.raised_at)}: {one.text}", "It clears by itself once that is right."
        )
        for one in alerts
        if one.cleared_at is None
    ]


def secret_findings(base_url: str, key_length: int) -> list[Finding]:
    """Return whether readers' links can be signed; `key_length` is that of its key, in characters."""
    check, remedy = (
        "secrets",
        "Set DIGEST_SECRET_KEY to 32 or more characters by chance, the same for all processes.",
    )
    if not base_url:
        return [good(check, "There are no public pages: no link has to be signed.")]
    if not key_length:
        return [
            fault(
                check, "DIGEST_BASE_URL is set, and DIGEST_SECRET_KEY is not: no link can be signed.", remedy
            )
        ]
    if key_length < _KEY_LENGTH:
        return [fault(check, f"DIGEST_SECRET_KEY has {key_length} characters: it can be guessed.", remedy)]
    if not base_url.startswith("https:"):
        return [
            warning(
                check,
                f"The public pages are at {base_url}, without TLS: mail programs offer no unsubscribing by one click.",
                "Serve them over https, and say so in DIGEST_BASE_URL.",
            )
        ]
    return [good(check, "Readers' links can be signed.")]


def _slot(slot: Slot) -> str:
    return f"{slot.local_date}{f' ({slot.cohort})' if slot.cohort else ''}"
