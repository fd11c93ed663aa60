"""Over real feeds and other projects' test feeds: whatever they bring, a feed fails only as a feed."""

from __future__ import annotations

import pathlib

from digest.collector.parse import parse_feed
from digest.errors import FeedError
from tests.collector.samples import SOURCE, fetched


def read_all(paths: list[pathlib.Path]) -> tuple[dict[str, str], dict[str, str], int]:
    """Return the files that raised something else than FeedError, those that are no feeds, and the drafts' number."""
    faults: dict[str, str] = {}
    refused: dict[str, str] = {}
    drafts = 0
    for path in paths:
        try:
            found = parse_feed(SOURCE, fetched(path.read_bytes()))
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
    paths = sorted(path for path in (shared / "data" / "feeds" / "corpus").rglob("*") if path.is_file())
    faults, _, drafts = read_all(paths)
    assert faults == {}
    assert len(paths) > 1000
    assert drafts > 500


def test_feeds_captured_from_the_web_are_all_read(shared: pathlib.Path) -> None:
    paths = sorted((shared / "data" / "feeds" / "real").iterdir())
    faults, refused, drafts = read_all(paths)
    assert (faults, refused) == ({}, {})
    assert drafts > 10 * len(paths)
