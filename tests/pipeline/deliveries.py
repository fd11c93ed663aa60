"""An edition that is opened to readers, and a run of sending it, for the tests of deliver()."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.adapters.clock import SetClock
from digest.model import Audience, Edition, Message, Receipt, Subscriber
from digest.pipeline import DeliverReport, Pacer, deliver, no_progress, open_edition
from digest.ports import Clock, Outgoing, Progress, Sender, SharedLanes
from tests.conftest import NOW
from tests.fakes import FakeSender, MemoryLedger, MemoryPace, MemorySubscribers
from tests.samples import edition, message, newsletter, person, reader_of

LEASE = dt.timedelta(seconds=60)
EDITION = edition()
ID = EDITION.id


def never() -> bool:
    """Do not stop."""
    return False


def people(count: int) -> list[Subscriber]:
    """Return so many readers."""
    return [person(number) for number in range(1, count + 1)]


def _render(edition: Edition, regions: Sequence[str]) -> Message:
    return message(",".join(regions))


def opened(readers: Sequence[Subscriber]) -> MemoryLedger:
    """Return a ledger with the edition open to these."""
    ledger = MemoryLedger(MemorySubscribers(*readers))
    everybody = Audience(newsletter_id="mujaz", zones=("",))
    open_edition(EDITION, newsletter(), everybody, ledger.subscribers, ledger, _render, NOW)
    return ledger


def run(
    ledger: MemoryLedger,
    sender: Sender,
    clock: Clock | None = None,
    *,
    pacer: Pacer | None = None,
    stopped: Callable[[], bool] = never,
    progress: Progress = no_progress,
    shared: SharedLanes | None = None,
) -> DeliverReport:
    """Send what may be sent now."""
    clock = clock or SetClock(NOW)
    pacer = pacer or Pacer(MemoryPace(), clock)
    return deliver(ID, ledger, sender, reader_of, clock, LEASE, pacer, stopped, progress, shared)


@dataclass
class Watched(FakeSender):
    """Calls `look` in its lane with each batch, before it takes it."""

    look: Callable[[Sequence[Outgoing]], object] = lambda batch: None
    moments: list[dt.datetime] = field(default_factory=list)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        self.moments.append(now)
        self.look(batch)
        return super().send(batch, now)


def has(batch: Sequence[Outgoing], number: int) -> bool:
    """Say whether the message to the reader of this number is in it."""
    return person(number).email in {one.reader.email for one in batch}
