"""compose: articles of the window | rank | leave out what was told | an editor's acts | pick | freeze."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from digest.editing.apply import Edited, MatchedEdit, Tell, apply_edits
from digest.errors import NothingToSay
from digest.model import Article, Edit, Edition, Newsletter, Reason, Slot, Source, Story
from digest.ports import ArticleStore, EditionStore
from digest.ranker.novelty import since_told
from digest.ranker.pick import left_out, pick
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings, make_story, rank

#: How long readers remember what an edition told them.
REMEMBERED = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedNews:
    """What a newsletter's articles told at a moment: the same for all cohorts that are composed then."""

    articles: tuple[Article, ...]
    #: Best first.
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A story that is not in a draft, whole, and why."""

    story: Story
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition as it would be now, with what an editor's desk shows beside it."""

    edition: Edition
    #: All edits, the oldest first, those that were taken back as well, and what each is about now.
    edits: tuple[MatchedEdit, ...]
    #: The stories of `Edition.left_out`, best first.
    waiting: tuple[Waiting, ...]


def rank_news(
    newsletter: Newsletter, store: ArticleStore, placer: Placer, settings: RankSettings, now: dt.datetime
) -> RankedNews:
    """Return the stories of the window that ends now. Raises NothingToSay where it has no article, and says why."""
    since = now - dt.timedelta(hours=settings.window_hours)
    articles = store.articles(since, now, newsletter.sources)
    if not articles:
        raise NothingToSay(_why_nothing(newsletter, store, since, now))
    return _ranked(newsletter, articles, placer, settings, now)


def draft_edition(
    newsletter: Newsletter,
    slot: Slot,
    store: ArticleStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
    editions: EditionStore,
    edits: Sequence[Edit] = (),
) -> Edition:
    """Return the edition that the slot would have now; nothing is frozen.

    `editions` knows what its readers were told before. Raises NothingToSay where no article or no story is there for
    it, and says why.
    """
    return desk_draft(newsletter, slot, store, placer, settings, now, editions, edits).edition


def desk_draft(
    newsletter: Newsletter,
    slot: Slot,
    store: ArticleStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
    editions: EditionStore,
    edits: Sequence[Edit],
    ranked: Callable[[], RankedNews] | None = None,
) -> Draft:
    """Return what the slot's edition would be now with these edits, for an editor to look at; nothing is frozen.

    An edition that is frozen already is not looked at. `ranked`: see `compose`. Raises NothingToSay as `draft_edition`
    does, also where everything was dropped.
    """
    news = ranked() if ranked else rank_news(newsletter, store, placer, settings, now)
    told, tell = _told(slot, editions, now), _teller(newsletter, placer, settings, now)
    return _draft(newsletter, slot, news, told, now, edits, tell)


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
    news = _ranked(newsletter, articles, placer, settings, now)
    tell = _teller(newsletter, placer, settings, now)
    return _draft(newsletter, slot, news, earlier, now, (), tell).edition


def _ranked(
    newsletter: Newsletter,
    articles: Sequence[Article],
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> RankedNews:
    stories = rank(articles, placer, settings, now, newsletter.locale)
    return RankedNews(articles=tuple(articles), stories=tuple(stories))


def _teller(newsletter: Newsletter, placer: Placer, settings: RankSettings, now: dt.datetime) -> Tell:
    """Return what tells a story out of articles that an editor puts together."""

    def tell(articles: Sequence[Article]) -> Story:
        named = {article.id: placer.read(article) for article in articles}
        return make_story(articles, named, placer, settings, now, newsletter.locale)

    return tell


def _draft(
    newsletter: Newsletter,
    slot: Slot,
    ranked: RankedNews,
    earlier: Sequence[Edition],
    now: dt.datetime,
    edits: Sequence[Edit],
    tell: Tell,
) -> Draft:
    news = since_told(ranked.stories, earlier, newsletter.locale)
    known = {one.story_id for one in news.left_out}
    told = [story for story in ranked.stories if story.id in known]
    edited = apply_edits(news.stories, told, edits, newsletter.regions, tell)
    choice = pick(edited.stories, newsletter, edited.wishes)
    if not choice.sections:
        raise NothingToSay(_why_no_stories(newsletter, ranked, edited))
    out = [*map(_told_before, edited.told), *choice.left_out]
    edition = Edition(
        id=edition_id(slot),
        newsletter_id=newsletter.id,
        local_date=slot.local_date,
        cohort=slot.cohort,
        composed_at=now,
        sections=choice.sections,
        briefs=choice.briefs,
        lead_id=choice.lead_id,
        articles_read=len(ranked.articles),
        stories_found=len(ranked.stories),
        left_out=tuple(sorted(out, key=lambda one: (-one.score, one.story_id))),
        subject=edited.subject,
    )
    stories = {story.id: story for story in (*edited.stories, *edited.told)}
    return Draft(
        edition=edition,
        edits=edited.edits,
        waiting=tuple(Waiting(story=stories[one.story_id], reason=one.reason) for one in edition.left_out),
    )


_told_before = partial(left_out, reason=Reason.TOLD_BEFORE)


def _told(slot: Slot, editions: EditionStore, now: dt.datetime) -> list[Edition]:
    """Return the editions of the days before the slot's that its readers may remember."""
    told = editions.told_since(slot.newsletter_id, slot.cohort, now - REMEMBERED)
    # A slot that is composed again for a day gone by knows nothing of what came after it.
    return [edition for edition in told if edition.local_date < slot.local_date]


def _why_no_stories(newsletter: Newsletter, ranked: RankedNews, edited: Edited) -> str:
    regions = {story.region for story in ranked.stories}
    nothing = (
        "none in its regions" if regions.isdisjoint(newsletter.regions) else "nothing left for its regions"
    )
    told = f", {len(edited.told)} stories were told before" if edited.told else ""
    dropped = f", an editor dropped {len(edited.wishes.dropped)}" if edited.wishes.dropped else ""
    return (
        f"Nothing to say in {newsletter.id}: {len(ranked.articles)} articles, but {nothing} "
        f"(found: {', '.join(sorted(regions))}){told}{dropped}."
    )


def edition_id(slot: Slot) -> str:
    """Return the id of a slot's edition: newsletter and date, and the zone where it is not the newsletter's own.

    It is a file's name, a part of addresses and of Message-ID. `Etc/GMT+5` is ten hours from `Etc/GMT-5`, so a plus,
    which an address may read as a space, gets a name of its own.
    """
    zone = slot.cohort.replace("/", "-").replace("+", "-plus-").lower()
    return f"{slot.newsletter_id}-{slot.local_date}" + (f"-{zone}" if zone else "")


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
    ranked: Callable[[], RankedNews] | None = None,
    edits: Sequence[Edit] = (),
) -> Edition:
    """Return the slot's edition: the frozen one, or a new one with these edits, frozen now. Raises NothingToSay.

    `ranked` gives what `rank_news` found at this moment, where the cohorts of a newsletter share it; it is called only
    where the slot has no edition.
    """
    frozen = editions.edition_of(slot)
    if frozen:
        return frozen
    draft = desk_draft(newsletter, slot, articles, placer, settings, now, editions, edits, ranked)
    return editions.freeze(draft.edition)


def outlet_weights(sources: Sequence[Source]) -> dict[str, float]:
    """Return each outlet's weight: that of its heaviest source."""
    weights: dict[str, float] = {}
    for source in sources:
        weights[source.outlet] = max(source.weight, weights.get(source.outlet, 0.0))
    return weights
