"""Articles as JSON lines: an article's place in its feed, there and back."""

from __future__ import annotations

import json

import pytest

from digest.adapters.article_lines import article_line, read_articles
from digest.model import Article
from tests.conftest import NOW


def _line(**more: object) -> bytes:
    return json.dumps({"id": "n1", "outlet": "شراع", "title": "قمة في الرياض", **more}).encode()


@pytest.mark.parametrize("place", [pytest.param(None, id="unknown"), 1, 250])
def test_a_place_comes_back_as_it_was_written(place: int | None) -> None:
    article = Article(
        id="n1",
        outlet="شراع",
        title="قمة في الرياض",
        url="https://s.example/1",
        published=NOW,
        feed_place=place,
    )
    line = article_line(article)
    assert json.loads(line).get("place") == place
    read = read_articles([line.encode()], NOW)
    assert (read.articles, read.faults) == ((article,), ())


@pytest.mark.parametrize(
    "line", [pytest.param(_line(), id="left out"), pytest.param(_line(place=None), id="null")]
)
def test_without_a_place_it_is_unknown(line: bytes) -> None:
    [article] = read_articles([line], NOW).articles
    assert article.feed_place is None


@pytest.mark.parametrize("place", [0, -1, 1.5, 2.0, "1", "", True, False, [1], {}], ids=repr)
def test_what_is_no_place_is_named_with_its_line(place: object) -> None:
    read = read_articles([_line(place=place), _line(id="n2", place=2)], NOW)
    assert [(article.id, article.feed_place) for article in read.articles] == [("n2", 2)]
    assert read.faults == (f"line 1 is left out: its place is no whole number from 1: {place!r}",)
