"""Requirements 1 to 6: the letter runs in its direction wherever it is shown, and nothing in it is turned round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from digest.mailer.inbox.findings import Check, Group, Letter, say, style_of, texts
from digest.text.bidi import FSI, LRI, PDI, RLI

_group = Group(say("Direction"))

_INLINE = ("span", "a", "b", "i", "em", "strong")
_DROPPED = re.compile(
    r"<bdi\b|(?:padding|margin|border|inset)-(?:inline|block)\b|\b(?:text-align|float):\s*(?:start|end|inline-\w+)\b"
)
_EDGE_SPACE = re.compile(rf"[{LRI}{RLI}{FSI}]\s|\s{PDI}")
_ISOLATED = re.compile(rf"[{LRI}{FSI}][^{PDI}]*{PDI}")
_RTL_LETTER = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# What a line from right to left would show turned round: 3.2%, -5, 3-1, $5, C++.
_TURNED = re.compile(
    r"[0-9]\s?%|(?<![^\s(«\"])[+\-−][0-9]|(?<![0-9-])[0-9]+[-–−][0-9]+|[$€£][0-9]|[0-9][$€£]|[A-Za-z](?:\+\+|#)"
)


def directions(letter: Letter) -> Iterator[Check]:
    """Yield what was found about direction."""
    body = letter.page.find("body")
    wrapper = body[0] if body is not None and len(body) else None
    there = [element for element in (letter.page, body, wrapper) if element is not None]
    held = [one for one in there if one.get("dir") == letter.direction and one.get("lang")]
    yield _group.check(
        1,
        say("language and direction on html, body and wrapper"),
        len(held) == 3,
        say("{n} of 3", n=len(held)),
        say("Gmail drops html and turns body into a div: put lang and dir on an inner wrapper as well"),
    )
    alone = [text for holder, text in texts(letter) if not _direction_within_body(holder)]
    yield _group.check(
        2,
        say("texts keep their direction without html and body"),
        not alone,
        say("without: {n}", n=len(alone)),
        say("give the element around them a dir of its own; the reader's page may run the other way"),
    )
    both = [one for one in letter.page.iter("*") if one.get("dir") and _has_padding(style_of(one))]
    yield _group.check(
        3,
        say("no element with dir and padding"),
        not both,
        say("found: {n}", n=len(both)),
        say("Outlook draws a line there: padding on the outer cell, dir on the inner"),
    )
    dropped = _DROPPED.findall(letter.html)
    yield _group.check(
        4,
        say("no bidi markup that clients drop"),
        not dropped,
        say("found: {n}", n=len(dropped)),
        say("use span dir, and left and right instead of start and end"),
    )
    yield from _isolates(letter)


def _isolates(letter: Letter) -> Iterator[Check]:
    subject = str(letter.message.get("Subject", ""))
    loose = sum(len(_EDGE_SPACE.findall(text)) for text in (letter.html, letter.text, subject))
    loose += sum(_loose_inside(one) for one in letter.page.iter(*_INLINE) if one.get("dir"))
    yield _group.check(
        5,
        say("no space at the edge of an isolate"),
        not loose,
        say("found: {n}", n=loose),
        say("a space at the edge moves to the other side: put it outside"),
    )
    turned = [*_turned_in_page(letter), *_turned_in_text(letter.text), *_turned_in_text(subject)]
    shown = ", ".join(turned[:3]) or "-"
    yield _group.check(
        6,
        say("percentages, signs, scores and C++ held together"),
        not turned,
        say("turned round: {n} ({shown})", n=len(turned), shown=f"{LRI}{shown}{PDI}"),
        say("show feed text through the filters bidi and bidi_text"),
    )


def _direction_within_body(holder: HtmlElement) -> str:
    """Return the direction that the nearest element sets, html and body not asked; empty where none does."""
    here: HtmlElement | None = holder
    while here is not None and here.tag not in {"body", "html"}:
        if here.get("dir"):
            return str(here.get("dir"))
        here = here.getparent()
    return ""


def _has_padding(style: dict[str, str]) -> bool:
    return any(name.startswith("padding") for name in style)


def _loose_inside(element: HtmlElement) -> int:
    text = element.text_content()
    return int(text != text.strip(" \n\t"))


def _turned_in_page(letter: Letter) -> Iterator[str]:
    for holder, text in texts(letter):
        if (_direction_within_body(holder) or letter.direction) == "rtl":
            yield from _TURNED.findall(_ISOLATED.sub("", text))


def _turned_in_text(text: str) -> Iterator[str]:
    for line in text.splitlines():
        # A line without a letter from right to left is an address or a rule.
        bare = _ISOLATED.sub("", line)
        if _RTL_LETTER.search(bare):
            yield from _TURNED.findall(bare)
