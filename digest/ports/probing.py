"""What the doctor needs from the world's name servers."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


class NameOutcome(enum.StrEnum):
    """How a question to the domain name system ended."""

    FOUND = "found"
    #: There is no such name (NXDOMAIN).
    NO_NAME = "no name"
    #: There is the name, and no record of this kind.
    NO_RECORDS = "no records"
    #: The server says that it cannot tell (SERVFAIL, REFUSED), or answers with nonsense.
    FAILED = "failed"
    #: Nobody answered in time.
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAnswer:
    """What the domain name system says of a name."""

    outcome: NameOutcome
    #: The records' values as text: a TXT record's strings joined, an MX as `10 mail.example.org`, names without
    #: the last dot.
    records: tuple[str, ...] = ()
    #: Why there was no answer.
    words: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the servers have told, be it that there is nothing."""
        return self.outcome not in {NameOutcome.FAILED, NameOutcome.SILENT}

    @property
    def is_void(self) -> bool:
        """Whether the servers have told that there is nothing (RFC 7208, 4.6.4: a void lookup)."""
        return self.outcome in {NameOutcome.NO_NAME, NameOutcome.NO_RECORDS}


class Names(Protocol):
    """Asks the domain name system."""

    def look_up(self, name: str, kind: str) -> NameAnswer:
        """Return the records of a kind, such as TXT, that a name has. Raises nothing."""
