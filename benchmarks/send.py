"""What sending costs: messages a second to a sink on loopback, the ledger included, and a million recipients.

On the wire Mujaz stands beside Postfix's smtp-source, which does nothing but send, and nodemailer's pooled transport,
each against a smtp-sink of its own, in turns. What is compared, and a measured table: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import pathlib
import platform
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from statistics import median

import sqlalchemy as sa
from render import make_edition

from digest.adapters.clock import SystemClock
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.adapters.store import Store, open_store
from digest.adapters.store.schema import subscriber, subscription
from digest.app import App
from digest.mailer.mime import Assembler, Envelope
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Audience, Delivery, Edition, Message, Reader, Receipt, ReceiptStatus
from digest.pipeline import Pacer, deliver, no_progress
from digest.ports import Outgoing, Sender

HERE = pathlib.Path(__file__).parent
CONNECTIONS = 4
#: Regions of the letter, each with a story.
STORIES = 8
#: Region choices of the readers.
CHOICES = 12
NEWSLETTER, EDITION = "mujaz", "mujaz-2026-11-22"
AUDIENCE = Audience(newsletter_id=NEWSLETTER, zones=("",))
ENVELOPE = Envelope(
    from_name="Mujaz",
    from_address="mujaz@example.org",
    newsletter_id=NEWSLETTER,
    unsubscribe_address="u@example.org",
)
CLOCK = SystemClock()
LEASE = dt.timedelta(seconds=120)
_SOMEBODY = Reader(delivery_id=1, email="reader@example.org", unsubscribe_url="https://news.example/u/1")


@cache
def the_message() -> Message:
    """Return a letter as readers get it, rendered, of some 60 KB on the wire."""
    app = App(home=pathlib.Path("/nonexistent"), environment={"DIGEST_BASE_URL": "https://news.example"})
    newsletter = replace(app.newsletter(), regions=tuple(app.settings.regions)[:STORIES])
    return app.renderer(newsletter)(make_edition(newsletter, 1, STORIES, 4), newsletter.regions)


def size() -> int:
    """Return its bytes on the wire."""
    return len(Assembler(ENVELOPE).raw(the_message(), _SOMEBODY, EDITION, "default", CLOCK.now()))


def reader_of(held: Delivery) -> Reader:
    """Return a delivery's reader."""
    return Reader(
        delivery_id=held.id,
        email=held.email,
        name=held.name,
        unsubscribe_url=f"https://news.example/u/{held.subscriber_id}",
    )


def fill(store: Store, count: int) -> None:
    """Subscribe so many readers, who made CHOICES choices of regions."""
    now = CLOCK.now()
    choices = ["", *(f"r{number}" for number in range(1, CHOICES))]
    for start in range(0, count, 10_000):
        numbers = range(start + 1, min(start + 10_000, count) + 1)
        with store.engine.begin() as connection:
            people = [
                {
                    "id": number,
                    "email": f"reader{number}@example.org",
                    "email_key": f"reader{number}@example.org",
                    "name": "",
                    "timezone": "",
                    "created_at": now,
                }
                for number in numbers
            ]
            connection.execute(sa.insert(subscriber), people)
            wishes = [
                {
                    "subscriber_id": number,
                    "newsletter_id": NEWSLETTER,
                    "regions": choices[number % CHOICES],
                    "confirmed": True,
                    "consent_at": now,
                    "consent_source": "a benchmark",
                }
                for number in numbers
            ]
            connection.execute(sa.insert(subscription), wishes)


def freeze(store: Store) -> int:
    """Freeze the edition for all readers; return how many."""
    now = CLOCK.now()
    edition = Edition(
        id=EDITION, newsletter_id=NEWSLETTER, local_date=now.date(), cohort="", composed_at=now, sections=()
    )
    store.editions.freeze(edition)
    message = the_message()
    choices = store.subscribers.choices(AUDIENCE)
    variants = {(): "default"} | {choice: ",".join(choice) or "default" for choice in choices}
    return store.ledger.open(EDITION, dict.fromkeys(variants.values(), message), AUDIENCE, variants, now)


