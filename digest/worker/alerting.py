"""Alerts: kept in the store, told to the operator once each."""

from __future__ import annotations

import datetime as dt
import logging
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.errors import DatabaseError
from digest.model import Alert, Newsletter, Slot
from digest.worker import troubles
from digest.worker.approval import unapproved_editions
from digest.worker.letters import is_untold
from digest.worker.life import Life
from digest.worker.logs import redacted
from digest.worker.outage import Outage
from digest.worker.telling import Telling

if TYPE_CHECKING:
    from digest.app import App

_log = logging.getLogger("digest.worker")

#: One of all workers looks for troubles once in this time.
INTERVAL = dt.timedelta(seconds=55)

Finder = Callable[["App", troubles.Texts, dt.datetime, dt.datetime | None], troubles.Texts]
#: Each finder, and the kinds of alerts that are its own.
_FINDERS: tuple[tuple[Finder, tuple[str, ...]], ...] = (
    (troubles.missed_slots, ("slot",)),
    (troubles.failing_sources, ("sources",)),
    (troubles.doubtful_editions, ("unknown", "bounces")),
    (troubles.stopped_sendings, ("sending",)),
    (troubles.deferred_editions, ("deferred",)),
    (troubles.dead_workers, ("worker",)),
    (unapproved_editions, ("approval",)),
)


class Alerting:
    """Raises alerts, clears them, and tells of those that nobody was told of."""

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life
        self._telling = Telling(app)
        self._outage = Outage(platform.node(), self._telling.tell)

    def tell_of_slot(self, slot: Slot, newsletter: Newsletter, why: str | None) -> None:
        """Take in that a slot fails, or None that it is on its way."""
        text = None if why is None else troubles.slot_trouble(slot, newsletter, why)
        self._tell(troubles.slot_key(slot), text)

    def tell_of_sending(self, edition_id: str, why: str | None) -> None:
        """Take in that an edition's sending has stopped, or None that it goes on."""
        text = None if why is None else troubles.sending_trouble(edition_id, why)
        self._tell(f"sending {edition_id}", text)

    def look(self) -> None:
        """Look for troubles, if it is our turn, and tell of what is new. Raises DatabaseError while it fails."""
        operations, clock = self._app.store.operations, self._app.clock
        try:
            last = operations.turn("alerts")
            is_ours = operations.take_turn("alerts", self._life.id, clock.now(), INTERVAL)
        except DatabaseError as error:
            self._outage.goes_on(error, clock.now())
            raise
        self._outage.is_over()
        if not is_ours:
            return
        try:
            with self._life.at("looking for troubles"):
                self._look(last.started_at if last else None)
        finally:
            operations.end_turn("alerts", self._life.id, clock.now())

    def _look(self, before: dt.datetime | None) -> None:
        now = self._app.clock.now()
        # Whoever looks for the dead is alive, even if its machine slept until now.
        self._life.beat()
        for finder, kinds in _FINDERS:
            try:
                self._find(finder, kinds, now, before)
            except Exception:
                # What it has found before stands; the others look on.
                _log.exception("%s cannot be looked for", " and ".join(kinds))
        untold = [one for one in self._app.store.operations.alerts() if is_untold(one, now)]
        # What cannot be told now is tried again with the next look.
        if untold and self._telling.is_possible and self._telling.tell(untold, now):
            self._app.store.operations.mark_mailed([one.key for one in untold], now)

    def _find(
        self, finder: Finder, kinds: tuple[str, ...], now: dt.datetime, before: dt.datetime | None
    ) -> None:
        standing = {
            one.key: one for one in self._app.store.operations.alerts() if one.key.split(" ")[0] in kinds
        }
        found = finder(self._app, {key: one.text for key, one in standing.items()}, now, before)
        for key, text in found.items():
            self._tell(key, text)
        for key in standing:
            if key not in found:
                self._tell(key, None)

    def _was_told(self, alert: Alert) -> bool:
        """Say whether an alert may go: what is over before anybody has read of it is worth reading all the same."""
        return alert.mailed_at is not None or not self._telling.is_possible

    def _tell(self, key: str, text: str | None) -> None:
        operations, now = self._app.store.operations, self._app.clock.now()
        if text is None:
            # One that nobody was told of stays until somebody is: what the carrier refused is told through it.
            told = any(one.key == key and self._was_told(one) for one in operations.alerts())
            if told and operations.clear_alert(key, now):
                _log.info("alert %s: right again", key)
        elif operations.raise_alert(key, redacted(text), now):
            _log.error("alert %s: %s", key, text.partition("\n")[0])
