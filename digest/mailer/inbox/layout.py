"""Requirements 9, 10, 11 and 14: what a screen reader and tired eyes need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml.html import HtmlElement

from digest.mailer.inbox.findings import Check, Group, Letter, say, style_of, texts

_group = Group(say("Reading"))

_SMALLEST_PX = 16.0
_LEAST_HEIGHT = 1.6
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_NUMBER = re.compile(r"([0-9]*\.?[0-9]+)(px|%|em)?")


def layout(letter: Letter) -> Iterator[Check]:
    """Yield what was found about structure and the size of the text."""
    bare = [one for one in letter.page.iter("table") if one.get("role") != "presentation"]
    yield _group.check(
        9,
        say("layout tables"),
        not bare,
        say("without role=presentation: {n}", n=len(bare)),
        say("screen readers read them out as tables of figures: add role=presentation"),
    )
    levels = [int(one.tag[1]) for one in letter.page.iter(*_HEADINGS)]
    skips = sum(later > earlier + 1 for earlier, later in pairwise(levels))
    yield _group.check(
        10,
        say("headings"),
        levels.count(1) == 1 and not skips,
        say("h1: {n}; levels left out: {skips}", n=levels.count(1), skips=skips),
        say("one h1, no level left out"),
    )
    needed = ("alt", "width", "height")
    blind = [one for one in letter.page.iter("img") if any(one.get(key) is None for key in needed)]
    yield _group.check(
        11,
        say("images"),
        not blind,
        say("without alt, width or height: {n}", n=len(blind)),
        say("give all three; alt may be empty for an ornament"),
    )
    body = [holder for holder, _ in texts(letter) if not _in_heading(holder)]
    sizes = [_font_size(holder) for holder in body]
    heights = [_line_height(holder, size) for holder, size in zip(body, sizes, strict=True)]
    smallest, tightest = min(sizes, default=0.0), min(heights, default=0.0)
    yield _group.check(
        14,
        say("size of the text"),
        smallest >= _SMALLEST_PX and tightest >= _LEAST_HEIGHT,
        say("{size} px and line height {height} at least", size=f"{smallest:g}", height=f"{tightest:g}"),
        say("Arabic wants 16 px and a line height of 1.6 or more, headings apart"),
    )


def _in_heading(holder: HtmlElement) -> bool:
    return any(one.tag in _HEADINGS for one in (holder, *holder.iterancestors()))


def _inherited(holder: HtmlElement, name: str) -> str:
    """Return the nearest inlined value of a property that children inherit."""
    chain = (style_of(one).get(name, "") for one in (holder, *holder.iterancestors()))
    return next((value for value in chain if value), "")


def _font_size(holder: HtmlElement) -> float:
    """Return pixels; what is not given in pixels is the browser's 16."""
    found = _NUMBER.match(_inherited(holder, "font-size"))
    return float(found[1]) if found and found[2] == "px" else 16.0


def _line_height(holder: HtmlElement, size: float) -> float:
    """Return the line height as a multiple of the font's size; `normal` is about 1.2."""
    found = _NUMBER.match(_inherited(holder, "line-height"))
    if not found:
        return 1.2
    by = {"px": size, "%": 100.0}.get(found[2] or "", 1.0)
    return round(float(found[1]) / by, 2) if by else 0.0
