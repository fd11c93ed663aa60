"""A home with the sample's news in it, collected once and copied for each test."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from tests.cli.running import LOOPBACK, Ran, digest, opened, sample_feeds, write_sources
from tests.conftest import NOW

#: The moment of these tests, for `--at`.
AT = NOW.isoformat()


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, Ran]:
    """The home, and how its collect ended; its feeds are gone by now."""
    home = tmp_path_factory.mktemp("collected")
    with sample_feeds(NOW) as urls:
        write_sources(home, urls)
        ran = digest(home, "collect", "--at", AT, "--json", extra=LOOPBACK)
    return home, ran


@pytest.fixture
def home(collected: tuple[pathlib.Path, Ran], tmp_path: pathlib.Path) -> pathlib.Path:
    """A home of one's own with 9 outlets' articles; no source answers any more."""
    return shutil.copytree(collected[0], tmp_path / "home")


@pytest.fixture(scope="session")
def _composed(collected: tuple[pathlib.Path, Ran], tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    home = shutil.copytree(collected[0], tmp_path_factory.mktemp("composed") / "home")
    ran = digest(home, "compose", "--at", AT)
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def composed(_composed: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A home of one's own with the edition of 22 November 2026 in it."""
    return shutil.copytree(_composed, tmp_path / "home")


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    home = tmp_path_factory.mktemp("migrated")
    with opened(home) as app:
        assert app.store.articles.articles(None, None) == []
    return home


@pytest.fixture
def blank(_migrated: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A home with a database that holds nothing."""
    return shutil.copytree(_migrated, tmp_path / "blank")


@pytest.fixture
def empty(tmp_path: pathlib.Path) -> pathlib.Path:
    """A home with nothing in it, not even a database."""
    path = tmp_path / "empty"
    path.mkdir()
    return path
