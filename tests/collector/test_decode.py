"""Bytes to text: what a feed is written in, whatever it says of itself."""

from __future__ import annotations

import json
import pathlib
from email.message import Message

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.decode import decode
from tests.collector.samples import parse

TITLE = "افتتاح ميناء الواحة الجديد بحضور الوزراء"
FEED = f"<rss version='2.0'><channel><title>{TITLE}</title><link>https://waha.example/</link></channel></rss>"


def declared(name: str) -> str:
    return f'<?xml version="1.0" encoding="{name}"?>{FEED}'


def test_every_encoding_case_gives_the_right_headline(shared: pathlib.Path) -> None:
    folder = shared / "data" / "feeds" / "encoding"
    cases = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    wrong = []
    for name, case in cases.items():
        header = Message()
        header["Content-Type"] = case["headers"].get("content-type", "text/xml")
        drafts = parse(
            (folder / name).read_bytes(),
            content_type=header.get_content_type(),
            charset=header.get_content_charset(),
        )
        if [draft.title for draft in drafts[:1]] != [case["title"]]:
            wrong.append((case["case"], [draft.title for draft in drafts[:1]]))
    assert wrong == []
    assert len(cases) == 18


@pytest.mark.parametrize(
    ("body", "charset", "encoding", "repaired"),
    [
        pytest.param(declared("utf-8").encode(), None, "utf-8", False, id="utf-8"),
        pytest.param(FEED.encode(), None, "utf-8", False, id="utf-8-undeclared"),
        pytest.param(
            b"\xef\xbb\xbf" + declared("utf-8").encode(), None, "utf-8", False, id="utf-8-with-mark"
        ),
        pytest.param(
            b"\xef\xbb\xbf" + declared("windows-1256").encode(),
            "iso-8859-1",
            "utf-8",
            False,
            id="the-mark-beats-all-claims",
        ),
        pytest.param(declared("windows-1256").encode(), None, "utf-8", True, id="utf-8-that-says-1256"),
        pytest.param(FEED.encode(), "windows-1256", "utf-8", True, id="utf-8-that-http-calls-1256"),
        pytest.param(FEED.encode(), "iso-8859-1", "utf-8", False, id="utf-8-that-http-calls-latin"),
        pytest.param(declared("no-such").encode(), "neither", "utf-8", False, id="utf-8-with-unknown-names"),
        pytest.param(declared("utf-16").encode("utf-16"), None, "utf-16", False, id="utf-16"),
        pytest.param(
            b"\xff\xfe" + declared("utf-16").encode("utf-16-le"), None, "utf-16", False, id="utf-16-little"
        ),
        pytest.param(
            b"\xfe\xff" + declared("utf-16").encode("utf-16-be"), None, "utf-16", False, id="utf-16-big"
        ),
        pytest.param(
            declared("utf-16").encode("utf-16-le"), None, "utf-16-le", False, id="utf-16-little-unmarked"
        ),
        pytest.param(
            declared("utf-16").encode("utf-16-be"), None, "utf-16-be", False, id="utf-16-big-unmarked"
        ),
        pytest.param(declared("windows-1256").encode("cp1256"), None, "cp1256", False, id="1256"),
        pytest.param(declared("WINDOWS-1256").encode("cp1256"), None, "cp1256", False, id="1256-upper-case"),
        pytest.param(declared("windows1256").encode("cp1256"), None, "cp1256", False, id="1256-misspelt"),
        pytest.param(FEED.encode("cp1256"), "windows-1256", "cp1256", False, id="1256-by-http"),
        pytest.param(FEED.encode("cp1256"), None, "cp1256", True, id="1256-undeclared"),
        pytest.param(declared("utf-8").encode("cp1256"), "utf-8", "cp1256", True, id="1256-that-says-utf-8"),
        pytest.param(
            declared("iso-8859-1").encode("cp1256"), None, "cp1256", True, id="1256-that-says-latin"
        ),
        pytest.param(declared("us-ascii").encode("cp1256"), None, "cp1256", True, id="1256-that-says-ascii"),
        pytest.param(declared("iso-8859-6").encode("iso-8859-6"), None, "iso8859-6", False, id="iso-8859-6"),
        pytest.param(
            declared("iso-8859-6").encode("cp1256"),
            None,
            "cp1256",
            True,
            id="windows-1256-that-says-iso-8859-6",
        ),
        pytest.param(declared("hex").encode("cp1256"), None, "cp1256", True, id="1256-that-says-hex"),
        pytest.param(declared("idna").encode("cp1256"), "punycode", "cp1256", True, id="1256-says-punycode"),
        pytest.param(declared("utf-7").encode("cp1256"), "zlib", "cp1256", True, id="1256-that-says-zlib"),
    ],
)
def test_the_bytes_decide_and_not_what_they_say(
    body: bytes, charset: str | None, encoding: str, repaired: bool
) -> None:
    decoded = decode(body, charset)
    assert decoded.encoding == encoding
    assert TITLE in decoded.text
    assert bool(decoded.repair) is repaired


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(declared("utf-8").encode().replace("الواحة".encode(), b"\xd8\xff" * 2), id="bad-bytes"),
        pytest.param(declared("utf-8").partition("</title>")[0].encode()[:-1], id="cut-short"),
        pytest.param(declared("utf-8").encode().replace(b"waha", b"w\xe9ha"), id="one-latin-letter"),
        pytest.param(declared("utf-8").encode() + b"\xd8", id="half-a-letter-at-the-end"),
    ],
)
def test_damage_costs_the_damaged_letters_only(body: bytes) -> None:
    decoded = decode(body)
    assert decoded.encoding == "utf-8"
    assert "damaged" in decoded.repair
    assert "افتتاح ميناء" in decoded.text


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        pytest.param("L'Équipe gagne à Paris – été", "cp1252", "windows-1252", id="french"),
        pytest.param("L'Équipe gagne à Paris – été", "cp1252", "iso-8859-1", id="french-as-browsers-read-it"),
        pytest.param("Новости из Москвы", "cp1251", "windows-1251", id="russian"),
        pytest.param("İstanbul'da büyük zirve", "cp1254", "windows-1254", id="turkish"),
        pytest.param("新闻", "gb18030", "gb18030", id="chinese"),
        pytest.param("ニュース速報", "shift_jis", "shift_jis", id="japanese"),
    ],
)
def test_what_is_declared_holds_where_the_bytes_are_no_arabic(text: str, codec: str, name: str) -> None:
    assert text in decode(f'<?xml version="1.0" encoding="{name}"?><t>{text}</t>'.encode(codec)).text


