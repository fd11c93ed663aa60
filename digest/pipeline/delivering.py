"""deliver: edition | render variants | freeze recipients | claim | mark sending | send | settle."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.errors import LeaseLost, SenderError
from digest.model import (
    Delivery,
    Edition,
    Message,
    Newsletter,
    Reader,
    Receipt,
    ReceiptStatus,
    Subscriber,
)
from digest.ports import Claim, Clock, Ledger, Outgoing, Progress, Sender

_log = logging.getLogger("digest")

#: The variant of readers who chose no regions of their own.
DEFAULT_VARIANT = "default"
#: Deliveries claimed at a time: few enough that a lease covers them, many enough that claiming costs nothing.
_CLAIM = 500
#: Renders a message for a choice of regions.
Renderer = Callable[[Edition, Sequence[str]], Message]
#: Gives a delivery's reader, with the links that are the reader's own.
ReaderOf = Callable[[Delivery], Reader]


def variant_of(subscriber: Subscriber, newsletter: Newsletter) -> str:
    """Return the name of the variant that a subscriber gets: the regions chosen, in their order."""
    chosen = [region for region in dict.fromkeys(subscriber.regions) if region in newsletter.regions]
    return ",".join(chosen) if chosen and tuple(chosen) != newsletter.regions else DEFAULT_VARIANT


def regions_of(variant: str, newsletter: Newsletter) -> Sequence[str]:
    """Return the regions of a variant, in their order."""
    return newsletter.regions if variant == DEFAULT_VARIANT else variant.split(",")


def open_edition(
    edition: Edition,
    newsletter: Newsletter,
    subscribers: Sequence[Subscriber],
    ledger: Ledger,
    render: Renderer,
    now: dt.datetime,
) -> None:
    """Freeze what is sent and to whom, before anything leaves; later calls change nothing.

    Without any recipient nothing is frozen.
    """
    if ledger.is_open(edition.id):
        return
    recipients = [(person, variant_of(person, newsletter)) for person in subscribers if person.confirmed]
    if not recipients:
        # Frozen with nobody in it, the edition would be closed to whoever subscribes in the next hour.
        return
    variants = sorted({DEFAULT_VARIANT, *(variant for _, variant in recipients)})
    messages = {variant: render(edition, regions_of(variant, newsletter)) for variant in variants}
    ledger.open(edition.id, messages, recipients, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """What one run of sending came to."""

    #: Receipts of this run, by status.
    receipts: Mapping[ReceiptStatus, int]
    #: Why the run stopped early, in words; empty where it came to its end.
    stopped: str = ""


def deliver(
    edition: Edition,
    ledger: Ledger,
    sender: Sender,
    reader_of: ReaderOf,
    clock: Clock,
    lease: dt.timedelta,
    pace: Callable[[int], None],
    progress: Progress,
) -> DeliverReport:
    """Send all that may be sent now, and return when nothing is left to claim.

    `pace` is called before each batch with its size, and holds it back as the rate demands.
    """
    messages = ledger.messages(edition.id)
    total = sum(ledger.counts(edition.id).values())
    receipts: Counter[ReceiptStatus] = Counter()
    while True:
        ledger.recover(edition.id, clock.now())
        claim = ledger.claim(edition.id, _CLAIM, clock.now(), lease)
        if not claim.deliveries:
            return DeliverReport(receipts=receipts)
        try:
            for batch in _batches(claim.deliveries, sender.batch):
                pace(len(batch))
                outgoing = [_outgoing(edition, messages, held, reader_of(held)) for held in batch]
                done = _send_batch(claim, outgoing, ledger, sender, clock, lease)
                receipts.update(receipt.status for receipt in done)
                progress("send", receipts[ReceiptStatus.SENT], total)
                returned = next((one for one in done if one.status is ReceiptStatus.RETURNED), None)
                if returned:
                    return DeliverReport(receipts=receipts, stopped=returned.detail)
        except LeaseLost as error:
            _log.warning("edition %s: %s", edition.id, error)
        except SenderError as error:
            return DeliverReport(receipts=receipts, stopped=str(error))
        finally:
            ledger.release(claim, clock.now())


def _batches(deliveries: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(deliveries), size):
        yield deliveries[start : start + size]


def _outgoing(edition: Edition, messages: Mapping[str, Message], held: Delivery, reader: Reader) -> Outgoing:
    return Outgoing(
        message=messages[held.variant], reader=reader, edition_id=edition.id, variant=held.variant
    )


def _send_batch(
    claim: Claim, batch: Sequence[Outgoing], ledger: Ledger, sender: Sender, clock: Clock, lease: dt.timedelta
) -> list[Receipt]:
    ids = [outgoing.reader.delivery_id for outgoing in batch]
    ledger.mark_sending(claim, ids, clock.now(), lease)
    try:
        receipts = sender.send(batch, clock.now())
    except SenderError:
        back = [Receipt(delivery_id=delivery_id, status=ReceiptStatus.RETURNED) for delivery_id in ids]
        ledger.settle(claim, back, clock.now())
        raise
    ledger.settle(claim, receipts, clock.now())
    return receipts
