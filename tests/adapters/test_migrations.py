"""Databases are brought up to date, from nothing and from any version; newer ones and what is none are refused."""

from __future__ import annotations

import datetime as dt
import pathlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store import Store, open_store
from digest.adapters.store.engine import HEAD, alembic_config, migrate, open_engine
from digest.adapters.store.schema import article, article_alias, metadata
from digest.errors import DatabaseError
from digest.model import FetchState
from tests.conftest import NOW
from tests.samples import draft, parsed, source


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on an empty database, of each kind in turn."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def _is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    """Say whether a table is not the task engine's, whose script is its own."""
    return not (name or "").startswith("procrastinate_")


_OURS: dict[str, Any] = {"include_name": _is_ours}


def test_the_migrations_make_the_schema(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, **_OURS})
        assert compare_metadata(context, metadata) == []
        names = {one for one in sa.inspect(connection).get_table_names() if _is_ours(one, "table", {})}
        assert names == {*metadata.tables, "alembic_version"}


def test_the_newest_script_is_the_version_that_the_program_is_at(engine: Engine) -> None:
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
        assert scripts.get_heads() == [HEAD]


def test_every_migration_can_be_taken_back_and_applied_again(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
        if connection.dialect.name == "postgresql":
            left = "SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%' UNION SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate%'"
            assert connection.scalars(sa.text(left)).all() == []
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=_OURS), metadata) == []


def test_migrating_again_changes_nothing(database_url: str, store: Store) -> None:
    store.articles.save_feed(source(), parsed(draft()), FetchState(source_id="zaytuna"), NOW)
    again = open_store(database_url)
    assert len(again.articles.articles(None, None)) == 1
    again.close()


def _rows(connection: Connection, names: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """Return the rows of these tables as they are now, whatever the program thinks of them."""
    tables = [sa.Table(name, sa.MetaData(), autoload_with=connection) for name in names]
    return {
        table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()] for table in tables
    }


_OF_THE_FIRST_VERSION: dict[str, dict[str, object]] = {
    "article": {
        "id": "a1",
        "source_id": "zaytuna",
        "outlet": "صوت الزيتونة",
        "country": "TN",
        "language": "ar",
        "url": "https://zaytuna.example/1",
        "title": "افتتاح الميناء الجديد",
        "summary": "قال الوزير إن الميناء يعمل.",
        "text": "",
        "section": "اقتصاد",
        "image_url": "https://zaytuna.example/1.jpg",
        "published_at": NOW,
        "dated": True,
        "first_seen_at": NOW,
        "updated_at": NOW,
    },
    "article_alias": {"alias": draft().aliases[0], "article_id": "a1"},
    "source_state": {
        "source_id": "zaytuna",
        "url": "https://zaytuna.example/feed",
        "etag": '"1"',
        "body_hash": "0" * 64,
        "checked_at": NOW,
        "succeeded_at": NOW,
        "error": "لا جواب",
        "failures": 3,
    },
    "suppression": {"email_key": "reader@example.org", "reason": "left", "since": NOW},
}


