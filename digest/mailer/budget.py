"""The size of a letter: Gmail cuts off what is longer, the unsubscribe link first. What goes, and in which order.

Briefs go first, from the last. Then summaries shorten to their first sentence, and then go, from the last story up.
Then stories go, from the end of the section that has most. The lead stays, with its first sentence as long as that
is possible, and so does all that a template says by itself.

Rendering and inlining is dear, so the size is estimated: what a story's own texts and addresses take is counted, what
a template puts around a story is found by measuring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from markupsafe import escape

from digest.model import Edition, Section, Story
from digest.text.sentences import sentences
from digest.text.tidy import shorten, tidy

#: UTF-8 bytes of HTML; Gmail clips at about 102 KB.
HTML_BYTES = 75_000
#: Bytes of the HTML part in base64, line ends included.
ENCODED_BYTES = 100_000
#: What readers' own links may take in place of their tokens.
_LINKS_BYTES = 600
#: What a template puts around a story and around a summary, about: measuring corrects it.
_STORY_MARKUP, _SUMMARY_MARKUP = 900, 200
#: Pages made at most between the whole and the lead alone.
_TRIES = 5
#: The part of the room that a guess leaves free; twice as much after each that was too large.
_MARGIN = 0.01
#: A letter this full is full enough.
_FULL = 0.96
_OUTLETS_SHOWN = 5
#: Of one text of the lead's where even the lead alone is too large.
_LONGEST_TEXT = 300


def encoded_size(html: str) -> int:
    """Return the bytes of HTML as a base64 part: CRLF, four letters for three bytes, lines of 76 (RFC 2045, 6.8)."""
    size = len(html.encode()) + html.count("\n") - html.count("\r\n") + _LINKS_BYTES
    letters = -(-size // 3) * 4
    return letters + -(-letters // 76) * 2


def fits(html: str) -> bool:
    """Say whether a page is within the budget, readers' own links included."""
    return len(html.encode()) + _LINKS_BYTES <= HTML_BYTES and encoded_size(html) <= ENCODED_BYTES


#: UTF-8 bytes that keep both limits.
_ROOM = min(HTML_BYTES, ENCODED_BYTES * 57 // 78) - _LINKS_BYTES


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that was made: at which cut, and how large it came out."""

    at: int
    html: str

    @property
    def size(self) -> int:
        return len(self.html.encode())


def fit(edition: Edition, lead_id: str, whole: str, write: Callable[[Edition], str]) -> tuple[Edition, str]:
    """Return the edition with as much taken away as must be, and its page, which `write` makes.

    `edition` holds the sections of one choice of regions, `lead_id` is its lead, and `whole` its page, too large.
    Where the lead alone is too large as well, its texts are cut.
    """
    cuts = list(_smaller(edition, lead_id))
    guesses = _guessed_sizes(cuts)
    large, small = _Page(at=0, html=whole), _Page(at=len(cuts) - 1, html=write(cuts[-1]))
    if not fits(small.html):
        return _bare(cuts[-1], write)
    margin = _MARGIN
    for _ in range(_TRIES):
        if small.at - large.at <= 1 or small.size >= _FULL * _ROOM:
            break
        at = _likely(guesses, large, small, _ROOM * (1 - margin))
        page = _Page(at=at, html=write(cuts[at]))
        if fits(page.html):
            small = page
        else:
            large, margin = page, margin * 2
    return cuts[small.at], small.html


def _likely(guesses: list[int], large: _Page, small: _Page, room: float) -> int:
    """Return the first cut between two pages that should fit, the guesses set right by the two (regula falsi)."""
    guessed = guesses[large.at] - guesses[small.at]
    scale = (large.size - small.size) / max(guessed, 1)
    between = range(large.at + 1, small.at)
    return next(
        (at for at in between if small.size + (guesses[at] - guesses[small.at]) * scale <= room), between[-1]
    )


def _bare(edition: Edition, write: Callable[[Edition], str]) -> tuple[Edition, str]:
    """Return a lead whose outlet has filled a letter by itself, cut to what a newspaper would print."""
    [section] = edition.sections
    [lead] = section.stories
    first = lead.articles[0]
    first = replace(first, outlet=_cut(first.outlet), title=_cut(first.title))
    told = replace(lead.update_of, headline=_cut(lead.update_of.headline)) if lead.update_of else None
    lead = replace(lead, headline=_cut(lead.headline), summary="", articles=(first,), update_of=told)
    bare = replace(edition, sections=(Section(region=section.region, stories=(lead,)),))
    return bare, write(bare)


def _cut(text: str) -> str:
    return shorten(tidy(text), _LONGEST_TEXT)


def _guessed_sizes(cuts: list[Edition]) -> list[int]:
    """Return about how many bytes the stories of each cut take."""
    # A story stands in hundreds of cuts, with one of three summaries.
    sizes: dict[tuple[str, str], int] = {}

    def size(story: Story) -> int:
        key = (story.id, story.summary)
        if key not in sizes:
            sizes[key] = _guessed_size(story)
        return sizes[key]

    return [sum(map(size, cut.stories())) for cut in cuts]


def _smaller(edition: Edition, lead_id: str) -> Iterator[Edition]:
    """Yield the edition with one thing after another taken away, down to its lead alone."""
    yield edition
    while edition.briefs:
        edition = replace(edition, briefs=edition.briefs[:-1])
        yield edition
    for shorter in (_first_sentence, _nothing):
        stories = [
            story.id for section in edition.sections for story in section.stories if story.id != lead_id
        ]
        for story_id in [*reversed(stories), *([lead_id] if shorter is _first_sentence else [])]:
            edition = _told_shorter(edition, story_id, shorter)
            yield edition
    while any(story.id != lead_id for story in edition.stories()):
        edition = _without_last(edition, lead_id)
        yield edition
    yield _told_shorter(edition, lead_id, _nothing)


def _first_sentence(text: str) -> str:
    return next(iter(sentences(tidy(text))), "")


def _nothing(_text: str) -> str:
    return ""


def _told_shorter(edition: Edition, story_id: str, shorter: Callable[[str], str]) -> Edition:
    sections = tuple(
        Section(
            region=section.region,
            stories=tuple(
                replace(story, summary=shorter(story.summary)) if story.id == story_id else story
                for story in section.stories
            ),
        )
        for section in edition.sections
    )
    return replace(edition, sections=sections)


def _without_last(edition: Edition, lead_id: str) -> Edition:
    """Return the edition without the last story of the section that has most beside the lead, the last of equals."""

    def others(section: Section) -> list[Story]:
        return [story for story in section.stories if story.id != lead_id]

    place = max(range(len(edition.sections)), key=lambda at: (len(others(edition.sections[at])), at))
    section = edition.sections[place]
    gone = others(section)[-1].id
    kept = tuple(story for story in section.stories if story.id != gone)
    smaller = (Section(region=section.region, stories=kept),) if kept else ()
    return replace(edition, sections=(*edition.sections[:place], *smaller, *edition.sections[place + 1 :]))


def _guessed_size(story: Story) -> int:
    """Return about how many bytes of HTML a story takes."""
    articles = {article.outlet: article for article in reversed(story.articles)}
    shown = [story.headline, story.summary, story.articles[0].url]
    for outlet, article in list(articles.items())[:_OUTLETS_SHOWN]:
        shown += (outlet, article.url)
    if story.update_of:
        shown.append(story.update_of.headline)
    texts = sum(len(escape(text).encode(errors="replace")) for text in shown)
    return texts + _STORY_MARKUP + (_SUMMARY_MARKUP if story.summary else 0)
