"""A web page's tree made plain: furniture out, layouts opened, each run of text in a paragraph. Pure, on lxml.

Many pages of newspapers hold their text in `<div>`, `<td>` or `<span>`, parted by `<br>`, within a table within a
form; what finds the main text of a page looks for `<p>`.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from digest.text.tidy import tidy

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Characters of a heading, a caption or a label at most.
LONGEST_LABEL = 300
#: Characters and words of a sentence at least.
_SENTENCE_CHARACTERS, _SENTENCE_WORDS = 30, 5

_FINISHED = re.compile(r"[.!?؟…][\"'”’»)\]]*$")
# What HTML may hold as a reference, and lxml does not take for text (XML 1.0, section 2.2).
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# What holds no news on any page.
_FURNITURE = (
    *(
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "nav",
        "aside",
        "footer",
        "figure",
        "dialog",
    ),
    *("figcaption", "picture", "video", "audio", "button", "select", "amp-sidebar", "amp-consent", "amp-ad"),
)
# What begins a new line (HTML standard, 15.3); elements with a hyphen in their names are some framework's own.
_BLOCK = re.compile(
    r"address|article|aside|blockquote|body|br|center|d[dlt]|details|div|fieldset|figure|footer|form|h[1-6r]|header"
    r"|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|.*-.*"
)
# What holds no text itself, or must not be taken apart.
_CLOSED_TO_TEXT = re.compile(r"br|dl|h[1-6]|[ou]l|pre|table|tbody|tfoot|thead|tr")


def text_of(element: Any) -> str:
    """Return an element's text on one line."""
    return tidy("".join(element.itertext()))


def label_of(element: Any) -> str:
    """Return an element's text on one line; "" where it is longer than a label."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        pieces.append(piece)
        length += len(piece.strip())
        if length > LONGEST_LABEL:
            return ""
    return tidy("".join(pieces))


def is_sentence(text: str) -> bool:
    """Tell whether a tidy text ends as a sentence does, and is long enough for one."""
    return bool(
        len(text) >= _SENTENCE_CHARACTERS
        and _FINISHED.search(text[-20:])
        and len(text.split()) >= _SENTENCE_WORDS
    )


def make_plain(body: Any) -> None:
    """Change a tree so that all its text stands in paragraphs and headings, and drop what holds no news."""
    for element in list(body.iter(*_FURNITURE)):
        # One that was never closed holds the whole page.
        if element.find(".//h1") is None:
            element.drop_tree()
        else:
            element.drop_tag()
    _make_paragraphs(body)
    _open_layouts(body)
    for element in body.iter(etree.Element):
        # trafilatura takes whatever has a border for a box, even `border: 0` on a paragraph.
        if not _HIDDEN.search(element.get("style", "")):
            element.attrib.pop("style", None)
    # It drops headers whole, and the first sentence of many articles with them.
    etree.strip_tags(body, "header")


def _open_layouts(body: Any) -> None:
    """Open tables and forms that hold the page, as ASP.NET makes them; drop the other forms: sign-up boxes."""
    for table in body.iter("table"):
        if any(is_sentence(text_of(paragraph)) for paragraph in table.iter("p")):
            for part in table.iter("table", "tbody", "tr", "td", "th"):
                part.tag = "div"
    whole = len(text_of(body))
    for form in list(body.iter("form")):
        if len(text_of(form)) > whole / 2:
            form.drop_tag()
        else:
            form.drop_tree()


def _make_paragraphs(body: Any) -> None:
    """Put each run of text of a tree into a `<p>` of its own, and part paragraphs at their line breaks."""
    elements = list(body.iter(etree.Element))
    blocks: set[Any] = set()
    for element in reversed(elements):
        if _BLOCK.fullmatch(element.tag) or any(child in blocks for child in element):
            blocks.add(element)
    for element in elements:
        if element.tag in HEADINGS and len(element) and not label_of(element):
            # Never closed, it holds the text as well.
            element.tag = "div"
        if element in blocks and not _CLOSED_TO_TEXT.fullmatch(element.tag):
            _part(element, blocks)


def _part(block: Any, blocks: set[Any]) -> None:
    if block.tag == "p" and not any(child in blocks for child in block):
        return
    runs = _Runs(block)
    for child in list(block):
        tail, child.tail = child.tail, None
        if child in blocks:
            runs.close()
            if child.tag != "br":
                runs.done.append(child)
        else:
            runs.add(child)
        runs.say(tail)
    runs.close()
    block.text = None
    block[:] = runs.done
    if block.tag == "p":
        block.tag = "div"


class _Runs:
    """The runs of text of one block, in the making."""

    def __init__(self, block: Any) -> None:
        self._new = block.makeelement
        #: The paragraphs so far, and the blocks between them.
        self.done: list[Any] = []
        self._run = self._new("p")
        # Text that does not stand in the run yet.
        self._said: list[str] = []
        self.say(block.text)

    def say(self, text: str | None) -> None:
        """Add text to the run."""
        if text:
            self._said.append(text)

    def add(self, inline: Any) -> None:
        """Add what stands within the line."""
        self._settle()
        self._run.append(inline)

    def close(self) -> None:
        """End the run; one without text goes."""
        self._settle()
        if any(text.strip() for text in self._run.itertext()):
            self.done.append(self._run)
        self._run = self._new("p")

    def _settle(self) -> None:
        text = _NOT_TEXT.sub(" ", "".join(self._said))
        self._said = []
        if len(self._run):
            self._run[-1].tail = text
        else:
            self._run.text = text
