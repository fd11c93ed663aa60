"""What is wrong, as far as the store shows it, in words for the operator.

Each finder returns its troubles by key: `slot daily 2026-11-22`, `unknown daily-2026-11-22`. A text's first line says
what is wrong, the others why, and what to do. `standing` are the texts of the alerts of the finder's kinds that
stand: what it does not return of them is right again. `before` is when all was looked at last; None at the first time.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.collector.manners import state_of
from digest.model import DeliveryState, Newsletter, Slot, WorkerLife
from digest.pipeline import edition_id
from digest.schedule import MISSED_FOR, cohorts_of, slots_missed
from digest.worker.rounds import HOLDS_ASIDE, slot_name

if TYPE_CHECKING:
    from digest.app import App

Texts = Mapping[str, str]

#: Editions are watched for so long after they were opened.
_WATCHED = dt.timedelta(days=2)
#: A bounce rate of fewer says nothing.
_ENOUGH = 20
#: Servers that put off whom they do not know do so for some minutes.
_GREYLISTED = dt.timedelta(minutes=10)
#: Editions that may still be on their way: as many as a newsletter of many zones has in some days.
_LATEST = 200
#: A worker without a sign of life for so long died; for a day that is news.
_DEAD_AFTER = dt.timedelta(minutes=2)
_DAY = dt.timedelta(days=1)
#: Slots that became too late so shortly before the last look are looked at again.
_MARGIN = dt.timedelta(minutes=10)
_TOO_LATE = "It is too late for it now: the slot was skipped, and the next one goes out as usual."


def slot_key(slot: Slot) -> str:
    """Return the key of an alert about a slot."""
    return f"slot {slot_name(slot)}"


def slot_trouble(slot: Slot, newsletter: Newsletter, why: str) -> str:
    """Return what to say of a slot that fails."""
    until = slot.due_at + dt.timedelta(minutes=newsletter.late_minutes)
    return "\n".join(
        [
            f"The edition of {slot_name(slot)} fails: nobody has it",
            f"It is due at {_local(slot, newsletter)}.",
            f"Why: {why}",
            f"It is tried again until {until:%H:%M} UTC, and skipped then. `digest preview` shows whether it works.",
        ]
    )


def sending_trouble(edition: str, why: str) -> str:
    """Return what to say of an edition that the carrier does not take."""
    return "\n".join(
        [
            f"Sending {edition} has stopped",
            f"Why: {why}",
            (
                "Nobody was failed for it, and it is tried again by itself. If the carrier is not merely down for a while, "
                "mend the login, the address or the server in the [mail], [smtp] or [sendgrid] settings."
            ),
            f"`digest deliveries {edition}` shows who has it, `digest deliveries cancel {edition}` gives it up.",
        ]
    )


def resumed(newsletter_id: str) -> str:
    """Return the name of the turn that keeps when a newsletter was last resumed."""
    return f"resume {newsletter_id}"


def missed_slots(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find the slots that nobody has had, and keep the alerts of those that are still to go out."""
    operations = app.store.operations
    opened = app.store.editions.opened_slots((now - MISSED_FOR - 2 * _DAY).date())
    told = {one.key for one in operations.alerts(since=now - MISSED_FOR - 2 * _DAY)}
    found = {key: text for key, text in standing.items() if not _is_past(key, opened, now)}
    pauses = operations.pauses()
    for newsletter in app.newsletters():
        since = _watched_since(app, newsletter, before)
        if newsletter.id in pauses or since is None:
            continue
        cohorts = cohorts_of(newsletter, app.store.subscribers.zones(newsletter.id))
        for slot in slots_missed(newsletter, cohorts, since, now):
            key = slot_key(slot)
            was_opened = (slot.newsletter_id, slot.local_date, slot.cohort) in opened
            if not was_opened and (key in found or key not in told):
                found[key] = _missed(found.get(key), slot, newsletter)
    return found


def _watched_since(app: App, newsletter: Newsletter, before: dt.datetime | None) -> dt.datetime | None:
    """Return from when on a newsletter's slots should have gone out; None where no worker was ever there.

    What was too late before the last look was seen then: a reader who moves to a new zone today has missed nothing
    in it last week. Nor has anybody what fell into a pause.
    """
    operations = app.store.operations
    turn = operations.turn(resumed(newsletter.id))
    looked = before - dt.timedelta(minutes=newsletter.late_minutes) - _MARGIN if before else None
    first = operations.first_start()
    moments = (first, turn.started_at if turn else None, looked)
    return max(one for one in moments if one) if first else None


def _missed(before: str | None, slot: Slot, newsletter: Newsletter) -> str:
    if before and _TOO_LATE in before:
        return before
    if before:
        first, _, rest = before.partition("\n")
        return f"{first.replace(' fails: ', ' was missed: ')}\n{rest.rpartition(chr(10))[0]}\n{_TOO_LATE}"
    return "\n".join(
        [
            f"The edition of {slot_name(slot)} was missed: nobody has it",
            (
                f"It was due at {_local(slot, newsletter)}, and no worker has sent it within "
                f"{newsletter.late_minutes} minutes. Was one running? `digest status` shows it."
            ),
            _TOO_LATE,
        ]
    )


def _is_past(key: str, opened: set[tuple[str, dt.date, str]], now: dt.datetime) -> bool:
    """Say whether an alert about a slot is settled: it was opened, or a later one, or it is long ago."""
    _, newsletter_id, date, *cohort = key.split(" ")
    day = dt.date.fromisoformat(date)
    later = [one for one in opened if one[0] == newsletter_id and one[2] == "".join(cohort) and one[1] >= day]
    return bool(later) or day < (now - MISSED_FOR).date()


