"""The documentation as a reader meets it: pages, their headings, links, tables and fenced blocks."""

from __future__ import annotations

import pathlib
import re
import unicodedata
from dataclasses import dataclass

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
_FENCE = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<text>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<level>#{1,6}) +(?P<words>.+?)\s*$", re.MULTILINE)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?(?P<to>[^()\s>]+)>?[^()]*\)")
_SOURCE = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href)=[\"'](?P<to>[^\"']+)[\"']")
_NAMED = re.compile(r"<[^>]+\b(?:id|name)=[\"']([^\"']+)[\"']")
_CELL_END = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced block: what is written behind the fence, and what stands in it."""

    kind: str
    text: str


def pages() -> list[pathlib.Path]:
    """Return all pages for people: both READMEs, what else lies beside them, and docs/."""
    return [*sorted(REPOSITORY.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def fences(text: str, kind: str | None = None) -> list[Fence]:
    """Return the fenced blocks of a page in their order, of one kind where it is given."""
    found = [Fence(kind=one["kind"].strip(), text=one["text"]) for one in _FENCE.finditer(text)]
    return [one for one in found if kind in {None, one.kind}]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Return where a page leads, in Markdown and in HTML; what stands in code is no link."""
    shown = _CODE.sub(lambda code: "`" + "x" * len(code[1]) + "`", prose(text))
    return [one["to"] for pattern in (_LINK, _SOURCE) for one in pattern.finditer(shown)]


def anchors(text: str) -> set[str]:
    """Return what `#...` may name in a page, as the usual forges make it of headings."""
    found: dict[str, int] = {}
    names = set(_NAMED.findall(prose(text)))
    for heading in _HEADING.finditer(prose(text)):
        slug = _slug(heading["words"])
        count = found.get(slug, 0)
        found[slug] = count + 1
        names.add(f"{slug}-{count}" if count else slug)
    return names


def _slug(words: str) -> str:
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words).replace("`", "").lower()
    kept = [
        letter
        for letter in bare
        if letter in " -_" or unicodedata.category(letter)[0] in "LN" or letter == "_"
    ]
    return "".join(kept).strip().replace(" ", "-")


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading, up to the next one of any level, by the heading's words without backticks."""
    plain = prose(text)
    found = list(_HEADING.finditer(plain))
    ends = [one.start() for one in found[1:]] + [len(plain)]
    return {
        one["words"].replace("`", ""): plain[one.end() : end] for one, end in zip(found, ends, strict=True)
    }


def table(text: str) -> list[list[str]]:
    """Return the rows of all tables of a section below their headings, cell by cell."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(line.strip()[1:-1])]
        if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            rows.pop()  # The line above was the table's head.
        else:
            rows.append(cells)
    return rows


def codes(text: str) -> list[str]:
    """Return what stands between backticks."""
    return _CODE.findall(text)
