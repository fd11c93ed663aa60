"""Whether the schedule is kept: workers, tasks, slots, alerts, and what signs readers' links. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.collector.health import moment, span
from digest.doctor.findings import Finding, fault, good, warning
from digest.model import Alert, Pause, Slot, WorkerLife

#: A worker that gave no sign of life for so long is taken for dead.
_SILENCE = dt.timedelta(minutes=2)
#: Those that died longer ago are history.
_RECENT = dt.timedelta(days=1)
#: Tasks that wait longer than this have nobody to do them.
_QUEUE = dt.timedelta(minutes=10)
#: An alert is mailed within a minute or two.
_MAILED_WITHIN = dt.timedelta(minutes=15)
#: A pause that lasts longer may have been forgotten.
_LONG_PAUSE = dt.timedelta(days=1)
#: A worker looks every 20 seconds; an edition takes a while to be made.
_PUNCTUAL = dt.timedelta(minutes=5)
#: Characters of a key that cannot be guessed.
_KEY_LENGTH = 32
#: Missed slots that are named.
_NAMED = 5


def worker_findings(lives: Sequence[WorkerLife], now: dt.datetime) -> list[Finding]:
    """Return whether a worker runs; `lives` are those of the last days, the newest sign first."""
    start = "Start `digest worker`, and have it started again whenever it ends."
    unended = [life for life in lives if life.stopped_at is None]
    running = [life for life in unended if now - life.beat_at <= _SILENCE]
    if running:
        told = "; ".join(f"{_named(life)}: {life.doing}" for life in running)
        dead = [life for life in unended if _SILENCE < now - life.beat_at <= _RECENT]
        return [good("workers.ok", f"Running: {told}."), *(_died(life, now) for life in dead)]
    if not lives:
        return [
            warning(
                "workers.none", "No worker has run of late: nothing is collected or sent by itself.", start
            )
        ]
    last = lives[0]
    ago = span(max(now - (last.stopped_at or last.beat_at), dt.timedelta()))
    how = "was stopped" if last.stopped_at else "gave its last sign of life"
    return [
        warning("workers.stopped", f"No worker runs: the last one ({_named(last)}) {how} {ago} ago.", start)
    ]


def _died(life: WorkerLife, now: dt.datetime) -> Finding:
    return warning(
        "workers.dead",
        f"The worker {_named(life)} gave its last sign of life {span(now - life.beat_at)} ago; it was {life.doing}.",
        "Others take over what it had in hand. See why it was killed (memory, a restart), and that a new one runs.",
        _named(life),
    )


def _named(life: WorkerLife) -> str:
    return f"{life.host} {life.pid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """The tasks of the engine's queue."""

    #: Those that a process has taken which has given no sign of life since.
    stalled: int = 0
    #: Those that were given up in the last days.
    failed: int = 0
    #: Those that could be done, and for how long the oldest of them has been waiting.
    waiting: int = 0
    waited: dt.timedelta = dt.timedelta()


def task_findings(tasks: TaskFacts) -> list[Finding]:
    """Return whether the tasks get done."""
    found = []
    if tasks.stalled:
        says = f"{tasks.stalled:,} tasks are held by a process that has given no sign of life."
        remedy = "A running worker takes them over within a minute; see that one runs."
        found.append(warning("workers.stalled", says, remedy))
    if tasks.waiting and tasks.waited > _QUEUE:
        says = f"{tasks.waiting:,} tasks wait, the oldest for {span(tasks.waited)}."
        remedy = "Start more workers, or raise `--concurrency`; if none gets done, read a worker's log."
        found.append(warning("workers.queue", says, remedy))
    if tasks.failed:
        says = f"{tasks.failed:,} tasks were given up."
        remedy = "The workers' log says why. The ledger knows what is still to do: the next tick makes new tasks of it."
        found.append(warning("workers.failed", says, remedy))
    return found


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
    #: Slots that are due, not yet opened, and not yet too late.
    due: Sequence[Slot] = ()
    #: Such slots that wait for an editor's word, by the operator's wish.
    unapproved: Sequence[Slot] = ()
    pause: Pause | None = None


def newsletter_findings(one: NewsletterFacts, now: dt.datetime) -> Iterator[Finding]:
    """Yield when a newsletter appears next, and what keeps it from appearing."""
    if one.pause:
        yield _paused(one.pause, now)
    if one.missed:
        yield fault(
            "schedule.missed",
            f"{one.newsletter_id} was not sent in its time: {_slots(one.missed)}.",
            "Keep a worker running; its log says why. `digest compose` and `digest send` send today's by hand.",
            one.newsletter_id,
        )
    late = [slot for slot in one.due if now - slot.due_at > _PUNCTUAL]
    if late and not one.pause:
        longest = span(now - min(slot.due_at for slot in late))
        yield fault(
            "schedule.stuck",
            f"{one.newsletter_id} is due since {longest}, and nobody has begun to send it: {_slots(late)}.",
            "See `digest status` and the worker's log; `digest compose` says what keeps it from being made.",
            one.newsletter_id,
        )
    if one.unapproved and not one.pause:
        yield warning(
            "schedule.unapproved",
            f"{one.newsletter_id} is due, and waits for an editor's approval: {_slots(one.unapproved)}.",
            'Approve it on the desk; unapproved = "send" would let it go.',
            one.newsletter_id,
        )
    yield from _next(one)


