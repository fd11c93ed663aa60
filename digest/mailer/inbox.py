"""What a message must hold to arrive and to read well: each check with its figure and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise

import lxml.html

from digest.text.bidi import FSI, LRI, PDI, RLI, lead_rtl

#: Gmail cuts a message off at about 102 KB of HTML; what stands after is not seen, the unsubscribe link first.
HTML_BYTES = 75_000
HTML_ENCODED_BYTES = 100_000
STYLE_BYTES = 16_000
_PREHEADER = range(40, 111)
#: Takes out what no inbox shows.
_ISOLATES = str.maketrans("", "", LRI + RLI + FSI + PDI)
_LEFTOVER = re.compile(r"\{\{|\{%|__[A-Z_]+__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding about a message."""

    name: str
    passed: bool
    #: What was measured.
    figure: str
    #: What to do where it did not pass.
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    raw: bytes
    message: EmailMessage
    html: str
    text: str
    page: lxml.html.HtmlElement
    direction: str


def inbox_report(raw: bytes, direction: str) -> list[Check]:
    """Return what was found about a message as it goes over the wire; `direction` is its newsletter's."""
    message = message_from_bytes(raw, policy=policy.default)
    html_part, text_part = message.get_body(("html",)), message.get_body(("plain",))
    html = html_part.get_content() if html_part else ""
    text = text_part.get_content() if text_part else ""
    page = lxml.html.document_fromstring(html or "<html></html>")
    subject = _Subject(raw=raw, message=message, html=html, text=text, page=page, direction=direction)
    return [check for checks in _CHECKS for check in checks(subject)]


def _size(on: _Subject) -> Iterator[Check]:
    size = len(on.html.encode())
    encoded = len(on.raw)
    yield Check(
        name="size",
        passed=size <= HTML_BYTES and encoded <= HTML_ENCODED_BYTES * 1.5,
        figure=f"{size:,} bytes of HTML, {encoded:,} on the wire",
        remedy=f"keep the HTML under {HTML_BYTES:,} bytes: fewer stories per region, fewer briefs",
    )
    styles = sum(len((style.text or "").encode()) for style in on.page.iter("style"))
    yield Check(
        name="style blocks",
        passed=styles < STYLE_BYTES,
        figure=f"{styles:,} bytes",
        remedy="Gmail drops more than 16 KB",
    )


def _direction(on: _Subject) -> Iterator[Check]:
    body = on.page.find("body")
    wrapper = body[0] if body is not None and len(body) else None
    held = [
        element
        for element in (on.page, body, wrapper)
        if element is not None and element.get("dir") == on.direction
    ]
    yield Check(
        name="direction on html, body and wrapper",
        passed=len(held) == 3,
        figure=f"{len(held)} of 3",
        remedy="Gmail drops html and turns body into a div: put lang and dir on an inner wrapper as well",
    )
    both = [e.tag for e in on.page.iter() if e.get("dir") and "padding" in (e.get("style") or "")]
    yield Check(
        name="no element with dir and padding",
        passed=not both,
        figure=f"{len(both)} found",
        remedy="Outlook draws a line there: padding on the outer cell, dir on the inner",
    )
    unsupported = re.findall(r"<bdi\b|padding-inline|margin-inline|text-align:\s*(?:start|end)\b", on.html)
    yield Check(
        name="no unsupported bidi markup",
        passed=not unsupported,
        figure=f"{len(unsupported)} found",
        remedy="use span dir=ltr and left/right",
    )


def _structure(on: _Subject) -> Iterator[Check]:
    levels = [int(e.tag[1]) for e in on.page.iter("h1", "h2", "h3", "h4")]
    skips = sum(later > earlier + 1 for earlier, later in pairwise(levels))
    yield Check(
        name="headings",
        passed=levels.count(1) == 1 and not skips,
        figure=f"{levels.count(1)} h1, {skips} skipped levels",
        remedy="one h1, no level left out",
    )
    bare = [e for e in on.page.iter("table") if e.get("role") != "presentation"]
    yield Check(
        name="layout tables",
        passed=not bare,
        figure=f"{len(bare)} without role=presentation",
        remedy="screen readers read them as data",
    )
    blind = [
        e
        for e in on.page.iter("img")
        if not all(e.get(key) is not None for key in ("alt", "width", "height"))
    ]
    yield Check(
        name="images",
        passed=not blind,
        figure=f"{len(blind)} without alt, width or height",
        remedy="give all three",
    )
    opened, closed = on.html.count("<!--[if"), on.html.count("<![endif]")
    yield Check(
        name="Outlook's conditional blocks",
        passed=opened == closed,
        figure=f"{opened} opened, {closed} closed",
        remedy="close each",
    )


def _content(on: _Subject) -> Iterator[Check]:
    left = _LEFTOVER.findall(on.html + on.text)
    yield Check(
        name="no token or template mark left",
        passed=not left,
        figure=f"{len(left)} found",
        remedy="a template names a value that nobody fills",
    )
    hidden = next(
        (
            e.text_content().translate(_ISOLATES).strip()
            for e in on.page.iter("div")
            if "display:none" in (e.get("style") or "").replace(" ", "")
        ),
        "",
    )
    yield Check(
        name="preheader",
        passed=len(hidden) in _PREHEADER,
        figure=f"{len(hidden)} characters",
        remedy="40 to 110 characters that carry news",
    )
    links = on.page.xpath("count(//a[@href])")
    lacking = [href for href in on.page.xpath("//a/@href") if href.startswith("http") and href not in on.text]
    yield Check(
        name="the text twin holds every link",
        passed=not lacking,
        figure=f"{len(lacking)} of {links:.0f} missing",
        remedy="list the link in edition.txt.j2",
    )


def _headers(on: _Subject) -> Iterator[Check]:
    once = [
        name
        for name in ("Date", "Message-ID", "From", "To", "Subject")
        if len(on.message.get_all(name, [])) != 1
    ]
    yield Check(
        name="headers that must stand once",
        passed=not once,
        figure=", ".join(once) or "all",
        remedy="each exactly once",
    )
    listed = [name for name in ("List-Unsubscribe", "List-ID", "Precedence") if not on.message.get(name)]
    yield Check(
        name="list headers",
        passed=not listed,
        figure=", ".join(listed) or "all",
        remedy="large providers ask bulk senders for them",
    )
    head = on.raw.partition(b"\r\n\r\n")[0]
    unfolded = re.sub(rb"\r\n[ \t]", b" ", head)
    broken = [
        line for line in unfolded.split(b"\r\n") if line.startswith(b"List-Unsubscribe:") and b"=?" in line
    ]
    yield Check(
        name="List-Unsubscribe unencoded",
        passed=not broken,
        figure=f"{len(broken)} encoded",
        remedy="fold at commas only",
    )
    subject = str(on.message.get("Subject", ""))
    right = on.direction == "ltr" or lead_rtl(subject) == subject
    yield Check(
        name="subject begins in its direction", passed=right, figure=subject[:20], remedy="begin with U+200F"
    )
    longest = max(len(line) for line in on.raw.split(b"\r\n"))
    yield Check(
        name="line length", passed=longest <= 998, figure=f"{longest} at most", remedy="RFC 5322 allows 998"
    )
    kinds = [part.get_content_type() for part in on.message.walk()]
    right = kinds == ["multipart/alternative", "text/plain", "text/html"]
    yield Check(name="parts", passed=right, figure=", ".join(kinds), remedy="plain text first, then HTML")


_CHECKS: tuple[Callable[[_Subject], Iterator[Check]], ...] = (
    _size,
    _direction,
    _structure,
    _content,
    _headers,
)
