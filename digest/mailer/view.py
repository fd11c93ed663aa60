"""What a template gets: an edition as one reader's choice of regions sees it, in the words of its locale."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from digest.mailer.colours import readable_by_night
from digest.mailer.language import Language
from digest.mailer.pictures import ImageView, article_with_picture, in_column, logo_of
from digest.model import NOWHERE, Article, Edition, Newsletter, Region, Section, Story, Told
from digest.text.tidy import tidy


def _place(name: str) -> str:
    return f"__{name}_URL__"


#: Tokens that stand in a rendered message until it is made a reader's own. Feed text cannot forge them: `shown`
#: and `linked` break whatever looks like one.
UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN = _place("UNSUBSCRIBE"), _place("PREFERENCES")

# One underscore at a time: of three in a row the last two could begin a token as well.
_TOKEN_LIKE = re.compile(r"_(?=_[A-Z_]+__)")
#: Words a minute, of attentive reading in Arabic.
_READING_SPEED = 180
_OUTLETS_SHOWN = 5
#: From here on a weekday alone could mean two days.
_DAYS_OF_A_WEEK = 7


def shown(text: str) -> str:
    """Return feed text as one line that cannot harm what stands around it, and holds none of our tokens."""
    # Tidied when it was collected, and again here: a header, and a line of the text twin, end where a line ends.
    return _TOKEN_LIKE.sub("_\N{WORD JOINER}", tidy(text))


def linked(url: str) -> str:
    """Return a feed's URL, the same address, without one of our tokens: the reader's own link is not for others."""
    return _TOKEN_LIKE.sub("%5F", url)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """One outlet's article behind a story."""

    outlet: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierView:
    """What an earlier edition told of a story that comes back."""

    #: "We told it on Wednesday" in the locale's words.
    when: str
    #: The headline that its readers read then.
    headline: str
    #: Where that edition can be read; empty where there is no place on the web for it.
    url: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story as a template shows it."""

    #: Unique within the message; the target of the list on top.
    anchor: str
    headline: str
    summary: str
    #: Where the headline leads: its own article.
    url: str
    #: The article the headline comes from, then one of each further outlet.
    links: tuple[LinkView, ...]
    #: Outlets beyond those in `links`.
    more_outlets: int
    #: "and 3 others" in the locale's plural; empty where there are none.
    more_counted: str
    #: The main country's name, or the region's where no country is meant.
    place: str
    region: str
    #: When the newest article came, in the newsletter's zone; with its day where that is not the edition's.
    time: str
    #: "5 outlets" in the locale's plural.
    outlets_counted: str
    #: `rtl` or `ltr`, by the headline's own letters, and by the summary's.
    direction: str
    summary_direction: str
    #: For a story that comes back with news; its summary says what is new.
    update_of: EarlierView | None
    #: A picture of the event, the lead's only; it leads to `image_url`, the article that it stands in.
    image: ImageView | None = None
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A region's stories, without the edition's lead."""

    anchor: str
    name: str
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """Everything that a template shows, in the order in which it is read."""

    title: str
    tagline: str
    accent: str
    #: The accent's hue as it can be read on a dark sheet.
    accent_by_night: str
    logo: ImageView | None
    postal_address: str
    lang: str
    direction: str
    #: What stands between two facts of a line.
    separator: str
    #: The masthead's date, and the same day of the Hijri calendar; that is empty where it is not wanted.
    date: str
    date_hijri: str
    #: "34 stories from 12 outlets", "1,240 words", "6 minutes".
    extent: str
    words: str
    reading_time: str
    lead: StoryView
    #: The lead's headline, then the first of each other section; they link down.
    headlines: tuple[StoryView, ...]
    sections: tuple[SectionView, ...]
    briefs: tuple[StoryView, ...]
    #: Where the edition can be read in a browser; empty where there are no pages on the web.
    browser_url: str
    #: The reader's own page of choices; empty where there are no pages on the web.
    preferences_url: str
    unsubscribe_url: str = UNSUBSCRIBE_TOKEN
    #: True where the edition would have been too large for a letter, and something was taken away.
    shortened: bool = False

    def stories(self) -> Iterator[StoryView]:
        """Every story once, in the order in which it is read."""
        yield self.lead
        for section in self.sections:
            yield from section.stories
        yield from self.briefs


