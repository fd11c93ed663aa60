"""What the ranker works with: articles, stories, editions, and the regions and newsletters they are for."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from digest.model.moments import require_aware

#: The id of the region of stories that have no place.
NOWHERE = "world"


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
    #: Whose month names an Arabic newsletter writes: gulf (and Egypt), levant, maghreb, morocco; empty: its locale's.
    months: str = ""
    #: The figures of what we write ourselves: latin, or arab for those of the Arabic script.
    digits: str = "latin"
    #: Whether the masthead has the Hijri date as well; None: where the locale is Arabic.
    hijri: bool | None = None
    #: Pictures: none, or lead for the lead story's.
    images: str = "none"
    #: An https address of the logo that stands in place of the title, and its size in CSS pixels; empty for none.
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    #: Weekdays on which it appears, 0 for Monday; empty for all.
    weekdays: frozenset[int] = frozenset()
    #: Local dates on which it does not.
    days_off: frozenset[dt.date] = frozenset()
    #: Minutes before `send_at` from which an edition is composed.
    compose_minutes: int = 10
    #: Minutes over which an edition's messages are spread; 0: as fast as they go.
    spread_minutes: float = 0
    #: `none`, or `manual`: an editor approves each edition on the desk.
    approval: str = "none"
    #: What becomes of one that nobody has approved when it is due: `hold` or `send`.
    unapproved: str = "hold"


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
    #: Where the report was filed, as the outlet writes it; empty where it does not say.
    dateline: str = ""
    #: False where the feed gave no date, and `published` is when we first saw it.
    dated: bool = True
    #: Where it stood in its feed when it was first stored, from 1, the top; None where unknown, and in feeds that
    #: are merely sorted by date. It stays: what does not change is not read again, so nobody sees it rise.
    feed_place: int | None = None
    image_url: str | None = None
    #: Pixels, where the feed says.
    image_width: int | None = None
    image_height: int | None = None

    def __post_init__(self) -> None:
        require_aware(self.published)


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
class Told:
    """Where an earlier edition told its readers about a story."""

    edition_id: str
    story_id: str
    local_date: dt.date
    #: The headline that they read then.
    headline: str


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
    #: Another region that it is nearly as much about; empty where there is none.
    second_region: str = ""
    #: What an earlier edition told of it, where it comes back with news; None for a story that is new.
    update_of: Told | None = None

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


class Reason(enum.StrEnum):
    """Why a story is not in an edition."""

    #: An earlier edition told it, and nothing new has come.
    TOLD_BEFORE = "told_before"
    #: A story that stands in the edition tells most of it.
    ALIKE = "alike"
    #: Its region has all the stories that a section holds, and the briefs are full.
    SECTION_FULL = "section_full"
    #: Its country has all the stories that one may have, and the briefs are full.
    COUNTRY_FULL = "country_full"
    #: One outlet has all the stories that it alone may bring.
    OUTLET_FULL = "outlet_full"
    #: The edition has all the stories that a reader finishes.
    EDITION_FULL = "edition_full"
    #: It matters too little to stand in any edition.
    TOO_SMALL = "too_small"
    #: An editor wants it out.
    DROPPED_BY_EDITOR = "dropped_by_editor"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A story that was next in line, and why it is not in."""

    story_id: str
    headline: str
    region: str
    outlets: tuple[str, ...]
    score: float
    reason: Reason


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
    #: The best stories that are not in it, best first.
    left_out: tuple[LeftOut, ...] = ()
    #: The editor's own subject line; empty for the one that the stories give.
    subject: str = ""

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
