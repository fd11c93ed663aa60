"""When two entries are one article, and when they only look it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict, Unpack

import pytest

from digest.collector.identity import aliases, article_id, drop_shared_names, match
from digest.model import ArticleDraft

TITLE = "افتتاح ميناء الواحة الجديد بحضور الوزراء"
SUMMARY = "حضر الحفل وزراء النقل من خمس دول عربية."


class Entry(TypedDict, total=False):
    """What names an entry."""

    source_id: str
    outlet: str
    guid: str
    url: str
    title: str
    summary: str


ENTRY = Entry(
    source_id="waha",
    outlet="صوت الواحة",
    guid="post-1",
    url="https://waha.example/1",
    title=TITLE,
    summary=SUMMARY,
)


def draft(**changes: Unpack[Entry]) -> ArticleDraft:
    entry = Entry(**{**ENTRY, **changes})
    return ArticleDraft(
        aliases=aliases(
            source_id=entry["source_id"],
            outlet=entry["outlet"],
            guid=entry["guid"],
            url=entry["url"],
            title=entry["title"],
            summary=entry["summary"],
        ),
        url=entry["url"],
        title=entry["title"],
        summary=entry["summary"],
        published=None,
    )


def store(drafts: list[ArticleDraft]) -> dict[str, str]:
    """Return what a store knows after it took in a feed."""
    return {alias: found.article_id for found in match(drafts, {}) for alias in found.draft.aliases}


# --------------------------------------------------------------------------- one entry over time


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Entry(), id="nothing"),
        pytest.param(Entry(guid="other"), id="guid"),
        pytest.param(Entry(guid=""), id="guid-gone"),
        pytest.param(Entry(url="https://waha.example/new-place"), id="link"),
        pytest.param(Entry(title="تحديث: افتتاح الميناء"), id="title"),
        pytest.param(Entry(summary="نص آخر تماماً"), id="summary"),
        pytest.param(Entry(title="تحديث", summary=""), id="title-and-summary"),
        pytest.param(Entry(url="http://waha.example/1", guid="", title="آخر"), id="https-to-http"),
        pytest.param(Entry(url="https://www.waha.example/1/", guid="", title="آخر"), id="www-and-slash"),
        pytest.param(
            Entry(url="https://waha.example/1?utm_source=rss&fbclid=2", guid="", title="آخر"), id="tracking"
        ),
        pytest.param(Entry(guid="other", url="https://waha.example/2"), id="guid-and-link"),
        pytest.param(Entry(guid="other", url="", title=f"  {TITLE}!"), id="punctuation-of-the-title"),
        pytest.param(
            Entry(guid="other", url="", title="إفتتاحُ ميناء الواحه الجديد بحضور الوزراء"), id="spelling"
        ),
        pytest.param(Entry(source_id="waha-sport", guid="other"), id="another-feed-of-the-outlet"),
    ],
)
def test_an_entry_that_changed_is_still_the_article(changes: Entry) -> None:
    first = draft()
    [found] = match([draft(**changes)], store([first]))
    assert (found.article_id, found.is_new) == (article_id(first.aliases[0]), False)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Entry(guid="post-2", url="https://waha.example/2", title="خبر آخر"), id="all"),
        pytest.param(
            Entry(source_id="other", outlet="نسيم", url="https://nasim.example/1"),
            id="same-guid-and-text-of-another-outlet",
        ),
        pytest.param(
            Entry(guid="post-2", url="https://waha.example/2", summary="عقد الحفل للمرة الثانية هذا العام."),
            id="same-title-other-summary",
        ),
    ],
)
def test_another_article_is_new(changes: Entry) -> None:
    [found] = match([draft(**changes)], store([draft()]))
    assert found.is_new


def test_a_short_headline_alone_is_no_name() -> None:
    first = draft(title="عاجل", summary="")
    [found] = match(
        [draft(title="عاجل", summary="", guid="post-2", url="https://waha.example/2")], store([first])
    )
    assert found.is_new


def test_a_short_headline_is_found_by_its_link() -> None:
    first = draft(title="عاجل", summary="")
    [found] = match([draft(title="عاجل الآن", summary="", guid="post-2")], store([first]))
    assert not found.is_new


def test_aliases_are_strongest_first_and_never_empty() -> None:
    kinds = [alias.partition(":")[0] for alias in draft().aliases]
    assert kinds == ["guid", "link", "text"]
    assert draft(guid="", url="", title="عاجل", summary="").aliases
    assert draft(guid="", url="", title="", summary="").aliases


def test_surrogates_in_names_do_no_harm() -> None:
    assert draft(guid="\ud800", title="\udfff").aliases


def test_an_article_keeps_its_id_through_a_chain_of_changes() -> None:
    known = store([draft()])
    steps = [
        draft(guid="g2"),
        draft(guid="g2", url="https://waha.example/2", title="عنوان ثان للخبر نفسه في الصحيفة"),
        draft(guid="g3", url="https://waha.example/2", title="ثالث"),
    ]
    ids = set()
    for step in steps:
        [found] = match([step], known)
        assert not found.is_new
        ids.add(found.article_id)
        known.update(dict.fromkeys(found.draft.aliases, found.article_id))
    assert ids == {article_id(draft().aliases[0])}


# --------------------------------------------------------------------------- one feed


def entries(count: int, **same: Unpack[Entry]) -> list[ArticleDraft]:
    """Return entries of which each has its own guid, link and text, but for what is the same in all."""
    drafts = []
    for number in range(count):
        entry = Entry(guid=f"post-{number}", url=f"https://waha.example/{number}", title=f"{TITLE} {number}")
        entry.update(same)
        drafts.append(draft(**entry))
    return drafts


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(Entry(), id="nothing"),
        pytest.param(Entry(guid="1"), id="guid"),
        pytest.param(Entry(url="https://waha.example/"), id="link"),
        pytest.param(Entry(guid="1", url="https://waha.example/"), id="guid-and-link"),
        pytest.param(Entry(guid="1", url=""), id="guid-without-link"),
        pytest.param(Entry(guid="", url=""), id="neither-guid-nor-link"),
        pytest.param(Entry(title="بيان صحفي", summary=""), id="text"),
        pytest.param(Entry(title=TITLE, guid="1"), id="guid-and-text"),
    ],
)
def test_a_name_that_all_entries_share_makes_them_no_one_article(same: Entry) -> None:
    kept = drop_shared_names(entries(20, **same))
    assert len(kept) == 20
    assert len({found.article_id for found in match(kept, {}) if found.is_new}) == 20


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(Entry(guid="1", url=""), id="guid"),
        pytest.param(Entry(guid="1", url="https://w.example/"), id="both"),
    ],
)
def test_short_headlines_under_one_guid_stay_apart_and_are_known_again(same: Entry) -> None:
    flashes = []
    for number in range(5):
        entry = Entry(title=f"عاجل {number}", summary="")
        entry.update(same)
        flashes.append(draft(**entry))
    kept = drop_shared_names(flashes)
    assert [one.title for one in kept] == [one.title for one in flashes]
    again = match(drop_shared_names(flashes[2:]), store(kept))
    assert [found.is_new for found in again] == [False] * 3
    assert len({found.article_id for found in again}) == 3


def test_an_entry_of_a_feed_with_one_guid_for_all_is_known_again() -> None:
    feed = entries(5, guid="1")
    known = store(drop_shared_names(feed))
    later = drop_shared_names(
        [*feed[2:], draft(guid="1", url="https://waha.example/new", title=f"{TITLE} جديد")]
    )
    assert [found.is_new for found in match(later, known)] == [False, False, False, True]


def test_copies_are_one() -> None:
    kept = drop_shared_names([draft(), *entries(3), draft(), draft()])
    assert len(kept) == 4
    assert len({found.article_id for found in match(kept, {})}) == 4


def test_a_feeds_order_is_kept_with_the_first_of_copies() -> None:
    feed = entries(6)
    kept = drop_shared_names([feed[0], feed[1], feed[0], feed[2], feed[1], feed[3]])
    assert [one.title for one in kept] == [one.title for one in feed[:4]]


def test_nothing_but_the_names_is_changed() -> None:
    feed = [
        replace(one, section="اقتصاد", image_url="https://waha.example/1.jpg") for one in entries(3, guid="1")
    ]
    kept = drop_shared_names(feed)
    assert [replace(one, aliases=()) for one in kept] == [replace(one, aliases=()) for one in feed]
    assert [len(one.aliases) for one in kept] == [2, 2, 2]


def test_an_empty_feed_has_no_matches() -> None:
    assert match(drop_shared_names([]), {}) == []


def test_two_new_entries_of_one_feed_that_are_one_article_are_new_once() -> None:
    pair = [draft(), draft(guid="other")]
    assert [found.is_new for found in match(pair, {})] == [True, False]
    assert len({found.article_id for found in match(pair, {})}) == 1


def test_a_stronger_name_wins_over_a_weaker_one() -> None:
    guid, link, text = draft().aliases
    [found] = match([draft()], {text: "by-text", link: "by-link", guid: "by-guid"})
    assert found.article_id == "by-guid"
