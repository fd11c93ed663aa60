"""A SQLite database is a file with readers' addresses in it."""

from __future__ import annotations

import os
import pathlib
import stat

import pytest

from digest.adapters.store import open_store
from digest.adapters.store.engine import open_engine


@pytest.mark.parametrize(
    ("mask", "mode"), [pytest.param(0o022, 0o640, id="usual"), pytest.param(0o077, 0o600, id="strict")]
)
def test_a_new_one_is_not_for_everybody_s_eyes(mask: int, mode: int, tmp_path: pathlib.Path) -> None:
    before = os.umask(mask)
    try:
        store = open_store(f"sqlite:///{tmp_path}/var/x.db")
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "var").iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert found == dict.fromkeys(("x.db", "x.db-wal", "x.db-shm"), mode)


def test_one_that_is_there_stays_as_open_as_its_owner_made_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.db"
    path.touch()
    path.chmod(0o664)
    open_store(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


def test_an_engine_alone_makes_none(tmp_path: pathlib.Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/x.db").dispose()
    assert not (tmp_path / "x.db").exists()
