"""A story's own page: its articles by outlet, its place, why it ranked, its earlier and later days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort

from digest.adapters.store.archive import DatedHeadline
from digest.app import App
from digest.mailer.harmless import NO_LINK, harmless_edition
from digest.mailer.language import Language
from digest.mailer.view import linked, shown
from digest.model import Article, Edition, Newsletter, Story
from digest.ranker.explain import Ground, Row, StoryReasons, explain_story, rows
from digest.ranker.explain_words import Words
from digest.text.bidi import FSI, LRI, PDI, RLI
from digest.web.editions import edition_view, on_site, told_edition
from digest.web.pages import Pages
from digest.web.public import MINUTES, Card, PageCache, Publisher, one_line, sent_page

# A page holds runs together by elements of its own.
_ISOLATES = str.maketrans("", "", FSI + LRI + RLI + PDI)
_INDENTED = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article as its outlet's list shows it."""

    title: str
    url: str
    #: For machines, and for readers in the newsletter's zone.
    published: str
    time: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletArticles:
    """What one outlet wrote of a story."""

    outlet: str
    articles: tuple[ArticleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence of an explanation, and the figures that stand under it."""

    sentence: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundLine:
    """A name that spoke for a region."""

    name: str
    #: The country that it means; empty where it means a region only.
    country: str
    region: str
    articles: str
    outlets: str


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page of each story of an opened edition."""
    part = Blueprint("stories", __name__)
    publisher, cache = Publisher(app, pages), PageCache()

    def render(
        edition: Edition, row: Row, earlier: Sequence[DatedHeadline], later: Sequence[DatedHeadline]
    ) -> Response:
        newsletter = publisher.newsletter(edition.newsletter_id)
        language = pages.language(newsletter)
        views = {view.anchor: view for view in edition_view(app, pages, edition, newsletter).stories()}
        # A region that the newsletter has no more is shown nowhere.
        view = views.get(f"s-{row.story.id}") or abort(404)
        names = {
            region.id: _name(region.name, language, region.id) for region in app.settings.regions.values()
        }
        why = explain_story(edition, row)
        card = Card(
            title=view.headline,
            description=one_line([view.summary or view.headline]),
            path=f"/editions/{edition.id}/{row.story.id}",
            kind="article",
            published=edition.composed_at,
        )
        return publisher.page(
            "story.html.j2",
            newsletter,
            card,
            story=view,
            site=on_site(edition)[view.anchor],
            edition_id=edition.id,
            date=language.long_date(edition.local_date),
            local_date=edition.local_date,
            outlets=outlets_of(row.story, edition, newsletter, language),
            why=why_it_stands(edition, why, language, names),
            for_region=[_ground_line(ground, language, names) for ground in why.for_region],
            against=[_ground_line(ground, language, names) for ground in why.against],
            countries=language.list(language.country(code) for code in row.story.countries),
            days=[*reversed(earlier), None, *later] if earlier or later else [],
            no_link=NO_LINK,
        )

    @part.get("/editions/<edition_id>/<story_id>")
    def story(edition_id: str, story_id: str) -> Response:
        archive = publisher.archive
        earlier, later = archive.earlier_days(edition_id, story_id), archive.later_days(edition_id, story_id)

        def page() -> Response:
            edition = harmless_edition(told_edition(publisher, edition_id))
            row = next((row for row in rows(edition) if row.story.id == story_id), None) or abort(404)
            return render(edition, row, earlier, later)

        days = tuple(one.edition_id for one in (*earlier, *later))
        return sent_page(cache.page((edition_id, story_id, days), page), MINUTES)

    return part


def outlets_of(
    story: Story, edition: Edition, newsletter: Newsletter, language: Language
) -> list[OutletArticles]:
    """Return a story's articles by outlet, in the order of the outlets' first ones."""
    by_outlet: dict[str, list[Article]] = {}
    for article in story.articles:
        by_outlet.setdefault(article.outlet, []).append(article)
    return [
        OutletArticles(
            outlet=shown(outlet),
            articles=tuple(_article_line(one, edition.local_date, newsletter, language) for one in articles),
        )
        for outlet, articles in by_outlet.items()
    ]


def _article_line(
    article: Article, today: dt.date, newsletter: Newsletter, language: Language
) -> ArticleLine:
    clock = language.clock(article.published, newsletter.timezone)
    day = article.published.astimezone(ZoneInfo(newsletter.timezone)).date()
    return ArticleLine(
        title=shown(article.title),
        url=linked(article.url),
        published=article.published.isoformat(timespec="minutes"),
        time=clock if day == today else language.list([language.short_date(day), clock]),
        lang=article.language,
    )


def why_it_stands(
    edition: Edition, why: StoryReasons, language: Language, names: dict[str, str]
) -> list[Said]:
    """Return why a story stands where it stands, in the words of `digest explain`, without other stories' ids.

    Where it belongs is told apart; the words that begin with its region are left to that.
    """
    alone = replace(why, before=None, behind=None, above=None, below=None, next_in_line=None)
    lines = [line.translate(_ISOLATES) for line in Words(language, names).story(edition, alone)]
    region = language.say("Region: {region}", region=names.get(why.row.story.region, why.row.story.region))
    # The headline and the id stand first.
    return _grouped(lines[2 : lines.index(region.translate(_ISOLATES))])


def _grouped(lines: Sequence[str]) -> list[Said]:
    said: list[Said] = []
    for line in lines:
        if said and _INDENTED.match(line):
            said[-1] = replace(said[-1], figures=(*said[-1].figures, line.strip()))
        else:
            said.append(Said(sentence=line, figures=()))
    return said


def _ground_line(ground: Ground, language: Language, names: dict[str, str]) -> GroundLine:
    return GroundLine(
        name=shown(ground.words),
        country=language.country(ground.country) if ground.country else "",
        region=names.get(ground.region, ground.region),
        articles=language.count("{n} article", "{n} articles", ground.articles),
        outlets=language.list(shown(outlet) for outlet in ground.outlets),
    )


def _name(by_locale: Mapping[str, str], language: Language, otherwise: str) -> str:
    return shown(by_locale.get(language.locale.language, by_locale.get("en", otherwise)))