def send_all(store: Store, sender: Sender) -> float:
    """Deliver the edition; return the seconds that it took."""
    begin = time.perf_counter()
    report = deliver(
        EDITION,
        store.ledger,
        sender,
        reader_of,
        CLOCK,
        LEASE,
        Pacer(store.pace, CLOCK),
        lambda: False,
        no_progress,
    )
    took = time.perf_counter() - begin
    if set(report.receipts) != {ReceiptStatus.SENT}:
        raise RuntimeError(f"not all was sent: {report}")
    return took


class Discarding:
    """A sender that makes each message and throws it away."""

    lanes = 1
    destination = "nowhere"

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self._assembler = Assembler(ENVELOPE)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        for one in batch:
            self._assembler.raw(one.message, one.reader, one.edition_id, one.variant, now)
        return [Receipt(delivery_id=one.reader.delivery_id, status=ReceiptStatus.SENT) for one in batch]

    def close(self) -> None:
        """See `ports.Sender`."""


# --------------------------------------------------------------------------- on the wire


@contextmanager
def sink() -> Iterator[int]:
    """Run a smtp-sink of its own; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # As root it wants to be told whom to become.
    process = subprocess.Popen(
        [_tool("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("smtp-sink did not come up")


def _tool(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin") or name


def smtp_source(count: int, folder: pathlib.Path) -> float:
    """Send with Postfix's own, written in C; return the messages a second."""
    with sink() as port:
        begin = time.perf_counter()
        command = [_tool("smtp-source"), "-s", str(CONNECTIONS), "-m", str(count), "-l", str(size())]
        subprocess.run(
            [*command, "-f", "mujaz@example.org", "-t", "reader@example.org", f"127.0.0.1:{port}"],
            check=True,
            timeout=300,
        )
        return count / (time.perf_counter() - begin)


