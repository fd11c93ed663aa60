"""Messages over SMTP, on pooled connections. Implements `ports.Sender`.

What the server's answers mean (RFC 5321): 4xx is for later; 5xx to RCPT or to the data is that reader's; 5xx to
the greeting, the login or MAIL is the sender's own trouble and stops the edition; a connection that breaks after
the data began leaves it unknown whether the message was taken.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import queue
import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from digest.errors import SenderError
from digest.mailer.headers import wire_address
from digest.mailer.mime import Assembler
from digest.model import Receipt, ReceiptStatus
from digest.ports import Outgoing

#: What an answer to the whole message means, by its first digit.
_TAKEN = {2: ReceiptStatus.SENT, 4: ReceiptStatus.DEFERRED, 5: ReceiptStatus.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where, and how, to connect."""

    host: str
    port: int
    username: str
    password: str
    #: none, starttls or tls.
    security: str
    timeout_seconds: float


class SmtpSender:
    """Sends one message a recipient, as many at a time as there are connections."""

    def __init__(self, server: SmtpServer, from_address: str, assembler: Assembler, connections: int) -> None:
        self._server = server
        self._from = from_address
        self._assembler = assembler
        self._idle: queue.SimpleQueue[smtplib.SMTP] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="smtp")
        self.batch = connections
        self.destination = f"smtp {server.host}:{server.port} ({server.security})"

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`. The first connection is made before anything is handed over."""
        if self._idle.empty():
            self._idle.put(self._connect())
        return list(self._threads.map(lambda outgoing: self._send_one(outgoing, now), batch))

    def close(self) -> None:
        """See `ports.Sender`."""
        self._threads.shutdown()
        while not self._idle.empty():
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._idle.get().quit()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        with contextlib.ExitStack() as on_failure:
            try:
                client = self._greet(context)
                on_failure.callback(client.close)
                if server.security == "starttls":
                    client.starttls(context=context)
                if server.username:
                    client.login(server.username, server.password)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                # ValueError: a login that is not ASCII.
                raise SenderError(
                    f"the SMTP server {server.host}:{server.port} cannot be used: {_words(error)}"
                ) from error
            on_failure.pop_all()
        return client

    def _greet(self, context: ssl.SSLContext) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)

    def _send_one(self, outgoing: Outgoing, now: dt.datetime) -> Receipt:
        if not outgoing.reader.email.isprintable():
            return _receipt(
                outgoing, ReceiptStatus.REJECTED, f"SMTP cannot write to {outgoing.reader.email!r}"
            )
        raw = self._assembler.raw(
            outgoing.message, outgoing.reader, outgoing.edition_id, outgoing.variant, now
        )
        try:
            client = self._take()
        except SenderError as error:
            return _receipt(outgoing, ReceiptStatus.RETURNED, str(error))
        try:
            refusal = self._announce(client, outgoing)
        except (smtplib.SMTPException, OSError) as error:
            client.close()
            return _receipt(outgoing, ReceiptStatus.DEFERRED, f"the connection broke: {_words(error)}")
        try:
            receipt = refusal or self._hand_over(client, outgoing, raw)
        except (smtplib.SMTPException, OSError) as error:
            client.close()
            return _receipt(
                outgoing, ReceiptStatus.UNKNOWN, f"the connection broke after the data began: {_words(error)}"
            )
        self._idle.put(client)
        return receipt

    def _take(self) -> smtplib.SMTP:
        """Return an idle connection that still answers, or a new one."""
        with contextlib.suppress(queue.Empty):
            while True:
                client = self._idle.get_nowait()
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    if client.rset()[0] == 250:
                        return client
                client.close()
        return self._connect()

    def _announce(self, client: smtplib.SMTP, outgoing: Outgoing) -> Receipt | None:
        """Say who writes to whom; return the refusal, if it is one."""
        client.ehlo_or_helo_if_needed()
        address = wire_address(outgoing.reader.email)
        if not address.isascii() and not client.has_extn("smtputf8"):
            return _receipt(
                outgoing, ReceiptStatus.REJECTED, f"the server takes no address such as {address}"
            )
        code, answer = client.mail(self._from, () if address.isascii() else ("SMTPUTF8", "BODY=8BITMIME"))
        if code != 250:
            # A refused sender is no fault of this reader's.
            status = ReceiptStatus.DEFERRED if code < 500 else ReceiptStatus.RETURNED
            return _receipt(outgoing, status, f"MAIL FROM {self._from}: {_answer(code, answer)}")
        code, answer = client.rcpt(address)
        return None if code in {250, 251} else _receipt(outgoing, _refusal(code), _answer(code, answer))

    def _hand_over(self, client: smtplib.SMTP, outgoing: Outgoing, raw: bytes) -> Receipt:
        try:
            code, answer = client.data(raw)
        except smtplib.SMTPDataError as error:
            # The server refused before the first byte of the message.
            return _receipt(outgoing, _refusal(error.smtp_code), _words(error))
        # What is no answer of SMTP's tells nothing: the server has the message by now.
        status = _TAKEN.get(code // 100, ReceiptStatus.UNKNOWN)
        return _receipt(outgoing, status, _answer(code, answer))


def _receipt(outgoing: Outgoing, status: ReceiptStatus, detail: str) -> Receipt:
    return Receipt(delivery_id=outgoing.reader.delivery_id, status=status, detail=detail)


def _refusal(code: int) -> ReceiptStatus:
    return ReceiptStatus.REJECTED if code >= 500 else ReceiptStatus.DEFERRED


def _answer(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}"[:500]


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return _answer(error.smtp_code, raw if isinstance(raw, bytes) else str(raw).encode())
    return str(error) or type(error).__name__
