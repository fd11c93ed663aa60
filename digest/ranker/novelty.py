"""What is news to people who read the earlier editions: their stories do not come back, but for what is new.

stories | find what was told of each | weigh what is new | drop, or come back as an update
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from digest.model import Article, Edition, LeftOut, Reason, Story
from digest.ranker.tellings import Memory, Telling, Vector, cosine, told_stories
from digest.ranker.tolls import toll
from digest.ranker.words import headline_of, lead_article, story_summary

#: Newness of an article that says as much new as news does; more counts no more.
FULL_NEWS = 0.3
#: Outlets that must bring news, where each brings it in full.
LEAST_NEWS = 1.0
#: A stem that no told article holds counts this much where one outlet alone has it: every rewrite has words of its
#: own, and only what happened is in two.
ALONE = 0.6
#: A new number counts this much more: tolls, votes, scores and sums are what changes in a story that goes on.
NUMBER = 2.0
#: An article brings the news from this share of the newest one's newness on, and of full news where that is less:
#: the one with the newest words of all may be about something beside.
_BRINGS = 0.6
#: What a story that comes back keeps of its score, where all of its outlets bring news.
_KEEPS = 0.95

#: Characters of a summary in which a count of the dead is the event's own.
_LEDE = 200

_NUMBER = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Today's stories as readers of the earlier editions should get them."""

    #: Best first; those that were told before are marked as updates.
    stories: tuple[Story, ...]
    #: Those that were told, and bring nothing new, best first.
    left_out: tuple[LeftOut, ...]


def since_told(stories: Sequence[Story], editions: Iterable[Edition], language: str = "ar") -> News:
    """Return the stories, which stand best first, without those that these editions told and that bring no news.

    Those that bring news have the earlier telling in `update_of`, a headline and a summary from the articles that
    bring it, in the readers' `language` where any is, and a score that counts what is new: the part `told` is taken
    off it.
    """
    tellings = told_stories(editions)
    if not tellings or not stories:
        return News(stories=tuple(stories), left_out=())
    memory = Memory(stories, tellings)
    kept = []
    dropped = []
    for place, story in enumerate(stories):
        found = _as_news(story, place, memory, language)
        if found is None:
            dropped.append(story)
        else:
            kept.append(found)
    kept.sort(key=lambda story: (-story.score, -story.latest.timestamp(), story.id))
    return News(stories=tuple(kept), left_out=tuple(map(_left_out, dropped)))


def _as_news(story: Story, place: int, memory: Memory, language: str) -> Story | None:
    """Return the story as it comes, as an update, or None where readers know it."""
    fresh = memory.fresh(story)
    if not fresh:
        return None
    known = memory.told_of(place)
    if not known:
        return story if len(fresh) == len(story.articles) else _without_told(story, fresh, language)
    newness = article_newness(
        list(zip(fresh, memory.fresh_vectors(place), strict=True)), memory.told_vectors(known)
    )
    for article in _with_greater_toll(fresh, known):
        newness[article.id] = max(newness[article.id], FULL_NEWS)
    by_outlet: dict[str, float] = {}
    for article in fresh:
        share = min(newness[article.id] / FULL_NEWS, 1.0)
        by_outlet[article.outlet] = max(share, by_outlet.get(article.outlet, 0.0))
    news = round(sum(sorted(by_outlet.values())), 6)
    if news < LEAST_NEWS:
        return None
    least = _BRINGS * min(max(newness.values()), FULL_NEWS)
    bringing = [one for one in fresh if newness[one.id] >= least]
    return replace(
        _told_by(story, bringing, language, _KEEPS * news / len(story.outlets)), update_of=known[0].told
    )


def _without_told(story: Story, fresh: Sequence[Article], language: str) -> Story:
    """Return a story that is new but for strays that stood in others, in the words of its own articles."""
    return _told_by(story, fresh, language, len({one.outlet for one in fresh}) / len(story.outlets))


def article_newness(candidates: Sequence[tuple[Article, Vector]], told: Sequence[Vector]) -> dict[str, float]:
    """Return for each article, by its id, how much it says that no told one does: 0 for a copy, 1 for another story.

    The weight of its new stems among all of its stems, times how unlike it is to the told article that is likest:
    a report in other words has new stems as well, and is still like the other.
    """
    known = {stem for vector in told for stem in vector}
    outlets: dict[str, set[str]] = {}
    for article, vector in candidates:
        for stem in vector.keys() - known:
            outlets.setdefault(stem, set()).add(article.outlet)
    found = {}
    for article, vector in candidates:
        new = sum(
            value * value * _stem_worth(stem, len(outlets[stem]))
            for stem, value in vector.items()
            if stem not in known
        )
        likest = max((cosine(vector, other) for other in told), default=0.0)
        found[article.id] = round(min(new, 1.0) * (1.0 - min(likest, 1.0)), 6)
    return found


def _with_greater_toll(fresh: Sequence[Article], known: Sequence[Telling]) -> list[Article]:
    """Return the articles that count more dead than any told one, where one did: in all else they may be alike."""
    told = [_toll(article) for telling in known for article in telling.story.articles]
    most = max((count for count in told if count is not None), default=None)
    if most is None:
        return []
    return [article for article in fresh if (_toll(article) or 0) > most]


def _toll(article: Article) -> int | None:
    by_title = toll(article.title)
    return toll(article.summary[:_LEDE]) if by_title is None else by_title


def _stem_worth(stem: str, outlets: int) -> float:
    worth = 1.0 if outlets > 1 else ALONE
    return worth * NUMBER if _NUMBER.match(stem) and not _YEAR.fullmatch(stem) else worth


def _told_by(story: Story, bringing: Sequence[Article], language: str, share: float) -> Story:
    """Return the story in the words of the articles that bring the news, and with this share of its score.

    Those articles stand first, then the others, each by time.
    """
    lead = lead_article(bringing, language)
    first = {one.id for one in bringing}
    rest = sorted(
        (one for one in story.articles if one is not lead),
        key=lambda one: (one.id not in first, one.published, one.id),
    )
    parts = {**story.score_parts, "told": round(max(story.score, 0.0) * (share - 1.0), 4)}
    return replace(
        story,
        headline=headline_of(lead),
        summary=story_summary(lead, rest[: len(first) - 1]),
        articles=(lead, *rest),
        score=round(sum(parts.values()), 4),
        score_parts=parts,
    )


def _left_out(story: Story) -> LeftOut:
    return LeftOut(
        story_id=story.id,
        headline=story.headline,
        region=story.region,
        outlets=story.outlets,
        score=story.score,
        reason=Reason.TOLD_BEFORE,
    )
