"""A real SMTP server on loopback that answers as a test wants it to, and keeps what it took."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import pathlib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: Instead of an answer: break the connection off, or say nothing more.
DROP = "drop"
HANG = "hang"


@dataclass(slots=True)
class Mailbox:
    """What came, and what is answered to whom instead of `250 OK`."""

    #: Whether PIPELINING is offered.
    pipelining: bool = False
    #: Whether DATA is taken where no reader was, as some servers do.
    lenient: bool = False
    #: Answer to MAIL.
    mail: str = "250 OK"
    #: Answers to RCPT and to the whole message, by the reader's address.
    rcpt: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    #: Address and bytes of every message that was taken whole, whatever was answered.
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    #: Who wrote, and with which parameters.
    senders: list[str] = field(default_factory=list)
    parameters: list[list[str]] = field(default_factory=list)
    connections: int = 0
    #: Connections that were ended in order.
    farewells: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [*(["250-PIPELINING"] if self.pipelining else []), *responses]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.senders.append(address)
        self.parameters.append(options)
        return await self._answer(server, self.mail)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt.get(address, "250 OK")
        if self.lenient or answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return await self._answer(server, answer)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        [address] = envelope.rcpt_tos
        content = envelope.content
        assert isinstance(content, bytes)
        if not content:
            return "554 5.5.1 no valid recipients"
        self.arrived.append((address, content))
        return await self._answer(server, self.data.get(address, "250 OK"))

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.farewells += 1
        return "221 Bye"

    async def _answer(self, server: SMTP, wanted: str) -> str:
        if wanted == DROP and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        if wanted in {DROP, HANG}:
            # Until the connection is lost, or the server ends: either cancels this.
            await asyncio.Event().wait()
        return wanted

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        """Take the password `right`."""
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == b"right", handled=False)


class _Server(Controller):
    """A controller on a port that the system chooses."""

    def __init__(self, mailbox: Mailbox, **settings: Any) -> None:
        super().__init__(mailbox, hostname="127.0.0.1", port=0, **settings)
        self._made: list[SMTP] = []

    def factory(self) -> SMTP:
        made = SMTP(self.handler, **self.SMTP_kwargs)
        self._made.append(made)
        return made

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def end(self) -> None:
        """Break off what is still connected, and end."""

        async def close() -> None:
            for made in self._made:
                if isinstance(made.transport, asyncio.Transport):
                    made.transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self.loop).result(timeout=10)
        self.stop()


@contextmanager
def smtp_server(mailbox: Mailbox, **settings: Any) -> Iterator[int]:
    """Serve the mailbox on loopback while the context lasts; gives the port. `settings` are aiosmtpd's."""
    server = _Server(mailbox, authenticator=mailbox.authenticate, auth_require_tls=False, **settings)
    server.start()
    try:
        yield server.port
    finally:
        server.end()


def certificate(folder: pathlib.Path) -> tuple[pathlib.Path, ssl.SSLContext]:
    """Return a self-signed certificate for 127.0.0.1 as a file, and a server's TLS context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context
