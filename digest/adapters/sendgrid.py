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
from collections.abc import Iterable, Sequence
from typing import Any

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from digest.errors import SenderError
from digest.mailer.headers import Envelope, unsubscribe_headers, wire_address
from digest.mailer.tokens import IN_HTML, IN_TEXT, TOKEN
from digest.model import Receipt, ReceiptStatus
from digest.ports import Outgoing

#: What a request may hold at most (SendGrid, "Mail Send" limits).
MOST_BYTES = 30_000_000
_RETRY = frozenset({408, 429, 500, 503})
#: Said by a gateway that does not know what became of the request (RFC 9110, 15.6.3 and 15.6.5).
_IN_DOUBT = frozenset({502, 504})
#: Stand for the tokens in the HTML, where their values are written in another way than in the text.
_HTML_TAGS = {token: f"{token[:-2]}_IN_HTML__" for token in IN_HTML}
#: How an error names the reader whose address is at fault.
_NAMED = re.compile(rb'"field"\s*:\s*"personalizations\.(\d+)\.to\b')


class SendgridSender:
    """Sends a variant's readers in requests of up to `chunk` personalizations."""

    def __init__(
        self,
        api_key: str,
        host: str,
        timeout_seconds: float,
        chunk: int,
        envelope: Envelope,
    ) -> None:
        client = SendGridAPIClient(api_key, host=host)
        # The package waits for ever unless told otherwise.
        client.client.timeout = timeout_seconds
        self._client = client
        self._envelope = envelope
        self.batch = chunk
        self.destination = f"sendgrid {host}"

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        by_variant: dict[str, list[Outgoing]] = {}
        for outgoing in batch:
            by_variant.setdefault(outgoing.variant, []).append(outgoing)
        receipts: list[Receipt] = []
        for group in by_variant.values():
            try:
                receipts += self._send_group(group)
            except SenderError as error:
                if not receipts:
                    raise
                # Other variants of this batch have left already; these have not.
                receipts += _receipts(group, ReceiptStatus.RETURNED, str(error))
        return receipts

    def close(self) -> None:
        """See `ports.Sender`; there is no connection to end."""

    def _send_group(self, group: Sequence[Outgoing]) -> list[Receipt]:
        rejected: list[Receipt] = []
        while group:
            try:
                return rejected + self._post(group)
            except HTTPError as error:
                words = f"{error.status_code} {error.reason}: {error.body.decode('utf-8', 'replace')[:300]}"
                if error.status_code in _RETRY | _IN_DOUBT:
                    in_doubt = error.status_code in _IN_DOUBT
                    status = ReceiptStatus.UNKNOWN if in_doubt else ReceiptStatus.DEFERRED
                    return rejected + _receipts(group, status, words)
                named = {int(number) for number in _NAMED.findall(error.body)}
                at_fault = [one for number, one in enumerate(group) if number in named]
                if not at_fault:
                    raise SenderError(f"{self.destination} refuses the request: {words}") from error
                rejected += _receipts(at_fault, ReceiptStatus.REJECTED, words)
                group = [one for number, one in enumerate(group) if number not in named]
        return rejected

    def _post(self, group: Sequence[Outgoing]) -> list[Receipt]:
        """Hand one request over. Raises HTTPError where it is refused, SenderError where it did not leave."""
        body = self.request(group)
        size = len(json.dumps(body))
        if size > MOST_BYTES:
            raise SenderError(
                f"a request of {size:,} bytes for {len(group)} readers is more than SendGrid takes: lower the chunk"
            )
        try:
            response = self._client.client.mail.send.post(request_body=body)
        except (urllib.error.URLError, http.client.InvalidURL) as error:
            # So come the errors of connecting and of writing the request: it never was whole.
            raise SenderError(
                f"no connection to {self.destination}: {getattr(error, 'reason', error)}"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            return _receipts(group, ReceiptStatus.UNKNOWN, f"no answer: {error}")
        if response.status_code != 202 and response.body.strip():
            # SendGrid says 202, and 200 in sandbox mode, both without a body: this is a redirect's page.
            raise SenderError(f"{self.destination} answers {response.status_code} as SendGrid never does")
        message_id = response.headers.get("X-Message-Id", "") if response.headers else ""
        return _receipts(group, ReceiptStatus.SENT, f"{response.status_code} {message_id}".strip())

    def request(self, group: Sequence[Outgoing]) -> dict[str, Any]:
        """Return the body of a request for readers of one variant."""
        message = group[0].message
        tokens = set(TOKEN.findall(message.text + message.html))
        return {
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
            "personalizations": [self._personalization(outgoing, tokens) for outgoing in group],
        }

    def _personalization(self, outgoing: Outgoing, tokens: Iterable[str]) -> dict[str, Any]:
        reader = outgoing.reader
        headers = unsubscribe_headers(self._envelope, reader)
        in_text = {token: IN_TEXT[token](reader) for token in tokens}
        in_html = {_HTML_TAGS[token]: IN_HTML[token](reader) for token in tokens}
        return {
            "to": [{"email": wire_address(reader.email)}],
            "headers": {name: value.replace("\r\n", "") for name, value in headers.items()},
            "substitutions": in_text | in_html,
            # An opaque id, so that the provider's events can be matched; nothing personal.
            "custom_args": {"delivery": str(reader.delivery_id)},
        }


def _html_tag(token: re.Match[str]) -> str:
    return _HTML_TAGS[token[0]]


def _receipts(group: Sequence[Outgoing], status: ReceiptStatus, detail: str) -> list[Receipt]:
    return [Receipt(delivery_id=one.reader.delivery_id, status=status, detail=detail[:500]) for one in group]
