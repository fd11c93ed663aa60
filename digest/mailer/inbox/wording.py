"""Requirements 19, 20 and the text's part of 22: nothing unfilled, a preheader with news, a complete text twin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from lxml.html import HtmlElement

from digest.mailer.inbox.findings import Check, Group, Letter, say, style_of
from digest.text.bidi import FSI, LRI, PDI, RLI, RLM

_group = Group(say("Content"))

_PREHEADER = range(40, 111)
# What no inbox shows: marks, and the blanks with which a preheader is filled up.
_UNSEEN = re.compile(f"[{LRI}{RLI}{FSI}{PDI}{RLM}\u200b-\u200d\u2060\u034f\u00a0\ufeff]")
_LEFTOVER = re.compile(r"\{\{|\{%|__[A-Z_]+__")
_WHITE = re.compile(r"#f{3}(?:f{3})?|white|rgb\(255, ?255, ?255\)|transparent")


def wording(letter: Letter) -> Iterator[Check]:
    """Yield what was found about the words."""
    subject = str(letter.message.get("Subject", ""))
    left = _LEFTOVER.findall(letter.html + letter.text + subject)
    yield _group.check(
        19,
        say("no token or template mark left"),
        not left,
        say("found: {n}", n=len(left)),
        say("a template names a value that nobody fills"),
    )
    yield _preheader(letter)
    links = [href for href in letter.page.xpath("//a/@href") if href.startswith("http")]
    # HTML writes Arabic letters of an address as %D8%A7, text may have them as they are.
    text = unquote(letter.text)
    lacking = [href for href in links if unquote(href) not in text]
    yield _group.check(
        22,
        say("the text twin holds every link"),
        not lacking and bool(letter.text.strip()),
        say("missing: {n} of {all}", n=len(lacking), all=len(links)),
        say("list the link in edition.txt.j2"),
    )


def preheader_of(page: HtmlElement) -> str:
    """Return what an inbox shows beside the subject: the words of the first hidden element."""
    hidden = _hidden(page)
    return _UNSEEN.sub("", hidden[0].text_content()).strip() if hidden else ""


def _hidden(page: HtmlElement) -> list[HtmlElement]:
    return [one for one in page.iter("div", "span") if style_of(one).get("display") == "none"]


def _preheader(letter: Letter) -> Check:
    text, hidden = preheader_of(letter.page), _hidden(letter.page)
    white = any(_WHITE.fullmatch(style_of(one).get("color", "")) for one in hidden)
    return _group.check(
        20,
        say("preheader"),
        len(text) in _PREHEADER and not white,
        say("characters: {n}; white text: {white}", n=len(text), white=int(white)),
        say("40 to 110 characters that carry news, hidden by display:none and never by a white colour"),
    )
