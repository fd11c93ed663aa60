"""What sending costs: messages a second to a sink on loopback, the ledger included, and a million recipients.

On the wire Mujaz stands beside Postfix's smtp-source, which does nothing but send, and nodemailer's pooled transport,
each against a smtp-sink of its own, in turns. What is compared, and a measured table: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

import sqlalchemy as sa
from machine import find_program
from readers import (
    CHOICES,
    CLOCK,
    EDITION,
    ENVELOPE,
    MILLION,
    SOMEBODY,
    Discarding,
    fill,
    freeze,
    send_all,
    size,
    the_message,
)
from reporting import (
    Findings,
    Row,
    benchmark_options,
    beside,
    library_versions,
    limit,
    measured,
    print_goals,
)
from wire import nodemailer_version, send_by_nodemailer, sink, smtp_source

from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.adapters.store import open_store
from digest.mailer.mime import Assembler
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Reader

CONNECTIONS = 4
#: What may be spent on a million readers: seconds, and megabytes.
_MOST = {
    "freezing": 15.0,
    "who got it: the states": 1.0,
    "who got it: one reader": 1.0,
    "peak memory of all that": 250.0,
}
MUJAZ, SOURCE, KEPT = "Mujaz", "smtp-source", "smtp-source, connections kept"
PREBUILT, COMPOSED = "nodemailer, one prebuilt message", "nodemailer, composing each"
_WHY_SOURCE = "smtp-source, written in C, makes no message and keeps no ledger."
_WHY_PREBUILT = (
    "Mujaz makes each message its reader's and commits before and after it; nodemailer sends the same bytes."
)
_WHY_COMPOSED = "The sink and the sender share two processors; nodemailer composes in node's one thread."


# --------------------------------------------------------------------------- on the wire


def source(*, kept: bool) -> Callable[[int, pathlib.Path], float]:
    """Return what sends with Postfix's own, which repeats one letter as long as ours."""
    return lambda count, folder: smtp_source(count, size(), CONNECTIONS, kept=kept)


def nodemailer(kind: str) -> Callable[[int, pathlib.Path], float]:
    """Return what sends with nodemailer's pooled transport, one prebuilt message or composing each."""

    def run(count: int, folder: pathlib.Path) -> float:
        message = the_message()
        (folder / "page.html").write_text(message.html.replace(UNSUBSCRIBE_TOKEN, "__READER__"), "utf-8")
        (folder / "page.txt").write_text(message.text.replace(UNSUBSCRIBE_TOKEN, "__READER__"), "utf-8")
        raw = Assembler(ENVELOPE).raw(message, SOMEBODY, EDITION, "default", CLOCK.now())
        (folder / "message.eml").write_bytes(raw)
        return send_by_nodemailer(kind, count, CONNECTIONS, folder)

    return run


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


def on_the_wire(count: int, rounds: int, folder: pathlib.Path) -> list[Row]:
    """Compare all senders in turns, and print the medians."""
    contestants: dict[str, Callable[[int, pathlib.Path], float]] = {
        SOURCE: source(kept=False),
        KEPT: source(kept=True),
        MUJAZ: mujaz,
    }
    if nodemailer_version():
        contestants[PREBUILT] = nodemailer("prebuilt")
        contestants[COMPOSED] = nodemailer("composed")
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            rates[name].append(run(count, folder))
    best = {name: median(values) for name, values in rates.items()}
    print(f"\n{count:,} messages of {size():,} bytes, {CONNECTIONS} connections, {rounds} rounds:")
    for name, rate in best.items():
        ours = best[MUJAZ] / rate
        print(
            f"  {name:34} {rate:7,.0f} a second   {rate / best[SOURCE]:.2f} of smtp-source   mujaz / it {ours:.2f}"
        )
    goals: dict[str, tuple[float | None, str]] = {
        SOURCE: (0.45, _WHY_SOURCE),
        KEPT: (None, _WHY_SOURCE),
        PREBUILT: (1.0, _WHY_PREBUILT),
        COMPOSED: (3.0, _WHY_COMPOSED),
    }
    return [
        measured(f"on the wire: {name}", values, "messages a second") for name, values in rates.items()
    ] + [
        beside(f"on the wire: as many messages as {name}", name, best[MUJAZ] / best[name], goal, why)
        for name, (goal, why) in goals.items()
        if name in best
    ]


