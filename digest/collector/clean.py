"""HTML from feeds to plain text that a reader may see."""

from __future__ import annotations

import html
import re

import nh3

from digest.text.tidy import as_prose, shorten, tidy_paragraph

_BLOCK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|img|hr)\b", re.IGNORECASE
)
#: What parts a headline from the text after it.
_HEADING_TAGS = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "br"}
_BLOCK_TAG = re.compile(r"</?(?:h[1-6]|p|div|br)>")
_MARKUP = re.compile(r"<[A-Za-z/!]")
# What WordPress and its Arabic translation append to every summary.
_APPEARED_FIRST = re.compile(
    r"\s*(?:The post\b.{0,400}?\bappeared first on\b.*|(?:ظهرت المقالة|التدوينة)\b.{0,400}?\bأول(?:اً?|ًا)\s+على\b.*)$"
)
_READ_MORE = re.compile(
    r"\s*(?:\[(?:…|\.\.\.|&hellip;)\]|(?:اقرأ|إقرأ|قراءة) (?:المزيد|أيضاً|أيضا)\b.{0,200})\s*$"
)
#: No headline is longer; what is, is cut between words.
LONGEST_TITLE = 300
LONGEST_SUMMARY = 2000
#: Characters of markup that are read: many times the longest summary. The HTML parser's time grows with the
#: square of the nesting, so that a feed of nothing but `<div>` would hold up all others for hours.
_MOST_MARKUP = 30_000


def plain_text(markup: str) -> str:
    """Return what a person would read of a piece of HTML or of plain text, on one line.

    Scripts and styles go with their content; entities are resolved, twice where a feed escaped twice.

    >>> plain_text("<p>ارتفع&nbsp;السعر</p><p>إلى <b>3.2%</b> &amp;amp; أكثر</p><script>x()</script>")
    'ارتفع السعر إلى 3.2% & أكثر'
    """
    text = markup[:_MOST_MARKUP].encode("utf-8", "replace").decode("utf-8")
    for _ in range(2):
        if _MARKUP.search(text):
            text = nh3.clean(_BLOCK.sub(lambda found: " " + found.group(), text), tags=set(), attributes={})
        text = html.unescape(text)
    return tidy_paragraph(text)


def clean_title(markup: str, outlet_names: tuple[str, ...]) -> str:
    """Return a headline without the outlet's name that many feeds hang behind it.

    >>> clean_title("افتتاح الميناء | صوت الزيتونة", ("صوت الزيتونة",))
    'افتتاح الميناء'
    """
    title = plain_text(markup)
    for name in outlet_names:
        for separator in (" | ", " - ", " – ", " — ", ":: "):
            if name and title.endswith(separator + name):
                title = title.removesuffix(separator + name)
    return shorten(as_prose(title), LONGEST_TITLE)


def clean_summary(markup: str, title: str) -> str:
    """Return a summary without feed boilerplate, and without the headline where it is said again first."""
    summary = _without_headline(markup, title)
    summary = _APPEARED_FIRST.sub("", summary)
    summary = _READ_MORE.sub("", summary)
    return shorten(as_prose(summary), LONGEST_SUMMARY)


def _without_headline(markup: str, title: str) -> str:
    """Return the text of a summary without the headline before it, where that is a heading or a sentence by itself.

    A lede that begins with the headline's words and goes on is left whole.
    """
    text = plain_text(markup)
    if not title or not text.startswith(title):
        return text
    if _MARKUP.search(markup):
        blocks = _BLOCK_TAG.split(nh3.clean(markup[:_MOST_MARKUP], tags=_HEADING_TAGS, attributes={}))
        told = [block for block in map(plain_text, blocks) if block]
        if told and told[0] == title:
            return " ".join(told[1:])
    return re.sub(rf"^{re.escape(title)}(?: ?[.:،|\-–—…]+ ?|$)", "", text)
