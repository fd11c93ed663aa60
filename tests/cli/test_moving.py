"""`digest migrate sqlite-to-postgres`, `digest backup`, `digest restore`: with real workers in the middle of an edition."""

from __future__ import annotations

import pathlib
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
import sqlalchemy as sa

from digest.adapters.store.schema import subscriber
from digest.app import App
from digest.model import Consent, Subscriber
from tests.cli.inside import inside
from tests.cli.running import Ran, digest, opened, subscribe, write_newsletter, write_sources
from tests.conftest import require
from tests.delivery.smtp_sink import Script, smtp_sink
from tests.worker.processes import due_newsletter, end, now, running_worker, wait_until
from tests.worker.stage import store_news

_READERS = 40
#: Messages that the carrier takes before it lets the others wait.
_FIRST = 10


@dataclass(slots=True)
class _Carrier:
    """A server that takes some messages, and the others when it is told to."""

    kept: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def answer(self, stage: str, _recipient: str) -> str | None:
        if stage == "message" and len(self.kept) >= _FIRST:
            self.gate.wait(60)
        return None

    def nobody_twice(self) -> bool:
        return set(Counter(self.kept).values()) <= {1}


@contextmanager
def _carrier() -> Iterator[tuple[_Carrier, dict[str, str]]]:
    carrier = _Carrier()
    script = Script(keep=lambda address, _: carrier.kept.append(address), answer=carrier.answer)
    with smtp_sink(script) as port:
        yield (
            carrier,
            {
                "DIGEST_MAIL__TRANSPORT": "smtp",
                "DIGEST_SMTP__HOST": "127.0.0.1",
                "DIGEST_SMTP__PORT": str(port),
                "DIGEST_SMTP__SECURITY": "none",
                "DIGEST_SMTP__CONNECTIONS": "2",
            },
        )
        carrier.gate.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """A home on a database of either kind, with forty readers and an edition that is due."""

    path: pathlib.Path
    extra: Mapping[str, str]
    log: pathlib.Path

    def on(self, url: str) -> _Home:
        return _Home(path=self.path, extra={**self.extra, "DATABASE_URL": url}, log=self.log)

    def digest(self, *words: str) -> Ran:
        return digest(self.path, *words, extra=self.extra)

    def worker_once(self) -> None:
        with running_worker(self.path, self.log, "--once", extra=self.extra) as process:
            assert process.wait(timeout=60) == 0, self.log.read_text(encoding="utf-8")

    @contextmanager
    def app(self) -> Iterator[App]:
        app = App(home=self.path, environment=dict(self.extra))
        try:
            yield app
        finally:
            app.close()

    def states(self) -> dict[str, int]:
        with self.app() as app:
            counts = app.store.ledger.counts(self.edition())
            return {str(state): count for state, count in counts.items()}

    def edition(self) -> str:
        with self.app() as app:
            return str(app.store.editions.latest_edition_id())


def _due(home: pathlib.Path, extra: Mapping[str, str]) -> _Home:
    due_newsletter(home)
    write_sources(home, {})
    made = _Home(path=home, extra=extra, log=home / "worker.log")
    with made.app() as app:
        for number in range(_READERS):
            person = Subscriber(id=0, email=f"reader{number:02}@example.org", newsletter_id="daily")
            app.store.subscribers.add(person, consent=Consent(at=now(), how="a test"))
        store_news(app.store, now())
    return made


# --------------------------------------------------------------------------- to PostgreSQL


def test_an_edition_half_sent_from_sqlite_is_brought_to_its_end_from_postgresql(
    tmp_path: pathlib.Path, postgresql_url: str
) -> None:
    with _carrier() as (carrier, extra):
        home = _due(tmp_path, extra)
        with running_worker(tmp_path, home.log, extra=extra) as process:
            assert wait_until(lambda: len(carrier.kept) >= _FIRST, [process]), home.log.read_text("utf-8")
            refused = home.digest("migrate", "sqlite-to-postgres", "--to", postgresql_url)
            assert (refused.code, "A worker is at work" in refused.err) == (2, True)
            # What is on the wire is brought to its end; the rest stays for PostgreSQL.
            process.terminate()
            assert wait_until(lambda: "stopping:" in home.log.read_text("utf-8"), [process])
            carrier.gate.set()
            assert process.wait(timeout=60) == 0
        begun = len(carrier.kept)
        assert _FIRST <= begun < _READERS
        moved = home.on(postgresql_url).digest("migrate", "sqlite-to-postgres", "--json").json
        assert (moved["tables"]["subscriber"], moved["tables"]["delivery"]) == (_READERS, _READERS)
        assert moved["rows"] == sum(moved["tables"].values())
        there = home.on(postgresql_url)
        assert there.states() == home.states() == {"sent": begun, "pending": _READERS - begun}
        there.worker_once()
        assert len(carrier.kept) == _READERS
        assert carrier.nobody_twice()
        assert there.states() == {"sent": _READERS}