def mujaz(count: int, folder: pathlib.Path) -> float:
    """Send an edition with the ledger on SQLite; return the messages a second."""
    with tempfile.TemporaryDirectory(dir=folder) as name, sink() as port:
        command = [
            sys.executable,
            __file__,
            "--only-wire",
            str(port),
            "--messages",
            str(count),
            "--folder",
            name,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        return count / float(done.stdout)


def _wire(port: int, count: int, folder: pathlib.Path) -> float:
    store = open_store(f"sqlite:///{folder / 'digest.db'}")
    fill(store, count)
    freeze(store)
    server = SmtpServer(
        host="127.0.0.1", port=port, username="", password="", security="none", timeout_seconds=30
    )
    sender = SmtpSender(server, "mujaz@example.org", Assembler(ENVELOPE), CONNECTIONS)
    took = send_all(store, sender)
    sender.close()
    store.close()
    return took


def nodemailer(kind: str) -> Callable[[int, pathlib.Path], float]:
    """Return what sends with nodemailer's pooled transport, one prebuilt message or composing each."""

    def run(count: int, folder: pathlib.Path) -> float:
        message = the_message()
        (folder / "page.html").write_text(message.html.replace(UNSUBSCRIBE_TOKEN, "__READER__"), "utf-8")
        (folder / "page.txt").write_text(message.text.replace(UNSUBSCRIBE_TOKEN, "__READER__"), "utf-8")
        raw = Assembler(ENVELOPE).raw(message, _SOMEBODY, EDITION, "default", CLOCK.now())
        (folder / "message.eml").write_bytes(raw)
        with sink() as port:
            arguments = [
                str(port),
                str(count),
                str(CONNECTIONS),
                kind,
                str(folder),
            ]
            done = subprocess.run(
                ["node", HERE / "nodemailer_send.mjs", *arguments],
                check=True,
                capture_output=True,
                text=True,
                timeout=300,
            )
        return count / float(done.stdout)

    return run


def on_the_wire(count: int, rounds: int, folder: pathlib.Path) -> None:
    """Compare all senders in turns, and print the medians."""
    contestants: dict[str, Callable[[int, pathlib.Path], float]] = {
        "smtp-source": smtp_source,
        "mujaz": mujaz,
    }
    if (HERE.parent / "node_modules" / "nodemailer").is_dir() and shutil.which("node"):
        contestants["nodemailer, one prebuilt message"] = nodemailer("prebuilt")
        contestants["nodemailer, composing each"] = nodemailer("composed")
    else:
        print("nodemailer is not there: `npm ci` in the checkout brings it")
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            rates[name].append(run(count, folder))
    best = {name: median(values) for name, values in rates.items()}
    print(f"\n{count:,} messages of {size():,} bytes, {CONNECTIONS} connections, {rounds} rounds:")
    for name, rate in best.items():
        ours = best["mujaz"] / rate
        print(
            f"  {name:34} {rate:7,.0f} a second   {rate / best['smtp-source']:.2f} of smtp-source   mujaz / it {ours:.2f}"
        )


# --------------------------------------------------------------------------- many readers


def many(count: int, folder: pathlib.Path) -> None:
    """Freeze, send to nowhere and report for so many readers, in a process of its own; print what it took."""
    command = [sys.executable, __file__, "--only-many", "--readers", str(count), "--folder", str(folder)]
    url = f"sqlite:///{folder / 'many.db'}"
    store = open_store(url)
    fill(store, count)
    store.close()
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
    print(f"\n{count:,} subscribers with {CHOICES} choices of regions, SQLite:")
    for name, value in json.loads(done.stdout).items():
        print(f"  {name:52} {value}")


def _many(folder: pathlib.Path) -> dict[str, str]:
    store = open_store(f"sqlite:///{folder / 'many.db'}")
    figures = {}
    begin = time.perf_counter()
    count = freeze(store)
    figures["freezing"] = f"{time.perf_counter() - begin:.1f} s"
    took = send_all(store, Discarding(250))
    figures["making and recording each, in batches of 250"] = f"{took:.0f} s, {count / took:,.0f} a second"
    begin = time.perf_counter()
    store.ledger.counts(EDITION)
    figures["who got it: the states"] = f"{time.perf_counter() - begin:.3f} s"
    begin = time.perf_counter()
    [_] = store.ledger.deliveries(EDITION, email=f"reader{count // 2}@example.org")
    figures["who got it: one reader"] = f"{time.perf_counter() - begin:.3f} s"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["peak memory of all that"] = f"{peak:.0f} MB"
    begin = time.perf_counter()
    listed = sum(1 for _ in store.ledger.deliveries(EDITION))
    figures[f"who got it: all {listed:,} listed"] = f"{time.perf_counter() - begin:.1f} s"
    store.close()
    return figures


def one_message() -> None:
    """Print the processor time of a reader's message."""
    assembler, message, now = Assembler(ENVELOPE), the_message(), CLOCK.now()
    readers = [
        Reader(delivery_id=n, email=f"reader{n}@example.org", unsubscribe_url=f"https://news.example/u/{n}")
        for n in range(2_000)
    ]
    raw = assembler.raw(message, readers[0], EDITION, "default", now)
    begin = time.process_time()
    for one in readers:
        assembler.raw(message, one, EDITION, "default", now)
    each = (time.process_time() - begin) / len(readers)
    print(f"a reader's message of {len(raw):,} bytes: {each * 1000:.3f} ms of processor time")


def main() -> None:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readers", type=int, default=1_000_000, help="0: leave it out")
    parser.add_argument("--only-wire", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--only-many", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only_wire:
        print(_wire(given.only_wire, given.messages, given.folder))
        return
    if given.only_many:
        print(json.dumps(_many(given.folder)))
        return
    print(f"Python {platform.python_version()}, SQLAlchemy {sa.__version__}, {platform.machine()}")
    one_message()
    with tempfile.TemporaryDirectory() as name:
        if pathlib.Path(_tool("smtp-sink")).exists():
            on_the_wire(given.messages, given.rounds, pathlib.Path(name))
        else:
            print("smtp-sink and smtp-source are not there: they come with Postfix")
        if given.readers:
            many(given.readers, pathlib.Path(name))


if __name__ == "__main__":
    main()