def choose_sections(edition: Edition, regions: Sequence[str]) -> tuple[Section, ...]:
    """Return the edition's sections for a reader's regions, in the reader's order.

    Where there is nothing in any of them today, the edition's own: a letter without news is worse than one with
    news from elsewhere.
    """
    by_region = {section.region: section for section in edition.sections}
    chosen = tuple(by_region[region] for region in regions if region in by_region)
    return chosen or edition.sections


def _direction(text: str, around: str) -> str:
    """Return the direction of a text by its letters, not by the first: Arabic may begin with a Latin name."""
    kinds = Counter(unicodedata.bidirectional(char) for char in text)
    from_right, from_left = kinds["R"] + kinds["AL"], kinds["L"]
    if around == "rtl":
        return "rtl" if from_right or not from_left else "ltr"
    return "rtl" if from_right > from_left else "ltr"


class _Viewer:
    def __init__(
        self,
        edition: Edition,
        newsletter: Newsletter,
        names: Mapping[str, Region],
        language: Language,
        base_url: str,
    ) -> None:
        self._edition = edition
        self._newsletter = newsletter
        self._names = names
        self._language = language
        self._base_url = base_url

    def region_name(self, region_id: str) -> str:
        region = self._names.get(region_id)
        if region is None:
            return region_id
        spoken = self._language.locale.language
        return next((region.name[name] for name in (spoken, "en") if name in region.name), region_id)

    def lead(self, story: Story) -> StoryView:
        """Return the story that opens the letter, with its picture where the newsletter wants one."""
        view = self.story(story)
        linked_to = {link.url for link in view.links}
        pictured = article_with_picture(one for one in story.articles if linked(one.url) in linked_to)
        if self._newsletter.images != "lead" or pictured is None:
            return view
        url, width, height = (
            linked(pictured.image_url or ""),
            pictured.image_width or 0,
            pictured.image_height or 0,
        )
        credit = self._language.say("Picture: {outlet}", outlet=shown(pictured.outlet))
        return replace(view, image=in_column(url, width, height, alt=credit), image_url=linked(pictured.url))

    def story(self, story: Story) -> StoryView:
        by_outlet: dict[str, Article] = {}
        for article in story.articles:
            by_outlet.setdefault(article.outlet, article)
        links = [
            LinkView(outlet=shown(outlet), title=shown(article.title), url=linked(article.url))
            for outlet, article in by_outlet.items()
        ]
        more = max(len(links) - _OUTLETS_SHOWN, 0)
        return StoryView(
            anchor=f"s-{story.id}",
            headline=shown(story.headline),
            summary=shown(story.summary),
            url=linked(story.articles[0].url),
            links=tuple(links[:_OUTLETS_SHOWN]),
            more_outlets=more,
            more_counted=self._language.count("and {n} other", "and {n} others", more) if more else "",
            place=self._place(story),
            region=self.region_name(story.region),
            time=self._time(story),
            outlets_counted=self._language.count("{n} outlet", "{n} outlets", len(links)),
            direction=_direction(story.headline, self._language.direction),
            summary_direction=_direction(story.summary, self._language.direction),
            update_of=self._earlier(story.update_of) if story.update_of else None,
        )

    def _place(self, story: Story) -> str:
        # Gold and the climate are of no country, whichever their articles name.
        if story.countries and story.region != NOWHERE:
            return self._language.country(story.countries[0])
        return self.region_name(story.region)

    def _earlier(self, told: Told) -> EarlierView:
        url = f"{self._base_url}/editions/{told.edition_id}#story-{told.story_id}" if self._base_url else ""
        day = self._language.weekday(told.local_date)
        if (self._edition.local_date - told.local_date).days >= _DAYS_OF_A_WEEK:
            day = f"{day}{self._language.list(['', self._language.short_date(told.local_date)])}"
        return EarlierView(
            when=self._language.say("We told it on {day}", day=day),
            headline=shown(told.headline),
            url=linked(url),
            direction=_direction(told.headline, self._language.direction),
        )

    def _time(self, story: Story) -> str:
        clock = self._language.clock(story.latest, self._newsletter.timezone)
        day = story.latest.astimezone(ZoneInfo(self._newsletter.timezone)).date()
        if day == self._edition.local_date:
            return clock
        return f"{self._language.short_date(day)}{self._language.list(['', clock])}"

    def section(self, section: Section, lead: Story) -> SectionView | None:
        stories = tuple(self.story(story) for story in section.stories if story.id != lead.id)
        if not stories:
            return None
        return SectionView(
            anchor=f"r-{section.region}", name=self.region_name(section.region), stories=stories
        )


