"""Who takes the letters: servers on loopback that keep what they took, and can be broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.adapters.sendgrid_server import API_KEY, SendgridDouble, errors, sendgrid_server
from tests.adapters.smtp_server import Mailbox, smtp_server

#: A table of config/digest.toml, by its name.
Tables = Mapping[str, Mapping[str, object]]


class Carrier(Protocol):
    """What a stage asks of whoever takes its letters."""

    @property
    def arrived(self) -> Sequence[tuple[str, bytes]]:
        """Address and bytes of each message that was taken."""

    def tables(self) -> Tables:
        """Return the settings that send through it."""


@dataclass(slots=True)
class SmtpCarrier(Mailbox):
    """An SMTP server."""

    #: Whether the password `right` is still right.
    knows_us: bool = True
    #: Called before a letter is taken, with how many were so far.
    before: Callable[[int], None] = lambda taken: None
    port: int = 0
    #: How long we wait for an answer, and how long it takes to take a letter.
    patience_seconds: float = 20.0
    slowness_seconds: float = 0.0

    def tables(self) -> Tables:
        """See `Carrier`."""
        server = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "timeout_seconds": self.patience_seconds,
        }
        login = {"username": "mujaz", "password": "right", "connections": 2}
        return {"mail": {"transport": "smtp"}, "smtp": server | login}

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        """Take the password, unless it was revoked."""
        if not self.knows_us:
            return AuthResult(success=False, handled=False)
        # Not super(): a dataclass with slots is another class than the one that was written.
        return Mailbox.authenticate(self, server, session, envelope, mechanism, login)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter, or do what a drill wants done just then."""
        self.before(len(self.arrived))
        await asyncio.sleep(self.slowness_seconds)
        return await Mailbox.handle_DATA(self, server, session, envelope)


@contextmanager
def smtp_carrier() -> Iterator[SmtpCarrier]:
    """Give an SMTP server while the context lasts."""
    carrier = SmtpCarrier()
    with smtp_server(carrier) as port:
        carrier.port = port
        yield carrier


@dataclass(slots=True)
class SendgridCarrier:
    """SendGrid's interface, with requests of a few readers each."""

    double: SendgridDouble = field(default_factory=SendgridDouble)
    chunk: int = 5

    @property
    def arrived(self) -> Sequence[tuple[str, bytes]]:
        """See `Carrier`."""
        return self.double.arrived

    def tables(self) -> Tables:
        """See `Carrier`."""
        own = {"host": self.double.url, "api_key": API_KEY, "chunk": self.chunk, "timeout_seconds": 20.0}
        return {"mail": {"transport": "sendgrid"}, "sendgrid": own}

    def refuse(self, status: int, words: str) -> None:
        """Answer every request so from now on."""
        self.double.instead = lambda number: errors(status, [("", words)])

    def mend(self) -> None:
        """Answer as the documentation says."""
        self.double.instead = lambda number: None


@contextmanager
def sendgrid_carrier() -> Iterator[SendgridCarrier]:
    """Give SendGrid while the context lasts."""
    carrier = SendgridCarrier()
    with sendgrid_server(carrier.double):
        yield carrier
