"""One look at the schedule: what is composed and opened now, and what is to be delivered."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from digest.errors import DigestError, NothingToSay
from digest.model import Edit, Edition, Newsletter, Slot, ZoneReaders
from digest.pipeline import compose, edition_id, open_edition
from digest.pipeline.composing import RankedNews, desk_draft, rank_news
from digest.schedule import audience_of, cohorts_of, slots_to_compose
from digest.worker import metrics
from digest.worker.collecting import Collecting
from digest.worker.life import Life, Stopping
from digest.worker.logs import about

if TYPE_CHECKING:
    from digest.app import App

_log = logging.getLogger("digest.worker")

#: After a slot could not be composed or opened, the next try.
_TRY_AGAIN = dt.timedelta(minutes=2)
#: Editions are done or history by then.
_LOOK_BACK = dt.timedelta(days=3)
#: News that were ranked so short a time ago need not be ranked again.
_FRESH = dt.timedelta(seconds=30)
#: No hold lasts that long: `unfinished` then tells of those on hold as well.
HOLDS_ASIDE = dt.timedelta(days=3650)
#: Told of trouble with a slot, and None when it is over.
Tell = Callable[[Slot, Newsletter, str | None], None]


def slot_name(slot: Slot) -> str:
    """Return a slot's name: newsletter, date, and the zone where it is not the newsletter's own."""
    return f"{slot.newsletter_id} {slot.local_date} {slot.cohort}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look at one newsletter."""

    newsletter: Newsletter
    now: dt.datetime
    zones: Mapping[str, ZoneReaders]
    #: What its articles tell now: ranked once for all cohorts that are composed in this look, and only if one is.
    ranked: Callable[[], RankedNews]


def _once(rank: Callable[[], RankedNews]) -> Callable[[], RankedNews]:
    """Return what ranks once, also where several threads ask at the same time."""
    lock = threading.Lock()

    def ranked() -> RankedNews:
        with lock:
            return rank()

    return ranked


