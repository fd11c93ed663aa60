"""Over real feeds and other projects' test feeds: a feed fails only as a feed, and trimmed or not reads the same."""

from __future__ import annotations

import io
import pathlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import feedparser
import pytest

from digest.collector.decode import decode
from digest.collector.parse import MOST_ENTRIES, read_feed
from digest.collector.trim import Item, find_items, without
from digest.errors import FeedError
from digest.model import ArticleDraft, ParsedFeed
from tests.collector.samples import SOURCE, fetched


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=["corpus", "real"])
def paths(request: pytest.FixtureRequest, shared: pathlib.Path) -> list[pathlib.Path]:
    """The files of other projects' test feeds, and those captured from the web."""
    return files(shared / "data" / "feeds" / request.param)


def read_all(paths: Sequence[pathlib.Path]) -> tuple[dict[str, str], dict[str, str], int]:
    """Return the files that raised something else than FeedError, those that are no feeds, and the drafts' number."""
    faults: dict[str, str] = {}
    refused: dict[str, str] = {}
    drafts = 0
    for path in paths:
        try:
            found = read_feed(SOURCE, fetched(path.read_bytes())).drafts
        except FeedError as error:
            refused[path.name] = str(error)
        except Exception as error:
            faults[path.name] = repr(error)
        else:
            drafts += len(found)
            unfit = [draft for draft in found if not (draft.title and draft.url and draft.aliases)]
            if unfit:
                faults[path.name] = f"unfit: {unfit}"
    return faults, refused, drafts


def test_other_projects_test_feeds_raise_nothing_but_feed_errors(shared: pathlib.Path) -> None:
    paths = files(shared / "data" / "feeds" / "corpus")
    faults, _, drafts = read_all(paths)
    assert faults == {}
    assert len(paths) > 1000
    assert drafts > 500


def test_feeds_captured_from_the_web_are_all_read(shared: pathlib.Path) -> None:
    paths = files(shared / "data" / "feeds" / "real")
    faults, refused, drafts = read_all(paths)
    assert (faults, refused) == ({}, {})
    assert drafts > 10 * len(paths)


# --------------------------------------------------------------------------- trimmed and whole


@dataclass(frozen=True, slots=True)
class Trimmable:
    """A feed of which single entries can be read."""

    path: pathlib.Path
    #: As UTF-8.
    body: bytes
    items: Sequence[Item]


def trimmable(paths: Sequence[pathlib.Path]) -> tuple[list[Trimmable], Counter[str]]:
    """Return the feeds that can be trimmed, and why the other files with entries cannot."""
    found: list[Trimmable] = []
    others: Counter[str] = Counter()
    for path in paths:
        body = decode(path.read_bytes()).as_utf8()
        items, fault = find_items(body)
        if items:
            found.append(Trimmable(path, body, items))
        elif items is None:
            others["not well-formed" if fault else "entangled"] += 1
    return found, others


def choices(count: int) -> Iterator[set[int]]:
    """Yield which entries are new: all, none, the first, all but the first, the last, and every other one."""
    every = set(range(count))
    yield from (every, set(), {0}, every - {0}, {count - 1}, every - {count - 1})
    yield from (set(range(0, count, 2)), set(range(1, count, 2)))


def entries_of(body: bytes) -> list[dict[str, Any]]:
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return [dict(entry) for entry in feed.entries]


def test_feedparser_reads_what_is_left_as_it_reads_it_in_the_whole(paths: list[pathlib.Path]) -> None:
    feeds, _ = trimmable(paths)
    differing = set()
    compared = 0
    for feed in feeds:
        whole = entries_of(feed.body)
        if len(whole) != len(feed.items):
            # The reader finds that as well, and reads such a feed as a whole.
            continue
        for kept in choices(len(whole)):
            left = entries_of(without(feed.body, feed.items, kept))
            compared += len(left)
            if left != [whole[index] for index in sorted(kept)]:
                differing.add(feed.path.name)
    assert differing == set()
    assert compared > 1000


def expected(whole: ParsedFeed, fresh: Sequence[str]) -> tuple[ArticleDraft, ...]:
    """Return the drafts of the whole that are of the entries with these hashes."""
    by_names = {frozenset(names): hash_ for hash_, names in whole.items.items()}
    wanted = {names for names, hash_ in by_names.items() if hash_ in fresh}
    return tuple(draft for draft in whole.drafts if any(names.issuperset(draft.aliases) for names in wanted))


def test_drafts_are_the_same_trimmed_or_not(paths: list[pathlib.Path]) -> None:
    feeds, _ = trimmable(paths)
    differing = {}
    compared = 0
    for feed in feeds:
        whole = read_feed(SOURCE, fetched(feed.body))
        if not whole.items:
            continue
        hashes = [one.hash for one in feed.items[:MOST_ENTRIES]]
        # The choices that read most are left to the test above, which is the quicker one.
        for kept in (one for one in choices(len(hashes)) if 2 * len(one) <= len(hashes) + 1):
            fresh = [hashes[index] for index in sorted(kept)]
            seen = {hash_: names for hash_, names in whole.items.items() if hash_ not in fresh}
            trimmed = read_feed(SOURCE, fetched(feed.body), seen)
            compared += len(trimmed.drafts)
            if trimmed.drafts != expected(whole, fresh) or trimmed.items != whole.items:
                differing[feed.path.name] = (trimmed.drafts, expected(whole, fresh))
    assert differing == {}
    assert compared > 1000


def test_most_feeds_of_the_web_can_be_trimmed(shared: pathlib.Path) -> None:
    paths = files(shared / "data" / "feeds" / "real")
    feeds, others = trimmable(paths)
    assert len(feeds) > 0.7 * len(paths)
    assert others.total() + len(feeds) <= len(paths)
