"""kill -9 in the middle of sending over SendGrid: a request is one doubt of a whole chunk, and never two."""

from __future__ import annotations

import pathlib

import pytest

from digest.adapters.store import Store
from tests.delivery.durable import DurableList, sink_process
from tests.delivery.killing import field_of
from tests.delivery.nursery import Order, nursery

_READERS = 3000
_KILLS = 30
_CHUNK = 25
#: Some two requests between two kills.
_MOST_BETWEEN = 50


@pytest.mark.parametrize(
    ("workers", "lease_seconds"),
    [pytest.param(1, 0.5, id="one process"), pytest.param(2, 1.0, id="two processes")],
)
def test_killed_at_any_moment_no_chunk_leaves_twice(
    database_url: str, store: Store, tmp_path: pathlib.Path, workers: int, lease_seconds: float
) -> None:
    kept = DurableList(tmp_path / "accepted")
    field = field_of(store, kept, _READERS)
    with sink_process("sendgrid_sink", kept.path) as port:
        order = Order(
            database_url=database_url,
            edition_id=field.edition_id,
            transport="sendgrid",
            where=str(port),
            batch=_CHUNK,
            lease_seconds=lease_seconds,
        )
        with nursery(order) as workshop:
            field.kill_over_and_over(workshop, workers=workers, kills=_KILLS, most_between=_MOST_BETWEEN)
            field.check_end(most_unknown=_KILLS * _CHUNK)
            field.settle_and_resend(lambda: workshop.wait(workshop.start()))
