"""Messages over SendGrid's v3 interface. Implements `ports.Sender`.

One request carries many readers, each a personalization with the reader's own substitutions and headers. The
interface has no idempotency key: a request that times out may have been taken, and is unknown for all of them.
"""

from __future__ import annotations

import datetime as dt
import urllib.error
from collections.abc import Sequence
from typing import Any

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from digest.errors import SenderError
from digest.mailer.mime import Assembler, Envelope
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Receipt, ReceiptStatus
from digest.ports import Outgoing

#: What a request may hold at most (SendGrid, "Mail Send" limits).
MOST_BYTES = 30_000_000
_RETRY = frozenset({408, 429, 500, 502, 503, 504})


class SendgridSender:
    """Sends a variant's readers in requests of up to `chunk` personalizations."""

    def __init__(
        self,
        api_key: str,
        host: str,
        timeout_seconds: float,
        chunk: int,
        envelope: Envelope,
        assembler: Assembler,
    ) -> None:
        client = SendGridAPIClient(api_key, host=host)
        # The package waits for ever unless told otherwise.
        client.client.timeout = timeout_seconds
        self._client = client
        self._envelope = envelope
        self._assembler = assembler
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
                receipts += self._send_group(group, now)
            except SenderError as error:
                if not receipts:
                    raise
                # Other variants of this batch have left already; these have not.
                receipts += _receipts(group, ReceiptStatus.RETURNED, str(error))
        return receipts

    def close(self) -> None:
        """See `ports.Sender`; there is no connection to end."""

    def _send_group(self, group: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        body = self.request(group, now)
        try:
            response = self._client.client.mail.send.post(request_body=body)
        except HTTPError as error:
            return self._refused(group, error)
        except urllib.error.URLError as error:
            # A timeout while connecting comes wrapped, one while waiting for the answer does not.
            if isinstance(error.reason, ConnectionRefusedError):
                raise SenderError(f"no connection to {self.destination}: {error.reason}") from error
            if isinstance(error.reason, OSError) and not isinstance(error.reason, TimeoutError):
                raise SenderError(f"no connection to {self.destination}: {error.reason}") from error
            return _receipts(group, ReceiptStatus.UNKNOWN, f"no answer: {error.reason}")
        except OSError as error:
            return _receipts(group, ReceiptStatus.UNKNOWN, f"no answer: {error}")
        message_id = response.headers.get("X-Message-Id", "") if response.headers else ""
        return _receipts(group, ReceiptStatus.SENT, f"{response.status_code} {message_id}".strip())

    def _refused(self, group: Sequence[Outgoing], error: HTTPError) -> list[Receipt]:
        words = f"{error.status_code} {error.reason}: {str(error.body)[:300]}"
        if error.status_code in {401, 403}:
            raise SenderError(f"SendGrid refuses the key or the sender: {words}")
        status = ReceiptStatus.DEFERRED if error.status_code in _RETRY else ReceiptStatus.REJECTED
        return _receipts(group, status, words)

    def request(self, group: Sequence[Outgoing], now: dt.datetime) -> dict[str, Any]:
        """Return the body of a request for readers of one variant."""
        message = group[0].message
        return {
            "from": {"email": self._envelope.from_address, "name": self._envelope.from_name},
            "subject": message.subject,
            "content": [
                {"type": "text/plain", "value": message.text},
                {"type": "text/html", "value": message.html},
            ],
            "headers": {"List-ID": self._assembler.list_id, "Precedence": "bulk"},
            "personalizations": [self._personalization(outgoing, now) for outgoing in group],
        }

    def _personalization(self, outgoing: Outgoing, now: dt.datetime) -> dict[str, Any]:
        reader = outgoing.reader
        headers = self._assembler.reader_headers(reader, outgoing.edition_id, now)
        own = {name: value.replace("\r\n", "") for name, value in headers.items() if name.startswith("List-")}
        return {
            "to": [{"email": reader.email}],
            "headers": own,
            "substitutions": {UNSUBSCRIBE_TOKEN: reader.unsubscribe_url},
            # An opaque id, so that the provider's events can be matched; nothing personal.
            "custom_args": {"delivery": str(reader.delivery_id)},
        }


def _receipts(group: Sequence[Outgoing], status: ReceiptStatus, detail: str) -> list[Receipt]:
    return [Receipt(delivery_id=one.reader.delivery_id, status=status, detail=detail[:500]) for one in group]
