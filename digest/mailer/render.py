"""An edition's view to a message: subject, HTML with its styles inlined, and the text twin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from jinja2 import BaseLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from digest.mailer.budget import fit, fits
from digest.mailer.harmless import harmless_edition, harmless_newsletter, harmless_regions
from digest.mailer.inline import inline_styles
from digest.mailer.language import Language
from digest.mailer.plain_text import bidi_text, lead_line, wrap_text
from digest.mailer.subject import preheader, subject_of
from digest.mailer.view import EditionView, choose_sections, view_edition
from digest.model import Edition, Message, Newsletter, Region
from digest.text.bidi import split_runs, starts_rtl

#: What the folder of a newsletter's templates holds.
TEMPLATES = ("edition.html.j2", "edition.txt.j2")


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
    environment.filters["lead_line"] = lead_line
    return environment


def bidi_html(text: str, around: str = "rtl") -> Markup:
    """Return text as HTML in which the runs against the direction `around` are held together.

    >>> str(bidi_html("شركة Apple & Co تعلن"))
    'شركة <span dir="ltr">Apple &amp; Co</span> تعلن'
    """
    if around == "ltr" and starts_rtl(text):
        return Markup('<span dir="rtl">{}</span>').format(bidi_html(text))
    # Split first, escape each piece then: an entity's letters must not count as Latin.
    pieces = (
        _held(piece, around) if against else escape(piece) for piece, against in split_runs(text, around)
    )
    return Markup("").join(pieces)


#: A run of so many characters without a space is a score, a figure or a model's name, and is not cut at its hyphen.
_SHORT_RUN = 16


def _held(run: str, around: str) -> Markup:
    if around == "rtl":
        whole = "-" in run and " " not in run and len(run) <= _SHORT_RUN
        style = Markup(' style="white-space:nowrap"') if whole else ""
        return Markup('<span dir="ltr"{}>{}</span>').format(style, run)
    return Markup('<span dir="rtl">{}</span>').format(bidi_html(run))


def render(
    edition: Edition,
    newsletter: Newsletter,
    regions: Sequence[str],
    names: Mapping[str, Region],
    language: Language,
    templates: Environment,
    base_url: str = "",
) -> Message:
    """Return the message for a choice and order of regions, the same for all readers who made it.

    A reader's own links stand in it as tokens, for `mime.Assembler` to fill. `base_url` is where the public pages
    are, without a slash at its end. What passes the budget of `mailer.budget` is taken away, and both parts say so.
    Raises jinja2.TemplateError where a template is at fault.
    """
    newsletter, names = harmless_newsletter(newsletter), harmless_regions(names)
    edition = harmless_edition(replace(edition, sections=choose_sections(edition, regions)))

    def view(of: Edition) -> EditionView:
        seen = view_edition(of, newsletter, regions, names, language, base_url)
        return seen if of is edition else replace(seen, shortened=True)

    def values(of: EditionView) -> dict[str, object]:
        return {
            "edition": of,
            "say": language.say,
            "count": language.count,
            "subject": subject_of(edition, of),
            "preheader": preheader(of),
        }

    def fill(name: str, with_values: Mapping[str, object]) -> str:
        return templates.get_template(f"{newsletter.template}/{name}").render(with_values)

    def page(of: Edition) -> str:
        return inline_styles(fill(TEMPLATES[0], values(view(of))))

    whole = view(edition)
    shown_values = values(whole)
    html = inline_styles(fill(TEMPLATES[0], shown_values))
    if not fits(html):
        # With other stories gone, the lead of these regions must still be the lead.
        lead_id = whole.lead.anchor.removeprefix("s-")
        told, html = fit(replace(edition, lead_id=lead_id), lead_id, html, page)
        shown_values = values(view(told))
    text = _tidy_lines(fill(TEMPLATES[1], shown_values))
    return Message(subject=str(shown_values["subject"]), html=html, text=text)


def _tidy_lines(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
