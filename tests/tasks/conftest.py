"""A database for each test, copied from one that is migrated once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from digest.adapters.store import open_store


def _make(server: str, template: str = "template1") -> str:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return name


@pytest.fixture(scope="session")
def migrated(postgresql: str) -> str:
    """The name of an empty database with our tables."""
    name = _make(postgresql)
    open_store(f"{postgresql}/{name}").close()
    return name


@pytest.fixture
def url(postgresql: str, migrated: str) -> Iterator[str]:
    """The URL of an empty database with our tables."""
    name = _make(postgresql, migrated)
    yield f"{postgresql}/{name}"
    with psycopg.connect(f"{postgresql}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
