"""Poisoned feeds among good ones: the edition is right, the letter harmless, the memory bounded."""

from __future__ import annotations

import pathlib
import re
from contextlib import ExitStack

from digest.model import Article
from digest.text.bidi import FSI, LRI, PDI, RLI
from tests.adapters.http_server import http_server
from tests.drills.carriers import smtp_carrier
from tests.drills.own_process import own_worker
from tests.drills.poisons import HARMLESS, STOLEN, poisons
from tests.drills.report import Report
from tests.drills.stage import DAY, DUE, HOUR, MINUTE, OPERATOR, Stage, parsed, staged, text_of

#: Megabytes that a worker may take.
_MOST_MEMORY = 300
_OVERRIDES = re.compile("[\u202a-\u202e]")
_ACTIVE = re.compile(r"<script|<img[^>]*onerror|javascript:", re.IGNORECASE)


def poisoned(home: pathlib.Path, report: Report) -> None:
    """Ten poisoned feeds beside six good ones, until the operator takes them out."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage, ExitStack() as stack:
        stage.live(DUE - 9 * HOUR)
        known = _links(stage)
        coming = _coming(stage)
        for name, route in poisons(DUE - 10 * MINUTE, [*known[:30], coming]).items():
            server = stack.enter_context(http_server())
            server.routes["/feed.xml"] = route
            stage.room.others[name] = f"{server.base}/feed.xml"
        stage.configure()
        stage.end()
        report.breaks(f"day 1: ten poisoned feeds beside six good ones: {', '.join(stage.room.others)}")
        stage.room.now = DUE - 10 * MINUTE
        with own_worker(home, DUE - 10 * MINUTE) as process:
            said, told = process.communicate(timeout=100)
        stage.read_log(said)
        memory = int(told) if told.strip().isdigit() else -1
        report.expect(0 < memory < _MOST_MEMORY, f"the worker took less than {_MOST_MEMORY} MB", memory)
        for name in ("flood", "unpacked", "redirects", "garbage"):
            report.expect_seen("log", f"source {name} failed: ")
        begin = len(carrier.arrived)
        stage.live(DUE, DUE + 2 * MINUTE)
        stage.look()
        _expect_right_edition(stage, {link for link, _ in known})
        _expect_harmless(stage, begin)
        report.breaks("day 2: the operator has taken the poisoned feeds out")
        stage.room.others.clear()
        stage.configure()
        stage.end()
        stage.expect_right_slot(1)
        owner = [one.outlet for one in _stored(stage, 1) if one.url.partition("?")[0] == coming[0]]
        report.expect(
            owner == ["shiraa"],
            "an outlet has its own article, though another feed named it first",
            owner,
        )


def _links(stage: Stage) -> list[tuple[str, str]]:
    """Return link and id of all that the good outlets have brought by now."""
    return [(one.url, one.url.rpartition("/")[2]) for one in _stored(stage, 0)]


def _coming(stage: Stage) -> tuple[str, str]:
    """Return link and id of an article that an outlet will bring on the second day."""
    before = stage.room.now
    stage.room.now = DUE + DAY - HOUR
    article = next(one for one in stage.room.articles() if one.outlet == "shiraa")
    stage.room.now = before
    (outlet,) = (one for one in stage.room.outlets if one.of.id == "shiraa")
    return f"{outlet.server.base}/shiraa/{article.id}", article.id


def _stored(stage: Stage, day: int) -> list[Article]:
    return stage.app.store.articles.articles(DUE - 3 * DAY, DUE + day * DAY)


def _expect_right_edition(stage: Stage, known: set[str]) -> None:
    edition = stage.edition()
    stories = list(edition.stories()) if edition else []
    good = {outlet.of.id for outlet in stage.room.outlets}
    told = [story for story in stories if good & set(story.outlets)]
    stage.report.expect(len(told) >= 3, "the good outlets' news are in the edition", len(told))
    stolen = [one.url for one in _stored(stage, 0) if one.url in known and STOLEN in one.title]
    stage.report.expect(not stolen, "a feed that claims others' articles changes none of them", stolen)
    wrong = [story.headline for story in told if STOLEN in story.headline]
    stage.report.expect(not wrong, "and does not speak for them", wrong)
    ahead = [story.headline for story in stories if story.latest > stage.clock.now()]
    stage.report.expect(not ahead, "nothing in it is of the future", ahead)


def _expect_harmless(stage: Stage, begin: int) -> None:
    report = stage.report
    got = stage.letters(begin)
    report.expect(got == dict.fromkeys(stage.readers, 1), "each reader has one letter", dict(got))
    raw = next((raw for address, raw in stage.carrier.arrived[begin:] if address != OPERATOR), b"")
    parts = [text_of(parsed(raw), kind) for kind in ("plain", "html")] if raw else []
    report.expect(all(HARMLESS in part for part in parts), "the hostile title is told, as mere words")
    active = [found[0] for part in parts for found in _ACTIVE.finditer(part)]
    report.expect(not active, "there is no script in the letter, and no link that is one", active)
    overrides = [found[0] for part in parts for found in _OVERRIDES.finditer(part)]
    report.expect(not overrides, "no direction is overridden", overrides)
    unclosed = [line for part in parts for line in part.splitlines() if not _is_balanced(line)]
    report.expect(not unclosed, "each direction mark that is opened is closed in its line", unclosed)


def _is_balanced(line: str) -> bool:
    depth = 0
    for character in line:
        depth += (character in (FSI, LRI, RLI)) - (character == PDI)
        if depth < 0:
            return False
    return depth == 0
