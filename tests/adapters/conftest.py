"""A web server of our own for the fetcher's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.http_server import Server, http_server


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running
