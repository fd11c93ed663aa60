"""Every version's rows come up to the newest and back down, on both databases; what the version had is as it was."""

from __future__ import annotations

import pathlib

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from digest.adapters.store import open_store
from digest.adapters.store.engine import alembic_config, open_engine
from digest.adapters.store.schema import metadata
from tests.adapters.filling import fill

_FOLDER = pathlib.Path(open_store.__code__.co_filename).parent / "migrations"
_VERSIONS = [script.revision for script in reversed(list(ScriptDirectory(str(_FOLDER)).walk_revisions()))]
_ROWS = 7


def _tables(connection: Connection) -> list[sa.Table]:
    """Return the tables as they are now, whatever the program thinks of them."""
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: not name.startswith(("procrastinate_", "alembic_")))
    return found.sorted_tables


def _rows(connection: Connection, tables: list[sa.Table]) -> dict[str, list[dict[str, object]]]:
    return {
        table.name: sorted((dict(row) for row in connection.execute(sa.select(table)).mappings()), key=repr)
        for table in tables
    }


@pytest.mark.parametrize("version", _VERSIONS)
def test_what_a_version_stored_comes_up_and_goes_back(version: str, database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), version)
        tables = _tables(connection)
        fill(connection, tables, _ROWS)
        before = _rows(connection, tables)
    assert tables
    for _ in range(2):
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")
            # What the newest version still has of them, it has whole.
            for name in before.keys() & metadata.tables.keys():
                count = sa.select(sa.func.count()).select_from(metadata.tables[name])
                assert connection.scalar(count) == _ROWS, name
        with engine.begin() as connection:
            command.downgrade(alembic_config(connection), version)
            assert _rows(connection, tables) == before
    engine.dispose()
