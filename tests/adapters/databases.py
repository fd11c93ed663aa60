"""Databases for contract tests, which run over the fakes in memory as well as over both engines."""

from __future__ import annotations

import pathlib
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from digest.adapters.store import Store, open_store

#: What a contract of the store runs over.
KINDS = ("memory", "sqlite", "postgresql")


#: Databases of each server that are empty again: to make one costs more than most tests.
_free: dict[str, list[str]] = {}
_EMPTY = """
DO $$
DECLARE one record;
BEGIN
    -- Without the triggers of foreign keys, in whatever order.
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
    LOOP
        IF one.relkind = 'r' THEN EXECUTE format('DELETE FROM %I', one.relname);
        ELSE PERFORM setval(one.relname::regclass, 1, false);
        END IF;
    END LOOP;
END $$
"""


@contextmanager
def opened_store(kind: str, request: pytest.FixtureRequest, folder: pathlib.Path) -> Iterator[Store]:
    """Give an open store on an empty database of this kind, `sqlite` or `postgresql`."""
    if kind == "sqlite":
        with closing(open_store(f"sqlite:///{folder / uuid.uuid4().hex}.db")) as store:
            yield store
        return
    server = str(request.getfixturevalue("postgresql"))
    free = _free.setdefault(server, [])
    url = free.pop() if free else _made(server)
    with closing(open_store(url)) as store:
        yield store
    with psycopg.connect(url, autocommit=True) as connection:
        # Of processes that were killed some transaction may still be open.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        connection.execute(_EMPTY)
    free.append(url)


def _made(server: str) -> str:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"
