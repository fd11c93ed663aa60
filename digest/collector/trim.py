"""Where a feed's entries stand in its bytes, so that those which were read before need not be read again.

feedparser is the dearest step of a collect by far, and from one fetch to the next a feed brings a few new entries
among many old ones. An entry whose bytes are the same as last time says the same: it is cut out of the body, byte
by byte, so that what is left reads exactly as it did in the whole. Only where the XML is well-formed: what is not,
feedparser has to mend as a whole. And only where entries stand for themselves: see `_Entangled`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from digest.errors import FeedError

#: Bytes of an entry's hash.
_HASH_BYTES = 8
#: feedparser keeps something for each open element: a few megabytes of them would take the memory of a small machine.
_MOST_DEPTH = 1000
_ENTRY_TAGS = frozenset({"item", "entry"})
#: What feedparser takes for an element's base address; expat joins namespace and name with the space.
_BASES = frozenset({"http://www.w3.org/XML/1998/namespace base", "base"})
_TAG_NAME = re.compile(rb"<([^\s/>]+)")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry's place in a feed's bytes."""

    hash: str
    start: int
    end: int


class _Entangled(Exception):
    """What an entry says may depend on something that is not in its bytes.

    Either the document type: it declares entities, and feedparser takes it out, after which others are unknown. Or
    an entry inside another, or what feedparser carries over from one entry to the next: the base address, and
    what a prefix stands for.
    """


class _Finder:
    """Notes the entries while expat goes through a document."""

    def __init__(self, body: bytes) -> None:
        self.items: list[Item] = []
        self._body = body
        #: Where the entry begins that expat is in; None between entries.
        self._start: int | None = None
        #: None before the document's outermost element, then whether that has a base address.
        self._has_base: bool | None = None
        self._prefixes: dict[str, str] = {}
        self._depth = 0
        # With namespaces, as feedparser reads: an unbound prefix is a fault here as there.
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._finish
        self._parser.StartDoctypeDeclHandler = self._meet_doctype
        self._parser.StartNamespaceDeclHandler = self._meet_prefix

    def run(self) -> None:
        self._parser.Parse(self._body, True)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise FeedError(f"its elements are nested more than {_MOST_DEPTH:,} deep, as no feed's are")
        if self._has_base is None:
            self._has_base = not _BASES.isdisjoint(attributes)
        is_entry = name.rpartition(" ")[2] in _ENTRY_TAGS
        if self._start is None:
            if not is_entry:
                return
            self._start = self._parser.CurrentByteIndex
        elif is_entry:
            raise _Entangled
        if attributes and not self._has_base and not _BASES.isdisjoint(attributes):
            raise _Entangled

    def _finish(self, name: str) -> None:
        self._depth -= 1
        # No entry stands in another one, so that this is the end of the one that is open.
        if self._start is not None and name.rpartition(" ")[2] in _ENTRY_TAGS:
            end = self._end_of_entry(self._start)
            digest = hashlib.blake2b(self._body[self._start : end], digest_size=_HASH_BYTES)
            self.items.append(Item(digest.hexdigest(), self._start, end))
            self._start = None

    def _end_of_entry(self, start: int) -> int:
        """Return the place behind the entry; expat stands before its end tag, but behind `<item/>`."""
        position = self._parser.CurrentByteIndex
        name = _TAG_NAME.match(self._body, start)
        end_tag = re.compile(rb"</%b\s*>" % re.escape(name[1] if name else b""))
        found = end_tag.match(self._body, position)
        return found.end() if found else position

    def _meet_doctype(self, *_: object) -> None:
        raise _Entangled

    def _meet_prefix(self, prefix: str | None, uri: str | None) -> None:
        if prefix and self._prefixes.setdefault(prefix, uri or "") != uri:
            raise _Entangled


def find_items(body: bytes) -> tuple[list[Item] | None, str]:
    """Return the entries of a feed in UTF-8 in their order; None where they have to be read together.

    That is because the XML is not well-formed, which comes with the reason in words, or because they are entangled.
    expat refuses entity bombs by itself, fetches nothing and does not recurse. Raises FeedError where elements are
    nested too deep to be meant.
    """
    finder = _Finder(body)
    try:
        finder.run()
    except expat.ExpatError as error:
        return None, f"is not well-formed XML ({expat.ErrorString(error.code)})"
    except _Entangled:
        return None, ""
    return finder.items, ""


def without(body: bytes, items: Sequence[Item], kept: Collection[int]) -> bytes:
    """Return the body without those of its items whose index is not in `kept`."""
    parts = []
    position = 0
    for index, item in enumerate(items):
        if index not in kept:
            parts.append(body[position : item.start])
            position = item.end
    parts.append(body[position:])
    return b"".join(parts)
