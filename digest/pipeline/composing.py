"""compose: articles of the window | rank | pick | freeze."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.errors import NothingToSay
from digest.model import Article, Edition, Newsletter, Slot, Source
from digest.ports import ArticleStore, EditionStore
from digest.ranker.pick import pick
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings, rank


def draft_edition(
    newsletter: Newsletter,
    slot: Slot,
    store: ArticleStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> Edition:
    """Return the edition that the slot would have now; nothing is frozen.

    Raises NothingToSay where no article or no story is there for it, and says why.
    """
    since = now - dt.timedelta(hours=settings.window_hours)
    articles = _of_newsletter(newsletter, store.articles(since, now))
    if not articles:
        raise NothingToSay(_why_nothing(newsletter, store, since, now))
    stories = rank(articles, placer, settings, now)
    choice = pick(stories, newsletter)
    if not choice.sections:
        regions = ", ".join(sorted({story.region for story in stories}))
        raise NothingToSay(
            f"Nothing to say in {newsletter.id}: {len(articles)} articles, but none in its regions (found: {regions})."
        )
    return Edition(
        id=edition_id(slot),
        newsletter_id=newsletter.id,
        local_date=slot.local_date,
        cohort=slot.cohort,
        composed_at=now,
        sections=choice.sections,
        briefs=choice.briefs,
        lead_id=choice.lead_id,
        articles_read=len(articles),
        stories_found=len(stories),
        left_out=choice.left_out,
    )


def edition_id(slot: Slot) -> str:
    """Return the id of a slot's edition: newsletter and date, and the zone where it is not the newsletter's own."""
    return f"{slot.newsletter_id}-{slot.local_date}" + (
        f"-{slot.cohort.replace('/', '-').lower()}" if slot.cohort else ""
    )


def _of_newsletter(newsletter: Newsletter, articles: Sequence[Article]) -> list[Article]:
    return [one for one in articles if not newsletter.sources or one.source in newsletter.sources]


def _why_nothing(newsletter: Newsletter, store: ArticleStore, since: dt.datetime, now: dt.datetime) -> str:
    newest = store.newest(now, newsletter.sources)
    if newest is None:
        of_what = " of its sources" if newsletter.sources else ""
        return f"Nothing to say in {newsletter.id}: no articles{of_what} are stored yet. Run `digest collect` first."
    return (
        f"Nothing to say in {newsletter.id}: no articles since {since:%Y-%m-%d %H:%M} UTC; "
        f"the newest is of {newest:%Y-%m-%d %H:%M} UTC. Run `digest collect`, and see whether the sources still bring news."
    )


def compose(
    newsletter: Newsletter,
    slot: Slot,
    articles: ArticleStore,
    editions: EditionStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> Edition:
    """Return the slot's edition: the frozen one, or a new one, frozen now. Raises NothingToSay."""
    return editions.edition_of(slot) or editions.freeze(
        draft_edition(newsletter, slot, articles, placer, settings, now)
    )


def outlet_weights(sources: Sequence[Source]) -> dict[str, float]:
    """Return each outlet's weight: that of its heaviest source."""
    weights: dict[str, float] = {}
    for source in sources:
        weights[source.outlet] = max(source.weight, weights.get(source.outlet, 0.0))
    return weights
