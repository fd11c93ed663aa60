"""A farm of invented Arabic feeds on loopback for `collect.py`: a process that answers late, and costs little.

Each feed has a loopback address of its own, so that limits per host do not decide the figure. Run by itself it
says what it serves.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from multiprocessing.connection import Connection
from xml.sax.saxutils import escape

#: Bytes of one feed's body, about.
BODY_BYTES = 88_000
#: Entries of one feed at a time.
ENTRIES = range(40, 61)
#: Entries that a feed's second edition brings; as many of the oldest leave it.
NEW_ENTRIES = 2
#: When the newest entry of the second edition was published.
NEWEST = dt.datetime(2026, 10, 1, 8, 0, tzinfo=dt.UTC)
#: Feeds of one /24 of addresses.
_ADDRESSES = 250
_PATH = "/rss/latest.xml"

_LETTERS = "بتثجحخدذرزسشصضطظعغفقكلمنهي"
#: How Arabic makes words of a root's three letters.
_PATTERNS = (
    *("{}ا{}{}", "م{}{}و{}", "ت{}{}ي{}", "ال{}{}{}", "ال{}{}ا{}ة", "و{}{}{}ت", "ي{}{}{}ون"),
    *("ا{}ت{}ا{}", "ال{}{}{}ية", "{}{}{}اً", "بال{}{}ي{}", "م{}{}{}ات"),
)
_PARTICLES = ("في", "من", "على", "إلى", "أن", "عن", "مع", "بعد", "قبل", "خلال", "بين", "وفق")
_OUTLET_KINDS = ("صحيفة", "وكالة", "قناة", "موقع", "إذاعة")
_SECTIONS = ("سياسة", "اقتصاد", "رياضة", "ثقافة", "علوم", "منوعات", "محليات")


def _vocabulary() -> list[str]:
    rng = random.Random(1)
    roots = ["".join(rng.sample(_LETTERS, 3)) for _ in range(150)]
    words = [pattern.format(*root) for root in roots for pattern in _PATTERNS]
    # In running text every fifth word or so is a particle.
    return words + [particle for particle in _PARTICLES for _ in range(len(words) // 48)]


_WORDS = _vocabulary()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed's parts; an edition is made of them when it is asked for."""

    outlet: str
    head: bytes
    #: Newest first, with those that only the second edition brings.
    items: tuple[bytes, ...]

    @property
    def entries(self) -> int:
        """How many entries an edition has."""
        return len(self.items) - NEW_ENTRIES

    def body(self, edition: int) -> bytes:
        """Return what the feed says in its first edition (0) or its second (1)."""
        begin = NEW_ENTRIES * (1 - edition)
        shown = self.items[begin : begin + self.entries]
        return b"".join((self.head, *shown, b"</channel></rss>\n"))


