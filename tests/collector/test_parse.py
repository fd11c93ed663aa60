"""Feeds of every kind to drafts: what is read of an entry, and which entries are left out."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.collector.parse import MOST_ENTRIES, read_feed
from tests.collector.samples import ATOM, RDF, RSS, SOURCE, fetched, item, parse, rss

EVENING = dt.datetime(2026, 2, 13, 17, 0, tzinfo=dt.UTC)

# --------------------------------------------------------------------------- kinds of feeds


@pytest.mark.parametrize(
    "body", [pytest.param(RSS, id="rss"), pytest.param(RDF, id="rdf"), pytest.param(ATOM, id="atom")]
)
def test_a_feed_of_each_kind_gives_the_same_draft(body: str) -> None:
    [draft] = parse(body)
    assert draft.title == "افتتاح ميناء الواحة الجديد"
    assert draft.url == "https://waha.example/1"
    assert draft.summary == "حضر الوزراء الحفل."
    assert draft.published == EVENING
    assert draft.section == "اقتصاد"
    assert draft.aliases == parse(RSS)[0].aliases


@pytest.mark.parametrize("body", [pytest.param(RSS, id="rss"), pytest.param(ATOM, id="atom")])
def test_a_picture_is_found(body: str) -> None:
    [draft] = parse(body)
    assert draft.image_url == "https://waha.example/1.jpg"


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1256", "iso-8859-6", "utf-16"])
def test_a_feed_of_each_encoding_gives_the_same_draft(encoding: str) -> None:
    assert parse(RSS.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding)) == parse(RSS)


def test_entries_come_in_the_feeds_order() -> None:
    titles = ["ثالث", "أول", "ثان"]
    drafts = parse(rss(*(item(title, f"/{number}") for number, title in enumerate(titles))))
    assert [draft.title for draft in drafts] == titles


def test_a_feed_without_entries_has_no_drafts() -> None:
    assert parse(rss()) == []


def test_an_archive_is_read_from_its_top_only() -> None:
    drafts = parse(rss(*(item(f"خبر {number}", f"/{number}") for number in range(MOST_ENTRIES + 100))))
    assert len(drafts) == MOST_ENTRIES
    assert drafts[0].title == "خبر 0"


def test_what_is_told_of_a_feed() -> None:
    feed = read_feed(
        SOURCE, fetched(rss(item("خبر"), "<title>بلا رابط</title>", title="&lt;b&gt;صوت&lt;/b&gt; الواحة"))
    )
    assert (feed.title, feed.entries, feed.skipped, len(feed.drafts)) == ("صوت الواحة", 2, 1, 1)
    assert len(feed.items) == 2
    assert feed.repair == ""


@pytest.mark.parametrize(
    ("body", "repair"),
    [
        pytest.param(RSS.encode("cp1256"), "is windows-1256 but says utf-8", id="encoding"),
        pytest.param(rss("&nbsp;"), "is not well-formed XML (undefined entity)", id="xml"),
        pytest.param(
            rss("&nbsp;").encode("cp1256") + "خبر من الواحة".encode("cp1256"),
            "is windows-1256 but says utf-8; is not well-formed XML (undefined entity)",
            id="both",
        ),
    ],
)
def test_what_had_to_be_mended_is_said(body: bytes | str, repair: str) -> None:
    assert read_feed(SOURCE, fetched(body)).repair == repair


# --------------------------------------------------------------------------- headline and link


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        pytest.param("<link>https://waha.example/1</link>", "https://waha.example/1", id="absolute"),
        pytest.param("<link>/1?a=1&amp;b=2</link>", "https://waha.example/1?a=1&b=2", id="relative"),
        pytest.param("<link>/1?a=1&b=2</link>", "https://waha.example/1?a=1&b=2", id="bare-ampersand"),
        pytest.param("<guid>https://waha.example/1</guid>", "https://waha.example/1", id="guid-as-link"),
        pytest.param(
            '<guid isPermaLink="false">https://waha.example/1</guid>',
            "https://waha.example/1",
            id="guid-that-says-no-link",
        ),
        pytest.param(
            "<link>javascript:alert(1)</link><guid>https://waha.example/1</guid>",
            "https://waha.example/1",
            id="script-link-then-guid",
        ),
        pytest.param(
            "<link>#</link><guid>https://waha.example/1</guid>", "https://waha.example/1", id="placeholder"
        ),
        pytest.param(
            "<link>http://waha.example/أخبار</link>",
            "http://waha.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1",
            id="arabic",
        ),
    ],
)
def test_where_an_entry_leads(inside: str, url: str) -> None:
    [draft] = parse(rss(f"<title>خبر</title>{inside}"))
    assert draft.url == url


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("", id="empty"),
        pytest.param("<title>خبر</title>", id="no-link"),
        pytest.param("<title>خبر</title><link></link>", id="empty-link"),
        pytest.param("<title>خبر</title><guid>post-1</guid>", id="guid-that-is-no-link"),
        pytest.param(item("خبر", "javascript:alert(1)"), id="javascript"),
        pytest.param(item("خبر", "data:text/html,x"), id="data"),
        pytest.param(item("خبر", "file:///etc/passwd"), id="file"),
        pytest.param(item("خبر", "#"), id="placeholder"),
        pytest.param(item("خبر", "http://"), id="scheme-only"),
        pytest.param(item("خبر", "http://[::1"), id="unreadable"),
        pytest.param("<link>https://waha.example/1</link>", id="no-title"),
        pytest.param(item(""), id="empty-title"),
        pytest.param(item(" \u200f&#160; "), id="blank-title"),
        pytest.param(item("&lt;script&gt;alert(1)&lt;/script&gt;"), id="script-only-title"),
        pytest.param(item("&lt;img src=x&gt;"), id="image-only-title"),
    ],
)
def test_an_entry_without_headline_or_link_is_left_out_and_the_others_stay(inside: str) -> None:
    assert [draft.title for draft in parse(rss(inside, item("خبر آخر", "/2")))] == ["خبر آخر"]


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        pytest.param("قمة الرياض", "قمة الرياض", id="plain"),
        pytest.param("قمة الرياض | صوت الواحة", "قمة الرياض", id="outlet-behind"),
        pytest.param("قمة الرياض - الواحة نت", "قمة الرياض", id="feed-title-behind"),
        pytest.param("قمة &lt;script&gt;alert(1)&lt;/script&gt; الرياض", "قمة الرياض", id="script-escaped"),
        pytest.param("<![CDATA[قمة <script>alert(1)</script> الرياض]]>", "قمة الرياض", id="script-in-cdata"),
        pytest.param("قمة <script>alert(1)</script> الرياض", "قمة الرياض", id="script-raw"),
        pytest.param("&amp;lt;b&amp;gt;قمة&amp;lt;/b&amp;gt; الرياض", "قمة الرياض", id="escaped-twice"),
        pytest.param("قمة &amp;quot;الرياض&amp;quot;", 'قمة "الرياض"', id="entities-escaped-twice"),
        pytest.param("قمة&nbsp;الرياض", "قمة الرياض", id="html-entity-in-xml"),
        pytest.param("قمة & الرياض", "قمة & الرياض", id="bare-ampersand"),
        pytest.param("قمة\x0b الرياض\x07", "قمة الرياض", id="controls"),
        pytest.param("\u202eقمة الرياض", "قمة الرياض", id="override"),
        pytest.param("قمة &#128532; الرياض", "قمة 😔 الرياض", id="emoji-as-entity"),
        pytest.param("قمة &#55357;&#56852; الرياض", "قمة 😔 الرياض", id="emoji-in-two-halves"),
        pytest.param("قمة &#xD83D;&#xde14; الرياض", "قمة 😔 الرياض", id="emoji-in-two-halves-hexadecimal"),
        pytest.param("قمة&#55357; الرياض", "قمة\ufffd الرياض", id="half-an-emoji"),
        pytest.param(
            "قمة &#0;&#x1f;&#1114112;&#99999999999; الرياض", "قمة الرياض", id="characters-that-are-none"
        ),
    ],
)
def test_a_headline(markup: str, title: str) -> None:
    [draft] = parse(rss(item(markup), title="الواحة نت"))
    assert draft.title == title


@pytest.mark.parametrize(
    ("inside", "summary"),
    [
        pytest.param("", "", id="none"),
        pytest.param("<description>حضر الوزراء.</description>", "حضر الوزراء.", id="description"),
        pytest.param("<content:encoded>حضر الوزراء.</content:encoded>", "حضر الوزراء.", id="content"),
        pytest.param(
            "<description>&amp;lt;p&amp;gt;حضر&amp;lt;/p&amp;gt; الوزراء.</description>",
            "حضر الوزراء.",
            id="escaped-twice",
        ),
        pytest.param("<description><p>حضر</p><p>الوزراء.</p></description>", "حضر الوزراء.", id="raw-markup"),
        pytest.param(
            "<description>قمة الرياض: حضر الوزراء.</description>", "حضر الوزراء.", id="headline-again"
        ),
    ],
)
def test_a_summary(inside: str, summary: str) -> None:
    [draft] = parse(rss(item("قمة الرياض", rest=inside)))
    assert draft.summary == summary


# --------------------------------------------------------------------------- date, section, picture


@pytest.mark.parametrize(
    ("inside", "published"),
    [
        pytest.param("<pubDate>Fri, 13 Feb 2026 17:00:00 GMT</pubDate>", EVENING, id="rfc822"),
        pytest.param("<pubDate>13 فبراير 2026 19:00</pubDate>", EVENING, id="arabic-in-the-sources-zone"),
        pytest.param(
            "<pubDate>Fri, 13 Feb 2026 19:00:00</pubDate>", EVENING, id="rfc822-in-the-sources-zone"
        ),
        pytest.param("<pubDate>أمس</pubDate>", None, id="unreadable"),
        pytest.param("", None, id="none"),
        pytest.param(
            '<pubDate>أمس</pubDate><a:updated xmlns:a="http://www.w3.org/2005/Atom">2026-02-13T17:00:00Z</a:updated>',
            EVENING,
            id="unreadable-then-updated",
        ),
    ],
)
def test_when_an_entry_was_published(inside: str, published: dt.datetime | None) -> None:
    [draft] = parse(rss(item("خبر", rest=inside)))
    assert draft.published == published


@pytest.mark.parametrize(
    ("inside", "image"),
    [
        pytest.param("", None, id="none"),
        pytest.param('<media:content url="https://c.example/1.jpg"/>', "https://c.example/1.jpg", id="media"),
        pytest.param('<media:thumbnail url="/1.jpg"/>', "https://waha.example/1.jpg", id="thumbnail"),
        pytest.param('<enclosure url="https://c.example/1.mp3" type="audio/mpeg"/>', None, id="audio"),
        pytest.param('<media:content url="https://c.example/1" medium="video"/>', None, id="video"),
        pytest.param('<media:content url="http://c.example/1.jpg"/>', None, id="unencrypted"),
        pytest.param('<media:content url="javascript:alert(1)"/>', None, id="javascript"),
        pytest.param(
            '<media:content url="https://c.example/1.mp4" type="video/mp4"/><media:thumbnail url="https://c.example/1.jpg"/>',
            "https://c.example/1.jpg",
            id="video-then-thumbnail",
        ),
    ],
)
def test_an_entrys_picture(inside: str, image: str | None) -> None:
    [draft] = parse(rss(item("خبر", rest=inside)))
    assert draft.image_url == image


def test_the_first_category_that_says_something_is_the_section() -> None:
    [draft] = parse(
        rss(item("خبر", rest="<category></category><category>&lt;b&gt;اقتصاد&lt;/b&gt;</category>"))
    )
    assert draft.section == "اقتصاد"


def test_a_picture_s_size_is_kept_where_the_feed_gives_it() -> None:
    [draft, bare] = parse(
        rss(
            item("خبر", rest='<media:content url="https://c.example/1.jpg" width="1200" height="630"/>'),
            item("خبر آخر", "/2", '<media:content url="https://c.example/2.jpg"/>'),
        )
    )
    assert (draft.image_width, draft.image_height) == (1200, 630)
    assert (bare.image_url, bare.image_width, bare.image_height) == ("https://c.example/2.jpg", None, None)


def test_where_a_report_was_filed_is_kept_apart_from_the_summary() -> None:
    [draft] = parse(
        rss(item("قمة الرياض", rest="<description>موسكو - رويترز: حضر الوزراء القمة.</description>"))
    )
    assert (draft.dateline, draft.summary) == ("موسكو", "حضر الوزراء القمة.")


# --------------------------------------------------------------------------- identity


def test_links_to_the_front_page_name_no_article() -> None:
    for link in ("https://waha.example/", "http://www.waha.example", "https://waha.example/?utm_source=rss"):
        [draft] = parse(rss(item("خبر", link)))
        assert [alias for alias in draft.aliases if alias.startswith("link:")] == []


def test_entries_with_one_guid_for_all_are_all_kept() -> None:
    drafts = parse(rss(*(item(f"خبر {number}", f"/{number}", "<guid>1</guid>") for number in range(5))))
    assert len({draft.aliases for draft in drafts}) == 5


def test_news_flashes_with_one_guid_and_one_link_for_all_are_all_kept() -> None:
    drafts = parse(rss(*(item(f"عاجل {number}", "/live", "<guid>1</guid>") for number in range(5))))
    assert len({draft.aliases for draft in drafts}) == 5


def test_the_link_is_kept_as_the_feed_gives_it() -> None:
    [draft] = parse(rss(item("خبر", "HTTP://WWW.waha.example/%d8%a3?utm_source=rss&amp;id=7#top")))
    assert draft.url == "http://www.waha.example/%d8%a3?utm_source=rss&id=7#top"
    [plain] = parse(rss(item("خبر", "https://waha.example/%D8%A3?id=7")))
    assert draft.aliases[0] == plain.aliases[0]


def test_links_in_windows_1256_are_told_apart() -> None:
    drafts = parse(rss(item("خبر", "/%C7%E1%CE%C8%D1"), item("عاجل", "/%D3%E6%D1%ED%C7")))
    assert len({draft.aliases[0] for draft in drafts}) == 2
    assert all(draft.aliases[0].startswith("link:") for draft in drafts)
