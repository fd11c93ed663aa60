"""Databases for contract tests, which run over the fakes in memory as well as over both engines."""

from __future__ import annotations

import pathlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from digest.adapters.store import Store, open_store

#: What a contract of the store runs over.
KINDS = ("memory", "sqlite", "postgresql")


@contextmanager
def opened_store(kind: str, request: pytest.FixtureRequest, folder: pathlib.Path) -> Iterator[Store]:
    """Give an open store on an empty database of this kind, `sqlite` or `postgresql`."""
    name = f"t{uuid.uuid4().hex}"
    if kind == "sqlite":
        url = f"sqlite:///{folder / name}.db"
    else:
        server = request.getfixturevalue("postgresql")
        url = f"{server}/{name}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()
