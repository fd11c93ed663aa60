"""Connections to an SMTP server: made, kept, and spoken on. The commands are smtplib's; the pool is ours."""

from __future__ import annotations

import collections
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

from digest.adapters.smtp_answers import CLOSING, Answer
from digest.errors import SenderError

#: Seconds that a server has for its good-bye.
_PARTING = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where, and how, to connect."""

    host: str
    port: int
    username: str
    password: str
    #: none, starttls or tls.
    security: str
    #: For the connection, and for each answer as a whole.
    timeout_seconds: float
    #: After so long without a word a connection is not trusted any more: what stands between us and the server may
    #: have forgotten it.
    idle_seconds: float = 60.0


class _Lines:
    """The lines that a server says, up to a deadline that dripping single bytes does not put off."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._heard = b""
        self.deadline = 0.0

    def readline(self, most: int) -> bytes:
        """Return the next line, or as much of it as may be read; empty at the end. Raises TimeoutError."""
        while (end := self._heard.find(b"\n") + 1) == 0 and len(self._heard) < most:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
            more = self._sock.recv(8192)
            if not more:
                return b""
            self._heard += more
        line = self._heard[: min(end or most, most)]
        self._heard = self._heard[len(line) :]
        return line

    def close(self) -> None:
        """Do nothing: the socket is its owner's."""


class _Plain(smtplib.SMTP):
    """smtplib's client, but that `timeout` bounds an answer as a whole."""

    def getreply(self) -> tuple[int, bytes]:
        """See `smtplib.SMTP`."""
        sock = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is at its end")
        if self.file is None:
            self.file = _Lines(sock)
        self.file.deadline = time.monotonic() + self.timeout
        code, text = super().getreply()
        sock.settimeout(self.timeout)
        return code, text


class _Tls(_Plain, smtplib.SMTP_SSL):
    """The same within TLS from the first byte."""


class Connection:
    """One connection, ready for messages. What it raises is smtplib.SMTPException or OSError: it is broken then."""

    def __init__(self, client: _Plain) -> None:
        self._client = client
        self._pipelining = client.has_extn("pipelining")
        self.takes_all_letters = client.has_extn("smtputf8") and client.has_extn("8bitmime")
        self.takes_size = client.has_extn("size")
        #: Whether it has carried a message before.
        self.used = False
        self.idle_since = time.monotonic()

    def announce(self, mail: str, rcpt: str) -> list[Answer]:
        """Say who writes to whom, and ask to send; return the answers to these three, or up to the first refusal.

        In one round trip where the server allows (RFC 2920). None of the message leaves.
        """
        answers = self._ask(mail, rcpt, "DATA")
        for answer, wanted in zip(answers, (2, 2, 3), strict=False):
            if answer.kind not in {wanted, 4, 5}:
                raise smtplib.SMTPServerDisconnected(f"the server is out of step: {answer.words}")
        return answers

    def hand_over(self, content: bytes) -> Answer:
        """Send a message that the server waits for; its lines end in CR LF."""
        self._client.send(on_the_wire(content))
        return self._answer()

    def clear(self, answers: Sequence[Answer]) -> None:
        """After a refusal: have the server forget what it was told, so that the connection may go on."""
        mail, last = answers[0], answers[-1]
        if last.code == CLOSING:
            raise smtplib.SMTPServerDisconnected("the server ends the connection")
        if last.kind == 3:
            if mail.kind != 2:
                raise smtplib.SMTPServerDisconnected("the server wants a message from nobody")
            # It took DATA though it has no recipient: it gets the end of a message and none of it (RFC 2920, 3.1).
            self._client.send(b".\r\n")
            self._answer()
        elif self._ask("RSET")[0].kind != 2:
            raise smtplib.SMTPServerDisconnected("the server does not start anew")

    def end(self) -> None:
        """Take leave, and close."""
        self._client.timeout = _PARTING
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._say("QUIT")
            self._answer()
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._client.close()

    def _ask(self, *commands: str) -> list[Answer]:
        answers: list[Answer] = []
        if self._pipelining:
            self._say(*commands)
        for command in commands:
            if not self._pipelining:
                self._say(command)
            answers.append(self._answer())
            # After 421 nothing more is said, after another refusal no more is asked.
            if answers[-1].code == CLOSING or (answers[-1].kind > 3 and not self._pipelining):
                break
        return answers

    def _say(self, *commands: str) -> None:
        self._client.send("".join(f"{command}\r\n" for command in commands).encode())

    def _answer(self) -> Answer:
        code, text = self._client.getreply()
        if not 200 <= code <= 599:
            raise smtplib.SMTPServerDisconnected("what the server says is not SMTP")
        return Answer(code, text.decode("utf-8", "replace"))


class ConnectionPool:
    """Connections to one server for several threads; the one that was used last is taken first."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._tls = None if server.security == "none" else ssl.create_default_context()
        # Its append and pop are safe between threads.
        self._idle: collections.deque[Connection] = collections.deque()

    def take(self) -> Connection:
        """Return a connection for the caller alone. Raises SenderError where a new one is needed and refused."""
        with contextlib.suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if time.monotonic() - connection.idle_since < self._server.idle_seconds:
                    return connection
                connection.end()
        return self.connect()

    def connect(self) -> Connection:
        """Return a new connection. Raises SenderError where the server refuses it."""
        server = self._server
        with contextlib.ExitStack() as on_failure:
            try:
                client = self._greet()
                on_failure.callback(client.close)
                if self._tls is not None and server.security == "starttls":
                    # Raises where the server offers none: nothing is said in the clear.
                    client.starttls(context=self._tls)
                client.ehlo_or_helo_if_needed()
                if server.username:
                    client.login(server.username, server.password)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                # ValueError: a login that is not ASCII.
                raise SenderError(
                    f"the SMTP server {server.host}:{server.port} cannot be used: {in_words(error)}"
                ) from error
            on_failure.pop_all()
        return Connection(client)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next message."""
        connection.used = True
        connection.idle_since = time.monotonic()
        self._idle.append(connection)

    def close(self) -> None:
        """End the connections that nobody uses."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().end()

    def _greet(self) -> _Plain:
        server = self._server
        if self._tls is not None and server.security == "tls":
            client: _Plain = _Tls(server.host, server.port, timeout=server.timeout_seconds, context=self._tls)
        else:
            client = _Plain(server.host, server.port, timeout=server.timeout_seconds)
        if client.sock is not None:
            # The end of a message must not wait for the acknowledgement of what came before it.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client


def on_the_wire(content: bytes) -> bytes:
    """Return a message, its lines ending in CR LF, with its dots doubled and its end marked (RFC 5321, 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    opening = b"." if content.startswith(b".") else b""
    ending = b".\r\n" if content.endswith(b"\r\n") or not content else b"\r\n.\r\n"
    return b"".join((opening, stuffed, ending))


def in_words(error: Exception) -> str:
    """Return what went wrong, for an operator."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return Answer(error.smtp_code, text).words
    return str(error) or type(error).__name__
