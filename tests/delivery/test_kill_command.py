"""`digest send` itself, killed in the middle, alone and beside another one."""

from __future__ import annotations

import pathlib
import subprocess
import time

import pytest

from digest.adapters.store import Store
from digest.model import DeliveryState
from tests.delivery.command import Command, real_edition, smtp_settings
from tests.delivery.durable import DurableList, sink_process
from tests.delivery.killing import Field, field_of

_READERS = 400
_KILLS = 3
_CONNECTIONS = 4
_PATIENCE_SECONDS = 30


def _wait_until_arrived(field: Field, count: int) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while field.kept.count() < count and time.monotonic() < end:
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("database_url", "beside"),
    [pytest.param("sqlite", 0, id="alone"), pytest.param("postgresql", 1, id="beside another")],
    indirect=["database_url"],
)
def test_the_command_killed_again_and_again(
    database_url: str, store: Store, tmp_path: pathlib.Path, beside: int
) -> None:
    kept = DurableList(tmp_path / "accepted")
    field = field_of(store, kept, _READERS, real_edition(store))
    home = tmp_path / "home"
    home.mkdir()
    with sink_process("smtp_sink", kept.path) as port:
        command = Command(
            home=home,
            database_url=database_url,
            edition_id=field.edition_id,
            settings=smtp_settings(port, _CONNECTIONS),
        )
        started: list[subprocess.Popen[str]] = []
        try:
            for number in range(_KILLS):
                started += [command.start() for _ in range(1 + beside)]
                _wait_until_arrived(field, 1 + number * _READERS // (2 * _KILLS))
                time.sleep(field.chance.uniform(0, 0.03))
                for process in started:
                    process.kill()
                    process.communicate()
                assert {process.returncode for process in started} == {-9}
                field.check_promises()
            started = [command.start() for _ in range(1 + beside)]
            said = [process.communicate(timeout=_PATIENCE_SECONDS)[1] for process in started]
        finally:
            for process in started:
                process.kill()
                process.wait()
        unknown = field.states()[DeliveryState.UNKNOWN]
        field.check_end(most_unknown=_KILLS * _CONNECTIONS * (1 + beside))
        # Nobody is told that all went well where somebody may have got nothing.
        assert {process.returncode for process in started} == {1 if unknown else 0}
        assert not any("Traceback" in words for words in said)
        field.settle_and_resend(lambda: command.run()[0])
