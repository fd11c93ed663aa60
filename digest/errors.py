"""What can go wrong, in words for the person who has to act on it.

DigestError
|-- UsageError            the command's words are off: exit 2
|   |-- UnknownNewsletter
|   `-- UnknownEdition
|-- ConfigurationError    every fault of the configuration at once: exit 2
|-- DatabaseError         the database cannot be opened or is newer than this program: exit 2
|   |-- DatabaseUnreachable  its server does not let us in: it is away, starting, full, or refuses the login
|   `-- DatabaseFailed    the database fails in the middle of work: exit 1
|-- InputError            a line or a file that cannot be read; names the place: exit 1
|-- FeedError             a feed that was fetched but cannot be read
|-- NothingToSay          no story is worth an edition; nothing was made: exit 1
`-- SenderError           the carrier refuses everything (login, connection); nothing was sent
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


class DigestError(Exception):
    """The root of all errors that a caller may show to a person as they are."""

    exit_code = 1


class UsageError(DigestError):
    """What was asked for does not exist or cannot be meant."""

    exit_code = 2


class UnknownNewsletter(UsageError):
    """No newsletter of that id is configured."""

    def __init__(self, newsletter_id: str, known: list[str]) -> None:
        super().__init__(
            f"There is no newsletter {newsletter_id!r}. Configured in config/digest.toml: {', '.join(known)}."
        )


class UnknownEdition(UsageError):
    """No edition of that id is stored."""

    def __init__(self, edition_id: str, latest: str | None) -> None:
        hint = (
            f"The latest is {latest}."
            if latest
            else "None has been composed yet: run `digest compose` first."
        )
        super().__init__(f"There is no edition {edition_id!r}. {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with the configuration."""

    #: The file as the operator knows it, or the environment variable's name.
    where: str
    #: The key in it, dotted; empty for the file as a whole.
    key: str
    #: What is wrong, with the value as given.
    wrong: str
    #: What would be right.
    right: str

    def __str__(self) -> str:
        place = f"{self.where}: {self.key}" if self.key else self.where
        return f"{place}: {self.wrong}. {self.right}"


class ConfigurationError(DigestError):
    """The configuration cannot be used; carries all its faults."""

    exit_code = 2

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"The configuration has {count}:\n" + "\n".join(f"  - {fault}" for fault in faults))


class DatabaseError(DigestError):
    """The database cannot be opened, or was migrated by a newer program."""

    exit_code = 2


class DatabaseUnreachable(DatabaseError):
    """The database's server does not let us in now; that may pass."""


class DatabaseFailed(DatabaseError):
    """The database fails in the middle of work: a full disk, a server that is gone. What was not committed is undone."""

    exit_code = 1


class InputError(DigestError):
    """A file or a line that cannot be read; the message names the place."""


class FeedError(DigestError):
    """A body that is not a readable feed; the message says what it is instead."""

    def __init__(self, message: str, kind: str = "unreadable") -> None:
        # Both as arguments, so that the error comes whole out of another process.
        super().__init__(message, kind)
        #: A value of model.Failure.
        self.kind = kind

    def __str__(self) -> str:
        return str(self.args[0])


class NothingToSay(DigestError):
    """There is no story for this edition; the message says why."""


class SenderError(DigestError):
    """The carrier refuses the connection or the sender as a whole; no message of the batch left."""

    def __init__(self, message: str, retry_at: dt.datetime | None = None) -> None:
        super().__init__(message)
        #: The moment from which the carrier, by its own word, takes messages again; None where it names none.
        self.retry_at = retry_at
