"""The line that decides whether a letter is opened: its subject, and the preheader that stands beside it."""

from __future__ import annotations

from digest.mailer.view import EditionView, shown
from digest.model import Edition
from digest.text.bidi import isolate_plain, lead
from digest.text.headline import cut_headline

#: A phone shows about this much of a subject.
SUBJECT_CHARACTERS = 70
#: What a client shows beside the subject. Less than 40 would let it fill up with whatever stands next in the message.
PREHEADER_CHARACTERS = range(40, 109)
#: A headline that is cut to less than this says nothing.
_WORTH_CUTTING = 30
_PARTED_BY = " · "


def subject_line(view: EditionView) -> str:
    """Return the subject: the lead's headline, cut where a phrase ends, beginning in the newsletter's direction."""
    subject = cut_headline(view.lead.headline, SUBJECT_CHARACTERS, view.lead.direction)
    return lead(isolate_plain(subject, view.direction), view.direction)


def subject_of(edition: Edition, view: EditionView) -> str:
    """Return the subject of an edition's letter: the editor's own words, whole, where it has any.

    They speak of what opens the edition: a letter of other regions, which something else opens, has its own subject.
    """
    own = shown(edition.subject)
    if not own or view.lead.anchor != f"s-{edition.lead_id}":
        return subject_line(view)
    return lead(isolate_plain(own, view.direction), view.direction)


def preheader(view: EditionView) -> str:
    """Return what inboxes show beside the subject: the next headlines, each whole where there is room.

    Where there are no more headlines the lead's summary tells on, then what the newsletter says of itself.
    """
    shortest, most = PREHEADER_CHARACTERS[0], PREHEADER_CHARACTERS[-1]
    text = ""
    for story in [*view.headlines[1:], *(one for one in view.stories() if one not in view.headlines)]:
        text = _with(text, story.headline, most, story.direction)
    for more in (view.lead.summary, view.tagline, view.extent, view.reading_time, view.date, view.title):
        if len(text) < shortest:
            text = _with(text, more, most, view.direction)
    return lead(isolate_plain(text, view.direction), view.direction)


def _with(text: str, more: str, most: int, direction: str) -> str:
    """Return the text with one more part where there is room for it, or for enough of it."""
    room = most - len(text) - (len(_PARTED_BY) if text else 0)
    part = (
        more if len(more) <= room else cut_headline(more, room, direction) if room >= _WORTH_CUTTING else ""
    )
    stump = len(part) < min(len(more), _WORTH_CUTTING) and len(text) >= PREHEADER_CHARACTERS[0]
    return _PARTED_BY.join(filter(None, (text, "" if stump else part)))
