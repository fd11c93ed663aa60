"""What the headers of a newsletter's messages say, each value as it stands in the message, folded."""

from __future__ import annotations

import datetime as dt
import email.charset
import re
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, quote
from functools import lru_cache
from urllib.parse import quote as percent_encode

from digest.mailer.address import ascii_domain
from digest.model import Reader

_WORD = 60  # characters of a header's longest plain word
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: What may not stand in a URI between angle brackets (RFC 3986, 2; RFC 2369, 2).
_NOT_IN_URI = re.compile(r"[^!-;=?-~]")
#: What may not stand in a field of a Feedback-ID.
_NOT_IN_FIELD = re.compile(r"[^A-Za-z0-9._+-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the headers of all of a newsletter's messages say."""

    #: The name beside the sender's address.
    from_name: str
    from_address: str
    newsletter_id: str
    #: Where a reader's unsubscribe mail goes; empty for letters that nobody has subscribed to.
    unsubscribe_address: str

    @property
    def domain(self) -> str:
        """The domain that names our messages."""
        return self.from_address.rpartition("@")[2]

    @property
    def list_id(self) -> str:
        """The newsletter's name among all lists of the world (RFC 2919)."""
        return f"<{self.newsletter_id}.{self.domain}>"


def shared_headers(envelope: Envelope, subject: str, edition_id: str) -> dict[str, str]:
    """Return the headers that all readers' messages of a variant share.

    `Auto-Submitted: auto-generated` is for messages of "automatic (often periodic) processes", which are no answers
    to others (RFC 3834, 5.1): so is an edition, which a schedule makes and sends. It keeps the absent from answering.
    """
    return {
        "From": _sender(envelope),
        "Subject": text_header("Subject", subject),
        "List-ID": envelope.list_id,
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": feedback_id(envelope, edition_id),
    }


def reader_headers(envelope: Envelope, reader: Reader, edition_id: str, now: dt.datetime) -> dict[str, str]:
    """Return the headers that differ from reader to reader; a delivery has the same Message-ID whenever it is made."""
    return {
        "Date": _date(now),
        "Message-ID": f"<{edition_id}.{reader.delivery_id}@{envelope.domain}>",
        "To": wire_address(reader.email),
        **unsubscribe_headers(envelope, reader),
    }


def unsubscribe_headers(envelope: Envelope, reader: Reader) -> dict[str, str]:
    """Return how a reader leaves: by the link and by mail (RFC 2369), by one POST where the link allows (RFC 8058).

    The first is folded at the comma only: a URI may be long, but never broken, and never in encoded words.
    """
    link = reader.unsubscribe_url
    if not link and not envelope.unsubscribe_address:
        # A letter to the operator is no newsletter.
        return {}
    mail = f"<mailto:{envelope.unsubscribe_address}?subject=unsubscribe>"
    if not link:
        return {"List-Unsubscribe": mail}
    own = f"<{_NOT_IN_URI.sub(lambda odd: percent_encode(odd[0]), link)}>"
    if link.startswith("mailto:"):
        return {"List-Unsubscribe": own}
    both = {"List-Unsubscribe": f"{own},\r\n {mail}"}
    # Only an https link can be unsubscribed by one POST.
    return (
        both | {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if link.startswith("https:") else both
    )


def wire_address(address: str) -> str:
    """Return an address as the header and SMTP name it.

    A domain of other letters goes as its ASCII name, which every server takes (RFC 5891). Where the part before the
    @ has other letters, nothing but SMTPUTF8 can carry it: then the whole stays as it is (RFC 6531, 6532).

    >>> wire_address("reader@bücher.example"), wire_address("ليلى@example.org")
    ('reader@xn--bcher-kva.example', 'ليلى@example.org')
    """
    if address.isascii() and address.isprintable():
        return address
    shown = "".join(char for char in address if char.isprintable())
    local, at, domain = shown.rpartition("@")
    if not local.isascii():
        return shown
    try:
        return f"{local}{at}{ascii_domain(domain)}"
    except ValueError:
        return shown


def feedback_id(envelope: Envelope, edition_id: str) -> str:
    """Return what complaints are counted by: edition, newsletter, kind of mail, sender.

    Gmail's feedback loop wants up to three fields of the sender's choice, and last a name of 5 to 15 characters that
    all of a sender's mail shares. None of them says anything of the reader.
    """
    sender = re.sub(r"[^a-z0-9]", "", envelope.domain.lower())[:15].ljust(5, "0")
    fields = (edition_id, envelope.newsletter_id, "digest")
    return ":".join([*(_NOT_IN_FIELD.sub("-", field) for field in fields), sender])


def text_header(name: str, text: str) -> str:
    """Return a header's text in encoded words of at most 75 characters (RFC 2047), folded."""
    text = _CONTROL.sub(" ", text)
    charset = email.charset.Charset("utf-8")
    charset.header_encoding = email.charset.BASE64
    # A plain word that fills a line would be folded away from the name, one that looks encoded would be decoded.
    words_fit = all(len(word) <= _WORD and "=?" not in word for word in text.split())
    plain = text.isascii() and words_fit
    return Header(text, "us-ascii" if plain else charset, header_name=name, maxlinelen=75).encode(
        linesep="\r\n"
    )


def _sender(envelope: Envelope) -> str:
    name = _CONTROL.sub(" ", envelope.from_name)
    if not name:
        return envelope.from_address
    shown = f'"{quote(name)}"' if name.isascii() else text_header("From", name)
    return f"{shown}\r\n <{envelope.from_address}>"


@lru_cache(maxsize=8)
def _date(now: dt.datetime) -> str:
    # In UTC: equal moments of two zones would share the cache, whichever of them came first.
    return format_datetime(now.astimezone(dt.UTC))
