"""An edition's view to a message: subject, HTML with its styles inlined, and the text twin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jinja2 import BaseLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from digest.mailer.inline import inline_styles
from digest.mailer.language import Language
from digest.mailer.view import EditionView, view_edition
from digest.model import Edition, Message, Newsletter, Region
from digest.text.bidi import FSI, PDI, isolate_plain, lead_rtl, split_runs, starts_rtl
from digest.text.tidy import shorten

#: What the folder of a newsletter's templates holds.
TEMPLATES = ("edition.html.j2", "edition.txt.j2")
#: A phone shows about this much of a subject.
SUBJECT_CHARACTERS = 70
#: What a client shows beside the subject.
PREHEADER_CHARACTERS = 100
#: Less would let the client fill up with whatever stands next in the message.
SHORTEST_PREHEADER = 40


def template_environment(loader: BaseLoader) -> Environment:
    """Return the Jinja2 environment of the email's templates: HTML escaped, text not, undefined names refused."""
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["bidi"] = bidi_html
    environment.filters["bidi_text"] = bidi_text
    environment.filters["wrap_text"] = wrap_text
    return environment


def bidi_html(text: str, around: str = "rtl") -> Markup:
    """Return text as HTML in which the runs against the direction `around` are held together."""
    if around == "ltr":
        return Markup('<span dir="rtl">{}</span>').format(text) if starts_rtl(text) else escape(text)
    # Split first, escape each piece then: an entity's letters must not count as Latin.
    pieces = (
        Markup('<span dir="ltr">{}</span>').format(piece) if ltr else escape(piece)
        for piece, ltr in split_runs(text)
    )
    return Markup("").join(pieces)


def bidi_text(text: str, around: str = "rtl") -> str:
    """Return plain text in which the runs against the direction `around` are isolated."""
    if around == "ltr":
        return f"{FSI}{text}{PDI}" if starts_rtl(text) else text
    return isolate_plain(text)


def wrap_text(text: str, width: int = 72) -> str:
    """Return a paragraph in lines of at most `width` characters, cut between words."""
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def subject_line(view: EditionView) -> str:
    """Return the subject: the lead's headline, cut between words, beginning in the newsletter's direction."""
    subject = shorten(view.lead.headline, SUBJECT_CHARACTERS)
    if view.direction == "ltr":
        return f"{FSI}{subject}{PDI}" if starts_rtl(subject) else subject
    return lead_rtl(isolate_plain(subject))


def preheader(view: EditionView) -> str:
    """Return what inboxes show beside the subject: the next headlines, or the lead's summary where it is alone."""
    parts = [story.headline for story in view.headlines[1:]]
    text = " · ".join(parts)
    for more in (view.lead.summary, view.tagline):
        if len(text) < SHORTEST_PREHEADER and more:
            text = f"{text} · {more}" if text else more
    return bidi_text(shorten(text, PREHEADER_CHARACTERS), view.direction)


def render(
    edition: Edition,
    newsletter: Newsletter,
    regions: Sequence[str],
    names: Mapping[str, Region],
    language: Language,
    templates: Environment,
) -> Message:
    """Return the message for a choice and order of regions, the same for all readers who made it.

    A reader's own links stand in it as tokens, for `mime.Assembler` to fill. Raises jinja2.TemplateError where a
    template is at fault.
    """
    view = view_edition(edition, newsletter, regions, names, language)
    values = {
        "edition": view,
        "say": language.say,
        "count": language.count,
        "subject": subject_line(view),
        "preheader": preheader(view),
    }
    folder = newsletter.template
    html, text = (templates.get_template(f"{folder}/{name}").render(values) for name in TEMPLATES)
    return Message(
        subject=subject_line(view),
        html=inline_styles(html),
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
    )
