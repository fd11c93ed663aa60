"""What an SMTP server's answers say of a message and of its reader (RFC 5321, 4.2; RFC 3463). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.model import Bounce, ReceiptStatus
from digest.text.tidy import tidy

#: The server ends the connection with this answer, whatever it was asked (RFC 5321, 3.8).
CLOSING = 421
#: What says, at RCPT and without an enhanced code, that there is no such address (RFC 5321, 4.2.3; RFC 7504, 4).
_NO_SUCH_ADDRESS = frozenset({550, 551, 553, 556})
#: An enhanced code, such as 5.1.1: class, subject, detail; some servers have it at the end, as (#5.1.1).
_ENHANCED = re.compile(r"(?:^|\(#)[245]\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
#: Of the codes on addresses (x.1.x) those on the sender's.
_OF_THE_SENDER = frozenset({"7", "8"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers to one command."""

    code: int
    text: str

    @property
    def kind(self) -> int:
        """The first digit: 2 done, 3 go on, 4 not now, 5 no."""
        return self.code // 100

    @property
    def words(self) -> str:
        """The answer for an operator: one line, and nothing in it that a terminal or a database would choke on."""
        return f"{self.code} {tidy(self.text[:1000])}"[:500]

    @property
    def enhanced(self) -> tuple[str, str] | None:
        """Subject and detail of the enhanced code; None where there is none, or one that says nothing (x.0.0)."""
        found = _ENHANCED.search(self.text)
        if found is None or found.groups() == ("0", "0"):
            return None
        return found[1], found[2]


def refused(answer: Answer) -> ReceiptStatus:
    """Say what a 4xx or a 5xx means for the message."""
    return ReceiptStatus.REJECTED if answer.kind == 5 else ReceiptStatus.DEFERRED


def bounce_at_rcpt(answer: Answer) -> Bounce | None:
    """Say what a refusal of the reader's address says of it.

    HARD is for ever, so only for what says that there is no such address: the x.1 codes, a mailbox that is disabled
    (x.2.1), and 550, 551, 553 and 556 without a code of their own. A full mailbox, a policy, a missing right or a
    system in trouble may be over tomorrow.
    """
    if answer.code == CLOSING:
        return None
    if answer.kind != 5:
        return Bounce.SOFT
    if answer.enhanced is None:
        return Bounce.HARD if answer.code in _NO_SUCH_ADDRESS else Bounce.SOFT
    subject, detail = answer.enhanced
    gone = (subject == "1" and detail not in _OF_THE_SENDER) or (subject, detail) == ("2", "1")
    return Bounce.HARD if gone else Bounce.SOFT


def is_about_letters(answer: Answer) -> bool:
    """Say whether MAIL was refused for the letters beyond ASCII in the reader's address (RFC 6531, 3.5)."""
    return answer.code == 555 or answer.enhanced == ("6", "7")


def taken(answer: Answer) -> ReceiptStatus:
    """Say what the answer to the whole message means."""
    if answer.kind == 2:
        return ReceiptStatus.SENT
    # What is neither yes nor no tells nothing, and the server has the message by now.
    return refused(answer) if answer.kind in {4, 5} else ReceiptStatus.UNKNOWN