def test_french_of_no_declared_encoding_is_read_as_latin() -> None:
    decoded = decode("<t>L'équipe a gagné à Genève</t>".encode("cp1252"))
    assert "L'équipe a gagné à Genève" in decoded.text
    assert decoded.encoding == "cp1252"
    assert decoded.repair


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(declared("windows-1256").encode("cp1256"), id="1256"),
        pytest.param(declared("utf-16").encode("utf-16"), id="utf-16"),
        pytest.param(b"\n\n  " + declared("utf-8").encode(), id="blank-lines-first"),
        pytest.param(b"\xef\xbb\xbf\n" + declared("windows-1256").encode(), id="mark-and-line-first"),
        pytest.param(FEED.encode(), id="undeclared"),
    ],
)
def test_as_utf8_is_well_formed_and_says_utf_8_once(body: bytes) -> None:
    rewritten = decode(body).as_utf8()
    assert rewritten.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<rss')
    assert rewritten.count(b"<?xml") == 1
    feed = feedparser.parse(rewritten)
    assert (feed.bozo, feed.feed.title) == (False, TITLE)


@given(st.binary(max_size=300), st.none() | st.text(max_size=20, alphabet=st.characters()))
def test_any_bytes_decode(body: bytes, charset: str | None) -> None:
    decode(body, charset).as_utf8().decode("utf-8")


CODECS = "ascii arabic base64 big5 bz2 cp65001 cp720 cp864 cp1256 hex idna latin-1 mac-arabic oem palmos punycode quopri"
CODECS += " raw_unicode_escape rot13 undefined unicode_escape utf-7 utf-8-sig utf-16 utf-16-be utf-32 uu zlib shift_jis"


@given(st.sampled_from(CODECS.split()), st.sampled_from(CODECS.split()), st.binary(max_size=100))
def test_any_bytes_decode_whatever_codec_they_claim(name: str, charset: str, rest: bytes) -> None:
    body = f'<?xml version="1.0" encoding="{name}"?>'.encode() + b"\xff" + rest
    decode(body, charset).as_utf8().decode("utf-8")


@given(st.text(alphabet=TITLE + "ءآأؤإئ،؛؟ 0123<>&", min_size=1))
def test_arabic_text_comes_back_from_each_encoding_that_declares_itself(text: str) -> None:
    body = f"<t>{TITLE} {text}</t>"
    for name in ("utf-8", "windows-1256", "iso-8859-6", "utf-16"):
        assert body in decode(f'<?xml version="1.0" encoding="{name}"?>{body}'.encode(name)).text
