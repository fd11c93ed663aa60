"""Messages into files: what would be sent, to look at. Implements `ports.Sender`."""

from __future__ import annotations

import datetime as dt
import hashlib
import pathlib
from collections.abc import Sequence
from urllib.parse import quote

from digest.adapters.files import write_whole
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Receipt, ReceiptStatus
from digest.ports import Outgoing

#: A file system takes names of 255 bytes; an address may be 254 and is longer when quoted.
_LONGEST_NAME = 200


class OutboxSender:
    """Writes each message to `<folder>/<edition>/<address>.eml`; writing one again replaces it."""

    batch = 1
    lanes = 1

    def __init__(self, folder: pathlib.Path, assembler: Assembler) -> None:
        self._folder = folder
        self._assembler = assembler
        self.destination = f"outbox {folder}"

    def path(self, edition_id: str, address: str) -> pathlib.Path:
        """Return where a message to this address lies."""
        name = quote(address, safe="@+=.-_")
        if len(name) > _LONGEST_NAME:
            name = f"{name[:_LONGEST_NAME]}-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
        return self._folder / edition_id / f"{name}.eml"

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        receipts = []
        for outgoing in batch:
            raw = self._assembler.raw(
                outgoing.message, outgoing.reader, outgoing.edition_id, outgoing.variant, now
            )
            path = self.path(outgoing.edition_id, outgoing.reader.email)
            try:
                write_whole(path, raw)
            except OSError as error:
                raise SenderError(f"the outbox {self._folder} cannot be written: {error.strerror}") from error
            receipts.append(
                Receipt(delivery_id=outgoing.reader.delivery_id, status=ReceiptStatus.SENT, detail=str(path))
            )
        return receipts

    def close(self) -> None:
        """See `ports.Sender`."""
