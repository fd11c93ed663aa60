"""An article's own web page to its text: this one article, without what stands around it. Pure.

bytes | decode | parse | cut out the one article | trafilatura | leave out what is no news | PageText

Run it in a process that can be stopped: somebody else's page may keep any HTML parser for long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from digest.collector.answers import is_challenge
from digest.collector.boilerplate import (
    is_caption,
    is_player_mark,
    is_related_heading,
    split_dateline,
    without_boilerplate,
)
from digest.collector.clean import LONGEST_SUMMARY, plain_text
from digest.collector.decode import decode
from digest.collector.one_article import SAID_AGAIN, alike, keep_article
from digest.collector.page_markup import LONGEST_LABEL, is_sentence, text_of
from digest.errors import FeedError
from digest.model import Failure, FetchResult, PageText
from digest.text.arabic import stems, words
from digest.text.tidy import shorten, tidy, tidy_paragraph

#: Characters of text that are kept of one article.
LONGEST_TEXT = 60_000
#: Characters of one paragraph; somebody's whole article may be one.
_LONGEST_LINE = 20_000
#: Characters from which on a paragraph tells the news without a full stop, too: no heading or caption is as long.
_LONG = 120
#: Characters of an article at least: a sentence or two.
_SHORTEST_TEXT = 100
#: Of the sentences of a page this share is too little for its article.
_LITTLE = 0.3
#: Labels under a text at most.
_MOST_LABELS = 3
#: Of the headline's stems this share stands in its article; in another one nearly never.
_SHARED_STEMS = 0.3
#: Of the headline's words this share stands on its page.
_SHARED_WORDS = 0.5

_META = re.compile(rb"<meta\s[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CODE_BEGINS = re.compile(rb"<(?:script|style)\b", re.IGNORECASE)
_CODE_ENDS = re.compile(rb"</(?:script|style)\b", re.IGNORECASE)
# The parser compares each attribute of an element with all others.
_OVERLONG_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)\s[^<>]{20000,}>")
_A_FEED = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:rss|feed|rdf:RDF|urlset)\b", re.IGNORECASE)
_A_PAGE = re.compile(r"<(?:!doctype\s+html|html|body|article|main|div|p|h1)\b", re.IGNORECASE)
_LINE_ENDS = re.compile(r"(?:</(?:p|div|h\d|li)>|<br\s*/?>|[\r\n])+", re.IGNORECASE)
# How doors are headed that are no challenge: refusals, logins, consents.
_GATE = re.compile(
    r"access denied|forbidden|unusual traffic|\b(?:log|sign)[ -]?(?:in|on)\b|before you continue|\bconsent\b|cookies"
    r"|تسجيل (?:ال)?دخول|غير مسموح|ملفات تعريف الارتباط|الموافقة على",
    re.IGNORECASE,
)


def read_page(fetched: FetchResult, title: str, outlet_names: Sequence[str] = ()) -> PageText:
    """Return the text of the article with this headline from its page.

    Raises FeedError where the page is no web page, is a door (a challenge, a consent, a login), or holds no text of
    this article.
    """
    markup = _markup(fetched)
    page = _parse(markup)
    _refuse_gate(page, markup, title)
    bodies = list(_given_bodies(page, title))
    found = keep_article(page, title)
    told = _page_text(_extract(page), title, outlet_names)
    if told.lede and (found or _is_about(told.text, title)):
        return told
    for lines in bodies:
        told = _page_text(lines, title, outlet_names)
        if told.lede:
            return told
    raise FeedError("the page holds no text of this article")


def _markup(fetched: FetchResult) -> str:
    """Return a web page's source as text; raises FeedError where the body is something else."""
    markup = _decode(fetched)
    if _A_FEED.match(markup) or not _A_PAGE.search(markup):
        kind = fetched.content_type or "unknown"
        raise FeedError(f"no web page: content of type {kind} that begins with {markup[:40].strip()!r}")
    return markup


def _decode(fetched: FetchResult) -> str:
    """Return a page's text, by the rules for feeds, with HTML's own declaration for XML's."""
    # Script is Latin in any language, and would hide that the text is Arabic.
    first, *others = _CODE_BEGINS.split(fetched.body)
    seen = b" ".join([first, *(_CODE_ENDS.split(part, 1)[-1] for part in others)])
    declared = _META.search(seen[:8192])
    claims = [fetched.charset, declared.group(1).decode("ascii") if declared else None]
    # UTF-8 is tried first whatever is claimed; a claim counts where the bytes are something else.
    claim = next((name for name in claims if name and name.lower() not in {"utf-8", "utf8"}), None)
    return fetched.body.decode(decode(seen, claim).encoding, "replace").lstrip("\ufeff")


