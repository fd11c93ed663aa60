"""`digest doctor`: what it finds, that it changes and sends nothing, and that it tells no secret."""

from __future__ import annotations

import datetime as dt
import pathlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from digest.adapters.clock import SetClock, SystemClock
from digest.adapters.database_probe import (
    LeftOut,
    edition_figures,
    left_out,
    look_at_database,
    variant_counts,
)
from digest.adapters.probe import probe_sendgrid, probe_smtp
from digest.adapters.store import Store
from digest.cli.examining import CHECKS
from digest.doctor import EditionFigures, Level
from digest.model import Consent, DeliveryState, Subscriber, Suppression, SuppressionReason, WorkerLife
from digest.settings import SendgridSettings, SmtpSettings
from tests.adapters.ledgers import DEFAULT, LEASE, MESSAGES, Desk, everybody
from tests.adapters.smtp_script import Script, scripted_server
from tests.adapters.smtp_server import Mailbox, certificate, smtp_server
from tests.cli.conftest import AT
from tests.cli.running import Ran, digest, opened, subscribe, write_newsletter
from tests.conftest import NOW
from tests.doctor.examined import examined

_CLOCK = SystemClock()
_SECRET = "hunter2-and-more"
_EDITION = "mujaz-2026-11-22"
_DAY = dt.timedelta(days=1)


# --------------------------------------------------------------------------- the probes


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        pytest.param({}, "ok", "takes the connection. It offers SIZE", id="no login"),
        pytest.param({"username": "mujaz", "password": "right"}, "ok", "and the login", id="the right login"),
        pytest.param({"username": "mujaz", "password": "wrong"}, "fault", "refuses the login: 535", id="the wrong login"),
        pytest.param({"security": "starttls"}, "fault", "does not offer what is set: STARTTLS", id="no STARTTLS there"),
        pytest.param({"security": "tls"}, "fault", "No safe connection", id="no TLS there"),
        pytest.param({"port": 9}, "fault", "Connection refused", id="nobody there"),
    ],
)  # fmt: skip
def test_an_smtp_server_is_tried_without_a_message(changes: dict[str, Any], level: str, says: str) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        fields = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5}
        [found] = probe_smtp(SmtpSettings(**fields | changes), _CLOCK)
    assert (found.level, says in found.says) == (level, True), found
    assert (mailbox.senders, mailbox.arrived) == ([], [])


