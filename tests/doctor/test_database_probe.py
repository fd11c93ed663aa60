"""Looking at the engine's tasks, and at databases that are as good as new."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest
import sqlalchemy as sa
from procrastinate.schema import SchemaManager
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

from digest.adapters.clock import SystemClock
from digest.adapters.database_probe import look_at_database, task_facts
from digest.adapters.store import Store
from digest.doctor import TaskFacts
from digest.model import Consent, Subscriber
from tests.conftest import NOW

_HOUR = dt.timedelta(hours=1)


def _engine_tables(store: Store, url: str) -> None:
    """Bring the engine's tables, where no migration has."""
    with store.engine.connect() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")):
            return
    connector = SyncPsycopgConnector(conninfo=url)
    connector.open()
    try:
        SchemaManager(connector=connector).apply_schema()
    finally:
        connector.close()


def test_the_engines_tasks_are_counted(store: Store, database_url: str) -> None:
    since = SystemClock().now() - _HOUR
    if store.engine.dialect.name != "postgresql":
        # They are done inside the worker there.
        assert task_facts(store.engine, since) == TaskFacts()
        return
    _engine_tables(store, database_url)
    with store.engine.begin() as connection:
        connection.execute(
            sa.text("""
            INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '2 minutes')
        """)
        )
        connection.execute(
            sa.text("""
            INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, scheduled_at)
            SELECT 'q', 't', status::procrastinate_job_status, worker, at FROM (VALUES
                ('doing', 1, NULL), ('doing', 2, NULL), ('doing', NULL, NULL),
                ('todo', NULL, now() - interval '2 hours'), ('todo', NULL, NULL), ('todo', NULL, now() + interval '1 hour'),
                ('failed', NULL, NULL), ('succeeded', NULL, NULL)
            ) AS wanted (status, worker, at)
        """)
        )
        connection.execute(sa.text("UPDATE procrastinate_events SET at = now() - interval '3 hours'"))
        connection.execute(
            sa.text("""
            INSERT INTO procrastinate_events (job_id, type, at)
            SELECT id, 'failed', now() FROM procrastinate_jobs WHERE status = 'failed'
        """)
        )
    facts = task_facts(store.engine, since)
    assert (facts.stalled, facts.failed, facts.waiting) == (2, 1, 2)
    assert 3 * _HOUR <= facts.waited < 4 * _HOUR
    assert look_at_database(database_url, SystemClock()).server.has_tasks


@pytest.mark.parametrize("readers", [0, 1], ids=["as good as new", "in use"])
def test_an_empty_database_beside_another(
    store: Store, database_url: str, readers: int, tmp_path: pathlib.Path
) -> None:
    var = tmp_path / "var"
    var.mkdir()
    (var / "digest.db").write_bytes(b"somebody's data")
    consent = Consent(at=NOW, how="a test")
    for number in range(readers):
        person = Subscriber(id=0, email=f"r{number}@example.org", newsletter_id="mujaz")
        store.subscribers.add(person, consent=consent)
    found = look_at_database(database_url, SystemClock(), var)
    assert (found.usable, found.elsewhere) == (True, "" if readers else str(var / "digest.db"))


def test_an_empty_server_has_no_tables(request: pytest.FixtureRequest) -> None:
    found = look_at_database(f"{request.getfixturevalue('postgresql')}/postgres", SystemClock())
    assert (found.version, found.trouble, found.usable) == (None, "", False)
