"""SIGTERM at awkward moments: what is in hand is brought to its end, the rest is left for the next worker."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tests.cli.running import opened, subscribe, write_newsletter, write_sources
from tests.delivery.smtp_sink import HANG, Script, smtp_sink
from tests.worker.processes import ZONE, due_newsletter, end, last, now, rows, running_worker, wait_until
from tests.worker.stage import store_news

_READERS = 60
_LANES = 2


@dataclass(slots=True)
class _Sink:
    """What came to the carrier, and what it says to a whole message."""

    kept: list[str] = field(default_factory=list)
    #: Set when a message has come.
    asked: threading.Event = field(default_factory=threading.Event)
    says: str = ""
    seconds: float = 0.0

    def answer(self, stage: str, _: str) -> str | None:
        if stage != "message":
            return None
        self.asked.set()
        time.sleep(self.seconds)
        return self.says or None


@contextmanager
def _carrier(sink: _Sink, drain_seconds: int = 30) -> Iterator[dict[str, str]]:
    """Give the environment of a worker that sends to this sink."""
    script = Script(keep=lambda address, _: sink.kept.append(address), answer=sink.answer)
    with smtp_sink(script) as port:
        yield {
            "DIGEST_MAIL__TRANSPORT": "smtp",
            "DIGEST_SMTP__HOST": "127.0.0.1",
            "DIGEST_SMTP__PORT": str(port),
            "DIGEST_SMTP__SECURITY": "none",
            "DIGEST_SMTP__CONNECTIONS": str(_LANES),
            "DIGEST_DELIVERY__DRAIN_SECONDS": str(drain_seconds),
        }


def _due(home: pathlib.Path) -> None:
    """Have an edition for sixty readers due."""
    due_newsletter(home)
    write_sources(home, {})
    subscribe(home, *(f"reader{number:02}@example.org" for number in range(_READERS)))
    with opened(home) as app:
        store_news(app.store, now())


def _states(home: pathlib.Path) -> dict[str, int]:
    return {
        str(state): int(str(count))
        for state, count in rows(home, "SELECT state, count(*) FROM delivery GROUP BY state")
    }


def _said(log: pathlib.Path) -> list[str]:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if "traceback" in line]
    return [str(line["message"]) for line in lines]


def _ended(home: pathlib.Path) -> bool:
    [(stopped_at,)] = rows(home, "SELECT stopped_at FROM worker")
    return stopped_at is not None


def test_in_the_middle_of_sending(tmp_path: pathlib.Path) -> None:
    _due(tmp_path)
    log, sink = tmp_path / "worker.log", _Sink(seconds=0.1)
    with _carrier(sink) as extra, running_worker(tmp_path, log, extra=extra) as process:
        assert wait_until(lambda: len(sink.kept) > 3, [process]), log.read_text(encoding="utf-8")
        assert end(process) == 0
    assert _said(log)[-1] == "stopped"
    # What had begun to leave is settled, what was claimed is given back, and nothing more was begun.
    assert 3 < len(sink.kept) < _READERS
    assert _states(tmp_path) == {"sent": len(sink.kept), "pending": _READERS - len(sink.kept)}
    assert _ended(tmp_path)
    assert len(set(sink.kept)) == len(sink.kept)


def test_while_the_carrier_hangs(tmp_path: pathlib.Path) -> None:
    _due(tmp_path)
    log, sink = tmp_path / "worker.log", _Sink(says=HANG)
    with _carrier(sink, drain_seconds=1) as extra, running_worker(tmp_path, log, extra=extra) as process:
        assert wait_until(sink.asked.is_set, [process]), log.read_text(encoding="utf-8")
        assert end(process) == 0
    said = _said(log)
    assert said[-1] == "stopped"
    assert "did not end within delivery.drain_seconds" in said[-2]
    states = _states(tmp_path)
    assert 1 <= states["sending"] <= _LANES
    assert sum(states.values()) == _READERS
    assert _ended(tmp_path)


def test_a_second_signal_ends_at_once(tmp_path: pathlib.Path) -> None:
    _due(tmp_path)
    log, sink = tmp_path / "worker.log", _Sink(says=HANG)
    with _carrier(sink, drain_seconds=3600) as extra, running_worker(tmp_path, log, extra=extra) as process:
        assert wait_until(sink.asked.is_set, [process]), log.read_text(encoding="utf-8")
        process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: "stopping:" in log.read_text(encoding="utf-8"), [process])
        assert end(process) == -signal.SIGTERM


def test_while_it_composes(tmp_path: pathlib.Path) -> None:
    soon = (now() + dt.timedelta(minutes=5)).astimezone(ZoneInfo(ZONE))
    write_newsletter(tmp_path, timezone=ZONE, send_at=f"{soon:%H:%M}", compose_minutes=30, template="slow")
    write_sources(tmp_path, {})
    subscribe(tmp_path, "layla@example.org")
    folder = tmp_path / "templates" / "slow"
    folder.mkdir(parents=True)
    # Rendered once when the edition is composed: seconds in which the signal comes.
    loop = "{% for a in range(250) %}"
    page = f"{loop * 3}{'{% endfor %}' * 3}<html><body><p>x</p></body></html>"
    for name in ("edition.html.j2", "edition.txt.j2"):
        (folder / name).write_text(page, encoding="utf-8")
    with opened(tmp_path) as app:
        store_news(app.store, now())
    log = tmp_path / "worker.log"
    with running_worker(tmp_path, log) as process:
        assert wait_until(lambda: bool(rows(tmp_path, "SELECT id FROM edition")), [process])
        assert end(process) == 0
    assert _said(log)[-1] == "stopped"
    assert rows(tmp_path, "SELECT opened_at FROM edition") == [(None,)]
    assert _ended(tmp_path)


def test_once_ends_in_order_as_well(tmp_path: pathlib.Path) -> None:
    _due(tmp_path)
    log, sink = tmp_path / "worker.log", _Sink(seconds=0.1)
    with _carrier(sink) as extra, running_worker(tmp_path, log, "--once", extra=extra) as process:
        assert wait_until(lambda: len(sink.kept) > 3, [process]), log.read_text(encoding="utf-8")
        assert end(process) == 0
    assert last(log.read_text(encoding="utf-8")) == "stopped"
    assert _states(tmp_path) == {"sent": len(sink.kept), "pending": _READERS - len(sink.kept)}
    assert len(sink.kept) < _READERS