def view_edition(
    edition: Edition,
    newsletter: Newsletter,
    regions: Sequence[str],
    names: Mapping[str, Region],
    language: Language,
    base_url: str = "",
) -> EditionView:
    """Return the edition for a choice and order of regions.

    `base_url` is where the public pages are, without a slash at its end: readers then find the edition, its
    forerunners and their own choices there.
    """
    language = language.written(newsletter.months, newsletter.digits)
    viewer = _Viewer(edition, newsletter, names, language, base_url)
    sections = choose_sections(edition, regions)
    told = [story for section in sections for story in section.stories]
    lead = next((story for story in told if story.id == edition.lead_id), None) or max(
        told, key=lambda story: (story.score, story.id)
    )
    views = tuple(view for section in sections if (view := viewer.section(section, lead)))
    briefs = tuple(viewer.story(story) for story in edition.briefs)
    opening = viewer.lead(lead)
    lead_anchor = f"r-{lead.region}"
    firsts = [view.stories[0] for view in views if view.anchor != lead_anchor]
    outlets = {article.outlet for story in [*told, *edition.briefs] for article in story.articles}
    told_in_full = [opening, *(story for view in views for story in view.stories)]
    words = _words(told_in_full, briefs)
    hijri = language.locale.language == "ar" if newsletter.hijri is None else newsletter.hijri
    return EditionView(
        title=newsletter.title,
        tagline=newsletter.tagline,
        accent=newsletter.accent,
        accent_by_night=readable_by_night(newsletter.accent),
        logo=logo_of(newsletter),
        postal_address=newsletter.postal_address,
        lang=language.tag,
        direction=language.direction,
        separator=language.separator,
        date=language.long_date(edition.local_date),
        date_hijri=language.hijri_date(edition.local_date) if hijri else "",
        extent=" ".join(
            (
                language.count("{n} story", "{n} stories", len(told_in_full) + len(briefs)),
                language.count("from {n} outlet", "from {n} outlets", len(outlets)),
            )
        ),
        words=language.count("{n} word", "{n} words", words),
        reading_time=language.count(
            "{n} minute's read", "{n} minutes' read", max(math.ceil(words / _READING_SPEED), 1)
        ),
        lead=opening,
        headlines=(opening, *firsts),
        sections=views,
        briefs=briefs,
        browser_url=f"{base_url}/editions/{edition.id}" if base_url else "",
        preferences_url=PREFERENCES_TOKEN if base_url else "",
    )


def _words(in_full: Sequence[StoryView], briefs: Sequence[StoryView]) -> int:
    """Return how many words there are to read: headlines and summaries, of briefs the headlines."""
    texts = [
        *(f"{story.headline} {story.summary}" for story in in_full),
        *(story.headline for story in briefs),
    ]
    return sum(len(text.split()) for text in texts)
