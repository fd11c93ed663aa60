"""A web page's tree cut down to the one article that it was opened for. Pure, on lxml.

Pages of newspapers go on without end: teasers follow the article, then further articles of the same make. What
takes the main text out of a page (readability, trafilatura) takes them for parts of it. So the tree is cut first:
before the headline, and where something else begins.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from digest.collector.boilerplate import is_caption, is_related_heading
from digest.collector.page_markup import HEADINGS, is_sentence, label_of, make_plain, text_of
from digest.text.arabic import words
from digest.text.tidy import tidy

#: Elements that are read; an endless page has the article that it was opened for at its top.
MOST_ELEMENTS = 20_000
#: Words of a headline at least.
_HEADLINE_WORDS = 3
#: Captions, marks and names between a headline and itself at most.
_AGAIN_WITHIN = 8
#: Of the words of two headlines this share is common where they are two forms of one.
_ALIKE = 0.6
#: Of the words of a line this share is the headline's where the line only says it again.
SAID_AGAIN = 0.9
#: Sentences before a heading from which on it is not the headline above the text.
_TOO_LATE = 3
#: Links of a box within the text that stand beside its heading, not in an element of their own.
_MOST_LINKS = 6
#: Boxes in the middle of one article; what has more is a list.
_MOST_INSETS = 20
#: Of the characters of a box of links this share is linked.
_LINKED = 0.6
#: Characters of a word or two.
_A_WORD = 15

_OPEN = re.compile(r"[!?؟][\"'”’»)\]]*$")


def alike(one: str, other: str, least: float = _ALIKE) -> bool:
    """Tell whether two texts are two forms of one headline, by the share of words that they have in common."""
    mine, theirs = set(words(one)), set(words(other))
    return bool(mine) and len(mine & theirs) >= least * max(len(mine), len(theirs))


def keep_article(page: Any, title: str) -> bool:
    """Take out of a page's tree everything before the headline and from where something else begins.

    All text that stays stands in paragraphs and headings. Returns whether the headline was found; where it was not,
    the page's main heading stands for it.
    """
    body = page.find("body") if page.find("body") is not None else page
    for index, element in enumerate(body.iter(etree.Element)):
        if index == MOST_ELEMENTS:
            _cut_from(element)
            break
    make_plain(body)
    found = _headline(body, title)
    # An editor may have changed it since.
    headline = found if found is not None else next(filter(_may_be_headline, body.iter("h1")), None)
    if headline is not None:
        _cut_before(headline)
    _cut_after_article(body, title, headline)
    first = next(filter(_is_told, body.iter("p")), None)
    if first is not None:
        _set_heading(first, title)
    return found is not None


def _set_heading(paragraph: Any, title: str) -> None:
    """Say the headline above a paragraph: trafilatura takes no element for the article's that holds only one."""
    heading = paragraph.makeelement("h2")
    heading.text = "".join(filter(str.isprintable, tidy(title)))
    paragraph.addprevious(heading)


def _headline(body: Any, title: str) -> Any | None:
    """Return the first heading that says the headline, the page's main one before others."""
    for tags in (("h1",), HEADINGS[1:], ("p",)):
        found = next((one for one in body.iter(*tags) if alike(label_of(one), title)), None)
        if found is not None and (found.tag == "h1" or not _is_late(body, found)):
            return found
    return None


def _may_be_headline(heading: Any) -> bool:
    return len(label_of(heading).split()) >= _HEADLINE_WORDS


def _is_late(body: Any, found: Any) -> bool:
    told = 0
    for element in body.iter("p", *HEADINGS):
        if element is found:
            return False
        told += is_sentence(text_of(element))
        if told >= _TOO_LATE:
            return True
    return False


def _cut_before(element: Any) -> None:
    parent = element.getparent()
    while parent is not None:
        del parent[: parent.index(element)]
        if parent.tag == "body":
            return
        element, parent = parent, parent.getparent()


def _cut_from(element: Any) -> None:
    inner, parent = element, element.getparent()
    while parent is not None:
        del parent[parent.index(inner) + 1 :]
        inner, parent = parent, parent.getparent()
    element.drop_tree()


def _cut_after_article(body: Any, title: str, headline: Any | None) -> None:
    """Cut where another article or a list of them begins; boxes in the middle of the text are taken out alone."""
    told: Any | None = None
    gone: set[Any] = set()
    labels: list[tuple[str, Any]] = []
    insets = 0
    for element in list(body.iter("article", "p", *HEADINGS)):
        if element in gone or alike(label_of(element), title, SAID_AGAIN):
            continue
        if element.tag == "p" and _is_told(element):
            told = element
            # A question or an exclamation may be a headline, too.
            if not _OPEN.search(text_of(element)[-20:]):
                labels = []
        foreign = _foreign(element, told, title, headline, labels)
        if foreign is None:
            continue
        begin, inset = foreign
        insets += 1
        if inset is None or insets > _MOST_INSETS:
            _cut_from(begin)
            return
        for part in inset:
            gone.update(part.iter())
            part.drop_tree()


