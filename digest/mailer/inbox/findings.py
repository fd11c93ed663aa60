"""What the checks share: the letter taken apart, and a finding with its words."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import lxml.html


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence that can be said in any language that has a catalogue: its message and what stands in it."""

    message: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.message.format(**self.values)

    def told(self, speak: Callable[..., str]) -> str:
        """Return the sentence in a language; `speak` is its `Language.say`."""
        return speak(self.message, **self.values)


def say(message: str, **values: object) -> Words:
    """Return a sentence to be told later. The name is the one by which the catalogue's messages are found."""
    return Words(message, values)


def verbatim(text: str) -> Words:
    """Return a figure that is the same in every language: a header's value, a name."""
    return Words("{text}", {"text": text})


class Verdict(enum.StrEnum):
    """How a check came out."""

    PASSED = "passed"
    FAILED = "failed"
    #: Not to be judged before the operator has set something up: an address on the web, a key for signing.
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding about a message."""

    name: Words
    #: Which of the thirty requirements it is for.
    requirement: int
    group: Words
    verdict: Verdict
    #: What was measured.
    figure: Words
    #: What to do where it did not pass.
    remedy: Words

    @property
    def passed(self) -> bool:
        """Whether it was judged and found right."""
        return self.verdict is Verdict.PASSED

    @property
    def judged(self) -> bool:
        """Whether it could be judged."""
        return self.verdict is not Verdict.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message taken apart."""

    raw: bytes
    message: EmailMessage
    html: str
    text: str
    page: lxml.html.HtmlElement
    #: `rtl` or `ltr`, the newsletter's.
    direction: str

    @property
    def head(self) -> bytes:
        """The headers' lines as they are."""
        return self.raw.partition(b"\r\n\r\n")[0]

    def raw_header(self, name: str) -> str:
        """Return a header's value unfolded but not decoded; empty where it is lacking."""
        unfolded = re.sub(rb"\r\n(?=[ \t])", b"", self.head).decode("utf-8", "replace")
        for line in unfolded.split("\r\n"):
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return ""


class Group:
    """Makes the checks of one group."""

    def __init__(self, name: Words) -> None:
        self._name = name

    def check(
        self, requirement: int, name: Words, verdict: Verdict | bool, figure: Words, remedy: Words
    ) -> Check:
        """Return a finding; True and False stand for passed and failed."""
        if isinstance(verdict, bool):
            verdict = Verdict.PASSED if verdict else Verdict.FAILED
        return Check(
            name=name,
            requirement=requirement,
            group=self._name,
            verdict=verdict,
            figure=figure,
            remedy=remedy,
        )


def read_letter(raw: bytes, direction: str) -> Letter:
    """Return a message taken apart; what it lacks is empty."""
    message = message_from_bytes(raw, policy=policy.default)
    html_part, text_part = message.get_body(("html",)), message.get_body(("plain",))
    html = html_part.get_content() if html_part else ""
    text = text_part.get_content() if text_part else ""
    # Clients differ in how they end lines; the checks need not.
    html, text = html.replace("\r\n", "\n"), text.replace("\r\n", "\n")
    page = lxml.html.document_fromstring(html or "<html></html>")
    return Letter(raw=raw, message=message, html=html, text=text, page=page, direction=direction)


def style_of(element: lxml.html.HtmlElement) -> dict[str, str]:
    """Return an element's inlined declarations, the last of each property."""
    declarations = (part.partition(":") for part in (element.get("style") or "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, colon, value in declarations if colon}


def is_hidden(element: lxml.html.HtmlElement) -> bool:
    """Say whether the element or one around it is not shown."""
    return any(style_of(one).get("display") == "none" for one in (element, *element.iterancestors()))


def texts(letter: Letter) -> Iterator[tuple[lxml.html.HtmlElement, str]]:
    """Yield each text that is shown, with the element that holds it."""
    body = letter.page.find("body")
    for element in body.iter() if body is not None else ():
        # A comment is no element, but what stands behind it is text.
        holds = isinstance(element.tag, str) and element.tag not in {"style", "script", "title"}
        pairs = [(element, element.text)] if holds else []
        if element is not body:
            pairs.append((element.getparent(), element.tail))
        for holder, text in pairs:
            if text and text.strip() and not is_hidden(holder):
                yield holder, text