class Rounds:
    """Brings each newsletter's slots on their way. One newsletter's trouble is none of the others'."""

    def __init__(self, app: App, life: Life, collecting: Collecting, tell: Tell) -> None:
        self._app = app
        self._life = life
        self._collecting = collecting
        self._tell = tell
        #: Slots that failed, and when they are tried again.
        self._rests: dict[Slot, dt.datetime] = {}
        #: What was logged of them, so that it is said once.
        self._said: dict[Slot, str] = {}
        #: Slots that wait for an editor, and whose draft was seen to work.
        self._rehearsed: set[Slot] = set()
        #: By newsletter: when its news were ranked last for a task, and what they came to.
        self._lately: dict[str, tuple[dt.datetime, Callable[[], RankedNews]]] = {}
        self._lock = threading.Lock()
        #: Newsletters that are paused, as of the last look.
        self.paused: frozenset[str] = frozenset()

    def look(self) -> list[str]:
        """Compose and open what is due; return the ids of the editions that are to be delivered, oldest first."""
        for look, slot in self._due():
            self._apart(look, slot)
        return self.sendable()

    def due_slots(self) -> list[Slot]:
        """Return the slots for which something is to be done now."""
        return [slot for look, slot in self._due() if self._has_to_do(look, slot)]

    def compose_slot(self, newsletter_id: str, date: dt.date, cohort: str) -> None:
        """Bring one slot on its way, unless that is done, or not due any more."""
        newsletter = self._app.newsletter(newsletter_id)
        if newsletter_id in self._app.store.operations.pauses():
            return
        look = replace(self._begun(newsletter), ranked=self._ranked_lately(newsletter))
        for slot in self._slots(look):
            if (slot.local_date, slot.cohort) == (date, cohort):
                if not self._app.store.ledger.is_open(edition_id(slot)):
                    self._apart(look, slot)
                return

    def sendable(self) -> list[str]:
        """Return the ids of the editions that are to be delivered, oldest first."""
        unfinished = self._app.store.ledger.unfinished(self._app.clock.now())
        return [one for one in unfinished if not (self.paused and self._is_paused(one))]

    def _is_paused(self, edition_id: str) -> bool:
        edition = self._app.store.editions.edition(edition_id)
        return edition is not None and edition.newsletter_id in self.paused

    def _due(self) -> Iterator[tuple[_Look, Slot]]:
        """Yield the slots that are to be composed or opened now, each with what is known of its newsletter."""
        app = self._app
        self.paused = frozenset(app.store.operations.pauses())
        opened = app.store.editions.opened_slots((app.clock.now() - _LOOK_BACK).date())
        for newsletter in app.newsletters():
            if newsletter.id in self.paused:
                continue
            try:
                look = self._begun(newsletter)
                slots = self._slots(look)
            except Exception:
                _log.exception("newsletter %s cannot be looked at; it is tried again", newsletter.id)
                continue
            for slot in slots:
                is_open = (slot.newsletter_id, slot.local_date, slot.cohort) in opened
                if not is_open and self._rests.get(slot, look.now) <= look.now:
                    yield look, slot

    def _slots(self, look: _Look) -> list[Slot]:
        # The newsletter's own cohort has an edition even before it has readers: to be looked at.
        cohorts = dict.fromkeys(["", *cohorts_of(look.newsletter, look.zones)])
        return list(slots_to_compose(look.newsletter, cohorts, look.now))

    def _has_to_do(self, look: _Look, slot: Slot) -> bool:
        """Say, at little cost, whether there is something to do for a slot before it is due, or since."""
        if self._collecting.worth_waiting(slot, look.newsletter, look.now):
            # Of one that is made the recipients are frozen in time all the same.
            return slot.due_at <= look.now and self._app.store.editions.edition_of(slot) is not None
        if not self._may_freeze(look, slot):
            return slot not in self._rehearsed
        return slot.due_at <= look.now or self._app.store.editions.edition_of(slot) is None

    def _ranked_lately(self, newsletter: Newsletter) -> Callable[[], RankedNews]:
        """Return what ranks a newsletter's news, once for all of its cohorts that are composed at about this time."""
        with self._lock:
            now = self._app.clock.now()
            self._lately = {one: kept for one, kept in self._lately.items() if now - kept[0] < _FRESH}
            if newsletter.id not in self._lately:
                self._lately[newsletter.id] = (now, _once(self._begun(newsletter).ranked))
            return self._lately[newsletter.id][1]

    def _begun(self, newsletter: Newsletter) -> _Look:
        app, now = self._app, self._app.clock.now()
        return _Look(
            newsletter=newsletter,
            now=now,
            zones=app.store.subscribers.zones(newsletter.id),
            ranked=cache(lambda: self._rank(newsletter, now)),
        )

    def _rank(self, newsletter: Newsletter, now: dt.datetime) -> RankedNews:
        app = self._app
        with metrics.ranking(newsletter.id):
            news = rank_news(newsletter, app.store.articles, app.placer, app.rank_settings, now)
        return metrics.ranked(newsletter.id, news)

    def _apart(self, look: _Look, slot: Slot) -> None:
        """Bring one slot on its way, so that its failure stops no other."""
        with about(slot=slot_name(slot)):
            try:
                with self._life.at(f"composing {edition_id(slot)}"):
                    self._begin(look, slot)
            except Stopping:
                return
            except DigestError as error:
                self._failed(look, slot, error)
            except Exception as error:
                _log.exception("slot %s failed", slot_name(slot))
                self._failed(look, slot, error)

    def _failed(self, look: _Look, slot: Slot, error: Exception) -> None:
        why = str(error) if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
        self._rests[slot] = look.now + _TRY_AGAIN
        if self._said.get(slot) != why:
            self._said[slot] = why
            _log.warning("slot %s: %s", slot_name(slot), why)
        # Until it is due, the news may still come.
        if slot.due_at <= look.now or not isinstance(error, NothingToSay):
            metrics.compose_failed(look.newsletter.id)
            try:
                self._tell(slot, look.newsletter, why)
            except Exception:
                _log.exception("the alert of slot %s cannot be kept", slot_name(slot))

    def _begin(self, look: _Look, slot: Slot) -> None:
        if not self._may_freeze(look, slot):
            self._rehearse(look, slot)
            return
        edition = self._app.store.editions.edition_of(slot) or self._compose(look, slot)
        if edition is not None and slot.due_at <= look.now:
            with about(edition=edition.id):
                self._open(look, slot, edition)

    def _may_freeze(self, look: _Look, slot: Slot) -> bool:
        """Say whether an edition may be made for good: where an editor approves it, when it is due and not before."""
        newsletter = look.newsletter
        if newsletter.approval != "manual":
            return True
        if slot.due_at > look.now:
            return False
        approval = self._app.store.desk.approval(newsletter.id, slot.local_date)
        return approval is not None or newsletter.unapproved == "send"

    def _rehearse(self, look: _Look, slot: Slot) -> None:
        """Make a draft of an edition that waits for an editor, once: what is wrong with it is better known early."""
        if slot in self._rehearsed or self._collecting.worth_waiting(slot, look.newsletter, look.now):
            return
        app, newsletter = self._app, look.newsletter
        articles, editions, edits = app.store.articles, app.store.editions, self._edits(slot)
        draft = desk_draft(
            newsletter, slot, articles, app.placer, app.rank_settings, look.now, editions, edits, look.ranked
        )
        app.renderer(newsletter)(draft.edition, newsletter.regions)
        self._rehearsed.add(slot)
        _log.info("edition %s waits for an editor's approval", draft.edition.id)

    def _edits(self, slot: Slot) -> Sequence[Edit]:
        return self._app.store.desk.edits(slot.newsletter_id, slot.local_date)

    def _compose(self, look: _Look, slot: Slot) -> Edition | None:
        """Return the slot's edition; None where it waits for the news that are coming in."""
        app, newsletter = self._app, look.newsletter
        if self._collecting.worth_waiting(slot, newsletter, look.now):
            return None
        articles, editions, edits = app.store.articles, app.store.editions, self._edits(slot)
        with metrics.composing(newsletter.id):
            edition = compose(
                newsletter,
                slot,
                articles,
                editions,
                app.placer,
                app.rank_settings,
                look.now,
                look.ranked,
                edits,
            )
        _log.info("edition %s is composed: %d stories", edition.id, sum(1 for _ in edition.stories()))
        # A fault of the template is better known now than when the edition is due.
        app.renderer(newsletter)(edition, newsletter.regions)
        return edition

    def _open(self, look: _Look, slot: Slot, edition: Edition) -> None:
        store, newsletter = self._app.store, look.newsletter
        render = self._app.renderer(newsletter)
        # Before it is opened: killed in between, a worker must not leave yesterday's to be sent after today's.
        self._expire_older(edition, look.now)
        audience = audience_of(newsletter, slot.cohort, look.zones, slot.local_date)
        with metrics.opening(newsletter.id):
            readers = open_edition(
                edition, newsletter, audience, store.subscribers, store.ledger, render, look.now
            )
        if readers:
            _log.info("edition %s is opened for %d readers", edition.id, readers)
            self._tell(slot, newsletter, None)

    def _expire_older(self, edition: Edition, now: dt.datetime) -> None:
        """Expire what is left of the cohort's older editions: nobody gets yesterday's after today's."""
        store = self._app.store
        for other_id in store.ledger.unfinished(now + HOLDS_ASIDE):
            other = store.editions.edition(other_id)
            same = (edition.newsletter_id, edition.cohort)
            if other is None or (other.newsletter_id, other.cohort) != same:
                continue
            if other.local_date < edition.local_date:
                count = store.ledger.cancel(other_id, now, "a newer edition came")
                _log.warning("edition %s: %d deliveries expired, a newer edition came", other_id, count)