def _foreign(
    element: Any, told: Any | None, title: str, headline: Any | None, labels: list[tuple[str, Any]]
) -> tuple[Any, list[Any] | None] | None:
    """Return where something else begins, and what of it to take out; None in its place where the article has ended.

    None for an element that belongs to the article. `labels` are those since the last sentence; this one is added.
    """
    if element.tag == "article":
        return (element, [element]) if told is not None and _begins_with_heading(element) else None
    if is_related_heading(label_of(element)):
        box = _box(element, told)
        return box, _inset(box, told)
    if told is None:
        return None
    if _is_another_headline(element, told, title, headline):
        return element, None
    first = _said_before(element, labels)
    return (first, None) if first is not None else None


def _is_another_headline(element: Any, told: Any, title: str, headline: Any | None) -> bool:
    """Tell whether a heading is of the headline's kind, and says something else."""
    if element.tag not in HEADINGS or alike(label_of(element), title):
        return False
    if element.tag == "h1":
        # Among the paragraphs, with the headline elsewhere, it is a heading of the text's own.
        around = element.getparent()
        among = around in told.iterancestors()
        return not among or headline is None or around in headline.iterancestors()
    return (
        headline is not None
        and element.tag == headline.tag
        and bool(element.get("class"))
        and element.get("class") == headline.get("class")
    )


def _said_before(element: Any, labels: list[tuple[str, Any]]) -> Any | None:
    """Return where a headline stood the first time, if it is now said again, as above its picture and below it.

    A label that is said twice without another between is a caption's; one in a list or a link is of a table of
    contents.
    """
    label = label_of(element)
    if _is_link(element) or any(parent.tag == "li" for parent in element.iterancestors()):
        return None
    first = next((one for said, one in labels[:-1] if said == label), None)
    labels[:] = [*labels[-_AGAIN_WITHIN:], (label, element)]
    is_headline = len(label.split()) >= _HEADLINE_WORDS and not is_caption(label)
    return first if is_headline else None


def _begins_with_heading(article: Any) -> bool:
    for element in article.iter("p", *HEADINGS):
        if element.tag != "p" and label_of(element):
            return True
        if is_sentence(text_of(element)):
            return False
    return False


def _box(heading: Any, told: Any | None) -> Any:
    """Return the largest element around a heading that holds nothing of this article."""
    around_told = set(told.iterancestors()) if told is not None else set()
    box, parent = heading, heading.getparent()
    while parent is not None and parent.tag != "body" and parent not in around_told:
        # Above the text, which may follow in the same element: nothing that tells any news.
        beside = [one for one in parent if one is not box]
        if any(map(_tells, beside)) if told is not None else _holds_sentence(parent):
            break
        box, parent = parent, parent.getparent()
    return box


def _inset(box: Any, told: Any | None) -> list[Any] | None:
    """Return what of a box to take out where the article goes on after it; None where the article has ended.

    It goes on where, after nothing but links, an element of the kind that told the news before tells more. A list of
    links with a sentence to each is none of it.
    """
    if told is None:
        return [box]
    kinds = {(one.tag, one.get("class")) for one in box.itersiblings(preceding=True) if _tells(one)}
    inset = [box]
    for sibling in box.itersiblings():
        if (sibling.tag, sibling.get("class")) in kinds and _tells(sibling):
            after = next((one for one in sibling.itersiblings() if not _is_mute(one)), None)
            linked = any(map(_is_link, inset)) or box.find(".//a") is not None
            return inset if linked and (after is None or not _is_link(after)) else None
        if _is_link(sibling) and sibling.tag not in HEADINGS and len(inset) <= _MOST_LINKS:
            inset.append(sibling)
        elif not _is_mute(sibling):
            return None
    return None


def _tells(element: Any) -> bool:
    """Tell whether an element tells news before it names another article."""
    for part in element.iter("p", *HEADINGS):
        if part.tag != "p":
            return False
        if is_sentence(text_of(part)):
            return not _is_link(part)
    return False


def _is_told(paragraph: Any) -> bool:
    """Tell whether a paragraph is a sentence, and no link to another article."""
    return is_sentence(text_of(paragraph)) and not _is_link(paragraph)


def _holds_sentence(element: Any) -> bool:
    return any(is_sentence(text_of(part)) for part in element.iter("p"))


def _is_link(element: Any) -> bool:
    whole = len(text_of(element))
    return whole > 0 and sum(len(text_of(link)) for link in element.iter("a")) >= _LINKED * whole


def _is_mute(element: Any) -> bool:
    """Tell whether an element says nothing, or a word or two, such as that it is an advertisement."""
    return len(text_of(element)) <= _A_WORD
