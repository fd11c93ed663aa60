"""The whole path over real news, as a reader would judge it. The news is beside the checkout, not in it."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from digest.model import Edition, Story
from tests.cli.running import LOOPBACK, REGIONS, digest, opened

_AT = "2018-03-13T18:00:00Z"
#: How the outlets of the replayed feeds are named, and where they sit.
_COUNTRIES = {"skynewsarabia": "AE", "alarabiya": "SA", "france24": "FR", "bbc": "GB", "cnn": "US"}


@contextmanager
def _replayed(shared: pathlib.Path, sources: pathlib.Path) -> Iterator[None]:
    """Serve the real feeds as of the moment on a free port, and list them in `sources`."""
    program = [sys.executable, str(shared / "tools" / "replay_feeds.py")]
    words = [*program, "--at", _AT, "--port", "0", "--sources", str(sources)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert "http://127.0.0.1:" in server.stdout.readline()
        yield
    finally:
        server.terminate()
        server.communicate(timeout=20)


def _write_sources(home: pathlib.Path, listed: pathlib.Path) -> int:
    rows = [line.split("\t") for line in listed.read_text(encoding="utf-8").splitlines()]
    tables = [
        f'[[source]]\nid = "{outlet}_{number}"\noutlet = "{name}"\nurl = "{url}"\n'
        f'country = "{_COUNTRIES[outlet]}"\n'
        for number, (outlet, _, name, url) in enumerate(rows)
    ]
    (home / "config").mkdir()
    (home / "config" / "sources.toml").write_text("\n".join(tables), encoding="utf-8")
    return len(rows)


@pytest.fixture(scope="module")
def day(
    tmp_path_factory: pytest.TempPathFactory, shared: pathlib.Path
) -> tuple[pathlib.Path, dict[str, Any]]:
    """A home with the edition of 13 March 2018, made by the commands; and what collect said."""
    home = tmp_path_factory.mktemp("real")
    with _replayed(shared, home / "feeds.tsv"):
        feeds = _write_sources(home, home / "feeds.tsv")
        collected = digest(home, "collect", "--at", _AT, "--json", extra=LOOPBACK)
    assert (collected.code, collected.err) == (0, "")
    assert collected.json["sources"]["ok"] == feeds
    for command in ("compose", "preview"):
        ran = digest(home, command, "--at", _AT)
        assert ran.code == 0, ran.err
    return home, collected.json


def _edition(home: pathlib.Path) -> Edition:
    with opened(home) as app:
        return app.edition("mujaz-2018-03-13")


def _names(story: Story, *words: str) -> int:
    """Return how many of a story's articles name one of the words."""
    texts = [f"{article.title} {article.summary}" for article in story.articles]
    return sum(any(word in text for word in words) for text in texts)


def test_hundreds_of_articles_are_read(day: tuple[pathlib.Path, dict[str, Any]]) -> None:
    home, collected = day
    assert collected["articles"]["new"] > 200
    edition = _edition(home)
    assert edition.articles_read > 100
    assert edition.stories_found > 50


def test_the_dismissal_of_the_secretary_of_state_leads_the_americas(
    day: tuple[pathlib.Path, dict[str, Any]],
) -> None:
    [americas] = [section for section in _edition(day[0]).sections if section.region == "americas"]
    first = americas.stories[0]
    assert _names(first, "تيلرسون") >= 4
    assert len(first.outlets) >= 4
    assert "US" in first.countries


def test_every_section_holds_stories_of_its_region(day: tuple[pathlib.Path, dict[str, Any]]) -> None:
    edition = _edition(day[0])
    with opened(day[0]) as app:
        region_of = app.settings.region_of
    assert len(edition.sections) >= 6
    assert [section.region for section in edition.sections] == [
        r for r in REGIONS if r in {s.region for s in edition.sections}
    ]
    for section in edition.sections:
        assert {story.region for story in section.stories} == {section.region}
        for story in section.stories:
            # A topic (gold, the climate) belongs to no region, whatever countries it names.
            at_home = not story.countries or region_of[story.countries[0]] == section.region
            assert at_home or section.region == "world", story.headline


def test_no_story_and_no_article_stands_twice(day: tuple[pathlib.Path, dict[str, Any]]) -> None:
    stories = list(_edition(day[0]).stories())
    articles = [article.id for story in stories for article in story.articles]
    assert len({story.id for story in stories}) == len(stories) >= 15
    assert len(set(articles)) == len(articles)
    urls = [article.url for story in stories for article in story.articles]
    assert len(set(urls)) == len(urls)
    # One event in one place: the dismissal is told once.
    assert (
        len([story for story in stories if _names(story, "تيلرسون", "تلرسون") > len(story.articles) / 2]) == 1
    )


def test_the_letter_passes_the_inbox_report(day: tuple[pathlib.Path, dict[str, Any]]) -> None:
    folder = day[0] / "var" / "preview"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in report["checks"] if not check["passed"]] == []
    text = (folder / "edition.txt").read_text(encoding="utf-8")
    assert "تيلرسون" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)


@pytest.mark.parametrize(
    ("article", "region"),
    [pytest.param("seed-1", "asia", id="the Central Asia summit"), pytest.param("seed-4", "europe", id="the strike on the refinery")],
)  # fmt: skip
def test_the_seed_stands_where_it_belongs(
    article: str, region: str, shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    items = shared / "data" / "seed" / "items.jsonl"
    ran = digest(tmp_path, "rank", str(items), "--at", "2025-12-26T18:00:00Z", "--json")
    assert (ran.code, ran.err) == (0, "")
    [story] = [story for story in ran.lines if article in story["articles"]]
    assert story["region"] == region
