"""A run of the real delivering with the real SMTP sender, in this process, for tests of what goes wrong in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.adapters.clock import SetClock
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.adapters.store import Store
from digest.mailer.mime import Assembler
from digest.model import Audience, Delivery, DeliveryState
from digest.pipeline import DeliverReport, Pacer, deliver, no_progress
from digest.ports import Sender
from tests.conftest import NOW
from tests.delivery.killing import subscribe
from tests.samples import ENVELOPE, edition, message, reader_of

LEASE = dt.timedelta(seconds=60)
EVERYBODY = Audience(newsletter_id="mujaz", zones=("",))


@dataclass(slots=True)
class Desk:
    """An edition with readers, its recipients frozen, and a clock that stands still until it is moved."""

    store: Store
    readers: list[str]
    edition_id: str
    clock: SetClock = field(default_factory=lambda: SetClock(NOW))

    def send(self, sender: Sender) -> DeliverReport:
        """Send what may be sent now."""
        try:
            return deliver(
                self.edition_id,
                self.store.ledger,
                sender,
                reader_of,
                self.clock,
                LEASE,
                Pacer(self.store.pace, self.clock),
                lambda: False,
                no_progress,
            )
        finally:
            sender.close()

    def deliveries(self) -> dict[str, Delivery]:
        """Return where each reader's delivery stands."""
        return {one.email: one for one in self.store.ledger.deliveries(self.edition_id)}

    def states(self) -> list[DeliveryState]:
        """Return the state of each reader's delivery, in the readers' order."""
        found = self.deliveries()
        return [found[email].state for email in self.readers]


def desk_of(store: Store, count: int) -> Desk:
    """Return a desk with so many readers."""
    frozen = store.editions.freeze(edition())
    readers = subscribe(store, count)
    store.ledger.open(frozen.id, {"default": message()}, EVERYBODY, {(): "default"}, NOW)
    return Desk(store=store, readers=readers, edition_id=frozen.id)


def smtp_to(port: int, *, connections: int = 1, timeout_seconds: float = 20) -> SmtpSender:
    """Return the real sender to a server on loopback."""
    server = SmtpServer(
        host="127.0.0.1",
        port=port,
        username="",
        password="",
        security="none",
        timeout_seconds=timeout_seconds,
    )
    return SmtpSender(server, ENVELOPE.from_address, Assembler(ENVELOPE), connections)


def addresses(arrived: Sequence[tuple[str, str]]) -> list[str]:
    """Return the addresses of what arrived, in order."""
    return sorted(address for address, _ in arrived)
