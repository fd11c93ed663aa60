"""What a message must hold to arrive and to read well, judged from its bytes alone.

Each check names what was measured, what to do, and which of the thirty requirements on our mail it is for. Those that
need a browser, a client's own rules or a spam filter (7, 8, 12, 13, 30) are not judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from digest.mailer.inbox.clients import clients
from digest.mailer.inbox.direction import directions
from digest.mailer.inbox.findings import Check, Letter, Verdict, Words, read_letter
from digest.mailer.inbox.headers import headers
from digest.mailer.inbox.layout import layout
from digest.mailer.inbox.mime_parts import mime_parts
from digest.mailer.inbox.wording import wording

__all__ = ["Check", "Verdict", "Words", "inbox_report"]

_CHECKS: tuple[Callable[[Letter], Iterator[Check]], ...] = (
    directions,
    layout,
    wording,
    clients,
    mime_parts,
    headers,
)


def inbox_report(raw: bytes, direction: str) -> list[Check]:
    """Return what was found about a message as it goes over the wire; `direction` is its newsletter's."""
    letter = read_letter(raw, direction)
    return [check for checks in _CHECKS for check in checks(letter)]
