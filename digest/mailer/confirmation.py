"""Letters to one person who asked for one: to confirm a subscription, or to reach one's own preferences. Pure.

The link stands in them as the token of the reader's preferences, so that they go through every sender as an edition
does. Nothing that a stranger typed stands in them, no name either: whoever fills in somebody else's address can make
us send these words, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment

from digest.mailer.harmless import harmless_newsletter
from digest.mailer.inline import inline_styles
from digest.mailer.language import Language
from digest.mailer.view import PREFERENCES_TOKEN
from digest.model import Message, Newsletter

#: Names the letters in their headers, where an edition's have its id.
LETTER_ID = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a letter says, in the newsletter's language."""

    subject: str
    #: Before the button, on it, and behind it.
    opening: str
    button: str
    closing: str


def confirmation(newsletter: Newsletter, language: Language, templates: Environment) -> Message:
    """Return the letter whose link confirms a subscription."""
    newsletter = harmless_newsletter(newsletter)
    title = newsletter.title
    words = Words(
        subject=language.say("Confirm your subscription to {title}", title=title),
        opening=language.say(
            "Somebody, we hope you yourself, asked for {title} to be sent to this address.", title=title
        ),
        button=language.say("Confirm the subscription"),
        closing=language.say(
            "The link is good for three days. If it was not you, do nothing: we will not write again."
        ),
    )
    return _letter(words, newsletter, language, templates)


def fresh_link(newsletter: Newsletter, language: Language, templates: Environment) -> Message:
    """Return the letter whose link leads a reader to the reader's own preferences."""
    newsletter = harmless_newsletter(newsletter)
    words = Words(
        subject=language.say("Your preferences for {title}", title=newsletter.title),
        opening=language.say("Here is the link to your preferences that was asked for."),
        button=language.say("Open the preferences"),
        closing=language.say("It is yours alone: whoever has it can change your subscription."),
    )
    return _letter(words, newsletter, language, templates)


def _letter(words: Words, newsletter: Newsletter, language: Language, templates: Environment) -> Message:
    values = {
        "words": words,
        "newsletter": newsletter,
        "say": language.say,
        "lang": language.tag,
        "direction": language.direction,
        "link": PREFERENCES_TOKEN,
    }
    html = templates.get_template("confirm/letter.html.j2").render(values)
    text = templates.get_template("confirm/letter.txt.j2").render(values)
    return Message(subject=words.subject, html=inline_styles(html), text=text.strip() + "\n")
