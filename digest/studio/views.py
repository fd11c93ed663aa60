"""The letter as different readers have it: light and dark, and in Gmail. Pure."""

from __future__ import annotations

import re
from typing import Literal

Scheme = Literal["light", "dark"]

_ASKS_FOR_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_SCHEME_META = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*(")')
_OUTWARD_LINK = re.compile(r'<a (?=[^>]*\bhref="(?:https?|mailto):)')
# Media features that are true and false on every screen.
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"


def in_scheme(html: str, scheme: Scheme) -> str:
    """Return a page as a reader with that colour scheme has it, whatever the editor's own screen prefers.

    A page inside a frame asks the screen, which nobody can change from outside: its media queries are answered here.
    """
    answered = _ASKS_FOR_SCHEME.sub(lambda asked: _ALWAYS if asked[1] == scheme else _NEVER, html)
    return _SCHEME_META.sub(rf"\g<1>{scheme}\g<2>", answered)


def as_in_gmail(html: str) -> str:
    """Return the page as Gmail shows it where it is strictest: html and head dropped, body a div, its host English."""
    body = html.partition("<body")[2].partition(">")[2].rpartition("</body>")[0] or html
    return (
        '<!DOCTYPE html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>Gmail</title></head>'
        '<body dir="ltr" style="margin:0;font-family:Arial,Helvetica,sans-serif;font-size:13px">'
        f"<div>{body}</div></body></html>"
    )


def links_outside(html: str) -> str:
    """Return a page whose links open beside the studio, and tell nobody where they were followed from."""
    return _OUTWARD_LINK.sub('<a target="_blank" rel="noopener noreferrer" ', html)
