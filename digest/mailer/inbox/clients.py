"""Requirements 15 to 18 and 21: what Outlook, Gmail and dark screens make of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.mailer.budget import ENCODED_BYTES, HTML_BYTES
from digest.mailer.inbox.findings import Check, Group, Letter, say

_group = Group(say("Mail clients"))

STYLE_BYTES = 16_000
_MEDIA = re.compile(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}")
_MSO_BLOCK = re.compile(r"<!--\[if[^\]]*\bmso\b[^\]]*\]>(.*?)<!\[endif\]", re.DOTALL)


def clients(letter: Letter) -> Iterator[Check]:
    """Yield what was found about the large clients."""
    styles = "\n".join(one.text or "" for one in letter.page.iter("style"))
    media = _MEDIA.findall(styles)
    strong = [rules for rules in media if "!important" in rules]
    yield _group.check(
        15,
        say("!important in media queries"),
        bool(media) and len(strong) == len(media),
        say("{n} of {all}", n=len(strong), all=len(media)),
        say("what is inlined wins without it: mark the declarations, and keep them when inlining"),
    )
    yield from _outlook(letter)
    rules = ("prefers-color-scheme: dark", "[data-ogsc]")
    lacking = [rule for rule in rules if rule.replace(" ", "") not in styles.replace(" ", "")]
    if not letter.page.xpath('//meta[@name="color-scheme"]'):
        lacking.append("meta color-scheme")
    yield _group.check(
        17,
        say("dark mode"),
        not lacking,
        say("missing: {names}", names=", ".join(lacking) or "-"),
        say("keep both in a style block marked data-premailer=ignore"),
    )
    yield _group.check(
        18,
        say("style blocks"),
        len(styles.encode()) < STYLE_BYTES,
        say("{n} bytes", n=f"{len(styles.encode()):,}"),
        say("Gmail drops more than 16 KB of them: shorten the rules"),
    )
    yield _size(letter)


def _outlook(letter: Letter) -> Iterator[Check]:
    opened, closed = letter.html.count("<!--[if"), letter.html.count("<![endif]")
    yield _group.check(
        16,
        say("Outlook's conditional blocks"),
        opened == closed,
        say("opened: {opened}; closed: {closed}", opened=opened, closed=closed),
        say("close each with <![endif]-->"),
    )
    faces = [block for block in _MSO_BLOCK.findall(letter.html) if "font-family" in block]
    yield _group.check(
        16,
        say("a typeface for Outlook"),
        bool(faces),
        say("blocks that name one: {n}", n=len(faces)),
        say("Outlook on Windows falls back to Times New Roman: name a face in an mso block"),
    )


def _size(letter: Letter) -> Check:
    part = letter.message.get_body(("html",))
    payload = part.get_payload() if part is not None else ""
    encoded = len("".join(payload.split())) if isinstance(payload, str) else 0
    size = len(letter.html.encode())
    return _group.check(
        21,
        say("size"),
        size <= HTML_BYTES and encoded <= ENCODED_BYTES,
        say("{size} bytes of HTML, {encoded} encoded", size=f"{size:,}", encoded=f"{encoded:,}"),
        say("keep the HTML under {most} bytes: fewer briefs, shorter summaries", most=f"{HTML_BYTES:,}"),
    )
