"""Values to test with: one of each kind, with what a test changes as arguments."""

from __future__ import annotations

import datetime as dt

from digest.collector.identity import aliases
from digest.mailer.mime import Envelope
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import (
    ArticleDraft,
    Delivery,
    Edition,
    Message,
    Newsletter,
    ParsedFeed,
    Reader,
    Slot,
    Source,
    Subscriber,
)
from digest.ports import Outgoing
from tests.conftest import NOW

TODAY = NOW.date()
ENVELOPE = Envelope(
    from_name="موجز الصباح",
    from_address="mujaz@news.example",
    newsletter_id="mujaz",
    unsubscribe_address="leave@news.example",
)


def source(
    source_id: str = "zaytuna",
    *,
    outlet: str = "صوت الزيتونة",
    url: str = "",
    full_text: bool = False,
    enabled: bool = True,
) -> Source:
    """Return a source whose feed lies at `https://<id>.example/feed`, or elsewhere."""
    return Source(
        id=source_id,
        outlet=outlet,
        name=source_id,
        url=url or f"https://{source_id}.example/feed",
        country="TN",
        full_text=full_text,
        enabled=enabled,
    )


def parsed(*drafts: ArticleDraft, repair: str = "") -> ParsedFeed:
    """Return a feed with these entries, as the parser gives it."""
    return ParsedFeed(drafts=drafts, entries=len(drafts), repair=repair)


def draft(
    title: str = "افتتاح الميناء الجديد في مدينة صفاقس اليوم",
    *,
    of: Source | None = None,
    guid: str = "g1",
    url: str = "https://zaytuna.example/1",
    summary: str = "قال الوزير إن الميناء يعمل بكامل طاقته.",
    published: dt.datetime | None = NOW - dt.timedelta(hours=2),
) -> ArticleDraft:
    """Return an entry, with the names that the collector would give it."""
    of = of or source()
    return ArticleDraft(
        aliases=aliases(source_id=of.id, outlet=of.outlet, guid=guid, url=url, title=title, summary=summary),
        url=url,
        title=title,
        summary=summary,
        published=published,
        section="اقتصاد",
        image_url="https://zaytuna.example/1.jpg",
    )


def newsletter(
    *,
    regions: tuple[str, ...] = ("gulf", "levant", "north_africa"),
    sources: tuple[str, ...] = (),
    stories_per_region: int = 3,
) -> Newsletter:
    """Return a newsletter of Riyadh's morning."""
    return Newsletter(
        id="mujaz",
        title="موجز",
        locale="ar",
        timezone="Asia/Riyadh",
        send_at=dt.time(6, 30),
        late_minutes=180,
        regions=regions,
        stories_per_region=stories_per_region,
        brief_stories=2,
        sources=sources,
    )


def slot(day: dt.date = TODAY, *, newsletter_id: str = "mujaz", cohort: str = "") -> Slot:
    """Return a slot of the newsletter."""
    return Slot(newsletter_id=newsletter_id, local_date=day, cohort=cohort, due_at=NOW)


def edition(edition_id: str = "mujaz-2026-11-22", *, day: dt.date = TODAY, articles_read: int = 0) -> Edition:
    """Return an edition without stories; the ledger does not look at them."""
    return Edition(
        id=edition_id,
        newsletter_id="mujaz",
        local_date=day,
        cohort="",
        composed_at=NOW,
        sections=(),
        articles_read=articles_read,
    )


def message(words: str = "النشرة") -> Message:
    """Return a message with a reader's link in both of its parts."""
    return Message(
        subject=f"{words}: افتتاح الميناء «الجديد»",
        html=f'<p dir="rtl">{words}</p><a href="{UNSUBSCRIBE_TOKEN}">إلغاء الاشتراك</a>',
        text=f"{words}\n\nإلغاء الاشتراك: {UNSUBSCRIBE_TOKEN}\n",
    )


def person(number: int, *, regions: tuple[str, ...] = (), confirmed: bool = True) -> Subscriber:
    """Return a subscriber with this number for an id."""
    return Subscriber(
        id=number,
        email=f"reader{number:04}@example.org",
        name=f"قارئ {number}",
        newsletter_id="mujaz",
        regions=regions,
        confirmed=confirmed,
    )


def reader_of(delivery: Delivery) -> Reader:
    """Return a delivery's reader, with a link of the reader's own."""
    return Reader(
        delivery_id=delivery.id,
        email=delivery.email,
        name=delivery.name,
        unsubscribe_url=f"https://news.example/u?id={delivery.id}&mac=abc",
    )


def outgoing(number: int, *, email: str = "", variant: str = "default") -> Outgoing:
    """Return a message on its way to the reader of this number."""
    reader = Reader(
        delivery_id=number,
        email=email or person(number).email,
        unsubscribe_url=f"https://news.example/u?id={number}&mac=abc",
    )
    return Outgoing(message=message(variant), reader=reader, edition_id="e1", variant=variant)


def no_pace(count: int) -> None:
    """Hold nothing back."""
