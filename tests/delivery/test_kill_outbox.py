"""kill -9 in the middle of writing into the outbox: each file is whole or not there, and nobody is lost."""

from __future__ import annotations

import email
import pathlib
from collections import Counter
from dataclasses import dataclass
from email.policy import default as default_policy

import pytest

from digest.adapters.store import Store
from digest.model import DeliveryState
from tests.delivery.killing import field_of
from tests.delivery.nursery import Order, nursery

_READERS = 600
#: Slower than the disk takes them: looking through all files takes its time.
_RATE = 150.0
_KILLS = 10


@dataclass(frozen=True, slots=True)
class _Files:
    """The messages in an outbox."""

    folder: pathlib.Path

    def _paths(self) -> list[pathlib.Path]:
        return list(self.folder.rglob("*.eml"))

    def rows(self) -> list[tuple[str, str]]:
        made = [email.message_from_bytes(path.read_bytes(), policy=default_policy) for path in self._paths()]
        return [(one["To"], one["Message-ID"]) for one in made]

    def addresses(self) -> Counter[str]:
        return Counter(address for address, _ in self.rows())

    def count(self) -> int:
        return len(self._paths())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_at_any_moment_each_file_is_whole(
    database_url: str, store: Store, tmp_path: pathlib.Path
) -> None:
    outbox = tmp_path / "outbox"
    field = field_of(store, _Files(outbox), _READERS)
    order = Order(
        database_url=database_url,
        edition_id=field.edition_id,
        transport="outbox",
        where=str(outbox),
        lease_seconds=0.5,
        rate=_RATE,
    )
    with nursery(order) as workshop:
        field.kill_over_and_over(workshop, workers=1, kills=_KILLS, most_between=10)
        field.check_end(most_unknown=_KILLS)
        sent = {one.email: one.detail for one in field.those(DeliveryState.SENT)}
        assert all(pathlib.Path(path).exists() for path in sent.values())
        field.settle_and_resend(lambda: workshop.wait(workshop.start()))
