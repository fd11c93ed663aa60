"""Lists of feeds as OPML, the format in which feed readers exchange them (http://opml.org/spec2.opml). Pure.

What OPML has no word for, a source's country or weight, is kept in attributes of a namespace of our own: other
programs pass over them, and an export that is imported gives the same sources.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from digest.collector.decode import decode
from digest.errors import InputError
from digest.model import Source
from digest.text.arabic import letters_share

#: Of the attributes that only Mujaz knows.
NAMESPACE = "urn:mujaz:source"
_OWN = f"{{{NAMESPACE}}}"
#: RSS and Atom feeds both are `rss` (OPML 2.0); some programs say `atom`. Other types lead to pages and lists.
_FEED_TYPES = frozenset({"rss", "atom", "feed"})
_NAME = re.compile(r"\b(?:text|title)\s*=\s*[\"']([^\"'<>]*)", re.IGNORECASE)
#: Of the letters of the names this share is Arabic, where a file in windows-1256 says something else.
_ARABIC = 0.3
#: What may stand in XML 1.0 (2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)(?:(\w{1,32});)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list."""

    #: Where it stands in the file, from 1.
    line: int
    #: As given; nobody has looked whether it is an address.
    url: str
    #: The feed's name; empty where the list gives none.
    title: str = ""
    language: str = ""
    #: Fields of a source that an export of Mujaz has kept, as text.
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """What a file of feeds holds."""

    outlines: tuple[Outline, ...]
    #: Where the file is damaged and why, in words; empty where it is whole.
    damage: str = ""


def read_opml(raw: bytes) -> FeedList:
    """Return the feeds of an OPML file in their order, whatever folders they lie in.

    A damaged file gives what can be read of it. No entity is resolved but the characters that HTML names: nothing
    is loaded, and nothing grows. Raises InputError where it is no OPML.
    """
    root, damage = _tree(_REFERENCE.sub(_reference, _NO_XML.sub("", _text(raw))).encode("utf-8"))
    outlines = [] if root is None else [one for one in root.iter() if _name(one) == "outline"]
    if root is None or (not outlines and _name(root) != "opml"):
        raise InputError(f"is no OPML: {damage or f'its first element is <{_name(root)}>'}")
    return FeedList(
        outlines=tuple(feed for one in outlines if (feed := _outline(one)) is not None), damage=damage
    )


def _text(raw: bytes) -> str:
    """Return the file's text without its declaration, every line at its place."""
    decoded = decode(raw)
    if decoded.encoding == "cp1252":
        # All words of a list stand in attributes, where nobody looks for them to tell an encoding.
        arabic = raw.decode("cp1256", "replace")
        if letters_share(" ".join(_NAME.findall(arabic))) >= _ARABIC:
            decoded = decode(arabic.encode("utf-8"))
    body = decoded.as_utf8().decode("utf-8").partition("\n")[2]
    return "\n" * (decoded.text.count("\n") - body.count("\n")) + body


def _tree(body: bytes) -> tuple[Any, str]:
    options = {"encoding": "utf-8", "resolve_entities": False, "no_network": True, "huge_tree": False}
    try:
        return etree.fromstring(body, etree.XMLParser(**options)), ""
    except etree.XMLSyntaxError as error:
        damage = f"line {error.lineno or 1}: {error.msg}"
    try:
        return etree.fromstring(body, etree.XMLParser(**options, recover=True)), damage
    except etree.XMLSyntaxError:
        return None, damage


def _reference(found: re.Match[str]) -> str:
    """Return a character for an entity of HTML's, and a mere ampersand for all that XML does not know by itself."""
    meant = html.unescape(found.group()) if found[1] else found.group()
    if meant == found.group() or len(meant) > 2:
        return f"&amp;{found.group()[1:]}"
    return "".join(f"&#{ord(char)};" for char in meant)


def _name(element: Any) -> str:
    # Comments and processing instructions have no name but a function.
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _outline(element: Any) -> Outline | None:
    """Return the feed that an outline names; None for a folder, or for what is no feed."""
    plain = {str(key).lower(): value for key, value in element.attrib.items() if not str(key).startswith("{")}
    kind = plain.get("type", "").strip().lower()
    url = plain.get("xmlurl", "").strip() or (plain.get("url", "").strip() if kind in _FEED_TYPES else "")
    if not url:
        return None
    return Outline(
        line=element.sourceline or 1,
        url=url,
        title=plain.get("title", "").strip() or plain.get("text", "").strip(),
        language=plain.get("language", "").strip(),
        kept={key.removeprefix(_OWN): value for key, value in element.attrib.items() if key.startswith(_OWN)},
    )


def write_opml(sources: Sequence[Source], title: str) -> bytes:
    """Return an OPML 2.0 file of the sources in their order, neighbours of one outlet under one outline."""
    root = etree.Element("opml", version="2.0", nsmap={"mujaz": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _xml_text(title)
    body = etree.SubElement(root, "body")
    for outlet, group in itertools.groupby(sources, key=lambda source: source.outlet):
        folder = etree.SubElement(body, "outline", text=_xml_text(outlet))
        for source in group:
            etree.SubElement(folder, "outline", _attributes(source))
    document: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return document


def _attributes(source: Source) -> dict[str, str]:
    own = {
        "id": source.id,
        "outlet": source.outlet,
        "name": source.name,
        "country": source.country,
        "language": source.language,
        "timezone": source.timezone or "",
        "weight": repr(source.weight),
        "regions": " ".join(source.regions),
        "full_text": _boolean(source.full_text),
        "enabled": _boolean(source.enabled),
    }
    plain = {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": source.url}
    kept = {f"{_OWN}{key}": value for key, value in own.items() if value}
    return {key: _xml_text(value) for key, value in (plain | kept).items()}


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _xml_text(text: str) -> str:
    return _NO_XML.sub("", text)


def kept_fields(outline: Outline) -> dict[str, object]:
    """Return what an export has kept of a source, in the shape of a [[source]] table; empty for others' lists.

    The values are as given: whether they are right is for the settings to say.
    """
    shapes: Mapping[str, Any] = {
        "weight": _number,
        "regions": str.split,
        "full_text": _said,
        "enabled": _said,
    }
    known = ("id", "outlet", "name", "country", "language", "timezone", *shapes)
    return {key: shapes.get(key, str)(outline.kept[key]) for key in known if key in outline.kept}


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _said(text: str) -> object:
    return {"true": True, "false": False}.get(text.strip().lower(), text)
