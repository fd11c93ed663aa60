"""What tests share: real databases, the sample's articles, and the rule that nothing skips in CI."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import settings

from digest.adapters.store import Store, open_store
from tests.cluster import postgresql_programs, running_cluster

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = pathlib.Path(__file__).parent.parent
#: Real news and tools beside the checkout; not part of the project.
SHARED = REPOSITORY.parent / "shared"

# Hypothesis without a stopwatch: a slow machine is no fault of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Nothing of its own over the network, and no graphics.
_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)


def require(there: bool, what: str) -> None:
    """Skip with a reason where a part is missing; in CI, where nothing may skip, fail instead."""
    if there:
        return
    if os.environ.get("DIGEST_TEST_ALL") == "1":
        pytest.fail(f"DIGEST_TEST_ALL=1, but {what} is missing")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder of real news; tests that read it are skipped where it is not there."""
    # The data is no package that CI could install: where the folder is missing, it is missing.
    if not SHARED.is_dir():
        pytest.skip("the folder of real news is not beside this checkout")
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for all tests of a module: its loop would be in the way of those of other modules."""
    chromium = shutil.which("chromium")
    require(chromium is not None, "Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own on loopback; gives its URL without a database."""
    require(postgresql_programs() is not None, "PostgreSQL")
    with running_cluster() as cluster:
        yield cluster.url("").rstrip("/")


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """Give an empty database of a PostgreSQL server while the context lasts."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with new_database(postgresql) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on an empty database, of each kind in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()
