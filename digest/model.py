"""What flows through the house.

    Source -fetch-> Fetched -parse-> ArticleDraft -store-> Article -cluster, place, score, pick-> Edition
    Edition -render(variant)-> Message -personalise(reader)-> bytes -Sender-> Receipt -> Delivery

All values are frozen; all moments are aware datetimes, refused where they are made otherwise.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


def require_aware(moment: dt.datetime) -> dt.datetime:
    """Return the moment, or raise ValueError where it has no zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"a moment without a time zone: {moment!r}")
    return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One feed of one outlet."""

    id: str
    #: The publisher's name as readers see it; all sources of one name share one vote.
    outlet: str
    #: The feed's own name, for the operator.
    name: str
    url: str
    #: Where the outlet sits, ISO 3166 alpha-2.
    country: str
    language: str = "ar"
    #: How much the outlet's vote counts, 1 being usual.
    weight: float = 1.0
    #: Regions that an otherwise placeless article of this feed is about.
    regions: tuple[str, ...] = ()
    #: For dates that carry no zone.
    timezone: str | None = None
    full_text: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the world, as config/regions.toml defines it."""

    id: str
    #: Name by locale.
    name: Mapping[str, str]
    #: ISO 3166 alpha-2 codes.
    countries: frozenset[str]
    #: How strongly a story between this region and another is told as this one's; 1 is usual.
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """What people subscribe to."""

    id: str
    title: str
    locale: str
    timezone: str
    #: Local time of day at which an edition leaves.
    send_at: dt.time
    #: Later than this many minutes after `send_at` the slot is skipped.
    late_minutes: int
    #: Region ids, in the order of the sections.
    regions: tuple[str, ...]
    stories_per_region: int
    brief_stories: int
    #: Stories of an edition in all, briefs included: a digest that can be finished.
    most_stories: int = 20
    #: Ids of the sources that feed it; empty for all.
    sources: tuple[str, ...] = ()
    #: One line under the title.
    tagline: str = ""
    #: The accent colour, `#rrggbb`.
    accent: str = "#8c2f1b"
    #: Who sends this and where they can be reached by post (CAN-SPAM, GDPR).
    postal_address: str = ""
    #: The folder of the email's templates under templates/.
    template: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What we know of a source from its earlier fetches; conditional GET and health rest on it."""

    source_id: str
    #: The address that the validators belong to.
    url: str = ""
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body that was stored, hex.
    body_hash: str | None = None
    checked_at: dt.datetime | None = None
    succeeded_at: dt.datetime | None = None
    #: The last fetch's fault in words; None after a good one.
    error: str | None = None
    #: Failed fetches in a row.
    failures: int = 0
    #: No fetch before this moment.
    retry_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One GET, with what makes it conditional."""

    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None