def _next(one: NewsletterFacts) -> Iterator[Finding]:
    """Yield when a newsletter appears next, and for whom."""
    if not one.readers:
        yield warning(
            "schedule.readers",
            f"{one.newsletter_id} has no confirmed readers.",
            "Add some: `digest subscribers import`.",
            one.newsletter_id,
        )
    elif one.upcoming and not one.pause:
        first, others = one.upcoming[0], len(one.upcoming) - 1
        rest = f"; {others} more zones at their own time" if others else ""
        yield good(
            "schedule.ok",
            f"{one.newsletter_id} appears next for {_slot(first)}, {moment(first.due_at)}, of {one.readers:,} readers{rest}.",
            one.newsletter_id,
        )


def orphan_findings(readers: Mapping[str, int]) -> Iterator[Finding]:
    """Yield whom no newsletter is made for: confirmed readers by an id that is not configured."""
    for newsletter_id, count in sorted(readers.items()):
        yield warning(
            "schedule.orphans",
            f"{count:,} confirmed subscriptions are to {newsletter_id}, which config/digest.toml does not have: they get nothing.",
            f'Give the newsletter its id = "{newsletter_id}" back; DIGEST_HOME may be wrong. If it was given up, all is well.',
            newsletter_id,
        )


def _paused(pause: Pause, now: dt.datetime) -> Finding:
    why = f": {pause.why}" if pause.why else ""
    says = f"{pause.newsletter_id} is paused since {moment(pause.since)}{why}."
    remedy = f"`digest resume {pause.newsletter_id}` ends the pause."
    if now - pause.since > _LONG_PAUSE:
        remedy = f"That is {span(now - pause.since)}: was it forgotten? {remedy}"
        return warning("schedule.forgotten", says, remedy, pause.newsletter_id)
    return warning("schedule.paused", says, remedy, pause.newsletter_id)


def alert_findings(alerts: Sequence[Alert], now: dt.datetime, *, is_told: bool = False) -> Iterator[Finding]:
    """Yield the alerts that stand, and whether they reach the operator, where there is a way to them."""
    standing = [one for one in alerts if one.cleared_at is None]
    for one in standing:
        # The lines after the first say why, and stand in `digest status`.
        yield warning(
            "alerts.standing",
            f"Since {moment(one.raised_at)}: {one.text.splitlines()[0]}",
            "`digest status` says why and what to do; it clears by itself once that is right.",
            one.key,
        )
    unsent = [one for one in standing if not one.mailed_at and now - one.raised_at > _MAILED_WITHIN]
    if is_told and unsent:
        says = f"You could not be told of {len(unsent)} of these alerts."
        remedy = (
            "See what stands under sender and in the worker's log, and that a worker runs: it tells of them."
        )
        yield warning("alerts.unmailed", says, remedy)


def secret_findings(base_url: str, key_length: int) -> list[Finding]:
    """Return whether readers' links can be signed; `key_length` is that of its key, in characters."""
    where = "DIGEST_SECRET_KEY"
    remedy = "Set DIGEST_SECRET_KEY to 32 or more characters by chance, the same for all processes."
    if not base_url:
        return [good("secrets.ok", "There are no public pages: no link has to be signed.")]
    if not key_length:
        says = "DIGEST_BASE_URL is set, and DIGEST_SECRET_KEY is not: no link can be signed."
        return [fault("secrets.missing", says, remedy, where)]
    if key_length < _KEY_LENGTH:
        says = f"DIGEST_SECRET_KEY has {key_length} characters: it can be guessed."
        return [fault("secrets.short", says, remedy, where)]
    if not base_url.startswith("https:"):
        says = f"The public pages are at {base_url}, without TLS: mail programs offer no unsubscribing by one click."
        remedy = "Serve them over https, and say so in DIGEST_BASE_URL."
        return [warning("secrets.http", says, remedy, "DIGEST_BASE_URL")]
    return [good("secrets.ok", "Readers' links can be signed.")]


def _slots(slots: Sequence[Slot]) -> str:
    named = ", ".join(map(_slot, slots[:_NAMED]))
    return named + (f" and {len(slots) - _NAMED} more" if len(slots) > _NAMED else "")


def _slot(slot: Slot) -> str:
    return f"{slot.local_date}{f' ({slot.cohort})' if slot.cohort else ''}"
