"""A worker that starts while its database is away: it waits, says so, tells the operator, and then works."""

from __future__ import annotations

import json
import pathlib

import pytest

from digest.adapters.store import open_store
from digest.errors import DatabaseError, DatabaseUnreachable
from digest.worker.starting import wait_for_database
from tests.cluster import postgresql_programs, running_cluster
from tests.conftest import require
from tests.worker.processes import end, running_worker, wait_until
from tests.worker.stage import DUE, MINUTE, Stage, write_newsletters

_NOBODY = "postgresql://nobody:s3cret@127.0.0.1:1/none"
_OPERATOR = "operator@example.net"


def _waits(log: pathlib.Path, *, words: str) -> bool:
    return words in log.read_text(encoding="utf-8")


def test_it_works_as_soon_as_the_server_is_there(tmp_path: pathlib.Path) -> None:
    require(postgresql_programs() is not None, "PostgreSQL")
    write_newsletters(tmp_path, {"id": "daily"})
    log = tmp_path / "worker.log"
    with running_cluster() as server:
        server.stop()
        with running_worker(tmp_path, log, extra={"DATABASE_URL": server.url("postgres")}) as process:
            assert wait_until(lambda: _waits(log, words="trying again every 5 s"), [process])
            server.start()
            assert wait_until(lambda: _waits(log, words="newsletter daily: next edition"), [process])
            assert end(process) == 0
        store = open_store(server.url("postgres"))
        [life] = store.operations.workers(DUE)
        store.close()
    assert life.stopped_at is not None
    said = [json.loads(line)["message"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert "the database is there" in said
    assert not any("Traceback" in line for line in said)


def test_a_worker_that_waits_ends_when_it_is_told_to(tmp_path: pathlib.Path) -> None:
    write_newsletters(tmp_path, {"id": "daily"})
    log = tmp_path / "worker.log"
    with running_worker(tmp_path, log, extra={"DATABASE_URL": _NOBODY}) as process:
        assert wait_until(lambda: _waits(log, words="trying again"), [process])
        assert end(process) == 0
    assert "s3cret" not in log.read_text(encoding="utf-8")


def test_once_waits_for_nothing(tmp_path: pathlib.Path) -> None:
    write_newsletters(tmp_path, {"id": "daily"})
    log = tmp_path / "worker.log"
    with running_worker(tmp_path, log, "--once", extra={"DATABASE_URL": _NOBODY}) as process:
        assert process.wait(timeout=60) == 2
    assert "cannot be opened" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("mysql://user@host/name", id="another engine"),
        pytest.param("sqlite:///config/digest.toml", id="a file that is no database"),
    ],
)
def test_what_no_waiting_mends_is_said_at_once(url: str, tmp_path: pathlib.Path) -> None:
    write_newsletters(tmp_path, {"id": "daily"})
    log = tmp_path / "worker.log"
    with running_worker(tmp_path, log, extra={"DATABASE_URL": url}) as process:
        assert process.wait(timeout=60) == 2
    assert "trying again" not in log.read_text(encoding="utf-8")


def test_the_operator_is_told_when_it_is_away_for_minutes(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_newsletters(tmp_path, {"id": "daily"}, alerts_to=_OPERATOR)
    stage = Stage(tmp_path, DUE)
    opened, naps = stage.store, 0
    del stage.__dict__["store"]

    def away(*_: object) -> object:
        raise DatabaseUnreachable("The database cannot be opened: refused")

    def nap(seconds: float) -> None:
        nonlocal naps
        naps += 1
        stage.set(DUE + naps * seconds / 60 * MINUTE)
        if naps == 30:
            stage.__dict__["store"] = opened

    monkeypatch.setattr("digest.adapters.store.open_store", away)
    wait_for_database(stage, nap)
    assert naps == 30
    assert [to for to, _ in stage.carrier("alerts").arrived] == [_OPERATOR]
    # Two and a half minutes: a line at once, and one a minute.
    assert caplog.text.count("trying again every 5 s") == 3
    stage.end()


def test_a_server_that_is_away_is_told_from_what_no_waiting_mends(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DatabaseUnreachable):
        open_store(_NOBODY)
    with pytest.raises(DatabaseError) as broken:
        open_store(f"sqlite:///{tmp_path}")
    assert not isinstance(broken.value, DatabaseUnreachable)
