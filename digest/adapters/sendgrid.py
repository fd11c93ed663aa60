"""Messages over SendGrid's v3 interface. Implements `ports.Sender`.

One request carries many readers, each a personalization with the reader's own substitutions and headers. The
interface has no idempotency key: a request that times out may have been taken, and is unknown for all of them.
A request is taken as a whole or not at all: where SendGrid names the addresses that it refuses, the others go again
without them; any other refusal is the sender's own trouble and stops the edition, with nobody failed.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import re
import urllib.error
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from digest.errors import SenderError
from digest.mailer.headers import Envelope, unsubscribe_headers, wire_address
from digest.mailer.tokens import IN_HTML, IN_TEXT, TOKEN
from digest.model import Message, Receipt, ReceiptStatus
from digest.ports import Outgoing
from digest.text.tidy import tidy

#: What a request may hold (SendGrid, "Mail Send", its limitations). The size is that of the message: the request,
#: which holds it and all its readers, is the larger of the two.
_MOST_BYTES = 30_000_000
_MOST_READERS = 1000
#: What one personalization may hold, in bytes. Of substitutions the interface's reference grants 10,000, the guide on
#: them 50,000; ours have a few hundred.
_MOST_OF = {"substitutions": 10_000, "custom_args": 9_999}
_BAD_REQUEST = 400
_TOO_MANY = 429
#: SendGrid did not take the request. 408: it did not get the whole of it (RFC 9110, 15.5.9).
_LATER = frozenset({408, 500, 503})
#: In seconds, the longest rest that a rate limit is believed; it counts by the minute.
_LONGEST_REST = 3600
#: Stand for the tokens in the HTML, where their values are written in another way than in the text.
_HTML_TAGS = {token: f"{token[:-2]}_IN_HTML__" for token in IN_HTML}
#: How an error names the reader whose address is at fault.
_NAMED = re.compile(rb'"field"\s*:\s*"personalizations\.(\d+)\.to\b')
_AN_ADDRESS = re.compile(r"[^\s\"'<>\[\]:,;]+@[^\s\"'<>\[\]:,;]+")
#: A message on its way, and the reader's part of a request.
_Letter = tuple[Outgoing, dict[str, Any]]
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)


class SendgridSender:
    """Sends a variant's readers in requests of up to `chunk` personalizations."""

    lanes = 1

    def __init__(
        self,
        api_key: str,
        host: str,
        timeout_seconds: float,
        chunk: int,
        envelope: Envelope,
        *,
        sandbox: bool = False,
    ) -> None:
        """Take where to send to; in the sandbox SendGrid checks requests and delivers nothing."""
        self._key_fits = api_key.isascii() and api_key.isprintable()
        client = SendGridAPIClient(api_key, host=host)
        # The package waits for ever unless told otherwise.
        client.client.timeout = timeout_seconds
        self._client = client
        self._envelope = envelope
        self._sandbox = sandbox
        self._searched: tuple[Message, frozenset[str]] | None = None
        self.batch = min(chunk, _MOST_READERS)
        self.destination = f"sendgrid {host}{' (sandbox)' if sandbox else ''}"

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        if not self._key_fits:
            raise SenderError("the SendGrid API key holds characters that no key has")
        letters = [(outgoing, self._personalization(outgoing)) for outgoing in batch]
        receipts: list[Receipt] = []
        for group in _groups([letter for letter in letters if not _excess(letter)]):
            try:
                receipts += self._send_group(group, now)
            except SenderError as error:
                if not receipts:
                    raise
                # Other requests of this batch have left already; this one has not.
                receipts += _receipts(group, ReceiptStatus.RETURNED, str(error))
        for letter in letters:
            if words := _excess(letter):
                receipts += _receipts([letter], ReceiptStatus.REJECTED, words)
        return receipts

    def close(self) -> None:
        """See `ports.Sender`; there is no connection to end."""

    def _send_group(self, group: Sequence[_Letter], now: dt.datetime) -> list[Receipt]:
        rejected: list[Receipt] = []
        while group:
            try:
                return rejected + self._post(group)
            except HTTPError as error:
                words = f"{error.status_code} {tidy(error.body.decode('utf-8', 'replace')[:1000])}"
                status = _meaning(error.status_code)
                if status is not ReceiptStatus.REJECTED:
                    return rejected + _receipts(group, status, words)
                named = {int(number) for number in _NAMED.findall(error.body)}
                at_fault = [letter for number, letter in enumerate(group) if number in named]
                if error.status_code != _BAD_REQUEST or not at_fault:
                    retry_at = _retry_at(error.headers, now) if error.status_code == _TOO_MANY else None
                    # Words that are logged name no reader.
                    words = _AN_ADDRESS.sub("(an address)", words)
                    raise SenderError(f"{self.destination} refuses the request: {words}", retry_at) from error
                # That it dislikes how an address is written says nothing of the mailbox: no bounce.
                rejected += _receipts(at_fault, ReceiptStatus.REJECTED, words)
                group = [letter for number, letter in enumerate(group) if number not in named]
        return rejected

    def _post(self, group: Sequence[_Letter]) -> list[Receipt]:
        """Hand one request over. Raises HTTPError where it is refused, SenderError where it did not leave."""
        request = self._request(group)
        try:
            response = self._client.client.mail.send.post(request_body=request)
        except (urllib.error.URLError, http.client.InvalidURL) as error:
            # So come the errors of connecting and of writing the request: it never was whole.
            raise SenderError(
                f"no connection to {self.destination}: {getattr(error, 'reason', error)}"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            return _receipts(group, ReceiptStatus.UNKNOWN, f"no answer: {tidy(str(error))}")
        if response.status_code != 202 and response.body.strip():
            # SendGrid says 202, and 200 in sandbox mode, both without a body: this is a redirect's page.
            raise SenderError(f"{self.destination} answers {response.status_code} as SendGrid never does")
        message_id = response.headers.get("X-Message-Id", "") if response.headers else ""
        return _receipts(group, ReceiptStatus.SENT, f"{response.status_code} {tidy(message_id)}".strip())

    def _request(self, group: Sequence[_Letter]) -> dict[str, Any]:
        """Return the body of a request for readers of one variant. Raises SenderError where it is too large."""
        message = group[0][0].message
        request = {
            "from": {"email": self._envelope.from_address, "name": self._envelope.from_name},
            "subject": message.subject,
            "content": [
                {"type": "text/plain", "value": message.text},
                {"type": "text/html", "value": TOKEN.sub(_html_tag, message.html)},
            ],
            # The rest, Feedback-ID among it, SendGrid sets itself.
            "headers": {
                "List-ID": self._envelope.list_id,
                "Precedence": "bulk",
                "Auto-Submitted": "auto-generated",
            },
            "personalizations": [personal for _, personal in group],
        }
        if self._sandbox:
            request["mail_settings"] = {"sandbox_mode": {"enable": True}}
        size = len(json.dumps(request))
        if size >= _MOST_BYTES:
            raise SenderError(
                f"a request of {size:,} bytes for {len(group)} readers is more than SendGrid takes: lower the chunk"
            )
        return request

    def _personalization(self, outgoing: Outgoing) -> dict[str, Any]:
        reader, message = outgoing.reader, outgoing.message
        headers = unsubscribe_headers(self._envelope, reader)
        tokens = self._tokens_of(message)
        in_text = {token: IN_TEXT[token](reader) for token in tokens}
        in_html = {_HTML_TAGS[token]: IN_HTML[token](reader) for token in tokens}
        return {
            "to": [{"email": wire_address(reader.email)}],
            "headers": {name: value.replace("\r\n", "") for name, value in headers.items()},
            "substitutions": in_text | in_html,
            # An opaque id, so that the provider's events can be matched; nothing personal.
            "custom_args": {"delivery": str(reader.delivery_id)},
        }

    def _tokens_of(self, message: Message) -> frozenset[str]:
        # A batch is of few messages, and most often of one: it is not searched again for each reader.
        searched = self._searched
        if searched is None or searched[0] is not message:
            searched = self._searched = (message, frozenset(TOKEN.findall(message.text + message.html)))
        return searched[1]


def _groups(letters: Iterable[_Letter]) -> list[list[_Letter]]:
    """Divide a batch into requests: readers of one variant each, and no address twice, which SendGrid refuses."""
    groups: dict[tuple[str, int], list[_Letter]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for outgoing, personal in letters:
        name = (outgoing.variant, personal["to"][0]["email"].lower())
        groups.setdefault((outgoing.variant, seen[name]), []).append((outgoing, personal))
        seen[name] += 1
    return list(groups.values())


def _excess(letter: _Letter) -> str:
    """Return what SendGrid would not take of one reader's part of a request; empty where it is right."""
    personal = letter[1]
    if not personal["to"][0]["email"].isascii():
        return "SendGrid takes no address with letters beyond ASCII before the @"
    for part, most in _MOST_OF.items():
        size = sum(len(f"{name}{value}".encode()) for name, value in personal[part].items())
        if size > most:
            return f"{size:,} bytes of {part}, and SendGrid takes {most:,}"
    return ""


def _meaning(status_code: int) -> ReceiptStatus:
    """Say what a refused request means for its readers."""
    if status_code in _LATER:
        return ReceiptStatus.DEFERRED
    # What else servers and the gateways before them say of their troubles leaves it open whether it was taken.
    return ReceiptStatus.UNKNOWN if status_code >= 500 else ReceiptStatus.REJECTED


def _retry_at(headers: Mapping[str, str], now: dt.datetime) -> dt.datetime | None:
    """Return when the rate limit ends: a moment in Unix seconds, or a number of seconds (RFC 9110, 10.2.3)."""
    reset, after = headers.get("X-RateLimit-Reset", ""), headers.get("Retry-After", "")
    if _NUMBER.fullmatch(reset):
        seconds = int(reset) - now.timestamp()
    elif _NUMBER.fullmatch(after):
        seconds = int(after)
    else:
        return None
    return now + dt.timedelta(seconds=min(max(seconds, 0), _LONGEST_REST))


def _html_tag(token: re.Match[str]) -> str:
    return _HTML_TAGS[token[0]]


def _receipts(group: Iterable[_Letter], status: ReceiptStatus, detail: str) -> list[Receipt]:
    return [
        Receipt(delivery_id=outgoing.reader.delivery_id, status=status, detail=detail[:500])
        for outgoing, _ in group
    ]
