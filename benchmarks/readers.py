"""One edition and its many readers, on a store: what `send.py`, `scale.py` and `web.py` measure with."""

from __future__ import annotations

import datetime as dt
import pathlib
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import sqlalchemy as sa
from render import make_edition

from digest.adapters.clock import SystemClock
from digest.adapters.store import Store
from digest.adapters.store.schema import subscriber, subscription
from digest.app import App
from digest.mailer.mime import Assembler, Envelope
from digest.model import Audience, Delivery, Edition, Message, Reader, Receipt, ReceiptStatus
from digest.pipeline import Pacer, deliver, no_progress
from digest.ports import Outgoing, Sender

#: Regions of the letter, each with a story.
STORIES = 8
#: Region choices of the readers.
CHOICES = 12
MILLION = 1_000_000
NEWSLETTER, EDITION = "mujaz", "mujaz-2026-11-22"
AUDIENCE = Audience(newsletter_id=NEWSLETTER, zones=("",))
ENVELOPE = Envelope(
    from_name="Mujaz",
    from_address="mujaz@example.org",
    newsletter_id=NEWSLETTER,
    unsubscribe_address="u@example.org",
)
CLOCK = SystemClock()
LEASE = dt.timedelta(seconds=120)
SOMEBODY = Reader(delivery_id=1, email="reader@example.org", unsubscribe_url="https://news.example/u/1")


@cache
def the_message() -> Message:
    """Return a letter as readers get it, rendered, of some 60 KB on the wire."""
    app = App(home=pathlib.Path("/nonexistent"), environment={"DIGEST_BASE_URL": "https://news.example"})
    newsletter = replace(app.newsletter(), regions=tuple(app.settings.regions)[:STORIES])
    return app.renderer(newsletter)(make_edition(newsletter, 1, STORIES, 4), newsletter.regions)


def size() -> int:
    """Return its bytes on the wire."""
    return len(Assembler(ENVELOPE).raw(the_message(), SOMEBODY, EDITION, "default", CLOCK.now()))


def reader_of(held: Delivery) -> Reader:
    """Return a delivery's reader."""
    return Reader(
        delivery_id=held.id,
        email=held.email,
        name=held.name,
        unsubscribe_url=f"https://news.example/u/{held.subscriber_id}",
    )


def fill(store: Store, count: int) -> None:
    """Subscribe so many readers, who made CHOICES choices of regions."""
    now = CLOCK.now()
    choices = ["", *(f"r{number}" for number in range(1, CHOICES))]
    for start in range(0, count, 10_000):
        numbers = range(start + 1, min(start + 10_000, count) + 1)
        with store.engine.begin() as connection:
            people = [
                {
                    "id": number,
                    "email": f"reader{number}@example.org",
                    "email_key": f"reader{number}@example.org",
                    "name": "",
                    "timezone": "",
                    "created_at": now,
                }
                for number in numbers
            ]
            connection.execute(sa.insert(subscriber), people)
            wishes = [
                {
                    "subscriber_id": number,
                    "newsletter_id": NEWSLETTER,
                    "regions": choices[number % CHOICES],
                    "confirmed": True,
                    "consent_at": now,
                    "consent_source": "a benchmark",
                }
                for number in numbers
            ]
            connection.execute(sa.insert(subscription), wishes)


def freeze(store: Store) -> int:
    """Freeze the edition for all readers; return how many."""
    now = CLOCK.now()
    edition = Edition(
        id=EDITION, newsletter_id=NEWSLETTER, local_date=now.date(), cohort="", composed_at=now, sections=()
    )
    store.editions.freeze(edition)
    message = the_message()
    choices = store.subscribers.choices(AUDIENCE)
    variants = {(): "default"} | {choice: ",".join(choice) or "default" for choice in choices}
    return store.ledger.open(EDITION, dict.fromkeys(variants.values(), message), AUDIENCE, variants, now)


def send_all(store: Store, sender: Sender) -> float:
    """Deliver the edition; return the seconds that it took."""
    begin = time.perf_counter()
    report = deliver(
        EDITION,
        store.ledger,
        sender,
        reader_of,
        CLOCK,
        LEASE,
        Pacer(store.pace, CLOCK),
        lambda: False,
        no_progress,
    )
    took = time.perf_counter() - begin
    if set(report.receipts) != {ReceiptStatus.SENT}:
        raise RuntimeError(f"not all was sent: {report}")
    return took


class Discarding:
    """A sender that makes each message and throws it away."""

    lanes = 1
    destination = "nowhere"

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self._assembler = Assembler(ENVELOPE)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        for one in batch:
            self._assembler.raw(one.message, one.reader, one.edition_id, one.variant, now)
        return [Receipt(delivery_id=one.reader.delivery_id, status=ReceiptStatus.SENT) for one in batch]

    def close(self) -> None:
        """See `ports.Sender`."""
