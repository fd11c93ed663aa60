"""A proof: one edition's letter as files, with its inbox report."""

from __future__ import annotations

import gettext
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.mailer.inbox import Check, inbox_report
from digest.mailer.language import Language

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Edition

_SAMPLE_ADDRESS = "reader@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A letter as it would be sent to a sample reader."""

    edition_id: str
    #: `rtl` or `ltr`, the newsletter's.
    direction: str
    sender: str
    subject: str
    html: str
    text: str
    #: The message as it goes over the wire.
    raw: bytes
    checks: tuple[Check, ...]
    #: The inbox report as a page of its own, in the editor's language.
    report_page: str
    #: What the editor reads.
    language: Language

    @property
    def judged(self) -> tuple[Check, ...]:
        """The checks that could be judged."""
        return tuple(check for check in self.checks if check.judged)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that found something to mend."""
        return tuple(check for check in self.judged if not check.passed)

    @property
    def waiting(self) -> tuple[Check, ...]:
        """The checks that wait for the operator."""
        return tuple(check for check in self.checks if not check.judged)

    def files(self) -> dict[str, bytes]:
        """Return the proof as files by name."""
        report = {
            "edition": self.edition_id,
            "checks": [_row(check) for check in self.judged],
            "waiting": [_row(check) for check in self.waiting],
        }
        return {
            "edition.html": self.html.encode(),
            "edition.txt": self.text.encode(),
            "edition.eml": self.raw,
            "report.json": (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode(),
            "report.html": self.report_page.encode(),
        }


def make_proof(app: App, edition: Edition) -> Proof:
    """Return an edition's proof with the templates and settings as they are now.

    Raises ConfigurationError where one of them is at fault.
    """
    from digest.mailer.mime import fill_tokens
    from digest.model import Delivery, DeliveryState

    newsletter = app.newsletter(edition.newsletter_id)
    message = app.renderer(newsletter)(edition, newsletter.regions)
    sample = Delivery(id=0, email=_SAMPLE_ADDRESS, name="", variant="preview", state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(sample)
    raw = app.assembler(newsletter).raw(message, reader, edition.id, "preview", edition.composed_at)
    filled = fill_tokens(message, reader)
    language = app.language(newsletter.locale)
    checks = tuple(inbox_report(raw, language.direction))
    editors = editors_language(language)
    page = app.templates.get_template("preview/report.html.j2").render(
        edition=edition, checks=checks, say=editors.say, lang=editors.tag, direction=editors.direction
    )
    return Proof(
        edition_id=edition.id,
        direction=language.direction,
        sender=newsletter.title,
        subject=filled.subject,
        html=filled.html,
        text=filled.text,
        raw=raw,
        checks=checks,
        report_page=page,
        language=editors,
    )


def editors_language(language: Language) -> Language:
    """Return the newsletter's language where its catalogue speaks to editors as well, else English."""
    title = "Inbox report"
    return language if language.say(title) != title else Language("en", gettext.NullTranslations())


def headers_of(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield a message's headers by name, decoded."""
    from email import message_from_bytes, policy

    message = message_from_bytes(raw, policy=policy.default)
    for name, value in message.items():
        yield name, str(value)


def _row(check: Check) -> dict[str, object]:
    return {
        "name": str(check.name),
        "requirement": check.requirement,
        "group": str(check.group),
        "passed": check.passed,
        "figure": str(check.figure),
        "remedy": str(check.remedy),
    }
