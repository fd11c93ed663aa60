"""`digest doctor` where half of the world is broken: it says all it can, and ends."""

from __future__ import annotations

import datetime as dt
import pathlib
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from digest.app import App
from digest.cli.examining import CHECKS
from digest.doctor import Finding
from digest.model import Consent, Pause, Subscriber, WorkerLife
from tests.adapters.smtp_server import Mailbox, smtp_server
from tests.cli.inside import inside
from tests.cli.running import opened, subscribe, write_newsletter, write_sources
from tests.conftest import NOW
from tests.doctor.examined import examined
from tests.doctor.name_server import SILENCE, name_server

_DAY = dt.timedelta(days=1)
_RECORDS = {
    "mujaz.example.org MX": ["10 mail.example.org."],
    "mujaz.example.org TXT": ['"v=spf1 mx -all"'],
    "mail.example.org A": ["192.0.2.7"],
    "_dmarc.mujaz.example.org TXT": ['"v=DMARC1; p=none; rua=mailto:dmarc@mujaz.example.org"'],
    "m1._domainkey.mujaz.example.org TXT": ['"v=DKIM1; k=ed25519; p="'],
}


def _ids(found: Sequence[Finding], check: str = "") -> list[str]:
    return [one.id for one in found if one.level != "ok" and one.check.startswith(check)]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port where connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _by_smtp(port: int, **more: str) -> dict[str, str]:
    return {
        "DIGEST_MAIL__TRANSPORT": "smtp",
        "DIGEST_MAIL__FROM": "news@mujaz.example.org",
        "DIGEST_SMTP__HOST": "127.0.0.1",
        "DIGEST_SMTP__PORT": str(port),
        "DIGEST_SMTP__SECURITY": "none",
        **more,
    }


def test_a_sender_and_its_domain_are_looked_at(blank: pathlib.Path) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (blank / "dkim.pem").write_bytes(key)
    signed = {"DIGEST_SMTP__DKIM_KEY_FILE": "dkim.pem", "DIGEST_SMTP__DKIM_SELECTOR": "m1"}
    with smtp_server(Mailbox(pipelining=True)) as port, name_server(_RECORDS) as (address, zone):
        found = examined(blank, _by_smtp(port, **signed), nameserver=address)
    assert _ids(found, "dns") == ["dns.dkim-revoked", "dns.dmarc-none"]
    [sender] = [one for one in found if one.check == "sender"]
    assert (sender.id, "It offers SIZE" in sender.says) == ("sender.ok", True)
    assert "_dmarc.mujaz.example.org TXT" in zone.asked


def test_what_does_not_answer_keeps_nothing_else_from_being_said(blank: pathlib.Path, deaf_port: int) -> None:
    environment = _by_smtp(deaf_port, DIGEST_SMTP__TIMEOUT_SECONDS="1")
    with name_server({"mujaz.example.org MX": SILENCE}) as (address, _zone):
        found = examined(blank, environment, nameserver=address)
    broken = [one.id for one in found if one.level == "fault"]
    assert (broken, {one.check for one in found}) == (["sender.connection", "dns.silent"], set(CHECKS))


def test_nothing_is_waited_for_without_end(blank: pathlib.Path, deaf_port: int) -> None:
    url = f"postgresql://mujaz@127.0.0.1:{deaf_port}/mujaz"
    environment = _by_smtp(deaf_port, DIGEST_SMTP__TIMEOUT_SECONDS="7", DATABASE_URL=url)
    found = examined(blank, environment, seconds=0.1)
    late = [one.id for one in found if one.id.endswith(".late")]
    # What would have come after the database is not told as a fault of its own.
    assert [one for one in late if one in {"sender.late", "database.late", "ledger.late"}] == [
        "database.late",
        "sender.late",
    ]


def test_a_server_is_looked_at_as_a_file_is(blank: pathlib.Path, postgresql_url: str) -> None:
    environment = {"DATABASE_URL": postgresql_url}
    assert _ids(examined(blank, environment), "database") == ["database.older", "database.elsewhere"]
    app = App(home=blank, environment=environment)
    app.newsletter()
    person = Subscriber(id=0, email="layla@example.org", newsletter_id="mujaz")
    app.store.subscribers.add(person, consent=Consent(at=NOW, how="a test"))
    app.close()
    found = examined(blank, environment)
    [database, clock] = [one for one in found if one.check in {"database", "clock"}]
    assert (database.id, "PostgreSQL" in database.says, clock.id) == ("database.ok", True, "clock.ok")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    assert _ids(examined(blank, environment), "database") == ["database.read-only"]


