"""Lists of tags and values, as DKIM's and DMARC's records are written (RFC 6376, 3.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping


def read_tags(text: str) -> Mapping[str, str]:
    """Return the values by their tags, without white space around them. Raises ValueError where it is no such list.

    >>> read_tags("v=DMARC1; p = none;")
    {'v': 'DMARC1', 'p': 'none'}
    """
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if not part.strip():
            continue
        if not sign:
            raise ValueError(f"{part.strip()!r} has no value")
        if name.strip() in tags:
            raise ValueError(f"{name.strip()!r} stands twice")
        tags[name.strip()] = value.strip()
    return tags
