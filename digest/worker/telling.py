"""The ways to the operator: mail, and a webhook that does not go by the readers' carrier."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from digest.adapters.alert_webhook import post_alert
from digest.app import ALERTS
from digest.errors import SenderError
from digest.model import Alert, Reader, ReceiptStatus
from digest.ports import Outgoing
from digest.worker.letters import letter

if TYPE_CHECKING:
    from digest.app import App

_log = logging.getLogger("digest.worker")


_Way = Callable[[str, Sequence[Alert], dt.datetime], None]


class Telling:
    """Tells the operator of alerts by every way that is set; none of them needs the database."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def is_possible(self) -> bool:
        """Whether any way is set."""
        return bool(self._ways())

    def tell(self, alerts: Sequence[Alert], now: dt.datetime) -> bool:
        """Say whether it went by at least one way: whoever was told once is not told again by the other."""
        ways = self._ways().items()
        return True in [self._was_told(name, way, to, alerts, now) for name, (way, to) in ways]

    def _ways(self) -> dict[str, tuple[_Way, str]]:
        """Return what tells, with where to, by the way's name."""
        alerts = self._app.settings.alerts
        ways = {
            "mail": (self._mail, alerts.to or ""),
            "webhook": (self._post, alerts.webhook_url.get_secret_value()),
        }
        return {name: (way, to) for name, (way, to) in ways.items() if to}

    def _was_told(self, name: str, way: _Way, to: str, alerts: Sequence[Alert], now: dt.datetime) -> bool:
        try:
            way(to, alerts, now)
        except Exception as error:
            _log.error("the operator cannot be told of %d alerts by %s: %s", len(alerts), name, error)
            return False
        return True

    def _mail(self, to: str, alerts: Sequence[Alert], now: dt.datetime) -> None:
        app = self._app
        outgoing = Outgoing(
            message=letter(alerts, self._titles()),
            # No delivery of the ledger's: and no link to leave by, for this is no list.
            reader=Reader(delivery_id=0, email=to),
            # Each its own: a mail program shows only one of those with the same Message-ID.
            edition_id=f"alert-{now:%Y%m%d-%H%M%S}",
            variant="alert",
        )
        sender = app.sender(replace(app.newsletter(), id=ALERTS, title="Mujaz"))
        try:
            [receipt] = sender.send([outgoing], now)
        finally:
            sender.close()
        if receipt.status is not ReceiptStatus.SENT:
            raise SenderError(receipt.detail)

    def _post(self, to: str, alerts: Sequence[Alert], now: dt.datetime) -> None:
        told = letter(alerts, self._titles())
        post_alert(to, told.subject, told.text)

    def _titles(self) -> str:
        return ", ".join(one.id for one in self._app.newsletters())
