"""A process whose children deliver an edition as `digest send` does, and are there to be killed.

A child is at work a few milliseconds after it is asked for, where a new interpreter takes a second. The argument is an
`Order` as JSON. Lines on standard input: `start` says a child's process id, `wait PID` says how it ended. The process
has no thread and no connection of its own when it forks; its children die with it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import pathlib
import signal
import sys
import traceback

from digest.adapters.clock import SystemClock
from digest.adapters.outbox import OutboxSender
from digest.adapters.sendgrid import SendgridSender
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.adapters.store import open_store
from digest.mailer.mime import Assembler
from digest.model import Audience
from digest.pipeline import deliver, no_progress
from digest.pipeline.pacing import Pacer
from digest.ports import Sender
from tests.delivery.nursery import Order
from tests.samples import ENVELOPE, message, reader_of

#: A worker that is not done by then is stuck.
_MOST_SECONDS = 120


def make_sender(order: Order) -> Sender:
    """Return the real sender that the order names."""
    assembler = Assembler(ENVELOPE)
    if order.transport == "outbox":
        return OutboxSender(pathlib.Path(order.where), assembler)
    if order.transport == "smtp":
        server = SmtpServer(
            host="127.0.0.1",
            port=int(order.where),
            username="",
            password="",
            security="none",
            timeout_seconds=20,
        )
        return SmtpSender(server, ENVELOPE.from_address, assembler, order.lanes)
    return SendgridSender(
        api_key="SG.test",
        host=f"http://127.0.0.1:{order.where}",
        timeout_seconds=20,
        chunk=order.batch,
        envelope=ENVELOPE,
    )


def work(order: Order) -> None:
    """Freeze the edition's recipients unless they are, and send until nothing is left to send."""
    store = open_store(order.database_url)
    sender = make_sender(order)
    clock = SystemClock()
    everybody = Audience(newsletter_id="mujaz", zones=("",))
    store.ledger.open(order.edition_id, {"default": message()}, everybody, {(): "default"}, clock.now())
    lease = dt.timedelta(seconds=order.lease_seconds)
    while True:
        pacer = Pacer(store.pace, clock, rates={"all": order.rate} if order.rate else {})
        report = deliver(
            order.edition_id, store.ledger, sender, reader_of, clock, lease, pacer, lambda: False, no_progress
        )
        assert not report.stopped, report.stopped
        due = store.ledger.next_due(order.edition_id)
        if due is None:
            break
        clock.sleep(max((due - clock.now()).total_seconds(), 0) + 0.01)
    sender.close()
    store.close()


def _live(order: Order) -> None:
    """A child's whole life."""
    signal.alarm(_MOST_SECONDS)
    status = 1
    try:
        work(order)
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def main(given: str) -> None:
    order = Order(**json.loads(given))
    children: set[int] = set()
    # Not by iteration, which reads ahead.
    while line := sys.stdin.readline():
        command, _, number = line.strip().partition(" ")
        if command == "start":
            child = os.fork()
            if not child:
                _live(order)
            children.add(child)
            print(child, flush=True)
        else:
            _, status = os.waitpid(int(number), 0)
            children.discard(int(number))
            print(os.waitstatus_to_exitcode(status), flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
