"""A whole installation moves from SQLite to PostgreSQL: everything or nothing, and nobody gets an edition twice."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from digest.adapters.store import Store, open_store
from digest.adapters.store.engine import HEAD
from digest.adapters.store.moving import move
from digest.adapters.store.schema import alert, delivery, metadata, subscriber
from digest.errors import DatabaseError, DatabaseFailed
from digest.model import DeliveryState, ReceiptStatus, Subscriber, WorkerLife
from digest.pipeline import no_progress
from tests.adapters.filling import Row, fill
from tests.adapters.ledgers import LEASE, answered, later, let_go, settle, sql_desk
from tests.conftest import NOW
from tests.subscribing_fakes import CONSENT


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    """The file of a source with the program's tables and nothing in them."""
    path = tmp_path / "digest.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def source(file: pathlib.Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{file}")) as opened:
        yield opened


def _stored(url: str) -> dict[str, list[Row]]:
    """Return all rows of all tables, as the program reads them."""
    with closing(open_store(url)) as store, store.engine.connect() as connection:
        return {
            table.name: sorted(
                (dict(row) for row in connection.execute(sa.select(table)).mappings()), key=repr
            )
            for table in metadata.sorted_tables
        }


def _fill(store: Store, rows: int = 12) -> None:
    with store.engine.begin() as connection:
        fill(connection, metadata.sorted_tables, rows)
        # No worker of theirs lives.
        connection.execute(sa.update(metadata.tables["worker"]).values(stopped_at=NOW))


def test_every_value_of_every_table_survives(source: Store, file: pathlib.Path, postgresql_url: str) -> None:
    _fill(source)
    source.close()
    before, bytes_before = _stored(f"sqlite:///{file}"), file.read_bytes()
    seen: list[tuple[int, int]] = []
    counts = move(file, postgresql_url, NOW, lambda label, done, total: seen.append((done, total)))
    assert counts == dict.fromkeys(metadata.tables, 12)
    assert _stored(postgresql_url) == before
    assert file.read_bytes() == bytes_before
    everything = 12 * len(metadata.tables)
    assert seen[-1] == (everything, everything)
    assert seen == sorted(seen)


def test_an_empty_installation_moves_as_well(file: pathlib.Path, postgresql_url: str) -> None:
    assert move(file, postgresql_url, NOW, no_progress) == dict.fromkeys(metadata.tables, 0)
    assert set(_stored(postgresql_url)) == set(metadata.tables)


def test_many_batches_are_copied_and_new_rows_are_counted_on(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    people = [
        {"id": number, "email": f"r{number}@example.org", "email_key": f"r{number}@example.org"}
        | {"name": "ليلى", "timezone": "", "created_at": NOW}
        for number in range(10, 2511)
    ]
    with source.engine.begin() as connection:
        connection.execute(sa.insert(subscriber), people)
    assert move(file, postgresql_url, NOW, no_progress)["subscriber"] == 2501
    with closing(open_store(postgresql_url)) as store:
        newcomer = Subscriber(id=0, email="new@example.org", newsletter_id="mujaz")
        store.subscribers.add(newcomer, consent=CONSENT)
        with store.engine.connect() as connection:
            mine = sa.select(subscriber.c.id).where(subscriber.c.email_key == "new@example.org")
            assert connection.scalar(mine) == 2511


def test_an_edition_half_sent_goes_on_where_it_stopped(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    desk = sql_desk(source)
    edition_id = desk.open(20)
    got = [one.email for one in source.ledger.claim(edition_id, 8, NOW, LEASE)]
    with source.engine.begin() as connection:
        connection.execute(sa.update(delivery).where(delivery.c.fence.is_not(None)).values(fence="f" * 32))
    held = list(source.ledger.deliveries(edition_id, DeliveryState.CLAIMED))
    assert not let_go(source.ledger, held, NOW)
    assert not settle(source.ledger, held[:5], ReceiptStatus.SENT, NOW)
    assert not source.ledger.advance(answered(held[5:6], ReceiptStatus.DEFERRED), [], NOW, LEASE)
    # Two were on the wire when the worker died, and four were only claimed.
    source.ledger.claim(edition_id, 4, NOW, LEASE)
    before = source.ledger.counts(edition_id)
    move(file, postgresql_url, later(1), no_progress)
    with closing(open_store(postgresql_url)) as store:
        ledger = store.ledger
        assert ledger.counts(edition_id) == before
        assert ledger.unfinished(later(3600)) == [edition_id]
        ledger.recover(edition_id, later(3600))
        rest = ledger.claim(edition_id, 100, later(3600), LEASE)
        assert not let_go(ledger, rest, later(3600))
        assert not settle(ledger, rest, ReceiptStatus.SENT, later(3600))
        assert ledger.counts(edition_id) == {DeliveryState.SENT: 18, DeliveryState.UNKNOWN: 2}
        # Nobody of those who had it, nor of those in doubt, was asked for again.
        assert {one.email for one in rest}.isdisjoint(got[:5] + got[6:])
        assert len(rest) == 13
        # And somebody who holds a fence of the old place is told that it is no longer theirs.
        assert ledger.advance(answered(held[6:], ReceiptStatus.SENT), [], later(3600), LEASE) == {
            one.id for one in held[6:]
        }


# --------------------------------------------------------------------------- what is refused


def _live(source: Store) -> None:
    life = WorkerLife(
        id="w", host="one.example", pid=7, started_at=NOW, beat_at=NOW - dt.timedelta(seconds=30)
    )
    source.operations.beat(life)


def _at(version: str) -> Callable[[Store], None]:
    def put(source: Store) -> None:
        with source.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})

    return put


