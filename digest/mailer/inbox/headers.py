"""Requirements 24 to 29: the headers by which providers know an honest newsletter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parseaddr

from digest.mailer.inbox.findings import Check, Group, Letter, Verdict, say, verbatim
from digest.text.bidi import lead_rtl

_group = Group(say("Headers"))

_ONCE = ("Date", "Message-ID", "From", "To", "Subject", "MIME-Version")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
#: RFC 2047.
_ENCODED_WORD_CHARACTERS = 75


def headers(letter: Letter) -> Iterator[Check]:
    """Yield what was found about the headers."""
    yield from _subject(letter)
    yield from _origin(letter)
    yield from _unsubscribe(letter)
    wanted = ("List-ID", "Feedback-ID", "Precedence")
    lacking = [name for name in wanted if not letter.raw_header(name)]
    if letter.raw_header("Precedence") not in {"bulk", ""}:
        lacking.append("Precedence: bulk")
    yield _group.check(
        28,
        say("list headers"),
        not lacking,
        say("missing: {names}", names=", ".join(lacking) or "-"),
        say("large providers ask bulk senders for List-ID, Feedback-ID and Precedence: bulk"),
    )
    yield _signature(letter)


def _subject(letter: Letter) -> Iterator[Check]:
    subject = str(letter.message.get("Subject", ""))
    yield _group.check(
        24,
        say("subject begins in its direction"),
        letter.direction == "ltr" or lead_rtl(subject) == subject,
        verbatim(subject[:40]),
        say("begin with U+200F where the first letter is not Arabic"),
    )
    longest = max(map(len, _ENCODED_WORD.findall(letter.head)), default=0)
    yield _group.check(
        24,
        say("encoded words"),
        longest <= _ENCODED_WORD_CHARACTERS,
        say("{n} characters at most", n=longest),
        say("RFC 2047 allows 75: fold the header"),
    )


def _origin(letter: Letter) -> Iterator[Check]:
    odd = [name for name in _ONCE if len(letter.message.get_all(name, [])) != 1]
    yield _group.check(
        25,
        say("headers that must stand once"),
        not odd,
        say("otherwise: {names}", names=", ".join(odd) or "-"),
        say("each exactly once"),
    )
    named = letter.raw_header("Message-ID").strip("<>").rpartition("@")[2]
    yield _group.check(
        25,
        say("Message-ID of our own domain"),
        bool(named) and named == _sender_domain(letter),
        verbatim(named or "-"),
        say("end it with the domain of From"),
    )


def _sender_domain(letter: Letter) -> str:
    return parseaddr(letter.raw_header("From"))[1].rpartition("@")[2].lower()


def _unsubscribe(letter: Letter) -> Iterator[Check]:
    value = letter.raw_header("List-Unsubscribe")
    ways = [way for way in ("https", "mailto") if f"<{way}:" in value]
    whole = bool(value) and "=?" not in value
    yield _group.check(
        26,
        say("List-Unsubscribe unencoded"),
        whole,
        say("{n} characters", n=len(value)),
        say("fold at commas only; an encoded link is not found"),
    )
    # Without an address on the web there is no link to give: an operator's business, not the letter's.
    no_site = Verdict.WAITING if whole and ways == ["mailto"] else Verdict.FAILED
    yield _group.check(
        26,
        say("a link and an address to unsubscribe"),
        Verdict.PASSED if len(ways) == 2 else no_site,
        say("found: {names}", names=", ".join(ways) or "-"),
        say("set DIGEST_BASE_URL to where readers reach the web pages"),
    )
    post = letter.raw_header("List-Unsubscribe-Post")
    right = post == "List-Unsubscribe=One-Click" and "https" in ways
    yield _group.check(
        27,
        say("one-click unsubscribe"),
        Verdict.PASSED if right else no_site if not post else Verdict.FAILED,
        verbatim(post or "-"),
        say("Gmail and Yahoo ask for List-Unsubscribe=One-Click beside an https link (RFC 8058)"),
    )


def _signature(letter: Letter) -> Check:
    """Say whether a signature covers what it must; one that the carrier adds later is not seen here."""
    value = re.sub(r"\s", "", letter.raw_header("DKIM-Signature"))
    tags = {name: rest for name, _, rest in (tag.partition("=") for tag in value.split(";"))}
    covered = tags.get("h", "").lower().split(":")
    needed = ["list-unsubscribe"]
    if letter.raw_header("List-Unsubscribe-Post"):
        needed.append("list-unsubscribe-post")
    lacking = [name for name in needed if name not in covered]
    sender, domain = _sender_domain(letter), tags.get("d", "").lower()
    aligned = bool(domain) and f".{sender}".endswith(f".{domain}")
    judged = Verdict.PASSED if aligned and not lacking else Verdict.FAILED
    return _group.check(
        29,
        say("DKIM signature"),
        judged if value else Verdict.WAITING,
        say("domain: {domain}; not covered: {names}", domain=domain or "-", names=", ".join(lacking) or "-"),
        say(
            "sign with the domain of From, both List-Unsubscribe headers covered; SendGrid does it by itself"
        ),
    )
