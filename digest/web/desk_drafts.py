"""What lies on the desk: a slot's frozen edition, or the draft that it would be now, and the letter's proof.

articles -> ranked, kept for some minutes -> an editor's acts done on the stories, kept until there is another act

Ranking a day's news takes a second or more, an editor's click must not: only the acts are done anew with each.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from digest.app import App
from digest.editing.apply import MatchedEdit
from digest.errors import NothingToSay
from digest.model import Approval, Article, Edit, Edition, Newsletter, Slot, Story
from digest.pipeline.composing import RankedNews, Waiting, desk_draft, rank_news
from digest.studio.proof import Proof, make_proof

#: How long a ranking is worked with while no newer article is there.
NEWS_HOLD = dt.timedelta(minutes=5)
#: Drafts that are kept; each editor works on one.
_MOST_KEPT = 8


@dataclass(frozen=True, kw_only=True)
class OnDesk:
    """One slot as an editor has it before them."""

    newsletter: Newsletter
    slot: Slot
    #: None where there is nothing to say; `why_none` says why.
    edition: Edition | None
    #: Whether the edition is the frozen one, and no longer to be changed.
    frozen: bool
    #: All acts, the oldest first, and what each is about now.
    edits: tuple[MatchedEdit, ...]
    #: The stories that are not in, best first.
    waiting: tuple[Waiting, ...] = ()
    why_none: str = ""

    @cached_property
    def stories(self) -> Mapping[str, Story]:
        """Each story, in or waiting, by the id of each of its articles."""
        told = tuple(self.edition.stories()) if self.edition else ()
        every = (*told, *(one.story for one in self.waiting))
        return {article.id: story for story in every for article in story.articles}

    @cached_property
    def articles(self) -> Mapping[str, Article]:
        """Each article of each story, by its id."""
        return {article.id: article for story in self.stories.values() for article in story.articles}


@dataclass(frozen=True, kw_only=True)
class _Ranked:
    at: dt.datetime
    newest: dt.datetime | None
    news: RankedNews


_T = TypeVar("_T")
_Key = tuple[str, dt.date]


class Drafts:
    """Makes drafts and proofs, and keeps the last ones; for all threads of a process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.RLock()
        self._ranked: dict[str, _Ranked] = {}
        self._kept: dict[_Key, tuple[object, OnDesk]] = {}
        self._proofs: dict[_Key, tuple[OnDesk, Proof]] = {}

    def of(self, newsletter: Newsletter, slot: Slot) -> OnDesk:
        """Return what the slot has now."""
        edits = tuple(self._app.store.desk.edits(newsletter.id, slot.local_date))
        edition = self._app.store.editions.edition_of(slot)
        if edition:
            return OnDesk(
                newsletter=newsletter,
                slot=slot,
                edition=edition,
                frozen=True,
                edits=tuple(MatchedEdit(edit=edit) for edit in edits),
            )
        with self._lock:
            return self._draft(newsletter, slot, edits)

    def proof(self, lying: OnDesk) -> Proof | None:
        """Return the letter as it would be sent, None where there is none. Raises ConfigurationError."""
        if lying.edition is None:
            return None
        key = lying.newsletter.id, lying.slot.local_date
        with self._lock:
            made = self._proofs.get(key)
            if made is None or made[0].edition != lying.edition:
                made = lying, make_proof(self._app, lying.edition)
                _keep(self._proofs, key, made)
            return made[1]

    def approval(self, lying: OnDesk) -> Approval | None:
        """Return the word that the edition may leave, None where nobody gave it."""
        return self._app.store.desk.approval(lying.newsletter.id, lying.slot.local_date)

    def _draft(self, newsletter: Newsletter, slot: Slot, edits: tuple[Edit, ...]) -> OnDesk:
        key = newsletter.id, slot.local_date
        try:
            ranked = self._news(newsletter)
            state = ranked.at, edits
            kept = self._kept.get(key)
            if kept is None or kept[0] != state:
                kept = state, self._edited(newsletter, slot, edits, ranked)
                _keep(self._kept, key, kept)
            return kept[1]
        except NothingToSay as error:
            return OnDesk(
                newsletter=newsletter,
                slot=slot,
                edition=None,
                frozen=False,
                edits=tuple(MatchedEdit(edit=edit) for edit in edits),
                why_none=str(error),
            )

    def _edited(self, newsletter: Newsletter, slot: Slot, edits: tuple[Edit, ...], ranked: _Ranked) -> OnDesk:
        app = self._app
        draft = desk_draft(
            newsletter,
            slot,
            app.store.articles,
            app.placer,
            app.rank_settings,
            ranked.at,
            app.store.editions,
            edits,
            lambda: ranked.news,
        )
        return OnDesk(
            newsletter=newsletter,
            slot=slot,
            edition=draft.edition,
            frozen=False,
            edits=draft.edits,
            waiting=draft.waiting,
        )

    def _news(self, newsletter: Newsletter) -> _Ranked:
        app, now = self._app, self._app.clock.now()
        newest = app.store.articles.newest(now, newsletter.sources)
        ranked = self._ranked.get(newsletter.id)
        if ranked is None or ranked.newest != newest or not dt.timedelta() <= now - ranked.at <= NEWS_HOLD:
            news = rank_news(newsletter, app.store.articles, app.placer, app.rank_settings, now)
            ranked = self._ranked[newsletter.id] = _Ranked(at=now, newest=newest, news=news)
        return ranked


def _keep(kept: dict[_Key, _T], key: _Key, value: _T) -> None:
    """Keep a value, and no more of them than an editor works with."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]
