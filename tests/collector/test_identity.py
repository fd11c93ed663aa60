"""When two entries are one article, and when they only look it."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import pytest

from digest.collector.identity import article_id, drop_shared_names, match
from digest.model import ArticleDraft
from tests.collector.entries import TITLE, Entry, draft, store

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


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(Entry(guid="1"), id="guid"),
        pytest.param(Entry(url="https://waha.example/"), id="link"),
        pytest.param(Entry(guid="1", url="https://waha.example/"), id="guid-and-link"),
        pytest.param(Entry(title="بيان صحفي", summary=""), id="text"),
    ],
)
def test_entries_that_were_read_before_share_names_as_well(same: Entry) -> None:
    feed = entries(6, **same)
    whole = drop_shared_names(feed)
    known = store(whole[2:])
    fresh = drop_shared_names(feed[:2], [one.aliases for one in feed[2:]])
    assert fresh == whole[:2]
    assert [found.is_new for found in match(fresh, known)] == [True, True]


def test_a_single_new_entry_is_not_taken_for_the_known_one_that_has_its_guid() -> None:
    first, second = entries(2, guid="1")
    known = store(drop_shared_names([first]))
    [kept] = drop_shared_names([second], [first.aliases])
    assert [found.is_new for found in match([kept], known)] == [True]


def test_known_entries_without_names_and_copies_of_known_ones_share_nothing() -> None:
    assert drop_shared_names(entries(2), [(), (), entries(1)[0].aliases]) == entries(2)


def test_copies_are_one() -> None:
    kept = drop_shared_names([draft(), *entries(3), draft(), draft()])
    assert len(kept) == 4
    assert len({found.article_id for found in match(kept, {})}) == 4


def test_a_feeds_order_is_kept_with_the_first_of_copies() -> None:
    feed = entries(6)
    kept = drop_shared_names([feed[0], feed[1], feed[0], feed[2], feed[1], feed[3]])
    assert [one.title for one in kept] == [one.title for one in feed[:4]]


def test_an_empty_feed_has_no_matches() -> None:
    assert match(drop_shared_names([]), {}) == []


def test_nothing_but_the_names_is_changed() -> None:
    feed = [
        replace(one, section="اقتصاد", image_url="https://waha.example/1.jpg") for one in entries(3, guid="1")
    ]
    kept = drop_shared_names(feed)
    assert [replace(one, aliases=()) for one in kept] == [replace(one, aliases=()) for one in feed]
    assert [len(one.aliases) for one in kept] == [2, 2, 2]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Entry(guid="https://waha.example/?p={}"), id="guids"),
        pytest.param(Entry(guid=""), id="guids-gone"),
        pytest.param(Entry(url="http://waha.example/{}"), id="scheme"),
        pytest.param(Entry(url="https://www.waha.example/{}/"), id="host-and-slash"),
        pytest.param(Entry(url="https://waha.example/{}?utm_source=rss"), id="tracking"),
        pytest.param(Entry(url="https://waha.example/2026/news/{}.html"), id="paths"),
        pytest.param(Entry(title="عنوان جديد رقم {}"), id="titles"),
        pytest.param(Entry(guid="new-{}", url="https://waha.example/2026/{}"), id="guids-and-paths"),
        pytest.param(Entry(guid="new-{}", title="عنوان جديد رقم {}"), id="guids-and-titles"),
        pytest.param(Entry(url="https://waha.example/2026/{}", title="عنوان جديد رقم {}"), id="paths-and-titles"),
    ],
)  # fmt: skip
def test_a_feed_that_changes_all_entries_at_once_brings_no_news(changes: Entry) -> None:
    before = entries(10)
    after = [
        draft(
            guid=changes.get("guid", "post-{}").format(number),
            url=changes.get("url", "https://waha.example/{}").format(number),
            title=changes.get("title", f"{TITLE} {{}}").format(number),
        )
        for number in range(10)
    ]
    found = match(drop_shared_names(after), store(drop_shared_names(before)))
    assert [one.is_new for one in found] == [False] * 10
    assert [one.article_id for one in found] == [article_id(one.aliases[0]) for one in before]


def test_two_new_entries_of_one_feed_that_are_one_article_are_new_once() -> None:
    pair = [draft(), draft(guid="other")]
    assert [found.is_new for found in match(pair, {})] == [True, False]
    assert len({found.article_id for found in match(pair, {})}) == 1


def test_a_link_wins_over_a_guid_and_a_guid_over_a_text() -> None:
    guid, link, text = draft().aliases
    [found] = match([draft()], {text: "by-text", link: "by-link", guid: "by-guid"})
    assert found.article_id == "by-link"
    [found] = match([draft()], {text: "by-text", guid: "by-guid"})
    assert found.article_id == "by-guid"


@pytest.mark.parametrize(
    ("stored", "is_new"),
    [
        pytest.param("مقتل ثلاثة في انهيار مبنى قديم", True, id="another headline: the guid is used again"),
        pytest.param("", False, id="a headline without words"),
        pytest.param("افتتاح ميناء الواحة بعد طول انتظار", False, id="an edited headline"),
    ],
)
def test_a_guid_alone_is_believed_where_the_headline_is_an_edit(stored: str, is_new: bool) -> None:
    before = draft(guid="1", url="https://waha.example/old", title=stored)
    now = draft(guid="1", url="https://waha.example/new", title="افتتاح ميناء الواحة الجديد")
    known = dict.fromkeys(before.aliases, "before")
    [found] = match([now], known, {"before": stored})
    assert found.is_new is is_new
    assert (found.article_id == "before") is not is_new


def test_a_feed_that_numbers_its_entries_anew_loses_none() -> None:
    headlines = ["افتتاح الميناء الجديد", "مقتل ثلاثة في انهيار مبنى", "فوز المنتخب بالكأس", "قمة في العاصمة"]
    pages = [f"https://waha.example/{number}" for number in range(4)]
    before = [draft(guid=str(at), url=pages[at + 1], title=headlines[at + 1]) for at in range(3)]
    first = match(before, {})
    known = {alias: found.article_id for found in first for alias in found.draft.aliases}
    titles = {found.article_id: found.draft.title for found in first}
    after = [draft(guid=str(at), url=pages[at], title=headlines[at]) for at in range(4)]
    found = match(after, known, titles)
    assert [one.is_new for one in found] == [True, False, False, False]
    assert [one.article_id for one in found[1:]] == [one.article_id for one in first]
    assert len({one.article_id for one in found}) == 4