def test_what_the_first_version_stored_is_there_in_the_newest_and_after_a_way_back(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        for name, row in _OF_THE_FIRST_VERSION.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            connection.execute(sa.insert(table), [row])
        before = _rows(connection, list(_OF_THE_FIRST_VERSION))
    store = open_store(database_url)
    [found] = store.articles.articles(None, None)
    assert (found.title, found.published, found.section) == ("افتتاح الميناء الجديد", NOW, "اقتصاد")
    assert (found.dateline, found.image_width, found.image_height) == ("", None, None)
    assert found.feed_place is None
    assert [one.id for one in store.articles.wanting_text(["zaytuna"], NOW - dt.timedelta(1), 9)] == ["a1"]
    state = store.articles.fetch_states()["zaytuna"]
    assert (state.etag, state.failures, state.error) == ('"1"', 3, "لا جواب")
    assert (state.failure, state.moved_count, state.repair, state.retired_at) == (None, 0, "", None)
    assert store.articles.seen_items("zaytuna") == {}
    # Known by its old name.
    assert store.articles.save_feed(source(), parsed(draft()), state, NOW).new == 0
    store.close()
    with engine.begin() as connection:
        connection.execute(sa.delete(article_alias).where(article_alias.c.alias != draft().aliases[0]))
        connection.execute(sa.update(article).values(title=found.title, summary=found.summary))
        command.downgrade(alembic_config(connection), "0001")
        assert _rows(connection, list(_OF_THE_FIRST_VERSION)) == before
        command.upgrade(alembic_config(connection), "head")
        assert compare_metadata(MigrationContext.configure(connection, opts=_OURS), metadata) == []
    engine.dispose()


def _row(number: int, state: str) -> dict[str, object]:
    return {
        "id": number,
        "edition_id": "e1",
        "newsletter_id": "mujaz",
        "local_date": NOW.date(),
        "subscriber_id": number,
        "email": f"Reader{number}@example.org",
        "name": "",
        "variant": "default",
        "state": state,
        "attempts": 1,
        "detail": "250 OK",
        "updated_at": NOW,
    }


def _edition(edition_id: str, opened_at: dt.datetime | None) -> dict[str, object]:
    return {
        "id": edition_id,
        "newsletter_id": "mujaz",
        "local_date": NOW.date(),
        "cohort": "" if opened_at else "Africa/Cairo",
        "composed_at": NOW,
        "document": "{}",
        "opened_at": opened_at,
    }


def _person(number: int) -> dict[str, object]:
    return {
        "id": number,
        "email": f"Reader{number}@example.org",
        "email_key": f"reader{number}@example.org",
        "name": "",
        "timezone": "",
        "created_at": NOW,
    }


#: An edition in the middle of being sent, one that was never opened, and an address that is not written to.
_OF_THE_THIRD_VERSION: dict[str, list[dict[str, object]]] = {
    "edition": [_edition("e1", NOW), _edition("e2", None)],
    "subscriber": [_person(number) for number in (1, 2, 3)],
    "subscription": [
        {
            "subscriber_id": 1,
            "newsletter_id": "mujaz",
            "regions": "levant",
            "confirmed": True,
            "consent_at": NOW,
            "consent_source": "readers.csv",
        }
    ],
    "delivery": [_row(1, "sent"), _row(2, "unknown"), _row(3, "pending")],
    "suppression": [{"email_key": "gone@example.org", "reason": "unsubscribed", "since": NOW}],
}


def test_what_the_third_version_sent_adds_up_in_the_newest_and_is_kept_on_a_way_back(
    database_url: str,
) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
        for name, rows in _OF_THE_THIRD_VERSION.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            connection.execute(sa.insert(table), rows)
        before = _rows(connection, list(_OF_THE_THIRD_VERSION))
    store = open_store(database_url)
    ledger = store.ledger
    assert (ledger.recipients("e1"), sum(ledger.counts("e1").values())) == (3, 3)
    assert (ledger.recipients("e2"), ledger.is_open("e2")) == (0, False)
    assert ledger.unfinished(NOW) == ["e1"]
    assert [one.email for one in ledger.deliveries("e1", email="READER2@example.org")] == [
        "Reader2@example.org"
    ]
    [person] = store.subscribers.subscribers("mujaz")
    assert (person.regions, person.confirmed) == (("levant",), True)
    [gone] = store.subscribers.suppressions()
    assert (gone.email, gone.reason, gone.since, gone.detail) == ("gone@example.org", "unsubscribed", NOW, "")
    store.close()
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
        assert _rows(connection, list(_OF_THE_THIRD_VERSION)) == before
    engine.dispose()


def test_a_database_of_a_newer_program_is_refused(database_url: str, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer Mujaz"):
        open_store(database_url)


def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    with engine.begin() as connection:
        # In the way of a table of ours, so that the script breaks off in the middle.
        connection.execute(sa.text("CREATE TABLE subscriber (x INTEGER)"))
    with pytest.raises(DatabaseError):
        migrate(engine)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["subscriber"]


def test_many_that_open_an_empty_database_at_once_all_succeed(database_url: str) -> None:
    openers = 6
    start = threading.Barrier(openers)

    def count(_: int) -> int:
        start.wait(timeout=20)
        store = open_store(database_url)
        try:
            return len(store.articles.articles(None, None))
        finally:
            store.close()

    with ThreadPoolExecutor(openers) as threads:
        assert list(threads.map(count, range(openers))) == [0] * openers


def test_two_processes_that_open_an_empty_database_at_once_both_succeed(database_url: str) -> None:
    program = (
        "import sys\n"
        "from digest.adapters.store import open_store\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "store = open_store(sys.argv[1])\n"
        "print(store.articles.articles(None, None))\n"
        "store.close()\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(out, code) for out, _, code in ends] == [("[]\n", 0)] * 2


def test_a_new_sqlite_database_waits_for_whoever_writes_to_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new.db"
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # What a process that has just made the file does; until it is done, the other cannot choose the journal's mode.
    writer.execute("CREATE TABLE other (x INTEGER)")
    writer.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.3, lambda: writer.execute("COMMIT"))
    done.start()
    store = open_store(f"sqlite:///{path}")
    with store.engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    store.close()
    done.join()
    writer.close()
    assert mode == "wal"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("mysql://user@host/name", "mysql", id="another engine"),
        pytest.param("not a url", "cannot be read", id="no URL"),
        pytest.param("sqlite://var/digest.db", "a third slash is missing", id="two slashes"),
        pytest.param("postgresql://u:p@rt@h/d", "@ is %40", id="a password with an @"),
        pytest.param("postgresql://nobody@127.0.0.1:1/none", "cannot be opened", id="no server"),
        pytest.param("sqlite:///{folder}/no.db", "not a database", id="a file that is no database"),
        pytest.param(
            "sqlite:///{folder}/no.db/deeper/x.db", "cannot be made", id="a file in a folder's place"
        ),
        pytest.param("sqlite:///{folder}", "cannot be opened", id="a folder in the file's place"),
    ],
)
def test_what_cannot_be_opened_is_said(url: str, said: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "no.db").write_bytes(b"This is a letter, and no database at all. " * 100)
    with pytest.raises(DatabaseError, match=said):
        open_store(url.format(folder=tmp_path))


def test_a_password_is_never_said() -> None:
    with pytest.raises(DatabaseError) as caught:
        open_store("postgresql://nobody:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://u:front@secret@h/d", id="an @ that is not written %40"),
        pytest.param("postgresql://u@127.0.0.1:1/d?password=secret", id="as a parameter"),
    ],
)
def test_a_password_is_never_said_wherever_it_stands(url: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_database_that_cannot_hold_arabic_is_refused(postgresql: str) -> None:
    with psycopg.connect(f"{postgresql}/postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(DatabaseError, match="keeps its text as SQL_ASCII"):
        open_store(f"{postgresql}/ascii")
    with psycopg.connect(f"{postgresql}/postgres", autocommit=True) as server:
        server.execute("DROP DATABASE ascii WITH (FORCE)")


def test_the_folder_of_a_new_database_is_made(tmp_path: pathlib.Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/var/deep/x.db")
    assert (tmp_path / "var" / "deep" / "x.db").exists()
    store.close()


def test_heroku_s_own_spelling_of_the_url_is_understood() -> None:
    assert open_engine("postgres://user@host:5432/name").url.drivername == "postgresql+psycopg"
