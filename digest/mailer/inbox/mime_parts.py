"""Requirements 22 and 23: the parts of the message and its lines."""

from __future__ import annotations

from collections.abc import Iterator

from digest.mailer.inbox.findings import Check, Group, Letter, say, verbatim

_group = Group(say("Message"))

#: RFC 2045 for encoded lines, RFC 5322 for all others.
_ENCODED_LINE = 76
_ANY_LINE = 998


def mime_parts(letter: Letter) -> Iterator[Check]:
    """Yield what was found about the message's form."""
    parts = list(letter.message.walk())
    kinds = [part.get_content_type() for part in parts]
    yield _group.check(
        22,
        say("parts"),
        kinds == ["multipart/alternative", "text/plain", "text/html"],
        verbatim(", ".join(kinds)),
        say("plain text first, then HTML"),
    )
    bodies = [part for part in parts if not part.is_multipart()]
    odd = [
        part.get_content_type()
        for part in bodies
        if str(part.get("Content-Transfer-Encoding", "")).lower() != "base64"
        or str(part.get_content_charset()) != "utf-8"
    ]
    yield _group.check(
        22,
        say("UTF-8 in base64"),
        not odd,
        say("otherwise: {kinds}", kinds=", ".join(odd) or "-"),
        say("quoted-printable doubles Arabic's length"),
    )
    head, _, body = letter.raw.partition(b"\r\n\r\n")
    in_body = max(map(len, body.split(b"\r\n")))
    in_head = max(map(len, head.split(b"\r\n")))
    yield _group.check(
        23,
        say("line length"),
        in_body <= _ENCODED_LINE and in_head <= _ANY_LINE,
        say("headers {head} at most, body {body}", head=in_head, body=in_body),
        say("fold headers under 998 characters, encode the body in lines of 76"),
    )
