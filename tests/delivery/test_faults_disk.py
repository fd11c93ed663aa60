"""`digest send` where the disk is full: it says so in plain words, and the next one goes on where it stopped."""

from __future__ import annotations

import pathlib
from collections import Counter

import pytest

from digest.adapters.store import Store
from digest.model import DeliveryState
from tests.conftest import NOW
from tests.delivery.command import Command, real_edition, smtp_settings
from tests.delivery.durable import DurableList
from tests.delivery.killing import field_of
from tests.delivery.sending import EVERYBODY
from tests.delivery.smtp_sink import Script, smtp_sink
from tests.samples import message

_READERS = 200
_CONNECTIONS = 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("most_bytes", "exit_code"),
    [pytest.param(4096, 2, id="from the first"), pytest.param(700_000, 1, id="in the middle")],
)
def test_no_room_for_the_ledger(
    database_url: str, store: Store, tmp_path: pathlib.Path, most_bytes: int, exit_code: int
) -> None:
    kept = DurableList(tmp_path / "accepted")
    field = field_of(store, kept, _READERS, real_edition(store))
    store.ledger.open(field.edition_id, {"default": message()}, EVERYBODY, {(): "default"}, NOW)
    # What is in the log goes into the database itself, and the log begins anew.
    store.close()
    home = tmp_path / "home"
    home.mkdir()
    with smtp_sink(Script(keep=lambda address, name: kept.append([(address, name)]))) as port:
        settings = smtp_settings(port, _CONNECTIONS)
        command = Command(
            home=home, database_url=database_url, edition_id=field.edition_id, settings=settings
        )
        code, said = command.run(most_bytes=most_bytes)
        field.check_promises()
        assert code == exit_code, said
        assert "Traceback" not in said
        assert "database" in said.lower()
        assert field.states()[DeliveryState.SENT] < _READERS

        code, said = command.run()
        field.check_end(most_unknown=2 * _CONNECTIONS)
        assert code == (1 if field.states()[DeliveryState.UNKNOWN] else 0), said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_room_for_the_outbox(database_url: str, store: Store, tmp_path: pathlib.Path) -> None:
    field = field_of(store, DurableList(tmp_path / "none"), 20, real_edition(store))
    home = tmp_path / "home"
    home.mkdir()
    command = Command(
        home=home,
        database_url=database_url,
        edition_id=field.edition_id,
        settings={"DIGEST_MAIL__TRANSPORT": "outbox", "DIGEST_DELIVERY__LEASE_SECONDS": "1"},
    )
    # A message is longer than that.
    code, said = command.run(most_bytes=8192)
    outbox = home / "var" / "outbox"
    assert code == 1
    assert "Traceback" not in said
    assert "the outbox" in said
    assert "cannot be written" in said
    assert [path for path in outbox.rglob("*") if path.is_file()] == [], "half a message lies in the outbox"
    assert field.states() == {DeliveryState.PENDING: 20}

    assert command.run() == (0, f"Sending through outbox {outbox}.\n")
    assert field.states() == Counter({DeliveryState.SENT: 20})
    assert len(list(outbox.rglob("*.eml"))) == 20