def _parse(markup: str) -> Any:
    source = _OVERLONG_TAG.sub(r"<\1>", markup).encode("utf-8", "replace")
    try:
        return html.document_fromstring(
            source, parser=html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        )
    except etree.ParserError as error:
        raise FeedError("an empty web page") from error


def _refuse_gate(page: Any, markup: str, title: str) -> None:
    """Raise FeedError where the page is a door: it says so at its head, and nowhere says the headline."""
    if is_challenge(markup):
        raise FeedError("a challenge page that wants a browser: the outlet blocks programs", Failure.BLOCKED)
    heads = [text_of(head) for head in page.iter("title", "h1")]
    asks = any(field.get("type") == "password" for field in page.iter("input"))
    if not asks and not any(map(_GATE.search, heads)):
        return
    said = set(words(" ".join([*heads, *(text_of(part) for part in page.iter("p", "article"))])))
    wanted = set(words(title))
    if not wanted or len(wanted & said) < _SHARED_WORDS * len(wanted):
        raise FeedError(
            f"a login or a consent in the article's place: {' '.join(heads)[:60]!r}", Failure.BLOCKED
        )


def _extract(page: Any) -> list[str]:
    """Return the lines of a page's main text."""
    lines = _main_text(page)
    told = [text for text in map(text_of, page.iter("p")) if is_sentence(text)]
    if told and told[0] not in map(tidy, lines) and sum(map(len, lines)) < _LITTLE * sum(map(len, told)):
        # One of many posts was taken for the article, not the first.
        whole = page.makeelement("div", itemprop="articleBody")
        whole.extend(list(page))
        page.append(whole)
        lines = _main_text(page)
    return lines


def _main_text(page: Any) -> list[str]:
    # Comments and tables are no news. Its deduplication remembers pages, so that the second page of an agency's
    # report would come out shorter; its other extractors prefer the longest text, which is seldom this article.
    options = Extractor(output_format="python", fast=True, precision=True, comments=False, tables=False)
    options.min_output_size = 0
    # With less from the article's own element it gathers paragraphs from all over the page.
    options.min_extracted_size = _SHORTEST_TEXT
    try:
        extracted = bare_extraction(page, options=options)
    except Exception as error:
        raise FeedError(f"too damaged to be read: {type(error).__name__}: {error}", Failure.BROKEN) from error
    return (getattr(extracted, "text", None) or "").split("\n")


def _given_bodies(page: Any, title: str) -> Iterator[list[str]]:
    """Give the article's text where the page gives it to machines, as schema.org's articleBody."""
    for script in page.iter("script"):
        if script.get("type") != "application/ld+json":
            continue
        try:
            waiting = [json.loads(script.text or "", strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            thing = waiting.pop()
            if isinstance(thing, list):
                waiting.extend(thing)
            elif isinstance(thing, dict):
                waiting.extend(part for part in thing.values() if isinstance(part, dict | list))
                body = thing.get("articleBody")
                if isinstance(body, str) and alike(str(thing.get("headline", title)), title):
                    yield [plain_text(line) for line in _LINE_ENDS.split(unescape(body[:LONGEST_TEXT]))]


def _is_about(text: str, title: str) -> bool:
    wanted = set(stems(title))
    return len(wanted & set(stems(text))) >= _SHARED_STEMS * len(wanted)


def _page_text(lines: Sequence[str], title: str, outlet_names: Sequence[str]) -> PageText:
    """Return what the lines of a page tell, from the first that tells the news to the last."""
    dateline = ""
    told: list[str] = []
    for line in _news(lines, title):
        if not told:
            place, line = split_dateline(line, outlet_names)
            dateline = dateline or place
        if told or _tells(line):
            told.append(line)
    # Headings over nothing and labels of the page; more of them in a row are a list, which may be news.
    closed = next((back for back, line in enumerate(reversed(told[-1 - _MOST_LABELS :])) if _tells(line)), 0)
    told = told[: len(told) - closed]
    text = "\n".join(told)[:LONGEST_TEXT]
    return PageText(text=text, lede=shorten(told[0], LONGEST_SUMMARY) if told else "", dateline=dateline)


def _news(lines: Sequence[str], title: str) -> Iterator[str]:
    """Give the lines that belong to the article, each once, up to where another one begins."""
    given: set[str] = set()
    begun = False
    for line in (tidy_paragraph(raw.removeprefix("- ")[:_LONGEST_LINE]) for raw in lines):
        if begun and is_related_heading(line):
            return
        line = without_boilerplate(line)
        if line and line not in given and not _is_label(line, title):
            given.add(line)
            begun = begun or _tells(line)
            yield line


def _tells(line: str) -> bool:
    return is_sentence(line) or len(line) >= _LONG


def _is_label(line: str, title: str) -> bool:
    return len(line) <= LONGEST_LABEL and (
        is_player_mark(line) or is_caption(line) or is_related_heading(line) or alike(line, title, SAID_AGAIN)
    )
