"""Lists of feeds: whatever other programs write is read, and what we write comes back the same."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digest.collector.opml import FeedList, Outline, kept_fields, read_opml, write_opml
from digest.errors import InputError
from digest.model import Source
from tests.text.alphabets import anything

_FEED = "https://waha.example/rss"


def _opml(body: str, head: str = '<?xml version="1.0" encoding="utf-8"?>\n') -> bytes:
    return f'{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def _told(listed: FeedList) -> list[tuple[str, str]]:
    return [(outline.url, outline.title) for outline in listed.outlines]


# --------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        pytest.param(f'<outline type="rss" text="شراع" xmlUrl="{_FEED}"/>', [(_FEED, "شراع")], id="as the standard has it"),
        pytest.param(f'<outline text="شراع" xmlurl="{_FEED}"/>', [(_FEED, "شراع")], id="no type, small letters"),
        pytest.param(f'<outline text="شراع" XMLURL="{_FEED}"/>', [(_FEED, "شراع")], id="capitals"),
        pytest.param(f'<OUTLINE TITLE="شراع" XmlUrl="{_FEED}"/>', [(_FEED, "شراع")], id="the element in capitals"),
        pytest.param(f'<outline text="a" title="b" xmlUrl="{_FEED}"/>', [(_FEED, "b")], id="title before text"),
        pytest.param(f'<outline xmlUrl=" {_FEED}\n"/>', [(_FEED, "")], id="space around, no name"),
        pytest.param(f'<outline type="rss" text="a" url="{_FEED}"/>', [(_FEED, "a")], id="url of a feed"),
        pytest.param('<outline type="link" text="a" url="https://waha.example/"/>', [], id="url of a page"),
        pytest.param('<outline type="include" text="a" url="https://waha.example/x.opml"/>', [], id="url of a list"),
        pytest.param('<outline text="folder"/>', [], id="an empty folder"),
        pytest.param('<outline text="a" xmlUrl=""/>', [], id="an empty address"),
        pytest.param(f'<outline text="a"><outline text="b"><outline text="c" xmlUrl="{_FEED}"/></outline></outline>', [(_FEED, "c")], id="folders in folders"),
        pytest.param(f'<outline text="a" xmlUrl="{_FEED}"><outline text="b" xmlUrl="{_FEED}/2"/></outline>', [(_FEED, "a"), (f"{_FEED}/2", "b")], id="a feed in a feed"),
        pytest.param(f'<!-- x --><?y z?><outline text="a" xmlUrl="{_FEED}"/>', [(_FEED, "a")], id="comments and instructions"),
        pytest.param(f'<outline text="a" xmlUrl="{_FEED}?a=1&amp;b=2"/>', [(f"{_FEED}?a=1&b=2", "a")], id="an escaped ampersand"),
        pytest.param(f'<outline text="a & b" xmlUrl="{_FEED}?a=1&b=2&copy=3"/>', [(f"{_FEED}?a=1&b=2&copy=3", "a & b")], id="bare ampersands"),
        pytest.param(f'<outline text="caf&eacute;&nbsp;&#x627;&#1604; &LT;" xmlUrl="{_FEED}"/>', [(_FEED, "café\xa0ال <")], id="HTML's entities"),
        pytest.param(f'<outline text="&quot;a&quot; &lt;b&gt;" xmlUrl="{_FEED}"/>', [(_FEED, '"a" <b>')], id="XML's entities"),
        pytest.param(f'<outline text="&amp;eacute;" xmlUrl="{_FEED}"/>', [(_FEED, "&eacute;")], id="escaped twice stays once"),
        pytest.param(f'<outline text="a&#0;\x0bb" xmlUrl="{_FEED}"/>', [(_FEED, "ab")], id="characters that XML has not"),
        pytest.param("", [], id="nothing in it"),
    ],
)  # fmt: skip
def test_feeds_are_found(outline: str, expected: list[tuple[str, str]]) -> None:
    assert _told(read_opml(_opml(outline))) == expected


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        pytest.param("utf-8", "utf-8", id="utf-8"),
        pytest.param("utf-8-sig", "utf-8", id="utf-8 with a mark"),
        pytest.param("utf-16", "utf-16", id="utf-16"),
        pytest.param("windows-1256", "windows-1256", id="windows-1256"),
        pytest.param("windows-1256", "utf-8", id="windows-1256 that says utf-8"),
        pytest.param("utf-8", "windows-1256", id="utf-8 that says windows-1256"),
        pytest.param("iso-8859-6", "iso-8859-6", id="iso-8859-6"),
    ],
)
def test_any_encoding_is_read(codec: str, declared: str) -> None:
    names = "وكالة شراع للأنباء وصحيفة النخلة وصوت الزيتونة"
    outline = f'<outline text="{names}" xmlUrl="{_FEED}"/>'
    raw = _opml(outline, head=f'<?xml version="1.0" encoding="{declared}"?>\n').decode().encode(codec)
    assert _told(read_opml(raw)) == [(_FEED, names)]


@pytest.mark.parametrize(
    ("head", "line"),
    [
        pytest.param('<?xml version="1.0"?>\n', 4, id="a declaration on its own line"),
        pytest.param('<?xml version="1.0"?>', 3, id="a declaration before the first element"),
        pytest.param("", 3, id="no declaration"),
        pytest.param('\n\n<?xml version="1.0"?>\n\n', 7, id="empty lines around it"),
        pytest.param('<?xml version="1.0"\n?>\n<!DOCTYPE opml>\n', 6, id="a document type"),
    ],
)
def test_lines_are_the_files_own(head: str, line: int) -> None:
    [outline] = read_opml(_opml(f'\n\n<outline xmlUrl="{_FEED}"/>', head=head)).outlines
    assert outline.line == line


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        pytest.param(b"", "is no OPML: ", id="nothing"),
        pytest.param(b"feeds: none", "is no OPML: line 1", id="plain text"),
        pytest.param(b"<rss version='2.0'><channel/></rss>", "is no OPML: its first element is <rss>", id="a feed"),
        pytest.param(b"\x00\xff\xfe\x01", "is no OPML", id="no text at all"),
        pytest.param(b'{"outline": 1}', "is no OPML", id="JSON"),
    ],
)  # fmt: skip
def test_what_is_no_opml_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_opml(raw)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("tail", "line"),
    [
        pytest.param(f'\n<outline text="b" xmlUrl="{_FEED}/2">', 3, id="an element without end"),
        pytest.param('\n<outline text="a < b" x/>', 3, id="an attribute without value"),
    ],
)
def test_of_a_damaged_file_the_rest_is_read_and_the_damage_is_told(tail: str, line: int) -> None:
    listed = read_opml(_opml(f'<outline text="a" xmlUrl="{_FEED}"/>{tail}'))
    assert _told(listed)[0] == (_FEED, "a")
    assert listed.damage.startswith(f"line {line}: ")
    assert read_opml(_opml("")).damage == ""


_LEVELS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(f'<!DOCTYPE opml [<!ENTITY l0 "ha">{_LEVELS}<!ENTITY evil "&l11;">]>', id="entities that grow"),
        pytest.param(f'<!DOCTYPE opml [<!ENTITY evil "{"x" * 100_000}">]>', id="a long entity"),
        pytest.param('<!DOCTYPE opml [<!ENTITY evil SYSTEM "file:///etc/hostname">]>', id="a file"),
        pytest.param('<!DOCTYPE opml [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>', id="a parameter entity"),
        pytest.param('<!DOCTYPE opml SYSTEM "http://127.0.0.1:9/opml.dtd">', id="a document type from elsewhere"),
    ],
)  # fmt: skip
def test_no_entity_grows_or_reaches_anything(head: str) -> None:
    listed = read_opml(_opml(f'<outline text="[&evil;&evil;]" xmlUrl="{_FEED}"/>', head=head))
    assert [outline.title for outline in listed.outlines] in (["[&evil;&evil;]"], [])
    # What cannot be read without loading something is told, and not loaded.
    assert listed.outlines or listed.damage


def test_nesting_without_end_does_no_harm() -> None:
    deep = '<outline text="a">' * 50_000
    listed = read_opml(_opml(f'<outline xmlUrl="{_FEED}"/>{deep}'))
    assert _told(listed) == [(_FEED, "")]
    assert listed.damage


@given(
    raw=st.binary(max_size=200) | anything.map(lambda text: _opml(text.encode("utf-8", "replace").decode()))
)
def test_nothing_but_input_errors_comes_of_any_bytes(raw: bytes) -> None:
    listed = FeedList(outlines=())
    with contextlib.suppress(InputError):
        listed = read_opml(raw)
    assert all(outline.url and outline.line >= 1 for outline in listed.outlines)


# --------------------------------------------------------------------------- writing

#: What XML can hold and the settings take.
_text = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\n\t&<>\"'"),
    min_size=1,
)  # fmt: skip
_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True)
_sources = st.builds(
    Source,
    id=_ids,
    outlet=_text,
    name=_text,
    url=_ids.map(lambda name: f"https://{name}.example/rss?a=1&b=<2>"),
    country=st.sampled_from(["SA", "ZZ", "MA"]),
    language=st.sampled_from(["ar", "fa", "und", "en-GB"]),
    weight=st.floats(min_value=0, max_value=10, exclude_min=True),
    regions=st.lists(st.sampled_from(["gulf", "levant", "asia"]), unique=True).map(tuple),
    timezone=st.sampled_from([None, "Asia/Riyadh", "Africa/Casablanca"]),
    full_text=st.booleans(),
    enabled=st.booleans(),
)


def _source(outline: Outline) -> Source:
    fields: dict[str, Any] = {**kept_fields(outline)}
    return Source(url=outline.url, **{**fields, "regions": tuple(fields.get("regions", ()))})


@given(sources=st.lists(_sources, max_size=6))
def test_what_is_written_comes_back_the_same_in_the_same_order(sources: list[Source]) -> None:
    listed = read_opml(write_opml(sources, "موجز"))
    assert [_source(outline) for outline in listed.outlines] == sources
    assert listed.damage == ""


def test_other_programs_find_what_the_standard_asks_for() -> None:
    def source(name: str, outlet: str) -> Source:
        return Source(id=name, outlet=outlet, name=f"{outlet} {name}", url=f"{_FEED}/{name}", country="SA")

    root = etree.fromstring(
        write_opml([source("a", "شراع"), source("b", "شراع"), source("c", "ورّاق")], "قائمة")
    )
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "قائمة")
    folders = root.findall("body/outline")
    assert [folder.get("text") for folder in folders] == ["شراع", "ورّاق"]
    feeds = [[one.get("xmlUrl") for one in folder] for folder in folders]
    assert feeds == [[f"{_FEED}/a", f"{_FEED}/b"], [f"{_FEED}/c"]]
    assert {(one.get("type"), one.get("text")) for one in folders[1]} == {("rss", "ورّاق c")}


@given(title=anything, outlet=anything)
def test_no_character_breaks_the_file(title: str, outlet: str) -> None:
    source = Source(id="a", outlet=outlet, name=outlet, url=_FEED, country="SA")
    root = etree.fromstring(write_opml([source], title))
    assert root.find("body/outline/outline").get("xmlUrl") == _FEED


@pytest.mark.parametrize(
    ("kept", "fields"),
    [
        pytest.param({}, {}, id="somebody else's list"),
        pytest.param({"weight": "1.25", "full_text": "true", "regions": "gulf asia"}, {"weight": 1.25, "full_text": True, "regions": ["gulf", "asia"]}, id="in their shapes"),
        pytest.param({"weight": "heavy", "enabled": "perhaps"}, {"weight": "heavy", "enabled": "perhaps"}, id="what is wrong stays, for the settings to refuse"),
        pytest.param({"colour": "red", "id": "waha"}, {"id": "waha"}, id="what nobody knows is passed over"),
    ],
)  # fmt: skip
def test_kept_fields_have_their_shapes(kept: dict[str, str], fields: dict[str, object]) -> None:
    assert kept_fields(Outline(line=1, url=_FEED, kept=kept)) == fields
