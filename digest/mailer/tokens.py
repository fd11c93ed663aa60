"""A reader's own words: the tokens that stand for them in a variant, and what each of them becomes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN, shown
from digest.model import Message, Reader
from digest.text.bidi import FSI, PDI

#: Stands for the reader's name; nothing takes its place where the reader gave none.
NAME_PLACE = "__READER_NAME__"


def as_attribute(url: str) -> str:
    """Return a URL as it may stand in an HTML attribute."""
    return url.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")


def _name(reader: Reader) -> str:
    # Somebody typed it: one line, in its own direction, and no token of ours in it.
    return f"{FSI}{shown(reader.name)}{PDI}" if reader.name else ""


#: What becomes of each token in the plain text.
IN_TEXT: Mapping[str, Callable[[Reader], str]] = {
    UNSUBSCRIBE_TOKEN: lambda reader: reader.unsubscribe_url,
    PREFERENCES_TOKEN: lambda reader: reader.preferences_url,
    NAME_PLACE: _name,
}
#: And in the HTML.
IN_HTML: Mapping[str, Callable[[Reader], str]] = {
    UNSUBSCRIBE_TOKEN: lambda reader: as_attribute(reader.unsubscribe_url),
    PREFERENCES_TOKEN: lambda reader: as_attribute(reader.preferences_url),
    NAME_PLACE: lambda reader: html.escape(_name(reader)),
}
#: Any token, as a group.
TOKEN = re.compile(f"({'|'.join(IN_TEXT)})")


def fill_tokens(message: Message, reader: Reader) -> Message:
    """Return a message with the reader's own words in it, as text."""
    return Message(
        subject=message.subject,
        html=TOKEN.sub(lambda token: IN_HTML[token[0]](reader), message.html),
        text=TOKEN.sub(lambda token: IN_TEXT[token[0]](reader), message.text),
    )
