"""kill -9 in the middle of sending over SMTP, again and again: nobody gets two, nobody is lost, and doubt is said.

Requirements 3, 4, 6 and 7 of delivery, against a server that writes down whom it took a message for before it says so.
"""

from __future__ import annotations

import pathlib

import pytest

from digest.adapters.store import Store
from tests.delivery.durable import DurableList, sink_process
from tests.delivery.killing import field_of
from tests.delivery.nursery import Order, nursery

_READERS = 1500
_KILLS = 32
_CONNECTIONS = 4
#: At most this many arrive between two kills, so that there is something left for the last.
_MOST_BETWEEN = 25


@pytest.mark.parametrize(
    ("workers", "lease_seconds"),
    [
        # What the dead one held is waited for; nobody else is there to take it from a slow one.
        pytest.param(1, 0.5, id="one process"),
        pytest.param(2, 1.0, id="two processes"),
    ],
)
def test_killed_at_any_moment_nobody_gets_two_and_nobody_is_lost(
    database_url: str, store: Store, tmp_path: pathlib.Path, workers: int, lease_seconds: float
) -> None:
    kept = DurableList(tmp_path / "accepted")
    field = field_of(store, kept, _READERS)
    with sink_process("smtp_sink", kept.path) as port:
        order = Order(
            database_url=database_url,
            edition_id=field.edition_id,
            transport="smtp",
            where=str(port),
            lanes=_CONNECTIONS,
            lease_seconds=lease_seconds,
        )
        with nursery(order) as workshop:
            field.kill_over_and_over(workshop, workers=workers, kills=_KILLS, most_between=_MOST_BETWEEN)
            field.check_end(most_unknown=_KILLS * _CONNECTIONS)
            field.settle_and_resend(lambda: workshop.wait(workshop.start()))