def _without_tables(source: Store) -> None:
    with source.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(_live, "one.example:7", id="a worker lives"),
        pytest.param(_at("0004"), "at migration 0004", id="older"),
        pytest.param(_at("9999"), "update the program", id="newer"),
        pytest.param(_without_tables, "no tables of Mujaz", id="something else"),
    ],
)
def test_a_source_that_is_not_fit_is_refused(
    spoil: Callable[[Store], None], said: str, source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    _fill(source, 1)
    spoil(source)
    with pytest.raises(DatabaseError, match=said):
        move(file, postgresql_url, NOW, no_progress)
    assert not any(_stored(postgresql_url).values())


def test_a_worker_that_was_killed_a_while_ago_is_in_nobodys_way(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    _live(source)
    assert move(file, postgresql_url, later(31), no_progress)["worker"] == 1


@pytest.mark.parametrize("version", [HEAD, "0003"])
def test_a_target_that_holds_something_is_refused(
    version: str, file: pathlib.Path, postgresql_url: str
) -> None:
    with closing(open_store(postgresql_url)) as store:
        store.operations.raise_alert("theirs", "a text", NOW)
        _at(version)(store)
    with pytest.raises(DatabaseError, match="not empty: there are rows in alert"):
        move(file, postgresql_url, NOW, no_progress)
    engine = sa.create_engine(postgresql_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        assert connection.scalar(sa.select(alert.c.text)) == "a text"
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == version
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        pytest.param("none.db", "{target}", "There is no database", id="no file"),
        pytest.param("letter.db", "{target}", "not a database", id="no database"),
        pytest.param("digest.db", "postgresql://nobody@127.0.0.1:1/none", "cannot be opened", id="no server"),
        pytest.param("digest.db", "sqlite:///{folder}/new.db", "no PostgreSQL", id="the other kind"),
        pytest.param("digest.db", "not a url", "cannot be read", id="no URL"),
    ],
)
def test_what_cannot_be_reached_is_said(
    name: str, url: str, said: str, file: pathlib.Path, tmp_path: pathlib.Path, postgresql_url: str
) -> None:
    (tmp_path / "letter.db").write_bytes(b"This is a letter, and no database at all. " * 100)
    with pytest.raises(DatabaseError, match=said):
        move(tmp_path / name, url.format(target=postgresql_url, folder=tmp_path), NOW, no_progress)
    assert sorted(one.name for one in tmp_path.glob("*.db")) == ["digest.db", "letter.db"]


# --------------------------------------------------------------------------- all or nothing


def test_what_writes_to_the_source_meanwhile_undoes_it_all(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    _fill(source)

    def somebody_signs_up(label: str, done: int, total: int) -> None:
        if label == "move subscriber":
            newcomer = Subscriber(id=0, email="late@example.org", newsletter_id="mujaz")
            source.subscribers.add(newcomer, consent=CONSENT)

    with pytest.raises(DatabaseError, match="was changed while it was read"):
        move(file, postgresql_url, NOW, somebody_signs_up)
    assert not any(_stored(postgresql_url).values())
    # The next try, in peace, has the newcomer too.
    assert move(file, postgresql_url, NOW, no_progress)["subscriber"] == 13


def test_what_postgresql_cannot_hold_undoes_it_all_and_names_the_table_but_nobody(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    source.subscribers.add(
        Subscriber(id=0, email="layla@example.org", name="Lay\0la", newsletter_id="mujaz"), consent=CONSENT
    )
    with pytest.raises(DatabaseFailed, match=r"Table subscriber cannot be moved: .*NUL") as caught:
        move(file, postgresql_url, NOW, no_progress)
    assert "layla" not in str(caught.value)
    assert not any(_stored(postgresql_url).values())


def test_what_postgresql_says_of_a_row_is_not_repeated(
    source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    source.subscribers.add(
        Subscriber(id=0, email="layla@example.org", newsletter_id="mujaz"), consent=CONSENT
    )
    with closing(open_store(postgresql_url)) as store, store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE subscriber ADD CONSTRAINT nobody CHECK (false)")
    with pytest.raises(DatabaseFailed, match=r"Table subscriber cannot be moved: .*nobody") as caught:
        move(file, postgresql_url, NOW, no_progress)
    assert "layla" not in str(caught.value)


def test_nobody_writes_to_the_target_meanwhile(
    file: pathlib.Path, source: Store, postgresql_url: str
) -> None:
    _fill(source, 1)
    refused: list[str] = []

    def somebody_writes(label: str, done: int, total: int) -> None:
        impatient = psycopg.connect(postgresql_url, options="-c lock_timeout=50ms")
        with impatient as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("DELETE FROM alert")
        refused.append(label)

    move(file, postgresql_url, NOW, somebody_writes)
    assert refused


@pytest.mark.parametrize(
    ("table", "column", "other"),
    [
        pytest.param("subscriber", "name", "left(NEW.name, 2)", id="a text"),
        pytest.param("subscriber", "created_at", "NEW.created_at + interval '1 day'", id="a moment"),
        pytest.param("subscription", "confirmed", "true", id="yes or no"),
        pytest.param("subscription", "paused_until", "NEW.paused_until + 100", id="a date"),
        pytest.param("delivery", "attempts", "NEW.attempts + 1", id="a number"),
    ],
)
def test_a_table_that_arrives_otherwise_is_noticed(
    table: str, column: str, other: str, source: Store, file: pathlib.Path, postgresql_url: str
) -> None:
    _fill(source)
    with closing(open_store(postgresql_url)) as store, store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN NEW.{column} := {other}; RETURN NEW; END$$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER cut BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION cut()"
        )
    with pytest.raises(DatabaseFailed, match=f"Table {table} differs after the copying, in {column}"):
        move(file, postgresql_url, NOW, no_progress)
    assert not any(_stored(postgresql_url).values())
