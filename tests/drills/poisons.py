"""Feeds as nobody should get them: each a route of a server on loopback."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from xml.sax.saxutils import escape

from tests.adapters.http_server import Exchange, Route, answer, redirect

#: Of a body that has no end, as far as anybody reads it.
_FLOOD_BYTES = 200_000_000
_XML = {"Content-Type": "application/rss+xml; charset=utf-8"}
#: A title that wants to be more than words: it comes from two outlets, so that it is news.
HOSTILE = "<script>alert('mujaz')</script> عاجل: \u202eقمة \u2067الرياض\u202d تبحث مستقبل الموانئ <img src=x onerror=alert(1)>"
#: What is left of it when it is only words, and shows that it stands in the letter.
HARMLESS = "تبحث مستقبل الموانئ"
#: What says it of others' articles.
STOLEN = "عنوان مسروق"


def feed(entries: Sequence[tuple[str, str, str, str]]) -> bytes:
    """Return an RSS feed of entries: title, link, guid, and date as it stands in the feed."""
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link><guid>{escape(guid)}</guid>"
        f"<pubDate>{date}</pubDate><description>{escape(title)} {escape(title)}</description></item>\n"
        for title, link, guid, date in entries
    )
    text = f'<rss version="2.0"><channel><title>سمّ</title><link>https://poison.example.org</link>{items}</channel></rss>'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()


def _flood(exchange: Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/rss+xml")
    exchange.send_header("Content-Length", str(_FLOOD_BYTES))
    exchange.end_headers()
    chunk = b"<item><title>x</title></item>" * 4000
    try:
        for _ in range(_FLOOD_BYTES // len(chunk)):
            exchange.wfile.write(chunk)
    except ConnectionError:
        # The reader has had enough.
        exchange.close_connection = True


def _endless_redirect(exchange: Exchange) -> None:
    # Each time to another address, so that it is no loop.
    path, _, number = exchange.path.partition("?")
    redirect(f"{path}?{int(number or 0) + 1}")(exchange)


def _entities() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "lol">{levels}]><rss version="2.0"><channel>'
        "<title>&a9;</title><item><title>&a9;</title><link>https://poison.example.org/1</link></item></channel></rss>"
    ).encode()


def _garbage() -> bytes:
    # The same bytes in each run.
    return bytes((number * 7919 + number // 251) % 256 for number in range(50_000))


def _many(now: dt.datetime) -> bytes:
    date = format_datetime(now - dt.timedelta(hours=1))
    return feed(
        [
            (f"نشرة الأسعار رقم {n + 5_000_000}", f"https://many.example.org/{n}", f"many-{n}", date)
            for n in range(10_000)
        ]
    )


def _hostile(now: dt.datetime, place: str) -> bytes:
    date = format_datetime(now - dt.timedelta(hours=1))
    return feed(
        [
            (HOSTILE, f"https://{place}.example.org/1", f"{place}-1", date),
            ("رابط", "javascript:alert(1)", f"{place}-2", date),
        ]
    )


def _far_ahead() -> bytes:
    title = "خبر من المستقبل البعيد عن ميناء جديد في مسقط"
    dates = (
        "Fri, 31 Dec 9999 23:59:59 +0000",
        "9999-12-31T23:59:59-14:00",
        "Thu, 01 Jan 0001 00:00:00 +1400",
    )
    return feed(
        [
            (f"{title} {n}", f"https://ahead.example.org/{n}", f"ahead-{n}", date)
            for n, date in enumerate(dates)
        ]
    )


def poisons(now: dt.datetime, others: Sequence[tuple[str, str]]) -> dict[str, Route]:
    """Return all poisoned feeds by name; `others` are links and ids of articles that are somebody else's."""
    date = format_datetime(now - dt.timedelta(hours=1))
    stolen = feed([(STOLEN, link, guid, date) for link, guid in others])
    bomb = gzip.compress(b"<rss>" + b" " * _FLOOD_BYTES, 9)
    made: dict[str, Callable[[], Route]] = {
        "flood": lambda: _flood,
        "unpacked": lambda: answer(bomb, headers=_XML | {"Content-Encoding": "gzip"}),
        "entities": lambda: answer(_entities(), headers=_XML),
        "redirects": lambda: _endless_redirect,
        "many": lambda: answer(_many(now), headers=_XML),
        "garbage": lambda: answer(_garbage(), headers=_XML),
        "hostile": lambda: answer(_hostile(now, "hostile"), headers=_XML),
        "hostile-too": lambda: answer(_hostile(now, "hostile-too"), headers=_XML),
        "ahead": lambda: answer(_far_ahead(), headers=_XML),
        "thief": lambda: answer(stolen, headers=_XML),
    }
    return {name: make() for name, make in made.items()}
