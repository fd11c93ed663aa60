"""A process that delivers an edition into an outbox, and is there to be killed.

Arguments: the database's URL, the edition's id, the outbox, a file that takes the id of each delivery handed over,
and the lease in seconds. It says `ready`, waits for a line, and ends when nothing is left to send.
"""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import sys
from collections.abc import Sequence

from digest.adapters.clock import SystemClock
from digest.adapters.outbox import OutboxSender
from digest.adapters.store import open_store
from digest.mailer.mime import Assembler
from digest.model import Receipt
from digest.pipeline import deliver, no_progress
from digest.ports import Outgoing
from tests.samples import ENVELOPE, no_pace, reader_of


class NotingSender:
    """Writes down whom it is about to hand over, then does."""

    def __init__(self, sender: OutboxSender, notes: int) -> None:
        self._sender = sender
        self._notes = notes
        self.batch = sender.batch
        self.destination = sender.destination

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        for outgoing in batch:
            os.write(self._notes, f"{outgoing.reader.delivery_id}\n".encode())
        return self._sender.send(batch, now)

    def close(self) -> None:
        self._sender.close()


def main(url: str, edition_id: str, outbox: str, notes: str, lease_seconds: str) -> None:
    store = open_store(url)
    edition = store.editions.edition(edition_id)
    assert edition is not None
    lease = dt.timedelta(seconds=float(lease_seconds))
    handle = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    sender = NotingSender(OutboxSender(pathlib.Path(outbox), Assembler(ENVELOPE)), handle)
    clock = SystemClock()
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        report = deliver(edition, store.ledger, sender, reader_of, clock, lease, no_pace, no_progress)
        assert not report.stopped
        due = store.ledger.next_due(edition_id)
        if due is None:
            break
        clock.sleep(max((due - clock.now()).total_seconds(), 0) + 0.01)
    os.close(handle)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
