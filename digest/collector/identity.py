"""When are two entries one article?

An article is known by several aliases: the feed's guid, its canonical link, and its outlet with its exact
headline and summary. An entry that shares any alias with a stored article is that article, so a changed guid,
scheme, tracking parameter or headline makes no second one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from digest.collector.urls import canonical_url
from digest.model import ArticleDraft
from digest.text.arabic import stems, words

#: Bytes of the hashes: 64 bits keep collisions out of reach of a newsroom's archive.
_HASH_BYTES = 8
#: A headline with its summary of fewer words than this is too common to be a name by itself.
_TELLING_WORDS = 6
#: Of the shorter headline's stems an edit keeps this share.
_EDIT_SHARE = 1 / 3


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=_HASH_BYTES).hexdigest()


def aliases(*, source_id: str, outlet: str, guid: str, url: str, title: str, summary: str) -> tuple[str, ...]:
    """Return every name that an entry may be known by, strongest first; never empty."""
    names = []
    if guid:
        names.append(f"guid:{_digest(source_id, guid)}")
    if url:
        names.append(f"link:{_digest(canonical_url(url))}")
    telling = words(f"{title} {summary}")
    # Together with guid and link even "عاجل" is one: where a feed gives all its entries the same guid or link,
    # nothing else tells them apart.
    context = () if len(telling) >= _TELLING_WORDS else (guid, canonical_url(url))
    return (*names, f"text:{_digest(outlet, *context, *telling)}")


def article_id(alias: str) -> str:
    """Return the id of an article that is first seen under this alias."""
    return alias.partition(":")[2]


def _first_of_each(drafts: Sequence[ArticleDraft]) -> list[ArticleDraft]:
    first: dict[tuple[str, ...], ArticleDraft] = {}
    for draft in drafts:
        first.setdefault(draft.aliases, draft)
    return list(first.values())


def drop_shared_names(
    drafts: Sequence[ArticleDraft], others: Sequence[tuple[str, ...]] = ()
) -> list[ArticleDraft]:
    """Return a feed's drafts without the names that several entries of it share, in the feed's order.

    `others` are the aliases of the feed's further entries, which were read before. Some feeds give every entry the
    same guid, or link all to the front page: such a name tells nothing. Where all names agree the entries are copies,
    and the first is kept.
    """
    distinct = _first_of_each(drafts)
    names = {draft.aliases for draft in distinct} | set(others)
    uses = Counter(alias for one in names for alias in one)
    kept = []
    for draft in distinct:
        own = tuple(alias for alias in draft.aliases if uses[alias] == 1) or draft.aliases[-1:]
        kept.append(replace(draft, aliases=own))
    return _first_of_each(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What to do with one draft."""

    draft: ArticleDraft
    #: The stored article that it is, or the id that it gets.
    article_id: str
    is_new: bool


def match(
    drafts: Sequence[ArticleDraft], known: Mapping[str, str], titles: Mapping[str, str] | None = None
) -> list[Match]:
    """Decide which drafts are new.

    `known` maps the stored aliases among theirs to article ids, `titles` those ids to the stored headlines.
    """
    taken, told = dict(known), dict(titles or {})
    matches = []
    for draft in drafts:
        found = _same(draft, taken, told)
        identity = found or article_id(next(alias for alias in draft.aliases if alias not in taken))
        matches.append(Match(draft=draft, article_id=identity, is_new=found is None))
        for alias in draft.aliases:
            taken.setdefault(alias, identity)
        told[identity] = draft.title
    return matches


def _same(draft: ArticleDraft, taken: Mapping[str, str], told: Mapping[str, str]) -> str | None:
    """Return the article that the draft is: that of its link first, then of its guid, then of its text."""
    owners = {alias.partition(":")[0]: taken.get(alias) for alias in draft.aliases}
    by_guid, by_text = owners.get("guid"), owners.get("text")
    if owners.get("link"):
        return owners["link"]
    if by_guid and "link" in owners and by_guid != by_text and not _alike(told.get(by_guid, ""), draft.title):
        # Some feeds number their entries anew each time: where link and headline are new, so is the article.
        return by_text
    return by_guid or by_text


def _alike(title: str, other: str) -> bool:
    """Say whether two headlines may be one's edit of the other; a headline without words is like any."""
    some, others = set(stems(title)), set(stems(other))
    return len(some & others) >= min(len(some), len(others)) * _EDIT_SHARE
