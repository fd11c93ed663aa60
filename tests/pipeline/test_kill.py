"""kill -9 in the middle of sending, again and again: nobody gets two, nobody is lost, and doubt is said."""

from __future__ import annotations

import email
import pathlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email.policy import default as default_policy

import pytest

from digest.adapters.outbox import OutboxSender
from digest.adapters.store import Store
from digest.mailer.mime import Assembler
from digest.model import DeliveryState
from digest.pipeline import open_edition
from tests.conftest import NOW, REPOSITORY
from tests.samples import ENVELOPE, edition, message, newsletter, person

_RECIPIENTS = 300
_KILLS = 10
#: What the dead one held is waited for after each kill; nobody else is there to take it from a slow one.
_LEASE_SECONDS = 0.2
_PATIENCE_SECONDS = 30


Start = Callable[[str, str, pathlib.Path], subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts workers; none of them outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(url: str, edition_id: str, folder: pathlib.Path) -> subprocess.Popen[str]:
        started.append(_start(url, edition_id, folder))
        return started[-1]

    yield begin
    for worker in started:
        if worker.poll() is None:
            worker.kill()
            worker.communicate()


def _start(url: str, edition_id: str, folder: pathlib.Path) -> subprocess.Popen[str]:
    arguments = [url, edition_id, str(folder / "outbox"), str(folder / "notes"), str(_LEASE_SECONDS)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.killable", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _handed(notes: pathlib.Path) -> list[int]:
    return [int(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def _kill_after(worker: subprocess.Popen[str], count: int, notes: pathlib.Path, delay: float) -> None:
    """Kill a worker a moment after it has handed over so many more."""
    target = len(_handed(notes)) + count
    end = time.monotonic() + _PATIENCE_SECONDS
    while len(_handed(notes)) < target and worker.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(delay)
    worker.kill()
    worker.communicate()
    assert worker.returncode == -9, "the worker was done before it could be killed"


def test_killed_at_any_moment_nobody_gets_two_and_nobody_is_lost(
    database_url: str, store: Store, start: Start, tmp_path: pathlib.Path
) -> None:
    for number in range(_RECIPIENTS):
        store.subscribers.add(person(number), source="a test", now=NOW)
    frozen = store.editions.freeze(edition())
    people = store.subscribers.subscribers()
    open_edition(frozen, newsletter(), people, store.ledger, lambda *_: message(), NOW)

    chance = random.Random(20261122)
    notes = tmp_path / "notes"
    worker = start(database_url, frozen.id, tmp_path)
    for _ in range(_KILLS):
        # The next one warms up while this one works.
        following = start(database_url, frozen.id, tmp_path)
        _go(worker)
        _kill_after(worker, chance.randint(1, 20), notes, chance.uniform(0, 0.01))
        worker = following
    _go(worker)
    worker.communicate(timeout=_PATIENCE_SECONDS)
    assert worker.returncode == 0

    handed = Counter(_handed(notes))
    assert set(handed.values()) == {1}, "somebody was handed over twice"
    counts = store.ledger.counts(frozen.id)
    assert set(counts) <= {DeliveryState.SENT, DeliveryState.UNKNOWN}
    assert sum(counts.values()) == _RECIPIENTS
    assert counts.get(DeliveryState.UNKNOWN, 0) <= _KILLS * OutboxSender.batch

    outbox = OutboxSender(tmp_path / "outbox", Assembler(ENVELOPE))
    files = set((tmp_path / "outbox").rglob("*.eml"))
    sent = list(store.ledger.deliveries(frozen.id, DeliveryState.SENT))
    for one in sent:
        path = outbox.path(frozen.id, one.email)
        parsed = email.message_from_bytes(path.read_bytes(), policy=default_policy)
        assert parsed["To"] == one.email
        assert one.attempts == 1
        assert one.id in handed
    unknown = {
        outbox.path(frozen.id, one.email) for one in store.ledger.deliveries(frozen.id, DeliveryState.UNKNOWN)
    }
    assert files <= {outbox.path(frozen.id, one.email) for one in sent} | unknown