def _garbage(home: pathlib.Path) -> None:
    (home / "var" / "digest.db").write_bytes(b"this is no database at all" * 100)


def _directory(home: pathlib.Path) -> None:
    (home / "var" / "digest.db").unlink()
    (home / "var" / "digest.db").mkdir()


def _newer(home: pathlib.Path) -> None:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _older(home: pathlib.Path) -> None:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")


def _without_a_table(home: pathlib.Path) -> None:
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        connection.execute("DROP TABLE pause")


def _no_text(home: pathlib.Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "digest.toml").write_bytes(b"\xff\xfe title")


def _no_template(home: pathlib.Path) -> None:
    (home / "templates" / "email").mkdir(parents=True)
    (home / "templates" / "email" / "edition.html.j2").write_text("{% if %}")


@pytest.mark.parametrize(
    ("spoil", "ids", "left_out"),
    [
        pytest.param(_garbage, ["database.unreachable"], {"ledger", "sources", "schedule"}, id="a file that is no database"),
        pytest.param(_directory, ["database.unreachable"], {"ledger", "sources", "schedule"}, id="a folder in its place"),
        pytest.param(_newer, ["database.newer"], {"ledger", "sources", "schedule"}, id="a newer one"),
        pytest.param(_older, ["database.older"], {"ledger", "sources", "schedule"}, id="an older one"),
        pytest.param(_without_a_table, ["schedule.unseen"], set(), id="a table is gone"),
        pytest.param(_no_text, ["configuration.fault"], {"settings", "sender", "dns", "sources"}, id="settings that are no text"),
        pytest.param(_no_template, ["configuration.fault"], set(), id="a template at fault"),
    ],
)  # fmt: skip
def test_all_that_can_be_said_is_said(
    blank: pathlib.Path, spoil: Callable[[pathlib.Path], None], ids: list[str], left_out: set[str]
) -> None:
    spoil(blank)
    found = examined(blank)
    assert set(ids) <= set(_ids(found)), found
    looked = {one.check for one in found}
    assert (looked & left_out, {"configuration", "home", "disk", "database"} - looked) == (set(), set())


def test_a_key_that_cannot_be_read_leaves_the_rest_of_the_domain(blank: pathlib.Path) -> None:
    signed = {"DIGEST_SMTP__DKIM_KEY_FILE": "nosuch.pem", "DIGEST_SMTP__DKIM_SELECTOR": "m1"}
    with name_server(_RECORDS) as (address, _zone):
        found = examined(blank, _by_smtp(9, **signed), nameserver=address)
    assert (_ids(found, "configuration"), _ids(found, "dns")) == (["configuration.fault"], ["dns.dmarc-none"])


def test_a_mistyped_database_is_told_of(blank: pathlib.Path) -> None:
    subscribe(blank, "layla@example.org")
    url = f"sqlite:///{blank / 'var' / 'mujaz.db'}"
    [_, elsewhere] = [one for one in examined(blank, {"DATABASE_URL": url}) if one.check == "database"]
    assert (elsewhere.id, elsewhere.where) == ("database.elsewhere", str(blank / "var" / "digest.db"))
    # Nothing was made by looking; and once it was made, empty, it is told all the same.
    assert not (blank / "var" / "mujaz.db").exists()


def test_settings_that_are_legal_and_unwise(blank: pathlib.Path, deaf_port: int) -> None:
    from werkzeug.security import generate_password_hash

    environment = _by_smtp(
        deaf_port,
        DIGEST_MAIL__FROM="news@example.org",
        DIGEST_SMTP__TIMEOUT_SECONDS="1",
        DIGEST_DELIVERY__LEASE_SECONDS="1",
        DIGEST_BASE_URL="http://127.0.0.1:8000",
        DIGEST_SECRETKEY="x" * 40,
        DIGEST_DESK_PASSWORD=generate_password_hash("password123", method="scrypt"),
        DIGEST_WEB__METRICS_TOKEN="short",
        DIGEST_COLLECT__INTERVAL_MINUTES="600",
    )
    found = _ids(examined(blank, environment, seconds=30), "settings")
    names = ("from", "postal", "alerts", "interval", "password", "token", "local", "variable")
    assert found == [f"settings.{name}" for name in names]
    assert _ids(examined(blank, {**environment, "DIGEST_MAIL__TRANSPORT": "outbox"}), "secrets") == [
        "secrets.missing"
    ]