class FetchStatus(enum.StrEnum):
    """How a fetch ended."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What came back for one request; a failure is a value, so that one feed never stops the others."""

    source_id: str
    status: FetchStatus
    #: Decompressed.
    body: bytes = b""
    #: The charset parameter of Content-Type.
    charset: str | None = None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    #: In words, where the fetch failed.
    error: str = ""
    #: Seconds that the server asked us to stay away.
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDraft:
    """One entry of a feed, cleaned, before the store knows whether it is new."""

    #: Every name that this article may be known by, strongest first.
    aliases: tuple[str, ...]
    url: str
    title: str
    summary: str
    #: None where the feed gives no date that can be read.
    published: dt.datetime | None
    section: str = ""
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One outlet's text on the web."""

    id: str
    outlet: str
    title: str
    url: str
    published: dt.datetime
    summary: str = ""
    text: str = ""
    section: str = ""
    #: The source's id; empty for articles read from a file.
    source: str = ""
    #: Where the outlet sits, ISO 3166 alpha-2; empty where unknown.
    country: str = ""
    language: str = "ar"
    image_url: str | None = None

    def __post_init__(self) -> None:
        require_aware(self.published)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCounts:
    """What storing one feed came to."""

    new: int = 0
    updated: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a story is placed where it is: one name, as it stood in the text."""

    #: The words as the article wrote them.
    words: str
    #: ISO 3166 alpha-2; empty where the name means a region only.
    country: str
    region: str
    #: Ids of the articles that say so.
    articles: tuple[str, ...]
    #: What the name added to the choice.
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The articles about one event, placed and scored."""

    id: str
    headline: str
    summary: str
    #: The article that the headline comes from first, then by time.
    articles: tuple[Article, ...]
    region: str
    #: ISO 3166 alpha-2, the main one first.
    countries: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    score: float
    #: Adds up to `score`.
    score_parts: Mapping[str, float]

    @property
    def outlets(self) -> tuple[str, ...]:
        """The distinct outlets, in the order of their first article."""
        return tuple(dict.fromkeys(article.outlet for article in self.articles))

    @property
    def latest(self) -> dt.datetime:
        """When the newest of its articles was published."""
        return max(article.published for article in self.articles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One newsletter, one local date, one cohort of time zones."""

    newsletter_id: str
    local_date: dt.date
    #: The IANA zone of the readers that it is for; empty for the newsletter's own.
    cohort: str
    #: The moment at which it is due, UTC.
    due_at: dt.datetime = field(compare=False)

    def __post_init__(self) -> None:
        require_aware(self.due_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A region's part of an edition."""

    region: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The frozen choice of stories for a slot."""

    id: str
    newsletter_id: str
    local_date: dt.date
    cohort: str
    composed_at: dt.datetime
    sections: tuple[Section, ...]
    #: Stories told in a line each, of any region.
    briefs: tuple[Story, ...] = ()
    #: The id of the story that opens the edition; it stands first in its own section as well.
    lead_id: str = ""
    #: Articles and stories that were read to make it.
    articles_read: int = 0
    stories_found: int = 0

    def __post_init__(self) -> None:
        require_aware(self.composed_at)

    def stories(self) -> Iterator[Story]:
        """Every story once: the sections' in their order, then the briefs."""
        for section in self.sections:
            yield from section.stories
        yield from self.briefs

    @property
    def lead(self) -> Story:
        """The story that opens the edition."""
        return next(story for story in self.stories() if story.id == self.lead_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What a message needs to know of the person it goes to."""

    delivery_id: int
    email: str
    name: str = ""
    #: Where the reader's own unsubscribe link leads, https or mailto.
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One variant of an edition, the same for all its readers but for the tokens in it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person who asked for a newsletter."""

    id: int
    email: str
    name: str = ""
    newsletter_id: str
    #: Region ids in the wanted order; empty for the newsletter's own.
    regions: tuple[str, ...] = ()
    timezone: str = ""
    #: False until the person said yes.
    confirmed: bool = True


class AddOutcome(enum.StrEnum):
    """What became of a wish to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    #: The person left, or the address bounced or complained: not written to unless told so.
    LEFT = "left"


class DeliveryState(enum.StrEnum):
    """Where one edition stands on its way to one subscriber.

    pending -> claimed -> sending -> sent | failed_temp | failed_perm | unknown; failed_temp goes back to
    pending when its time comes. A lost claim goes back to pending; a lost `sending` becomes unknown and is
    never sent again by itself.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED_TEMP = "failed_temp"
    FAILED_PERM = "failed_perm"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """Whether something may still be sent."""
        waiting = {DeliveryState.PENDING, DeliveryState.FAILED_TEMP}
        held = {DeliveryState.CLAIMED, DeliveryState.SENDING}
        return self in waiting | held


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one subscriber, as claimed for sending."""

    id: int
    email: str
    name: str
    variant: str
    state: DeliveryState
    #: Times that this delivery was handed to a sender, this one included.
    attempts: int = 0
    detail: str = ""
    updated_at: dt.datetime | None = None


class ReceiptStatus(enum.StrEnum):
    """A carrier's answer for one message, in our own words."""

    SENT = "sent"
    #: Try again later.
    DEFERRED = "deferred"
    #: Never try this address again.
    REJECTED = "rejected"
    #: The carrier may or may not have it.
    UNKNOWN = "unknown"
    #: Never handed over; as if nothing had been tried.
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a sender says of one message."""

    delivery_id: int
    status: ReceiptStatus
    #: The carrier's own words, or where the file lies.
    detail: str = ""
