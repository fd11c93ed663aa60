"""compose: articles of the window | rank | leave out what was told | pick | freeze."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.errors import NothingToSay
from digest.model import Article, Edition, Newsletter, Slot, Source, Story
from digest.ports import ArticleStore, EditionStore
from digest.ranker.novelty import News, since_told
from digest.ranker.pick import pick
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings, rank

#: How long readers remember what an edition told them.
REMEMBERED = dt.timedelta(days=7)


def draft_edition(
    newsletter: Newsletter,
    slot: Slot,
    store: ArticleStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
    editions: EditionStore,
) -> Edition:
    """Return the edition that the slot would have now; nothing is frozen.

    `editions` knows what its readers were told before. Raises NothingToSay where no article or no story is there for
    it, and says why.
    """
    since = now - dt.timedelta(hours=settings.window_hours)
    articles = _of_newsletter(newsletter, store.articles(since, now))
    if not articles:
        raise NothingToSay(_why_nothing(newsletter, store, since, now))
    return make_edition(newsletter, slot, articles, _told(slot, editions, now), placer, settings, now)


def make_edition(
    newsletter: Newsletter,
    slot: Slot,
    articles: Sequence[Article],
    earlier: Sequence[Edition],
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> Edition:
    """Return the slot's edition out of these articles, for readers of these earlier editions.

    Raises NothingToSay where none of their stories is for it, and says why.
    """
    stories = rank(articles, placer, settings, now, newsletter.locale)
    news = since_told(stories, earlier, newsletter.locale)
    choice = pick(news.stories, newsletter)
    if not choice.sections:
        raise NothingToSay(_why_no_stories(newsletter, articles, stories, news))
    left_out = sorted([*news.left_out, *choice.left_out], key=lambda one: (-one.score, one.story_id))
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
        left_out=tuple(left_out),
    )


def _told(slot: Slot, editions: EditionStore, now: dt.datetime) -> list[Edition]:
    """Return the editions of the days before the slot's that its readers may remember."""
    told = editions.told_since(slot.newsletter_id, slot.cohort, now - REMEMBERED)
    # A slot that is composed again for a day gone by knows nothing of what came after it.
    return [edition for edition in told if edition.local_date < slot.local_date]


def _why_no_stories(
    newsletter: Newsletter, articles: Sequence[Article], stories: Sequence[Story], news: News
) -> str:
    regions = ", ".join(sorted({story.region for story in stories}))
    told = f", {len(news.left_out)} stories were told before" if news.left_out else ""
    return (
        f"Nothing to say in {newsletter.id}: {len(articles)} articles, but none in its regions "
        f"(found: {regions}){told}."
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
        draft_edition(newsletter, slot, articles, placer, settings, now, editions)
    )


def outlet_weights(sources: Sequence[Source]) -> dict[str, float]:
    """Return each outlet's weight: that of its heaviest source."""
    weights: dict[str, float] = {}
    for source in sources:
        weights[source.outlet] = max(source.weight, weights.get(source.outlet, 0.0))
    return weights
