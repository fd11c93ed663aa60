"""What is sent twice is done once, and what is only looked at changes nothing."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import metadata
from tests.web.everything import PAGES, Whole, whole_site
from tests.web.reading import known
from tests.web.site import READER


@pytest.fixture
def whole(tmp_path: pathlib.Path) -> Iterator[Whole]:
    with whole_site(tmp_path) as opened:
        yield opened


def _rows(store: Store) -> dict[str, tuple[int, str]]:
    """Return how many rows each table has, and what is in them; who tried to log in is counted elsewhere."""
    found = {}
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name != "attempt":
                rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
                found[table.name] = len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_every_page_changes_nothing(whole: Whole, method: str) -> None:
    before = _rows(whole.site.app.store)
    assert before["subscriber"][0] == 3
    paths = {path for _, path in whole.routes()} | {whole.page(name) for name in PAGES}
    for client in (whole.site.flask.test_client(), whole.editor()):
        for path in sorted(paths):
            assert client.open(path, method=method, buffered=True).status_code < 500, path
    assert _rows(whole.site.app.store) == before


@pytest.mark.parametrize(
    ("purpose", "path"),
    [("confirm", "/confirm/{}"), ("unsubscribe", "/u/{}"), ("preferences", "/preferences/{}/erase")],
)
def test_the_second_time_changes_nothing_and_is_told_in_kind(whole: Whole, purpose: str, path: str) -> None:
    store, address = whole.site.app.store, path.format(whole.tokens[purpose])
    before = _rows(store)
    assert whole.site.client.post(address).status_code == 200
    once = _rows(store)
    assert once != before
    whole.site.clock.sleep(60)
    assert whole.site.client.post(address).status_code == 200
    assert _rows(store) == once


def test_a_confirmation_from_before_leaving_brings_nobody_back(whole: Whole) -> None:
    client = whole.site.client
    confirm = f"/confirm/{whole.tokens['confirm']}"
    assert client.post(confirm).status_code == 200
    person = known(whole.site, "new@example.org")
    whole.site.clock.sleep(60)
    assert client.post(f"/u/{whole.site.app.links.unsubscribe(person.id, 'mujaz')}").status_code == 200
    left = _rows(whole.site.app.store)
    assert client.post(confirm).status_code == 410
    assert _rows(whole.site.app.store) == left
    assert known(whole.site, READER).active
