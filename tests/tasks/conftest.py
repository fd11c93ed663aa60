"""A database for each test, copied from one that is migrated once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.adapters.store import open_store
from tests.conftest import new_database


@pytest.fixture(scope="session")
def migrated(postgresql: str) -> Iterator[str]:
    """The name of an empty database with our tables."""
    with new_database(postgresql) as url:
        open_store(url).close()
        yield url.rpartition("/")[2]


@pytest.fixture
def url(postgresql: str, migrated: str) -> Iterator[str]:
    """The URL of an empty database with our tables."""
    with new_database(postgresql, migrated) as url:
        yield url
