"""Cutting known entries out of a feed: where they stand, when they may be cut, and that what is left reads the same."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection
from typing import Any

import feedparser
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.collector.parse import MOST_ENTRIES, read_feed
from digest.collector.trim import find_items, without
from digest.errors import FeedError
from digest.model import ParsedFeed
from tests.collector.samples import ATOM, RDF, RSS, SOURCE, fetched, item, rss
from tests.text.alphabets import anything

# --------------------------------------------------------------------------- where entries stand


def found(body: str) -> list[str] | None:
    """Return the entries as they stand in the body; None where they are not looked for."""
    raw = body.encode()
    items, _ = find_items(raw)
    return None if items is None else [raw[one.start : one.end].decode() for one in items]


_PREFIXED = '<a:feed xmlns:a="http://www.w3.org/2005/Atom">{}</a:feed>'


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        pytest.param("<rss><channel/></rss>", [], id="none"),
        pytest.param("<rss><item>1</item>\n<item>2</item></rss>", ["<item>1</item>", "<item>2</item>"], id="two"),
        pytest.param("<rss><item/><item>2</item></rss>", ["<item/>", "<item>2</item>"], id="empty-tag"),
        pytest.param("<rss><item /></rss>", ["<item />"], id="empty-tag-at-the-end"),
        pytest.param('<rss><item a="1"/></rss>', ['<item a="1"/>'], id="empty-tag-with-attribute"),
        pytest.param("<rss><item/></rss>", ["<item/>"], id="empty-tag-before-an-end-tag"),
        pytest.param("<r><items><item/></items></r>", ["<item/>"], id="parent-of-a-longer-name"),
        pytest.param("<rss><item>1/></item></rss>", ["<item>1/></item>"], id="text-like-an-empty-tag"),
        pytest.param("<rss><item><a/></item></rss>", ["<item><a/></item>"], id="empty-tag-inside"),
        pytest.param("<rss><item></item \n></rss>", ["<item></item \n>"], id="space-in-the-end-tag"),
        pytest.param("<rss><item a='>'>1</item></rss>", ["<item a='>'>1</item>"], id="attribute-with-a-bracket"),
        pytest.param("<rss><item a='</item>'/></rss>".replace("</item>", "&lt;/item>"), ["<item a='&lt;/item>'/>"], id="attribute-like-an-end-tag"),
        pytest.param("<rss><item><![CDATA[</item><item>]]></item></rss>", ["<item><![CDATA[</item><item>]]></item>"], id="cdata"),
        pytest.param("<rss><!-- <item>no</item> --><item>1</item></rss>", ["<item>1</item>"], id="comment-before"),
        pytest.param("<rss><item><!-- </item> --></item></rss>", ["<item><!-- </item> --></item>"], id="comment-inside"),
        pytest.param("<rss><item><?x </item>?></item></rss>", ["<item><?x </item>?></item>"], id="instruction"),
        pytest.param("<rss><item>خبر</item><item>آخر</item></rss>", ["<item>خبر</item>", "<item>آخر</item>"], id="arabic"),
        pytest.param(_PREFIXED.format("<a:entry>1</a:entry>"), ["<a:entry>1</a:entry>"], id="prefix"),
        pytest.param(_PREFIXED.format("<a:entry/>"), ["<a:entry/>"], id="prefix-and-empty-tag"),
        pytest.param("<rss><channel/><item>1</item></rss>", ["<item>1</item>"], id="beside-the-channel"),
        pytest.param("<rss><Item>1</Item></rss>", [], id="another-case"),
    ],
)  # fmt: skip
def test_where_entries_stand(body: str, entries: list[str]) -> None:
    assert found(body) == entries


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<!DOCTYPE rss [<!ENTITY a "b">]><rss><item>&a;</item></rss>', id="entities-declared"),
        pytest.param('<!DOCTYPE rss SYSTEM "rss.dtd"><rss><item>&eacute;</item></rss>', id="document-type"),
        pytest.param("<rss><item><item>1</item></item></rss>", id="entry-in-an-entry"),
        pytest.param(_PREFIXED.format("<a:entry><entry/></a:entry>"), id="entry-of-another-kind-in-an-entry"),
        pytest.param("<rss><item><a xml:base='http://w.example/'/></item></rss>", id="base-in-an-entry"),
        pytest.param("<rss><item xml:base='http://w.example/'/></rss>", id="base-of-an-entry"),
        pytest.param("<rss><item><a base='http://w.example/'/></item></rss>", id="base-without-prefix"),
        pytest.param("<rss><item><m:a xmlns:m='urn:1'/></item><item><m:a xmlns:m='urn:2'/></item></rss>", id="prefix-of-two-meanings"),
    ],
)  # fmt: skip
def test_entries_that_hang_together_are_read_together(body: str) -> None:
    assert find_items(body.encode()) == (None, "")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<rss xml:base='http://w.example/'><item xml:base='/1'>1</item></rss>", id="base-of-the-feed-too"),
        pytest.param("<rss><item><m:a xmlns:m='urn:1'/></item><item><m:a xmlns:m='urn:1'/></item></rss>", id="prefix-of-one-meaning"),
        pytest.param("<rss><item><a xmlns='urn:1'/></item><item><a xmlns='urn:2'/></item></rss>", id="no-prefix"),
    ],
)  # fmt: skip
def test_what_does_no_harm_is_cut(body: str) -> None:
    assert found(body) is not None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<rss><item>&nbsp;</item></rss>", id="unknown-entity"),
        pytest.param("<rss><item>a & b</item></rss>", id="bare-ampersand"),
        pytest.param("<rss><item>\x0b</item></rss>", id="control"),
        pytest.param("<rss><item><m:a/></item></rss>", id="unbound-prefix"),
        pytest.param("<rss><item></rss>", id="open-entry"),
        pytest.param("<rss><item/>", id="cut-short"),
        pytest.param("<rss/><rss/>", id="two-documents"),
        pytest.param("<br>خبر", id="html"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_well_formed_is_read_as_a_whole_and_says_so(body: str) -> None:
    items, fault = find_items(body.encode())
    assert items is None
    assert fault.startswith("is not well-formed XML (")


# --------------------------------------------------------------------------- what is left reads the same


def entries_of(body: bytes) -> list[dict[str, Any]]:
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return [dict(entry) for entry in feed.entries]


def same_when_cut(body: bytes, kept: Collection[int]) -> bool:
    items, _ = find_items(body)
    assert items is not None
    whole = entries_of(body)
    assert len(whole) == len(items)
    return entries_of(without(body, items, kept)) == [whole[index] for index in sorted(kept)]


_INSIDES = (
    item("افتتاح الميناء", "/1", "<guid>1</guid><description>نص &lt;b&gt;أول&lt;/b&gt;</description>"),
    item("<![CDATA[خبر </item> ثان]]>", "/2", "<!-- <item> --><content:encoded><![CDATA[<p>نص</p>]]></content:encoded>"),
    "",
    item("خبر ثالث", "/3", '<media:content url="https://w.example/a>b.jpg" width="90"/><source url="/x">س</source>'),
    item("خبر رابع", "/4", "<image><url>/i.jpg</url><title>صورة</title></image><category>اقتصاد</category>"),
    item("خبر خامس", "/5", "<author>كاتب</author><language>fr</language><title>عنوان ثان</title>"),
)  # fmt: skip
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>نص <b>ثخين</b></p></div>'
_ATOM_INSIDES = (
    f'<id>1</id><title>خبر</title><link href="/1"/><content type="xhtml">{_DIV}</content>',
    '<id>2</id><title type="html">&lt;b&gt;خبر&lt;/b&gt;</title><summary>نص</summary><link rel="enclosure" href="/2.jpg"/>',
    "<source><title>مصدر</title><id>9</id></source><title>ثالث</title><author><name>كاتب</name></author>",
    '<title>رابع</title><updated>2026-02-13T17:00:00Z</updated><category term="اقتصاد"/>',
)


def _repeated(body: str, tag: str, insides: Collection[str]) -> bytes:
    entries = "\n".join(f"<{tag}>{inside}</{tag}>" for inside in insides)
    return re.sub(rf"<{tag}[ >].*</{tag}>", lambda _: entries, body, flags=re.DOTALL).encode()


_FEEDS = {
    "rss": _repeated(RSS, "item", _INSIDES),
    "rdf": _repeated(RDF, "item", [one for one in _INSIDES if ":" not in one.replace("https:", "")]),
    "atom": _repeated(ATOM, "entry", _ATOM_INSIDES),
}


@pytest.mark.parametrize("kind", _FEEDS)
def test_every_choice_of_entries_reads_as_it_does_in_the_whole(kind: str) -> None:
    body = _FEEDS[kind]
    count = len(entries_of(body))
    assert count >= 4
    for choice in range(1, 2**count):
        assert same_when_cut(body, {index for index in range(count) if choice >> index & 1})


_TEXT = st.lists(
    st.sampled_from(["خبر", " ", "/1", "&lt;b&gt;", "&#1576;", "/>", "<![CDATA[</item>&nbsp;]]>", "<!-- <item> -->", "<br/>"])
    | st.sampled_from(["<p>نص</p>", "<div>نص<b>ثخين</b></div>", "<?x <item>?>", "https://w.example/?a=1&amp;b=2"]),
    max_size=4,
).map("".join)  # fmt: skip


def _in_tags(*tags: str) -> st.SearchStrategy[str]:
    return st.builds("<{0}>{1}</{0}>".format, st.sampled_from(tags), _TEXT)


_SAYING = _in_tags(
    "title", "link", "guid", "description", "content:encoded", "pubDate", "category", "x", "language"
)
_EMPTY = st.sampled_from(
    ['<media:content url="/1"/>', '<enclosure url="/1"/>', "<link/>", "<title/>", "<x y='>'/>"]
)
_HOLDING = st.builds(
    "<{0}>{1}</{0}>".format,
    st.sampled_from(["media:group", "image", "source", "author", "x"]),
    st.lists(_SAYING | _EMPTY, max_size=3).map("".join),
)


@given(
    st.lists(st.lists(_SAYING | _EMPTY | _HOLDING, max_size=5).map("".join), min_size=2, max_size=4),
    st.sets(st.integers(0, 3), min_size=1),
)
def test_entries_of_any_elements_read_as_they_do_in_the_whole(insides: list[str], chosen: set[int]) -> None:
    body = rss(*insides).encode()
    kept = {index % len(insides) for index in chosen}
    try:
        entries_of(body)
    except (KeyError, IndexError):
        # feedparser stumbles over the whole already, and there is nothing to compare with.
        assume(False)
    assert same_when_cut(body, kept)


@given(anything.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=100))
def test_any_bytes_are_cut_only_where_entries_stand(body: bytes) -> None:
    for whole in (body, rss("1", "2").encode()[:-20] + body):
        items, _ = find_items(whole)
        assert without(whole, items or [], range(len(items or []))) == whole


# --------------------------------------------------------------------------- reading what is new


def read(body: str | bytes, last: ParsedFeed | None = None) -> ParsedFeed:
    """Read a body, after the last one where there is one."""
    return read_feed(SOURCE, fetched(body), last.items if last else {})


def story(number: int, rest: str = "") -> str:
    return item(f"خبر رقم {number} من أخبار الواحة", f"/{number}", f"<guid>{number}</guid>{rest}")


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.encode(), id="utf-8"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="utf-8-with-mark"),
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param(lambda text: text.replace("utf-8", "windows-1256").encode("cp1256"), id="windows-1256"),
        pytest.param(lambda text: text.replace("utf-8", "us-ascii").encode("cp1256"), id="windows-1256-undeclared"),
    ],
)  # fmt: skip
def test_only_new_entries_are_read_whatever_the_bytes_are_in(encode: Callable[[str], bytes]) -> None:
    first = read(encode(rss(story(1), story(2))))
    second = read(encode(rss(story(3), story(1), story(2))), first)
    assert [draft.url for draft in first.drafts] == ["https://waha.example/1", "https://waha.example/2"]
    assert [draft.title for draft in second.drafts] == ["خبر رقم 3 من أخبار الواحة"]
    assert (first.entries, second.entries) == (2, 3)
    assert read(encode(rss(story(2), story(1), story(3))), second).drafts == ()


def test_a_body_of_another_encoding_holds_the_same_entries() -> None:
    first = read(rss(story(1)).encode("utf-16"))
    assert read(rss(story(1)), first).drafts == ()


@pytest.mark.parametrize("kind", _FEEDS)
def test_entries_of_each_kind_are_read_once(kind: str) -> None:
    first = read(_FEEDS[kind])
    assert len(first.items) == first.entries >= 4
    second = read(_FEEDS[kind], first)
    assert (second.drafts, second.items, second.entries) == ((), first.items, first.entries)


def test_entries_that_left_the_feed_are_forgotten() -> None:
    first = read(rss(story(1), story(2)))
    second = read(rss(story(2), story(3)), first)
    assert len(second.items) == 2
    assert [draft.url for draft in read(rss(story(1), story(2), story(3)), second).drafts] == ["https://waha.example/1"]  # fmt: skip


def test_an_entry_whose_bytes_changed_is_read_again() -> None:
    first = read(rss(story(1), story(2)))
    [draft] = read(rss(story(1), story(2, "<description>تحديث جديد</description>")), first).drafts
    assert (draft.url, draft.summary) == ("https://waha.example/2", "تحديث جديد")


def test_an_entry_without_anything_to_show_is_counted_once() -> None:
    first = read(rss(story(1), "<title>بلا رابط</title>"))
    assert (first.entries, first.skipped, len(first.drafts)) == (2, 1, 1)
    second = read(rss(story(2), story(1), "<title>بلا رابط</title>"), first)
    assert (second.entries, second.skipped, len(second.drafts)) == (3, 0, 1)


def test_an_empty_entry_is_one_that_has_nothing_to_show() -> None:
    body = rss(story(1), story(2)).replace("<item>", "<item/><item>", 1)
    feed = read(body)
    assert (feed.entries, feed.skipped, len(feed.drafts)) == (3, 1, 2)
    assert read(body, feed).drafts == ()


def test_copies_of_an_entry_are_one() -> None:
    feed = read(rss(story(1), story(2), story(1)))
    assert (feed.entries, len(feed.drafts), len(feed.items)) == (3, 2, 2)
    assert read(rss(story(1), story(1), story(2)), feed).drafts == ()


def test_an_archive_is_read_bit_by_bit() -> None:
    archive = [story(number) for number in range(MOST_ENTRIES + 5)]
    first = read(rss(*archive))
    assert (first.entries, len(first.drafts), len(first.items)) == (
        MOST_ENTRIES + 5,
        MOST_ENTRIES,
        MOST_ENTRIES,
    )
    second = read(rss(story(-1), *archive), first)
    numbers = [-1, *range(MOST_ENTRIES, MOST_ENTRIES + 5)]
    assert [draft.url for draft in second.drafts] == [f"https://waha.example/{number}" for number in numbers]
    assert read(rss(story(-1), *archive), second).drafts == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rss(story(1), story(2, "&nbsp;")), id="not-well-formed"),
        pytest.param(rss(story(1), story(2)).replace("?>", "?><!DOCTYPE rss>", 1), id="document-type"),
        pytest.param(rss(story(1), story(2), f"<item>{story(3)}</item>"), id="entry-in-an-entry"),
        pytest.param(rss(story(1), story(2)).replace("</channel>", "<x:item xmlns:x='urn:x'/></channel>"), id="entry-of-no-feed"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_is_read_whole_each_time(body: str) -> None:
    first = read(body)
    assert first.items == {}
    assert [draft.url for draft in first.drafts][:2] == ["https://waha.example/1", "https://waha.example/2"]
    assert read(body, first) == first


def test_a_feed_that_was_read_whole_may_be_cut_later_and_the_other_way_round() -> None:
    sound, damaged = rss(story(1), story(2)), rss(story(1), story(2), "&nbsp;")
    first = read(damaged)
    second = read(sound, first)
    third = read(damaged, second)
    assert [len(feed.drafts) for feed in (first, second, third)] == [2, 2, 2]
    assert [bool(feed.items) for feed in (first, second, third)] == [False, True, False]


def test_what_was_mended_is_said_each_time() -> None:
    damaged = rss(story(1), "&nbsp;")
    assert read(damaged).repair.startswith("is not well-formed XML (")
    assert read(rss(story(1))).repair == ""
    legacy = rss(story(1)).replace("utf-8", "us-ascii").encode("cp1256")
    first = read(legacy)
    assert first.repair.startswith("is windows-1256 but says")
    assert read(legacy, first).repair == first.repair


@pytest.mark.parametrize(
    ("known", "new"),
    [
        pytest.param(item("عاجل", "/1", "<guid>1</guid>"), item("عاجل آخر", "/2", "<guid>1</guid>"), id="guid"),
        pytest.param(item("عاجل", "/1", "<guid>1</guid>"), item("عاجل آخر", "/1", "<guid>2</guid>"), id="link"),
        pytest.param(item("عاجل", "/1", "<guid>1</guid>"), item("عاجل", "/1", "<guid>1</guid><category>س</category>"), id="all"),
    ],
)  # fmt: skip
def test_a_name_that_a_new_entry_shares_with_a_known_one_tells_nothing(known: str, new: str) -> None:
    whole = read(rss(new, known))
    trimmed = read(rss(new, known), read(rss(known)))
    assert trimmed.drafts == whole.drafts[:1]


@pytest.mark.parametrize("end", ["", "</x>" * 5000], ids=["never closed", "closed"])
def test_what_is_nested_too_deep_to_be_a_feed_is_refused(end: str) -> None:
    with pytest.raises(FeedError, match="nested more than"):
        find_items(f"<rss><channel>{'<x>' * 5000}{end}</channel></rss>".encode())


def test_a_feed_may_be_nested_as_deep_as_feeds_are() -> None:
    content = "<div>" * 300 + "متن" + "</div>" * 300
    body = f"<rss><channel><item><title>x</title><d>{content}</d></item></channel></rss>".encode()
    items, _ = find_items(body)
    assert items is not None
    assert len(items) == 1
