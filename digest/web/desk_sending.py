"""A test copy of what lies on the desk, outside the ledger."""

from __future__ import annotations

import datetime as dt

from digest.adapters.store.attempts import SqlAttempts
from digest.app import App
from digest.errors import SenderError
from digest.model import Delivery, DeliveryState, Edition, Newsletter, ReceiptStatus
from digest.ports import Outgoing

#: Test copies of all editors together in a window: a desk is no way to flood a mailbox.
MOST_COPIES = 20
COPIES_WINDOW = dt.timedelta(hours=1)


def may_send_copy(app: App) -> bool:
    """Count one more test copy; say whether it is within the limit."""
    return SqlAttempts(app.store.engine).add("test copy", app.clock.now(), COPIES_WINDOW) <= MOST_COPIES


def send_copy(app: App, newsletter: Newsletter, edition: Edition, email: str) -> str:
    """Send one copy to a normal address; return through what it left. Raises SenderError where it did not."""
    message = app.renderer(newsletter)(edition, newsletter.regions)
    copy = Delivery(id=0, email=email, name="", variant="test", state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(copy)
    sender = app.sender(newsletter)
    try:
        outgoing = Outgoing(message=message, reader=reader, edition_id=edition.id, variant="test")
        [receipt] = sender.send([outgoing], app.clock.now())
    finally:
        sender.close()
    if receipt.status is not ReceiptStatus.SENT:
        raise SenderError(receipt.detail)
    return sender.destination
