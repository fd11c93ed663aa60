"""Alerts: kept in the store, mailed to the operator once each."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from digest.app import ALERTS
from digest.model import Alert, Newsletter, Reader, Receipt, ReceiptStatus, Slot
from digest.ports import Outgoing
from digest.worker import troubles
from digest.worker.approval import unapproved_editions
from digest.worker.letters import is_untold, letter
from digest.worker.life import Life
from digest.worker.logs import redacted

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
    """Raises alerts, clears them, and mails those that nobody was told of."""

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life

    def tell_of_slot(self, slot: Slot, newsletter: Newsletter, why: str | None) -> None:
        """Take in that a slot fails, or None that it is on its way."""
        text = None if why is None else troubles.slot_trouble(slot, newsletter, why)
        self._tell(troubles.slot_key(slot), text)

    def tell_of_sending(self, edition_id: str, why: str | None) -> None:
        """Take in that an edition's sending has stopped, or None that it goes on."""
        text = None if why is None else troubles.sending_trouble(edition_id, why)
        self._tell(f"sending {edition_id}", text)

    def look(self) -> None:
        """Look for troubles, if it is our turn, and mail what is new."""
        operations, clock = self._app.store.operations, self._app.clock
        last = operations.turn("alerts")
        if not operations.take_turn("alerts", self._life.id, clock.now(), INTERVAL):
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
        if untold and self._app.settings.alerts.to:
            self._mail(self._app.settings.alerts.to, untold, now)

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
        return alert.mailed_at is not None or not self._app.settings.alerts.to

    def _tell(self, key: str, text: str | None) -> None:
        operations, now = self._app.store.operations, self._app.clock.now()
        if text is None:
            # One that nobody was told of stays until it is mailed: what the carrier refused is told through it.
            told = any(one.key == key and self._was_told(one) for one in operations.alerts())
            if told and operations.clear_alert(key, now):
                _log.info("alert %s: right again", key)
        elif operations.raise_alert(key, redacted(text), now):
            _log.error("alert %s: %s", key, text.partition("\n")[0])

    def _mail(self, to: str, untold: list[Alert], now: dt.datetime) -> None:
        """Tell the operator; what cannot be mailed now is tried again with the next look."""
        app = self._app
        titles = ", ".join(one.id for one in app.newsletters())
        outgoing = Outgoing(
            message=letter(untold, titles),
            # No delivery of the ledger's: and no link to leave by, for this is no list.
            reader=Reader(delivery_id=0, email=to),
            # Each its own: a mail program shows only one of those with the same Message-ID.
            edition_id=f"alert-{now:%Y%m%d-%H%M%S}",
            variant="alert",
        )
        try:
            receipt = self._send(outgoing, now)
        except Exception as error:
            _log.error("the operator cannot be told of %d alerts: %s", len(untold), error)
            return
        if receipt.status is ReceiptStatus.SENT:
            app.store.operations.mark_mailed([one.key for one in untold], now)
        else:
            _log.error("the operator cannot be told of %d alerts: %s", len(untold), receipt.detail)

    def _send(self, outgoing: Outgoing, now: dt.datetime) -> Receipt:
        sender = self._app.sender(replace(self._app.newsletter(), id=ALERTS, title="Mujaz"))
        try:
            [receipt] = sender.send([outgoing], now)
        finally:
            sender.close()
        return receipt