def _run_a_worker(home: pathlib.Path, beat: dt.datetime) -> None:
    with opened(home) as app:
        app.store.operations.beat(
            WorkerLife(id="w", host="mail1", pid=7, started_at=NOW - 4 * _DAY, beat_at=beat)
        )


def test_a_slot_that_nobody_begins_is_found(blank: pathlib.Path) -> None:
    write_sources(blank, {"one": "http://192.168.1.1/feed"})
    subscribe(blank, "layla@example.org")
    with closing(sqlite3.connect(blank / "var" / "digest.db")) as connection, connection:
        connection.execute("UPDATE subscription SET consent_at = '2026-11-22 01:00:00.000000'")
    _run_a_worker(blank, NOW)
    due = dt.datetime(2026, 11, 22, 3, 30, tzinfo=dt.UTC)
    assert _ids(examined(blank, at=due + dt.timedelta(minutes=3)), "schedule") == []
    found = examined(blank, at=due + dt.timedelta(minutes=20))
    assert _ids(found, "schedule") == ["schedule.stuck"]
    write_newsletter(blank, id="mujaz", approval="manual")
    assert _ids(examined(blank, at=due + dt.timedelta(minutes=20)), "schedule") == ["schedule.unapproved"]
    assert _ids(found, "sources") == ["sources.new", "sources.empty", "sources.private"]
    # The worker's sign of life is of two hours later.
    assert _ids(found, "clock") == ["clock.back"]


def test_a_forgotten_pause_is_found(blank: pathlib.Path) -> None:
    with opened(blank) as app:
        app.store.operations.pause(Pause(newsletter_id="mujaz", since=NOW - 3 * _DAY, why="holidays"))
    assert _ids(examined(blank, at=NOW), "schedule") == ["schedule.forgotten", "schedule.readers"]


def test_readers_of_a_newsletter_that_is_not_configured_are_told_of(blank: pathlib.Path) -> None:
    subscribe(blank, "layla@example.org", "omar@example.org")
    assert "schedule.orphans" not in _ids(examined(blank, at=NOW), "schedule")
    write_newsletter(blank)
    found = [one for one in examined(blank, at=NOW) if one.id == "schedule.orphans"]
    assert [(one.where, one.says.partition(" ")[0]) for one in found] == [("mujaz", "2")]


# --------------------------------------------------------------------------- what a person sees


def test_the_list_is_grouped_and_ends_with_the_counts(
    empty: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ran = inside(empty, "doctor")
    lines = ran.out.splitlines()
    heads = [line for line in lines if line and not line.startswith(" ")]
    areas = ["configuration", "settings", "secrets", "home", "disk", "database", "sender", "dns"]
    assert heads[:-2] == areas
    skipped = "ledger, sources, clock, workers, alerts, schedule"
    assert heads[-2:] == [f"Not looked at, for what is said above: {skipped}.", "0 faults, 2 warnings."]
    assert "           -> If Mujaz has run before, DIGEST_HOME names the wrong folder." in lines
    assert (ran.code, max(map(len, lines)) <= 110) == (0, True)


def test_json_has_all(empty: pathlib.Path) -> None:
    ran = inside(empty, "doctor", "--json")
    assert (ran.json["faults"], ran.json["warnings"]) == (0, 2)
    assert ran.json["skipped"] == ["ledger", "sources", "clock", "workers", "alerts", "schedule"]
    [home] = [one for one in ran.json["findings"] if one["check"] == "home"]
    assert set(home) == {"check", "id", "level", "where", "says", "remedy"}
    assert (home["id"], home["level"], home["where"]) == ("home.empty", "warning", str(empty))


def test_a_name_server_is_an_address() -> None:
    from click.testing import CliRunner

    from digest.cli import cli

    result = CliRunner().invoke(cli, ["doctor", "--nameserver", "dns.example.org"])
    assert (result.exit_code, "no IP address with a port" in result.stderr) == (2, True)
