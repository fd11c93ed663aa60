"""Messages over SMTP, on connections that are kept. Implements `ports.Sender`.

What the server's answers mean (RFC 5321): 4xx is for later; 5xx to RCPT or to the message is that reader's; 5xx to
the greeting, the login or MAIL is the sender's own trouble and stops the edition, with nobody failed. A connection
that breaks before the first byte of the message has told the server nothing; one that breaks after it leaves it
unknown whether the message was taken.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Sequence

from digest.adapters.smtp_answers import (
    CLOSING,
    Answer,
    bounce_at_rcpt,
    is_about_letters,
    refused,
    taken,
)
from digest.adapters.smtp_connection import Connection, ConnectionPool, SmtpServer, in_words
from digest.errors import SenderError
from digest.mailer.headers import wire_address
from digest.mailer.mime import Assembler
from digest.model import Bounce, Receipt, ReceiptStatus
from digest.ports import Outgoing

__all__ = ["ConnectionPool", "SmtpSender", "SmtpServer"]

_NO_LETTERS = "the server takes no address with letters beyond ASCII before the @ (it offers no SMTPUTF8)"


class _EndedError(Exception):
    """The connection ended, and nothing of the message had left."""


class SmtpSender:
    """Sends one message a call, on as many connections as there are calls at a time."""

    batch = 1

    def __init__(
        self,
        server: SmtpServer,
        from_address: str,
        assembler: Assembler,
        connections: int,
        *,
        return_path: str = "",
        verp: bool = False,
        pool: ConnectionPool | None = None,
    ) -> None:
        """Take where bounces go, `return_path`, else the sender's address, and connections shared with other senders.

        With `verp` it carries the delivery's id, so that a bounce names the reader: bounces+17@example.org.
        """
        self._assembler = assembler
        self._pool = pool or ConnectionPool(server)
        self._own_pool = pool is None
        self._return_path = return_path or from_address
        self._verp = verp
        self.lanes = connections
        self.destination = f"smtp {server.host}:{server.port} ({server.security})"

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        return [self._send_one(outgoing, now) for outgoing in batch]

    def close(self) -> None:
        """See `ports.Sender`. Connections that are shared stay open for the others."""
        if self._own_pool:
            self._pool.close()

    def _send_one(self, outgoing: Outgoing, now: dt.datetime) -> Receipt:
        if not _is_one_word(outgoing.reader.email):
            return _receipt(outgoing, ReceiptStatus.REJECTED, "SMTP cannot carry such an address")
        content = self._assembler.raw(
            outgoing.message, outgoing.reader, outgoing.edition_id, outgoing.variant, now
        )
        get = self._pool.take
        while True:
            connection = get()
            try:
                return self._try(connection, outgoing, content)
            except _EndedError as ended:
                if not connection.used:
                    return _receipt(outgoing, ReceiptStatus.DEFERRED, str(ended))
            # Servers end connections that are kept, after so many messages or so long: nobody's fault.
            get = self._pool.connect

    def _try(self, connection: Connection, outgoing: Outgoing, content: bytes) -> Receipt:
        """Return what became of a message. Raises _EndedError where the connection ended before it began."""
        address = wire_address(outgoing.reader.email)
        if not address.isascii() and not connection.takes_all_letters:
            self._pool.give_back(connection)
            return _receipt(outgoing, ReceiptStatus.REJECTED, _NO_LETTERS)
        mail = self._mail(connection, outgoing, len(content), all_letters=not address.isascii())
        try:
            answers = connection.announce(mail, f"RCPT TO:<{address}>")
        except (smtplib.SMTPException, OSError) as error:
            connection.drop()
            raise _EndedError(f"the connection broke: {in_words(error)}") from error
        at = next((at for at, answer in enumerate(answers) if answer.kind > 3), None)
        if at is None:
            return self._hand_over(connection, outgoing, content)
        self._clear(connection, answers)
        if answers[at].code == CLOSING:
            raise _EndedError(answers[at].words)
        return _REFUSALS[at](outgoing, answers[at], mail)

    def _mail(self, connection: Connection, outgoing: Outgoing, size: int, *, all_letters: bool) -> str:
        sender = self._return_path
        if self._verp:
            local, _, domain = sender.rpartition("@")
            sender = f"{local}+{outgoing.reader.delivery_id}@{domain}"
        parameters = [f"SIZE={size}"] if connection.takes_size else []
        if all_letters:
            parameters += ["BODY=8BITMIME", "SMTPUTF8"]
        return " ".join([f"MAIL FROM:<{sender}>", *parameters])

    def _hand_over(self, connection: Connection, outgoing: Outgoing, content: bytes) -> Receipt:
        try:
            answer = connection.hand_over(content)
        except (smtplib.SMTPException, OSError) as error:
            connection.drop()
            words = f"the connection broke after the message began: {in_words(error)}"
            return _receipt(outgoing, ReceiptStatus.UNKNOWN, words)
        status = taken(answer)
        if answer.code == CLOSING or status is ReceiptStatus.UNKNOWN:
            connection.drop()
        else:
            self._pool.give_back(connection)
        return _receipt(outgoing, status, answer.words)

    def _clear(self, connection: Connection, answers: Sequence[Answer]) -> None:
        try:
            connection.clear(answers)
        except (smtplib.SMTPException, OSError):
            connection.drop()
        else:
            self._pool.give_back(connection)


def _refused_at_mail(outgoing: Outgoing, answer: Answer, mail: str) -> Receipt:
    if answer.kind == 5 and not (mail.endswith(" SMTPUTF8") and is_about_letters(answer)):
        raise SenderError(f"the SMTP server refuses {mail}: {answer.words}")
    return _receipt(outgoing, refused(answer), answer.words)


def _refused_at_rcpt(outgoing: Outgoing, answer: Answer, _: str) -> Receipt:
    return _receipt(outgoing, refused(answer), answer.words, bounce_at_rcpt(answer))


def _refused_at_data(outgoing: Outgoing, answer: Answer, _: str) -> Receipt:
    return _receipt(outgoing, refused(answer), answer.words)


#: What a refusal of each command means, in their order.
_REFUSALS = (_refused_at_mail, _refused_at_rcpt, _refused_at_data)


def _receipt(outgoing: Outgoing, status: ReceiptStatus, detail: str, bounce: Bounce | None = None) -> Receipt:
    return Receipt(delivery_id=outgoing.reader.delivery_id, status=status, detail=detail[:500], bounce=bounce)


def _is_one_word(address: str) -> bool:
    """Say whether an address can stand in a command; what was stored long ago may be anything."""
    return address.isprintable() and not set(address) & set(" <>")
