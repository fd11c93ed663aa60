"""HTML from feeds to plain text that a reader may see."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import nh3

from digest.collector.boilerplate import split_dateline, tells_of, without_boilerplate
from digest.text.arabic import words
from digest.text.tidy import as_prose, shorten, tidy_paragraph

_BLOCK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|img|hr|section|article"
    r"|header|footer|aside|video|audio|iframe)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[A-Za-z/!]")
_PICTURE_CAPTION = re.compile(r"<figcaption>.{0,600}?</figcaption>|</?figcaption>", re.DOTALL)
#: What stands for a block's end until the text is cut there: line ends within markup mean nothing.
_BREAK = "\u2028"
_BREAKS = re.compile("[\r\n\x85\u2028\u2029]+")
#: No headline is longer; what is, is cut between words.
LONGEST_TITLE = 300
LONGEST_SUMMARY = 2000
#: Characters of a headline with the outlet's name, where all of it is looked at.
_MOST_TITLE = 2 * LONGEST_TITLE
#: Characters of markup that are read: many times the longest summary. The HTML parser's time grows with the
#: square of the nesting, so that a feed of nothing but `<div>` would hold up all others for hours.
_MOST_MARKUP = 30_000
#: Characters of an outlet's name, with what parts it from the headline.
_LONGEST_NAME = 100
#: Characters of text that are cleaned, where a feed gives whole articles.
_MOST_TEXT = 3 * LONGEST_SUMMARY
# Between a headline and its outlet. A dash needs a space on one side: names and compounds hold dashes too.
_PARTING = re.compile(r"\s*(?:\||::|•|·)\s*|\s+[-–—ـ]+\s*|[-–—]+\s+|\s*»\s+|\s+»\s*|\s*«\s+|\s+«")
# Between a headline and the text after it, where both stand in one line.
_AFTER_HEADLINE = re.compile(r" ?[.:|\-–—…]+ ?|$")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a feed says under a headline."""

    text: str
    #: Where the report was filed, as the outlet writes it: `موسكو`; empty where it does not say.
    dateline: str


def plain_text(markup: str) -> str:
    """Return what a person would read of a piece of HTML or of plain text, on one line.

    Scripts and styles go with their content, pictures with their captions; entities are resolved, twice where a
    feed escaped twice.

    >>> plain_text("<p>ارتفع&nbsp;السعر</p><p>إلى <b>3.2%</b> &amp;amp; أكثر</p><script>x()</script>")
    'ارتفع السعر إلى 3.2% & أكثر'
    """
    return tidy_paragraph(_unmarked(markup))


def clean_title(markup: str, outlet_names: Sequence[str]) -> str:
    """Return a headline without the outlet's name that many feeds hang behind it, or put before it.

    >>> clean_title("افتتاح الميناء | صوت الزيتونة", ("صوت الزيتونة",))
    'افتتاح الميناء'
    """
    title = shorten(plain_text(markup), _MOST_TITLE)
    return shorten(as_prose(_without_names(title, outlet_names)), LONGEST_TITLE)


def clean_summary(markup: str, title: str, outlet_names: Sequence[str] = ()) -> Summary:
    """Return a summary without boilerplate, its dateline apart, and without the headline where it is said again.

    `title` is the entry's headline after `clean_title`.

    >>> clean_summary("<p>موسكو - رويترز</p><p>حضر الوزراء. [&hellip;]</p>", "افتتاح الميناء")
    Summary(text='حضر الوزراء.', dateline='موسكو')
    """
    lines = _BREAKS.split(_unmarked(markup)[:_MOST_TEXT])
    paragraphs = [as_prose(paragraph) for line in lines if (paragraph := tidy_paragraph(line))]
    place, text = _settled("\n".join(paragraphs), title, outlet_names)
    if "\n" in text:
        # In one line they may show an opening that was said twice, or an ending.
        place_in_line, text = _settled(tidy_paragraph(text), title, outlet_names)
        place = place or place_in_line
    if (
        not text
        and len(paragraphs) == 1
        and (told := tells_of(paragraphs[0]))
        and not (title and told.startswith(title))
    ):
        # An invitation that tells the news stays whole where there is nothing else.
        text = paragraphs[0]
    return Summary(shorten(text, LONGEST_SUMMARY), place)


def _settled(text: str, title: str, outlet_names: Sequence[str]) -> tuple[str, str]:
    """Return a text's dateline, and its paragraphs after everything before the news is gone, in whatever order."""
    place = ""
    while True:
        text = without_boilerplate(text)
        first, *others = text.split("\n")
        first = _without_headline(first, title, outlet_names)
        found, rest = split_dateline(first, outlet_names)
        # What is all there is may be a headline: "ارتفاع الأسعار - رويترز".
        if rest or others:
            place, first = place or found, rest
        less = "\n".join(paragraph for paragraph in (first, *others) if paragraph)
        if less == text:
            return place, less
        text = less


def _unmarked(markup: str) -> str:
    """Return the text of HTML, escaped HTML or plain text, with a break where a block begins or ends."""
    text = markup[:_MOST_MARKUP].encode("utf-8", "replace").decode("utf-8")
    for _ in range(2):
        if _MARKUP.search(text):
            text = _BLOCK.sub(lambda found: _BREAK + found.group(), _on_one_line(text))
            text = _PICTURE_CAPTION.sub(_BREAK, nh3.clean(text, tags={"figcaption"}, attributes={}))
        text = html.unescape(text)
    return text


def _on_one_line(text: str) -> str:
    """Return a text with a space for each run of line ends."""
    text = text.replace("\r", "\n")
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return text.replace("\n", " ")


def _without_names(title: str, outlet_names: Sequence[str]) -> str:
    """Return a headline without any of the names at either end, or whole where nothing else would be left."""
    if not _PARTING.search(title):
        return title
    names = {_spelling(name) for name in outlet_names} - {()}
    while (less := _without_a_name(title, names)) != title:
        title = less
    return title


def _without_a_name(title: str, names: set[tuple[str, ...]]) -> str:
    for parting in _PARTING.finditer(title):
        if _quotes_close(title) and parting.group().strip() in {"«", "»"}:
            continue
        before, after = title[: parting.start()], title[parting.end() :]
        for name, headline in ((after, before), (before, after)):
            if len(name) <= _LONGEST_NAME and _spelling(name) in names and _is_headline(headline, names):
                return headline
    return title


def _spelling(name: str) -> tuple[str, ...]:
    return tuple(words(name))


def _is_headline(text: str, names: set[tuple[str, ...]]) -> bool:
    """Tell whether this may be what a name stood beside: not a name itself, and no half of a quotation."""
    return _spelling(text) not in names | {()} and _quotes_close(text)


def _quotes_close(text: str) -> bool:
    return text.count("«") == text.count("»")


def _without_headline(text: str, title: str, outlet_names: Sequence[str]) -> str:
    """Return a text without the headline before it, where that is a sentence by itself.

    A lede that begins with the headline's words and goes on is left whole.
    """
    if not title or title not in text[: len(title) + _LONGEST_NAME]:
        return text
    if len(text) <= len(title) + _LONGEST_NAME and _without_names(text, outlet_names) == title:
        return ""
    if not text.startswith(title):
        return text
    rest = text[len(title) :]
    if parted := _AFTER_HEADLINE.match(rest):
        return rest[parted.end() :]
    rest = rest.removeprefix(" ")
    # What follows is an opening of its own: the headline once more, a picture's caption, a dateline.
    opens = rest.startswith(title) or not rest.startswith(without_boilerplate(rest))
    return rest if opens or split_dateline(rest, outlet_names)[1] != rest else text
