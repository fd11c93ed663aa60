"""An editor's word: which editions may leave, and what is said of those that nobody has approved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from digest.model import Newsletter, Slot
from digest.schedule import cohorts_of, is_late, slots_missed, slots_to_send
from digest.worker.rounds import slot_name
from digest.worker.troubles import Texts

if TYPE_CHECKING:
    from digest.app import App

#: An edition that nobody approved is news for a day.
_DAY = dt.timedelta(days=1)


def approval_key(slot: Slot) -> str:
    """Return the key of an alert about an approval: one is for all zones of a date."""
    return f"approval {slot.newsletter_id} {slot.local_date}"


def unapproved_editions(app: App, standing: Texts, now: dt.datetime, before: dt.datetime | None) -> Texts:
    """Find the editions that are due without an editor's approval: held, missed, or sent all the same."""
    opened = app.store.editions.opened_slots((now - 3 * _DAY).date())
    pauses = app.store.operations.pauses()
    found: dict[str, str] = {}
    for newsletter in app.newsletters():
        if newsletter.approval != "manual" or newsletter.id in pauses:
            continue
        for slot in _due(app, newsletter, standing, now):
            if app.store.desk.approval(newsletter.id, slot.local_date) is None:
                is_open = (slot.newsletter_id, slot.local_date, slot.cohort) in opened
                text = _sent(slot, newsletter) if is_open else _waiting(slot, newsletter, now)
                if text:
                    # Of several zones the newsletter's own, which comes first, speaks for them.
                    found.setdefault(approval_key(slot), text)
    return found


def _due(app: App, newsletter: Newsletter, standing: Texts, now: dt.datetime) -> Iterator[Slot]:
    """Yield the slots whose moment has come, and those of the last day that are too late and had an alert before."""
    cohorts = cohorts_of(newsletter, app.store.subscribers.zones(newsletter.id))
    yield from slots_to_send(newsletter, cohorts, now)
    for slot in slots_missed(newsletter, cohorts, now - _DAY, now):
        if approval_key(slot) in standing:
            yield slot


def _waiting(slot: Slot, newsletter: Newsletter, now: dt.datetime) -> str:
    if newsletter.unapproved != "hold":
        # It is on its way, or fails for another reason, which is told.
        return ""
    name, due = slot_name(slot), f"It was due at {slot.due_at:%Y-%m-%d %H:%M} UTC, and newsletter "
    waits = f'{due}{newsletter.id} has approval = "manual".'
    if is_late(slot, newsletter, now):
        return "\n".join(
            [
                f"The edition of {name} was missed: nobody has approved it",
                waits,
                "It is too late for it now: the slot was skipped, and the next one waits for its own approval.",
            ]
        )
    until = slot.due_at + dt.timedelta(minutes=newsletter.late_minutes)
    return "\n".join(
        [
            f"The edition of {name} waits: nobody has approved it",
            waits,
            (
                f"It leaves as soon as an editor approves it on the desk, until {until:%H:%M} UTC, and is skipped then. "
                f"`digest compose {newsletter.id}` and `digest send` send it without."
            ),
        ]
    )


def _sent(slot: Slot, newsletter: Newsletter) -> str:
    if newsletter.unapproved != "send":
        # The operator sent it, and knows.
        return ""
    return "\n".join(
        [
            f"The edition of {slot_name(slot)} was sent without approval",
            f"Nobody had approved it when it was due, at {slot.due_at:%Y-%m-%d %H:%M} UTC.",
            f'Newsletter {newsletter.id} has unapproved = "send"; with "hold" it would have waited.',
        ]
    )
