"""What the collector works with: sources, fetches, feeds as they were read."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One feed of one outlet."""

    id: str
    #: The publisher's name as readers see it; all sources of one name share one vote.
    outlet: str
    #: The feed's own name, for the operator.
    name: str
    url: str
    #: Where the outlet sits, ISO 3166 alpha-2; ZZ where nobody knows (CLDR).
    country: str
    language: str = "ar"
    #: How much the outlet's vote counts, 1 being usual.
    weight: float = 1.0
    #: Regions that an otherwise placeless article of this feed is about.
    regions: tuple[str, ...] = ()
    #: For dates that carry no zone.
    timezone: str | None = None
    #: Whether the article's own page is read as well, where robots.txt allows.
    full_text: bool = False
    enabled: bool = True


class Failure(enum.StrEnum):
    """Why a fetch brought nothing, by whose move is next."""

    #: No connection, no name, no answer in time: theirs or our own network's.
    NETWORK = "network"
    #: The server is in trouble (5xx).
    SERVER = "server"
    #: The server asks us to stay away for a while (429, or 503 with Retry-After).
    BUSY = "busy"
    #: The server lets people in, not us: 401, 403, 451, or a challenge page.
    BLOCKED = "blocked"
    #: The feed is gone for good (410).
    GONE = "gone"
    #: There is nothing at the address (404 and other 4xx).
    MISSING = "missing"
    #: What came is no feed.
    UNREADABLE = "unreadable"
    #: We stopped it ourselves: too large, a private address, redirects without end.
    REFUSED = "refused"
    #: It brought the parser down, or kept it past its deadline.
    BROKEN = "broken"
    #: It was read, and the store would not take it.
    NOT_STORED = "not_stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What we know of a source from its earlier fetches; conditional GET, manners and health rest on it."""

    source_id: str
    #: The configured address that all of this belongs to.
    url: str = ""
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body that was stored, hex.
    body_hash: str | None = None
    checked_at: dt.datetime | None = None
    succeeded_at: dt.datetime | None = None
    #: The last fetch's fault in words, and of which kind it is; None after a good one.
    error: str | None = None
    failure: Failure | None = None
    #: Failed fetches in a row.
    failures: int = 0
    #: No fetch of this source before this moment.
    retry_at: dt.datetime | None = None
    #: No fetch of anything of its host before this moment: the server asked for it.
    host_retry_at: dt.datetime | None = None
    #: Which host that is; it may be another than the address's, behind a redirect.
    resting_host: str = ""
    #: Where the address redirects to for good, and how many good fetches in a row found it so.
    moved_to: str | None = None
    moved_count: int = 0
    #: When the server said that the feed is gone for good; it is not fetched any more.
    retired_at: dt.datetime | None = None
    #: What had to be mended to read the last body, in words; empty where nothing had.
    repair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One GET, with what makes it conditional."""

    #: By what the caller knows the request: the source's or the article's id.
    key: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    #: Seconds between two requests to its host at least, where robots.txt asks for more than our own.
    spacing: float = 0.0
    #: Whether a redirect to another host is refused, where the robots.txt that was asked does not speak.
    same_site: bool = False


class FetchStatus(enum.StrEnum):
    """How a fetch ended."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    #: Not asked at all: its host has just asked us to stay away.
    POSTPONED = "postponed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What came back for one request; a failure is a value, so that one feed never stops the others."""

    key: str
    status: FetchStatus
    #: Decompressed.
    body: bytes = b""
    #: The charset parameter of Content-Type.
    charset: str | None = None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    #: Where the body came from, after all redirects.
    url: str = ""
    #: Where the unbroken chain of permanent redirects (301, 308) from the asked address led; None without one.
    moved_to: str | None = None
    #: The answer's status code (RFC 9110); 0 where there was no answer.
    http_status: int = 0
    #: In words and by kind, where the fetch failed.
    error: str = ""
    failure: Failure | None = None
    #: Seconds that the server asked us to stay away.
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDraft:
    """One entry of a feed, cleaned, before the store knows whether it is new."""

    #: Every name that this article may be known by, strongest first.
    aliases: tuple[str, ...]
    #: As the feed gave it.
    url: str
    title: str
    summary: str
    #: None where the feed gives no date that can be read.
    published: dt.datetime | None
    section: str = ""
    #: Where the report was filed, as the outlet writes it: `موسكو`; empty where it does not say.
    dateline: str = ""
    #: Where it stands among all entries of the feed, from 1; None where they are merely sorted by date.
    place: int | None = None
    image_url: str | None = None
    #: Pixels, where the feed says.
    image_width: int | None = None
    image_height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed's body as it was read."""

    #: The entries that the last body did not hold in the same form, in the feed's order.
    drafts: tuple[ArticleDraft, ...]
    #: The aliases of every entry of the body by the hash of its bytes, for the next time; empty where the body
    #: is not well-formed and entries cannot be told apart without reading them all.
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Entries in the body, and those among them without a headline or a link.
    entries: int = 0
    skipped: int = 0
    #: Entries that are left for the next time: it holds more than are read at once.
    left: int = 0
    #: What had to be mended to read it, in words.
    repair: str = ""
    #: The feed's own name.
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What an article's own page says."""

    #: Paragraphs parted by newlines; empty where none was found.
    text: str
    #: The first paragraph that tells the news.
    lede: str
    dateline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCounts:
    """What storing one feed came to."""

    new: int = 0
    updated: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStats:
    """What a source's stored articles tell of it; held back ones are left out."""

    #: When its newest article was published, and when a new one came last.
    newest: dt.datetime
    last_new: dt.datetime
    #: When the oldest article within the window of the question was published; None where there is none.
    oldest: dt.datetime | None = None
    #: Articles published within the window, and those of them without a date of their own.
    articles: int = 0
    undated: int = 0