def test_backing_up_takes_nothing_s_place_and_shows_the_copy_to_nobody_else(blank: pathlib.Path) -> None:
    subscribe(blank, "layla@example.org")
    ran = inside(blank, "backup", str(blank / "copy.db"), "--json")
    assert ran.json == {"file": str(blank / "copy.db"), "bytes": (blank / "copy.db").stat().st_size}
    assert (blank / "copy.db").stat().st_mode & 0o077 == 0
    before = (blank / "copy.db").read_bytes()
    with pytest.raises(FileExistsError):
        inside(blank, "backup", str(blank / "copy.db"))
    assert (blank / "copy.db").read_bytes() == before
    assert sorted(one.name for one in blank.iterdir()) == ["copy.db", "var"]


def test_a_copy_is_of_one_moment_and_waits_for_nobody(blank: pathlib.Path) -> None:
    subscribe(blank, "layla@example.org")
    with opened(blank) as app, app.store.engine.begin() as writing:
        # Begun, and not yet true.
        writing.execute(sa.update(subscriber).values(name="somebody else"))
        assert inside(blank, "backup", str(blank / "copy.db")).code == 0
    with closing(sqlite3.connect(blank / "copy.db")) as copy:
        assert copy.execute("SELECT email, name FROM subscriber").fetchall() == [("layla@example.org", "")]


def test_a_damaged_database_is_not_copied_and_gives_way_to_its_backup(blank: pathlib.Path) -> None:
    write_newsletter(blank)
    subscribe(blank, "layla@example.org")
    assert inside(blank, "backup", str(blank / "copy.db")).code == 0
    with (blank / "var" / "digest.db").open("r+b") as file:
        file.write(b"no database any more")
    ran = inside(blank, "backup", str(blank / "damaged.db"))
    assert (ran.code, "cannot be copied" in ran.err) == (2, True)
    assert not (blank / "damaged.db").exists()
    for _ in range(2):
        assert inside(blank, "restore", str(blank / "copy.db")).code == 0
        assert "layla@example.org" in inside(blank, "subscribers", "list").out
    # Both that gave way are kept, under names of their own.
    assert len(list((blank / "var").glob("digest.db.before-*"))) == 2


def test_new_people_are_numbered_far_above_those_that_a_lost_database_had(blank: pathlib.Path) -> None:
    write_newsletter(blank)
    subscribe(blank, "layla@example.org")
    inside(blank, "backup", str(blank / "copy.db"))
    subscribe(blank, "omar@example.org")
    ran = inside(blank, "restore", str(blank / "copy.db"))
    assert (ran.code, "No edition was on its way." in ran.out) == (0, True)
    [kept] = (blank / "var").glob("digest.db.before-*")
    with closing(sqlite3.connect(kept)) as old:
        assert old.execute("SELECT count(*) FROM subscriber").fetchone() == (2,)
    subscribe(blank, "zayd@example.org")
    with opened(blank) as app:
        # A link that was mailed to Omar must not open what is Zayd's.
        assert {one.email: one.id > 1_000_000_000 for one in app.store.subscribers.subscribers("daily")} == {
            "layla@example.org": False,
            "zayd@example.org": True,
        }