@pytest.mark.parametrize(
    ("trusted", "level", "says"),
    [
        (True, "ok", "takes the connection, STARTTLS. It offers"),
        (False, "fault", "CERTIFICATE_VERIFY_FAILED"),
    ],
    ids=["a good one", "nobody's"],
)
def test_a_certificate_is_looked_at(
    trusted: bool, level: str, says: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with smtp_server(Mailbox(), tls_context=context) as port:
        *doubts, found = probe_smtp(SmtpSettings(host="127.0.0.1", port=port, timeout_seconds=5), _CLOCK)
    assert (found.level, says in found.says) == (level, True), found
    # The tests' certificate holds for an hour.
    assert [one.id for one in doubts] == (["sender.certificate"] if trusted else [])


@pytest.mark.parametrize(
    ("host", "offers", "ids"),
    [
        pytest.param("127.0.0.1", ["SIZE 100000"], ["sender.size"], id="small messages only"),
        pytest.param("127.0.0.1", ["SIZE 0"], [], id="no limit that it knows"),
        pytest.param("127.0.0.1", ["SIZE"], [], id="no limit that it tells"),
        # Another name of this machine's, which does not look so.
        pytest.param("0.0.0.0", ["SIZE 300000"], ["sender.clear"], id="in clear"),
    ],
)
def test_what_a_server_that_works_lacks(host: str, offers: list[str], ids: list[str]) -> None:
    script = Script(offers=offers)
    with scripted_server(script) as port:
        settings = SmtpSettings(host=host, port=port, security="none", timeout_seconds=5)
        *doubts, found = probe_smtp(settings, _CLOCK)
    assert ([one.id for one in doubts], found.id) == (ids, "sender.ok")
    assert "MAIL" not in " ".join(script.commands).upper()


@contextmanager
def _scopes(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Answer every GET in this way; gives the address, and what was asked with which key."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "sandbox", "level", "says"),
    [
        pytest.param(200, b'{"scopes": ["mail.send"]}', False, "ok", "may send", id="a key that may send"),
        pytest.param(200, b'{"scopes": ["mail.send"]}', True, "warning", "sandbox", id="in the sandbox"),
        pytest.param(200, b'{"scopes": ["stats.read"]}', False, "fault", "may not send", id="a key that may not"),
        pytest.param(401, b'{"errors": []}', False, "fault", "refuses the key: 401", id="a wrong key"),
        pytest.param(503, b"", False, "fault", "503", id="out of order"),
        pytest.param(200, b"<html>Log in</html>", False, "fault", "as SendGrid never does", id="another site"),
    ],
)  # fmt: skip
def test_a_sendgrid_key_is_tried_without_a_message(
    status: int, body: bytes, sandbox: bool, level: str, says: str
) -> None:
    with _scopes(status, body) as (url, asked):
        [found] = probe_sendgrid(SendgridSettings(host=url, api_key=_SECRET, sandbox=sandbox), _CLOCK)
    assert (found.level, says in found.says) == (level, True), found
    assert asked == [("/v3/scopes", f"Bearer {_SECRET}")]


@pytest.mark.parametrize("status", [200, 401], ids=["a good key", "a wrong key"])
def test_sendgrids_clock_is_compared_with_ours(status: int) -> None:
    clock = SetClock(_CLOCK.now() - dt.timedelta(minutes=5))
    with _scopes(status, b'{"scopes": ["mail.send"]}') as (url, _asked):
        first, *_ = probe_sendgrid(SendgridSettings(host=url, api_key=_SECRET), clock)
    assert (first.id, first.level, "ahead of this machine's" in first.says) == (
        "clock.carrier",
        "fault",
        True,
    )


def test_a_key_that_no_header_takes_is_a_fault_and_not_told() -> None:
    settings = SendgridSettings(host="http://127.0.0.1:9", api_key="SG.one\ntwo")
    [found] = probe_sendgrid(settings, _CLOCK)
    assert (found.id, "SG.one" in repr(found)) == ("sender.login", False)


def test_a_sendgrid_that_is_not_there_is_a_fault() -> None:
    [found] = probe_sendgrid(SendgridSettings(host="http://127.0.0.1:9", api_key=_SECRET), _CLOCK)
    assert (found.level, "Connection refused" in found.says) == (Level.FAULT, True)


def test_a_database_is_looked_at_as_it_is(store: Store, database_url: str) -> None:
    base = look_at_database(database_url, _CLOCK)
    assert (base.version, base.trouble, base.write_trouble) == (base.head, "", "")
    server, kind = base.server, database_url.partition(":")[0]
    assert (server.kind, server.journal) == (kind, "wal" if kind == "sqlite" else "")
    assert (server.release > (3,), server.size > 10_000, server.damage) == (True, True, "")
    assert (server.connections > server.connections_used > 0) == (kind == "postgresql")
    assert abs(base.clock_ahead) < 5
    assert edition_figures(store.engine, NOW - _DAY, NOW) == []


def test_the_databases_figures_are_the_ledgers(store: Store) -> None:
    desk = Desk(ledger=store.ledger, subscribers=store.subscribers, editions=store.editions)
    desk.subscribe(2)
    desk.subscribe(1, timezone="Africa/Cairo")
    barred, *_ = desk.subscribe(1)
    store.subscribers.suppress(Suppression(email=barred, reason=SuppressionReason.BY_HAND, since=NOW))
    unsure = Subscriber(id=0, email="unsure@example.org", newsletter_id="mujaz", confirmed=False)
    store.subscribers.add(unsure, consent=Consent(at=NOW, how="a test"))
    assert left_out(store.engine, everybody()) == LeftOut(unconfirmed=1, suppressed=1)
    edition_id = desk.freeze()
    assert store.ledger.open(edition_id, MESSAGES, everybody(), DEFAULT, NOW) == 2
    assert variant_counts(store.engine, edition_id) == {"default": 2}
    store.ledger.claim(edition_id, 1, NOW, LEASE)
    store.ledger.hold(edition_id, NOW + _DAY, "421 busy")
    states = {DeliveryState.PENDING: 1, DeliveryState.CLAIMED: 1}
    figures = EditionFigures(
        edition_id=edition_id,
        recipients=2,
        states=states,
        opened_at=NOW,
        held_until=NOW + _DAY,
        held_why="421 busy",
    )
    begun = NOW - _DAY
    assert edition_figures(store.engine, begun, NOW) == [figures]
    assert edition_figures(store.engine, begun, NOW + 2 * LEASE) == [replace(figures, overdue=1)]
    assert edition_figures(store.engine, NOW, NOW) == []


# --------------------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def _sent(_composed: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    home = shutil.copytree(_composed, tmp_path_factory.mktemp("sent") / "home")
    subscribe(home, "layla@example.org", "omar@example.org")
    ran = digest(home, "send", _EDITION)
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def sent(_sent: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A home of one's own whose edition went to two people."""
    return shutil.copytree(_sent, tmp_path / "home")


def _told(ran: Ran) -> dict[str, list[tuple[str, str]]]:
    """Return level and words of the findings, by check."""
    told: dict[str, list[tuple[str, str]]] = {}
    for one in ran.json["findings"]:
        told.setdefault(one["check"], []).append((one["level"], one["says"]))
    return told


def _tree(home: pathlib.Path) -> dict[pathlib.Path, int]:
    # A reader of a SQLite database leaves its index of the write-ahead log behind, and nothing in the database.
    return {path: path.stat().st_size for path in home.rglob("*") if not path.name.endswith(("-wal", "-shm"))}


def test_a_sound_home_is_said_to_be_sound(sent: pathlib.Path) -> None:
    before = _tree(sent)
    ran = digest(sent, "doctor", "--json", "--at", AT)
    told = _told(ran)
    assert (ran.code, ran.err, ran.json["faults"]) == (0, "", 0), told
    assert _tree(sent) == before
    assert list(told) == list(CHECKS)
    assert "add up to their 2 recipients" in told["ledger"][0][1]


def test_a_home_that_is_not_there_is_said_and_not_made(empty: pathlib.Path) -> None:
    ran = digest(empty, "doctor", extra={"DIGEST_HOME": str(empty / "nosuch")})
    assert (ran.code, list(empty.iterdir())) == (1, [])
    assert f" fault The home {empty / 'nosuch'} is not" in " ".join(ran.out.split())
    assert "1 fault, 1 warning." in ran.out


def test_every_fault_of_the_configuration_is_told_at_once(composed: pathlib.Path) -> None:
    write_newsletter(composed, timezone="Asia/Ryadh", send_at="6:30")
    ran = digest(composed, "doctor", "--json")
    told = _told(ran)
    assert ran.code == 2
    assert [level for level, _ in told["configuration"]] == ["fault", "fault"]
    # What needs no settings is looked at all the same.
    assert {"home", "database", "ledger"} < told.keys()


def test_a_template_and_a_key_that_lack_are_the_configurations_faults(composed: pathlib.Path) -> None:
    write_newsletter(composed, template="nosuch")
    ran = digest(composed, "doctor", "--json", extra={"DIGEST_MAIL__TRANSPORT": "sendgrid"})
    assert ran.code == 2
    words = " ".join(says for _, says in _told(ran)["configuration"])
    assert ("templates/nosuch" in words, "SENDGRID_API_KEY" in words) == (True, True)


def _lose_a_row(home: pathlib.Path) -> None:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("DELETE FROM delivery WHERE email = 'omar@example.org'")


def _leave_in_doubt(home: pathlib.Path) -> None:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("UPDATE delivery SET state = 'unknown'")


def _miss_a_day(home: pathlib.Path) -> None:
    with opened(home) as app:
        begun = NOW - 4 * _DAY
        life = WorkerLife(id="w", host="mail1", pid=7, started_at=begun, beat_at=NOW - _DAY)
        app.store.operations.beat(life)
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("UPDATE subscription SET consent_at = '2026-11-20 12:00:00.000000'")


@pytest.mark.parametrize(
    ("spoil", "check", "level", "says"),
    [
        pytest.param(_lose_a_row, "ledger", "fault", "2 recipients, and its states add up to 1", id="a lost row"),
        pytest.param(_leave_in_doubt, "ledger", "warning", "of 2 nobody knows", id="unknown deliveries"),
        pytest.param(_miss_a_day, "schedule", "fault", "was not sent in its time: 2026-11-21.", id="a missed slot"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(
    sent: pathlib.Path, spoil: Callable[[pathlib.Path], None], check: str, level: str, says: str
) -> None:
    spoil(sent)
    found = examined(sent, at=NOW)
    assert any(one.check == check and one.level == level and says in one.says for one in found), found


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"DATABASE_URL": f"postgresql://mujaz:{_SECRET}@127.0.0.1:9/x"}, id="the database's"),
        pytest.param({"DATABASE_URL": f"nonsense {_SECRET}"}, id="no URL at all"),
        pytest.param({"DIGEST_MAIL__TRANSPORT": "smtp", "DIGEST_SMTP__HOST": f"{_SECRET}.invalid", "DIGEST_SMTP__PASSWORD": _SECRET}, id="the mail server's"),
        pytest.param({"SENDGRID_API_KEY": _SECRET, "DIGEST_SENDGRID__HOST": f"http://127.0.0.1:9/{_SECRET}"}, id="the provider's"),
    ],
)  # fmt: skip
def test_no_secret_is_told(empty: pathlib.Path, extra: dict[str, str]) -> None:
    found = examined(empty, extra | {"DIGEST_SECRET_KEY": _SECRET})
    assert any(one.level is Level.FAULT for one in found)
    assert _SECRET not in repr(found)
