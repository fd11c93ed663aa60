"""What several of the adapters' tests need: a web server of our own, a store of articles of each kind."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from digest.ports import ArticleStore
from tests.adapters.databases import KINDS, opened_store
from tests.adapters.http_server import Server, http_server
from tests.fakes import MemoryArticleStore


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


@pytest.fixture(params=KINDS)
def articles(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[ArticleStore]:
    """An empty store of articles, of each kind in turn."""
    if request.param == "memory":
        yield MemoryArticleStore()
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield store.articles