@pytest.mark.parametrize("command", [["backup", "x.db"], ["restore", "x.db"]])
def test_of_postgresql_its_own_programs_make_the_backups(command: list[str], blank: pathlib.Path) -> None:
    ran = digest(blank, *command, extra={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert (ran.code, ran.out) == (2, "")
    assert "docs/backup.md" in ran.err


def test_moving_says_what_went_where_and_what_to_do_now(blank: pathlib.Path, postgresql_url: str) -> None:
    subscribe(blank, "layla@example.org")
    ran = digest(blank, "migrate", "sqlite-to-postgres", "--to", postgresql_url)
    assert ran.code == 0, ran.err
    rows = dict(line.split() for line in ran.out.partition("\n\n")[0].splitlines())
    assert (rows["subscriber"], rows["subscription"], rows["delivery"]) == ("1", "1", "0")
    assert "2 rows are in PostgreSQL" in ran.out
    assert str(blank / "var" / "digest.db") in ran.out
    assert "password" not in ran.out
    again = digest(blank, "migrate", "sqlite-to-postgres", "--to", postgresql_url)
    assert (again.code, again.out) == (2, "")
    assert "not empty" in again.err
    assert digest(blank, "status", "--json", extra={"DATABASE_URL": postgresql_url}).code == 0


def test_what_is_no_restored_database_is_not_said_to_be_settled(
    empty: pathlib.Path, blank: pathlib.Path
) -> None:
    ran = inside(empty, "restore", "--in-place")
    assert (ran.code, ran.out) == (2, "")
    assert "DATABASE_URL" in ran.err
    assert not (empty / "var").exists()
    settled = inside(blank, "restore", "--in-place")
    assert settled.code == 0, settled.err
    assert f"in place in {blank / 'var' / 'digest.db'}." in settled.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["migrate", "sqlite-to-postgres"], "Say where to", id="move: no target"),
        pytest.param(["restore"], "Name the backup's FILE", id="restore: neither"),
        pytest.param(["restore", "b.db", "--in-place"], "Name the backup's FILE", id="restore: both"),
        pytest.param(["restore", "b.db"], "There is no backup", id="restore: no file"),
        pytest.param(["restore", "letter.db"], "cannot be read", id="restore: no database"),
        pytest.param(["restore", "other.db"], "no tables of Mujaz", id="restore: another's database"),
        pytest.param(["restore", "newer.db"], "newer Mujaz", id="restore: a newer program's"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    words: list[str], said: str, blank: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(blank)
    write_newsletter(blank)
    subscribe(blank, "layla@example.org")
    (blank / "letter.db").write_bytes(b"This is a letter, and no database at all. " * 100)
    with closing(sqlite3.connect(blank / "other.db")) as other:
        other.execute("CREATE TABLE theirs (x INTEGER)")
    assert inside(blank, "backup", "newer.db").code == 0
    with closing(sqlite3.connect(blank / "newer.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    ran = inside(blank, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert [one.name for one in (blank / "var").iterdir()] == ["digest.db"]
    assert "layla@example.org" in inside(blank, "subscribers", "list").out


# --------------------------------------------------------------------------- backup and restore


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sqlite:
    """Our own commands, on the home's own file."""

    folder: pathlib.Path

    def extra(self) -> dict[str, str]:
        return {}

    def back_up(self, home: _Home, name: str) -> None:
        ran = home.digest("backup", str(self.folder / name))
        assert ran.code == 0, ran.err

    def restore(self, home: _Home, name: str) -> tuple[_Home, Ran]:
        return home, home.digest("restore", str(self.folder / name), "--json")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PostgreSQL:
    """PostgreSQL's, as docs/backup.md has them: a dump is restored into a database of its own."""

    folder: pathlib.Path
    url: str
    programs: pathlib.Path

    def extra(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url}

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([str(self.programs / program), *words], check=True, capture_output=True)

    def back_up(self, home: _Home, name: str) -> None:
        self._run("pg_dump", "--format=custom", f"--file={self.folder / name}", self.url)

    def restore(self, home: _Home, name: str) -> tuple[_Home, Ran]:
        server, _, database = self.url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}_{name}".encode())
        url = f"{server}/{database}_{name}"
        self._run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", str(self.folder / name))
        with psycopg.connect(url, autocommit=True) as connection:
            # The dump is of this minute, and its worker would pass for a live one.
            connection.execute("UPDATE worker SET beat_at = beat_at - interval '2 minutes'")
            connection.execute("UPDATE worker SET seen_at = seen_at - interval '2 minutes'")
        there = home.on(url)
        return there, there.digest("restore", "--in-place", "--json")


@pytest.fixture(params=["sqlite", "postgresql"])
def keeper(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> _Sqlite | _PostgreSQL:
    folder = tmp_path / "backups"
    folder.mkdir()
    if request.param == "sqlite":
        return _Sqlite(folder=folder)
    url = str(request.getfixturevalue("postgresql_url"))
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    require(bool(found), "pg_dump")
    return _PostgreSQL(folder=folder, url=url, programs=found[-1].parent)


def test_a_restored_ledger_mails_nobody_twice(tmp_path: pathlib.Path, keeper: _Sqlite | _PostgreSQL) -> None:
    path = tmp_path / "home"
    path.mkdir()
    with _carrier() as (carrier, sending):
        home = _due(path, {**sending, **keeper.extra()})
        keeper.back_up(home, "before")
        with running_worker(path, home.log, extra=home.extra) as process:
            assert wait_until(lambda: len(carrier.kept) >= _FIRST, [process]), home.log.read_text("utf-8")
            keeper.back_up(home, "amid")
            refused = home.digest("restore", str(tmp_path / "backups" / "before"))
            assert refused.code == 2
            carrier.gate.set()
            assert wait_until(lambda: len(carrier.kept) == _READERS, [process])
            assert end(process) == 0
        edition = home.edition()

        # In the middle of the edition: what had not left by then is in doubt, and is left alone.
        there, ran = keeper.restore(home, "amid")
        assert ran.code == 0, ran.err
        unknown = ran.json["unknown"][edition]
        assert ran.json["paused"] == {}
        assert there.states() == {"sent": _READERS - unknown, "unknown": unknown}
        assert _READERS - _FIRST <= unknown < _READERS
        there.worker_once()
        assert carrier.nobody_twice()
        settled = there.digest("deliveries", "settle", edition, "--as", "sent")
        assert settled.code == 0, settled.err
        assert there.states() == {"sent": _READERS}

        # Before the edition was there: the slot is still in time, and would be sent once more.
        there, ran = keeper.restore(home, "before")
        assert ran.code == 0, ran.err
        assert (ran.json["unknown"], list(ran.json["paused"])) == ({}, ["daily"])
        there.worker_once()
        assert len(carrier.kept) == _READERS
        assert carrier.nobody_twice()
        with there.app() as app:
            assert app.store.operations.pauses()["daily"].why.startswith("restored from a backup")