def failing_sources(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find whether most sources fail."""
    known = app.store.articles.fetch_states()
    enabled = [source for source in app.settings.sources.values() if source.enabled]
    states = [state_of(source, known.get(source.id)) for source in enabled]
    checked = [state for state in states if state.checked_at or state.error]
    failing = [state for state in checked if state.error]
    if len(failing) * 100 <= len(checked) * app.settings.alerts.failing_sources_percent:
        return {}
    reasons = Counter(str(state.failure or "other") for state in failing).most_common(3)
    words = ", ".join(f"{count} {reason}" for reason, count in reasons)
    lines = [
        f"{len(failing)} of {len(checked)} sources fail",
        f"By kind: {words}. Editions are made of what the others bring, or not at all.",
        (
            "`digest sources list --state failing` shows each with its reason. If most cannot be reached, look at this "
            "machine's network and name service first."
        ),
    ]
    return {"sources": "\n".join(lines)}


def doubtful_editions(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find the editions with unknown deliveries, and those that bounce a lot."""
    opened = app.store.editions.opened_slots((now - _WATCHED).date())
    recent = {
        edition_id(Slot(newsletter_id=who, local_date=day, cohort=zone, due_at=now))
        for who, day, zone in opened
    }
    in_doubt = {key.partition(" ")[2] for key in standing if key.startswith("unknown ")}
    found: dict[str, str] = {}
    for edition in sorted(recent | in_doubt):
        counts = app.store.ledger.counts(edition)
        if unknown := counts.get(DeliveryState.UNKNOWN, 0):
            found[f"unknown {edition}"] = _unknown(edition, unknown)
        bounced = counts.get(DeliveryState.FAILED_PERM, 0)
        settled = bounced + counts.get(DeliveryState.SENT, 0)
        too_many = bounced * 100 > settled * app.settings.alerts.bounce_percent
        if edition in recent and settled >= _ENOUGH and too_many:
            found[f"bounces {edition}"] = _bounces(edition, bounced, settled)
    return found


def _unknown(edition: str, count: int) -> str:
    messages = "1 message" if count == 1 else f"{count} messages"
    return "\n".join(
        [
            f"{messages} of {edition} may or may not have left",
            (
                "A connection broke, or a worker was killed, between a message's first byte and the carrier's answer. "
                "They are not sent again by themselves, so that nobody gets an edition twice."
            ),
            f"Whose they are: digest deliveries {edition} --state unknown",
            f"If the carrier's log has them: digest deliveries settle {edition} --as sent",
            f"If it has not, or twice is better than never: digest deliveries resend-unknown {edition}",
        ]
    )


def _bounces(edition: str, bounced: int, settled: int) -> str:
    return "\n".join(
        [
            f"{bounced * 100 / settled:.1f}% of {edition} bounced",
            f"{bounced} of {settled} messages were refused for good. Carriers close senders with many bounces.",
            f"Their words: digest deliveries {edition} --state failed_perm",
            f"If the list is at fault, stop the rest: digest deliveries cancel {edition}",
        ]
    )


def stopped_sendings(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Keep the alerts of those editions of which something is still to be sent."""
    unfinished = app.store.ledger.unfinished(now + HOLDS_ASIDE) if standing else ()
    return {key: text for key, text in standing.items() if key.partition(" ")[2] in unfinished}


def deferred_editions(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find the editions of which the carrier puts off at least half, for longer than a greylisting lasts."""
    store = app.store
    opened = {one.id: one.opened_at for one in store.operations.latest_editions(_LATEST)}
    found: dict[str, str] = {}
    for edition in store.ledger.unfinished(now + HOLDS_ASIDE):
        began = opened.get(edition)
        if began is None or began > now - _GREYLISTED:
            continue
        counts = store.ledger.counts(edition)
        deferred = counts.get(DeliveryState.FAILED_TEMP, 0)
        if deferred * 2 >= sum(counts.values()):
            found[f"deferred {edition}"] = _deferred(edition, deferred, sum(counts.values()))
    return found


def _deferred(edition: str, count: int, total: int) -> str:
    return "\n".join(
        [
            f"The carrier puts off most of {edition}",
            f"{count} of {total} messages were refused for now. Each is tried again, less and less often, for some hours.",
            f"Its words: digest deliveries {edition} --state failed_temp",
            "Usually there is nothing to do: it is the carrier's trouble, or its limit. Look at its status page.",
        ]
    )


def dead_workers(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find the workers that ended without a word."""
    lives = app.store.operations.workers(now - _DAY)
    dead = [one for one in lives if one.stopped_at is None and one.beat_at < now - _DEAD_AFTER]
    return {f"worker {one.id}": _died(one) for one in dead}


def _died(life: WorkerLife) -> str:
    return "\n".join(
        [
            f"The worker on {life.host} (process {life.pid}) has died",
            f"Its last sign of life was at {life.beat_at:%Y-%m-%d %H:%M:%S} UTC; it was {life.doing}.",
            (
                "It was killed, ran out of memory, or its machine is down. What it had in hand is taken over by others; "
                "see that a new one is started. `digest status` shows who works."
            ),
        ]
    )


def _local(slot: Slot, newsletter: Newsletter) -> str:
    zone = slot.cohort or newsletter.timezone
    return f"{slot.due_at.astimezone(ZoneInfo(zone)):%H:%M} in {zone} ({slot.due_at:%Y-%m-%d %H:%M} UTC)"