def make_feed(index: int, seed: int) -> Feed:
    """Return the feed of this number; the same for the same seed."""
    rng = random.Random(f"{seed} {index}")
    outlet = f"{rng.choice(_OUTLET_KINDS)} {rng.choice(_WORDS)} {index}"
    site = f"https://news-{index}.example"
    count = rng.choice(ENTRIES)
    # Half of all feeds escape their markup, half wrap it; every third is WordPress, with its last line.
    style = _Style(site, outlet, wrapped=rng.random() < 0.5, wordpress=rng.random() < 0.33)
    times = [NEWEST - dt.timedelta(minutes=31 * at + rng.randrange(30)) for at in range(count + NEW_ENTRIES)]
    items = tuple(
        _item(rng, style, f"{index}{count + NEW_ENTRIES - at:03}", BODY_BYTES // count, moment)
        for at, moment in enumerate(times)
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>\n'
        f"<title>{outlet}</title><link>{site}/</link><description>{_text(rng, 9)}</description>"
        f'<atom:link href="{site}{_PATH}" rel="self" type="application/rss+xml"/><language>ar</language>\n'
    )
    return Feed(outlet, head.encode(), items)


@dataclass(frozen=True, slots=True)
class _Style:
    site: str
    outlet: str
    wrapped: bool
    wordpress: bool


def _item(rng: random.Random, style: _Style, number: str, size: int, published: dt.datetime) -> bytes:
    title = _text(rng, rng.randrange(7, 13))
    link = f"{style.site}/{published:%Y/%m/%d}/{number}?utm_source=rss&utm_medium=feed"
    image = f"{style.site}/media/{number}.jpg"
    # What is not text takes some 700 bytes, escaped markup a little more; a word takes 11 with its space.
    words = max((size - 760 - len(title) * 2 * (1 + style.wordpress)) // 11, 20)
    first = words // 2
    markup = (
        f'<p><img src="{image}" width="800" height="450" alt="{_text(rng, 3)}" /></p>'
        f"<p><strong>{_text(rng, first)}.</strong></p>\n<p>{_text(rng, words - first - 8)} "
        f'<a href="{style.site}/tag/{number}">{_text(rng, 2)}</a>&nbsp;{_text(rng, 3)}.</p>'
    )
    if style.wordpress:
        markup += (
            f'<p>The post <a href="{link}">{title}</a> appeared first on '
            f'<a href="{style.site}">{style.outlet}</a>.</p>'
        )
    description = f"<![CDATA[{markup}]]>" if style.wrapped else escape(markup)
    sections = "".join(f"<category>{section}</category>" for section in rng.sample(_SECTIONS, 2))
    return (
        f"<item><title>{title}</title><link>{escape(link)}</link>"
        f'<guid isPermaLink="false">{style.site}/?p={number}</guid><pubDate>{format_datetime(published)}</pubDate>'
        f"<dc:creator>{_text(rng, 2)}</dc:creator>{sections}<description>{description}</description>"
        f'<media:content url="{image}" medium="image" width="800" height="450"/></item>\n'
    ).encode()


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def address(index: int) -> str:
    """Return the loopback address of the feed of this number."""
    return f"127.1.{index // _ADDRESSES}.{index % _ADDRESSES + 1}"


def validator(edition: int) -> str:
    """Return the ETag of an edition."""
    return f'"edition-{edition}"'


class _Answers(asyncio.Protocol):
    """One connection: each request is answered after the delay, in full or with 304 (RFC 9110, section 13)."""

    def __init__(self, farm: _Farm) -> None:
        self._farm = farm
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host: str = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(self._farm.delay, self._answer, head)

    def _answer(self, head: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._farm.answer(self._host, head))


class _Farm:
    """What is served now, and what was asked for."""

    def __init__(self, feeds: dict[str, Feed]) -> None:
        self.feeds = feeds
        self.delay = 0.0
        self.edition = 0
        self.answers: Counter[int] = Counter()

    def answer(self, host: str, head: bytes) -> bytes:
        if host not in self.feeds or head.split(b" ", 2)[1] != _PATH.encode():
            self.answers[404] += 1
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        tag = validator(self.edition)
        asked = re.search(rb"\r\nif-none-match: *([^\r]*)", head, re.IGNORECASE)
        changed = not asked or asked.group(1).strip() != tag.encode()
        modified = format_datetime(NEWEST + dt.timedelta(hours=self.edition), usegmt=True)
        status = "200 OK" if changed else "304 Not Modified"
        body = self.feeds[host].body(self.edition) if changed else b""
        length = f"Content-Length: {len(body)}\r\n" if changed else ""
        self.answers[200 if changed else 304] += 1
        return (
            f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml; charset=UTF-8\r\n{length}"
            f"ETag: {tag}\r\nLast-Modified: {modified}\r\n\r\n"
        ).encode() + body


async def _serve(farm: _Farm, orders: Connection) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    server = await loop.create_server(
        lambda: _Answers(farm), "0.0.0.0", 0, family=socket.AF_INET, backlog=1024
    )

    def take_order() -> None:
        order = orders.recv()
        if order is None:
            stopped.set()
            return
        farm.edition, farm.delay = order
        orders.send(dict(farm.answers))
        farm.answers.clear()

    loop.add_reader(orders.fileno(), take_order)
    feeds = [(feed.outlet, feed.entries) for feed in farm.feeds.values()]
    orders.send((server.sockets[0].getsockname()[1], feeds))
    await stopped.wait()
    server.close()


def _run(orders: Connection, feeds: int, seed: int) -> None:
    asyncio.run(_serve(_Farm({address(index): make_feed(index, seed) for index in range(feeds)}), orders))


class FarmServer:
    """The running farm, as its user sees it."""

    def __init__(self, orders: Connection) -> None:
        self._orders = orders
        #: The invented outlets' names and how many entries each feed shows, by the feeds' numbers.
        self.feeds: list[tuple[str, int]]
        self._port, self.feeds = orders.recv()

    def url(self, index: int) -> str:
        """Return where the feed of this number lies."""
        return f"http://{address(index)}:{self._port}{_PATH}"

    def show(self, edition: int, delay: float) -> dict[int, int]:
        """Serve this edition after so many seconds; return how often each status was answered until now."""
        self._orders.send((edition, delay))
        answers: dict[int, int] = self._orders.recv()
        return answers


@contextmanager
def feed_farm(feeds: int, seed: int) -> Iterator[FarmServer]:
    """Serve so many feeds in a process of their own while the context lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, feeds, seed), name="feed farm")
    process.start()
    try:
        yield FarmServer(ours)
    finally:
        ours.send(None)
        process.join(10)