# --------------------------------------------------------------------------- many readers


def many(count: int, folder: pathlib.Path) -> list[Row]:
    """Freeze, send to nowhere and report for so many readers, in a process of its own; print what it took."""
    command = [sys.executable, __file__, "--only-many", "--readers", str(count), "--folder", str(folder)]
    url = f"sqlite:///{folder / 'many.db'}"
    store = open_store(url)
    fill(store, count)
    store.close()
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
    print(f"\n{count:,} subscribers with {CHOICES} choices of regions, SQLite:")
    found = json.loads(done.stdout)
    rows = []
    for name, (value, unit) in found.items():
        print(f"  {name:52} {value:,.3f} {unit}")
        goal = _MOST.get(name) if count == MILLION else None
        rows.append(
            Row(
                name=f"{count:,} readers: {name}",
                value=value,
                unit=unit,
                goal=goal,
                sense="at most",
                rounds=1,
            )
        )
    return rows


def _many(folder: pathlib.Path) -> dict[str, tuple[float, str]]:
    """Return each figure with its unit."""
    store = open_store(f"sqlite:///{folder / 'many.db'}")
    figures: dict[str, tuple[float, str]] = {}
    begin = time.perf_counter()
    count = freeze(store)
    figures["freezing"] = time.perf_counter() - begin, "s"
    took = send_all(store, Discarding(250))
    figures["making and recording each, in batches of 250"] = count / took, "a second"
    begin = time.perf_counter()
    store.ledger.counts(EDITION)
    figures["who got it: the states"] = time.perf_counter() - begin, "s"
    begin = time.perf_counter()
    [_] = store.ledger.deliveries(EDITION, email=f"reader{count // 2}@example.org")
    figures["who got it: one reader"] = time.perf_counter() - begin, "s"
    figures["peak memory of all that"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, "MB"
    begin = time.perf_counter()
    listed = sum(1 for _ in store.ledger.deliveries(EDITION))
    figures[f"who got it: all {listed:,} listed"] = time.perf_counter() - begin, "s"
    store.close()
    return figures


def one_message() -> Row:
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
    return limit("a reader's message", each * 1000, "ms of CPU", 0.2)


def compare(given: argparse.Namespace) -> Findings:
    """Measure everything that this machine has the parts for."""
    messages, rounds, readers = (
        (500, 1, min(given.readers, 20_000)) if given.quick else (given.messages, given.rounds, given.readers)
    )
    rows, skipped, versions = [one_message()], [], library_versions("sqlalchemy")
    with tempfile.TemporaryDirectory() as name:
        if find_program("smtp-sink"):
            rows += on_the_wire(messages, rounds, pathlib.Path(name))
            if told := nodemailer_version():
                versions |= {"nodemailer": told}
            else:
                skipped.append("nodemailer is not there: `npm ci` in the checkout brings it.")
        else:
            skipped.append("smtp-sink and smtp-source are not there: they come with Postfix.")
        if readers:
            rows += many(readers, pathlib.Path(name))
    return Findings(
        title="Sending",
        compares=f"{messages:,} messages of {size():,} bytes over {CONNECTIONS} connections to Postfix's smtp-sink, the "
        "ledger on SQLite included, beside smtp-source and nodemailer, which keep no ledger; then "
        f"{readers:,} readers, each message made and thrown away.",
        versions=versions,
        rows=rows,
        skipped=skipped,
    )


def main() -> None:
    """Compare, and print a table."""
    parser = benchmark_options(__doc__)
    parser.add_argument("--messages", type=int, default=6_000, help="messages on the wire (6000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds to take the median of (3)")
    parser.add_argument("--readers", type=int, default=MILLION, help="of the great edition; 0: leave it out")
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
    findings = compare(given)
    for reason in findings.skipped:
        print(reason)
    print_goals(findings.rows)
    findings.save(given.json)


if __name__ == "__main__":
    main()
