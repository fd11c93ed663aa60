"""A reader's message: built once, with the reader's own words in the right places of its base64."""

from __future__ import annotations

import base64
import email
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default as default_policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.mailer.mime import Assembler, fill_tokens
from digest.mailer.tokens import NAME_PLACE
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader
from tests.conftest import NOW
from tests.samples import ENVELOPE, message

_READER = Reader(
    delivery_id=7,
    email="layla@example.org",
    name="ليلى",
    unsubscribe_url="https://news.example/u?a=1&b=2",
    preferences_url="https://news.example/p?a=1&b=2",
)
_WORDS = st.text(st.sampled_from("abc .\n\r<>&=_-ء\u0627\u0644\u0652\u200f«»🌍"), max_size=70)
#: A text of pieces with a token between each two.
_TEXTS = st.lists(_WORDS, min_size=1, max_size=5).map(UNSUBSCRIBE_TOKEN.join)
_LINKS = st.text(st.sampled_from('abcXYZ0189/?&=%-._~"<>'), max_size=90).map("https://n.example/".__add__)


def _raw(made: Message, reader: Reader = _READER) -> bytes:
    return Assembler(ENVELOPE).raw(made, reader, "mujaz-2026-11-22", "default", NOW)


def _parse(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=default_policy)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    # Servers that guard against smuggling refuse a line end of one character.
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    return parsed


def _bodies(raw: bytes) -> list[bytes]:
    """Return the two bodies as they stand in the message, still in base64."""
    boundary = _parse(raw).get_boundary()
    assert boundary is not None
    _, *parts, end = raw.split(f"--{boundary}".encode())
    assert end == b"--\r\n"
    return [part.split(b"\r\n\r\n", 1)[1] for part in parts]


def _as_attribute(link: str) -> str:
    return link.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")


def _on_the_wire(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


# --------------------------------------------------------------------------- bodies


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
@example(text=UNSUBSCRIBE_TOKEN, html=UNSUBSCRIBE_TOKEN * 3, link="https://n.example/")
@example(text="", html="", link="https://n.example/")
@example(
    text=f"a{UNSUBSCRIBE_TOKEN}b{UNSUBSCRIBE_TOKEN}",
    html=f"{UNSUBSCRIBE_TOKEN}ab",
    link="https://n.example/x",
)
def test_a_body_decodes_to_its_text_with_the_link_in_every_place(text: str, html: str, link: str) -> None:
    raw = _raw(Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link))
    plain, rich = (base64.b64decode(body.replace(b"\r\n", b""), validate=True) for body in _bodies(raw))
    assert plain.decode() == _on_the_wire(text).replace(UNSUBSCRIBE_TOKEN, link)
    assert rich.decode() == _on_the_wire(html).replace(UNSUBSCRIBE_TOKEN, _as_attribute(link))


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
def test_no_line_is_longer_than_mail_allows(text: str, html: str, link: str) -> None:
    raw = _raw(Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link))
    assert raw.endswith(b"\r\n")
    assert all(len(line) <= 76 for body in _bodies(raw) for line in body.split(b"\r\n"))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("length", range(4))
@pytest.mark.parametrize("between", range(4))
def test_a_link_may_stand_at_any_place_of_a_group(before: int, length: int, between: int) -> None:
    text = "x" * before + UNSUBSCRIBE_TOKEN + "y" * between + UNSUBSCRIBE_TOKEN
    link = "z" * length
    raw = _raw(Message(subject="س", html="", text=text), replace(_READER, unsubscribe_url=link))
    assert base64.b64decode(_bodies(raw)[0].replace(b"\r\n", b"")).decode() == text.replace(
        UNSUBSCRIBE_TOKEN, link
    )


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
def test_what_a_preview_shows_is_what_is_sent(text: str, html: str, link: str) -> None:
    made, reader = Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link)
    shown = fill_tokens(made, reader)
    decoded = [base64.b64decode(body).decode() for body in _bodies(_raw(made, reader))]
    assert decoded == [_on_the_wire(shown.text), _on_the_wire(shown.html)]


def test_the_parts_say_what_they_are() -> None:
    parsed = _parse(_raw(message()))
    assert parsed.get_content_type() == "multipart/alternative"
    assert [(part.get_content_type(), part.get_content_charset()) for part in parsed.iter_parts()] == [
        ("text/plain", "utf-8"),
        ("text/html", "utf-8"),
    ]
    assert parsed["MIME-Version"] == "1.0"


# --------------------------------------------------------------------------- several tokens

_NAMES = st.text(st.sampled_from("abc &<>\"'_ABCREADNMU\r\n\u202e\x00ليلى🌍"), max_size=40)
_PLACES = st.lists(
    st.one_of(_WORDS, st.sampled_from([UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN, NAME_PLACE])), max_size=9
).map("".join)


@given(text=_PLACES, html=_PLACES, link=_LINKS, other=_LINKS, name=_NAMES)
@example(
    text=NAME_PLACE + PREFERENCES_TOKEN + UNSUBSCRIBE_TOKEN,
    html=UNSUBSCRIBE_TOKEN + NAME_PLACE,
    link="https://n.example/",
    other="",
    name="",
)
@example(text=NAME_PLACE, html=NAME_PLACE, link="https://n.example/", other="", name=UNSUBSCRIBE_TOKEN)
def test_every_token_becomes_the_reader_s_own_word(
    text: str, html: str, link: str, other: str, name: str
) -> None:
    made = Message(subject="س", html=html, text=text)
    reader = replace(_READER, name=name, unsubscribe_url=link, preferences_url=other)
    shown = fill_tokens(made, reader)
    decoded = [base64.b64decode(body).decode() for body in _bodies(_raw(made, reader))]
    assert decoded == [_on_the_wire(shown.text), _on_the_wire(shown.html)]
    assert shown.text.count(link) >= text.count(UNSUBSCRIBE_TOKEN)
    assert shown.html.count(_as_attribute(link)) >= html.count(UNSUBSCRIBE_TOKEN)


@pytest.mark.parametrize(
    ("name", "in_text", "in_html"),
    [
        pytest.param("ليلى", "ليلى", "ليلى", id="a name"),
        pytest.param('<b>"Tom" & co', '<b>"Tom" & co', "&lt;b&gt;&quot;Tom&quot; &amp; co", id="markup"),
        pytest.param("a\r\nb\u2028c", "a b c", "a b c", id="lines"),
        pytest.param("\u202eevil", "evil", "evil", id="an override"),
        pytest.param(
            UNSUBSCRIBE_TOKEN,
            "_\N{WORD JOINER}_UNSUBSCRIBE_URL__",
            "_\N{WORD JOINER}_UNSUBSCRIBE_URL__",
            id="a token of ours",
        ),
    ],
)
def test_a_name_is_a_line_in_its_own_direction(name: str, in_text: str, in_html: str) -> None:
    filled = fill_tokens(Message(subject="س", html=NAME_PLACE, text=NAME_PLACE), replace(_READER, name=name))
    assert filled.text == f"\N{FIRST STRONG ISOLATE}{in_text}\N{POP DIRECTIONAL ISOLATE}"
    assert filled.html == f"\N{FIRST STRONG ISOLATE}{in_html}\N{POP DIRECTIONAL ISOLATE}"


def test_nothing_stands_where_there_is_no_name() -> None:
    nameless = replace(_READER, name="")
    filled = fill_tokens(Message(subject="س", html=f"({NAME_PLACE})", text=f"[{NAME_PLACE}]"), nameless)
    assert (filled.html, filled.text) == ("()", "[]")


# --------------------------------------------------------------------------- one build for all readers


def test_equal_arguments_give_equal_bytes() -> None:
    one, other = Assembler(ENVELOPE), Assembler(ENVELOPE)
    arguments = (message(), _READER, "e1", "default", NOW)
    assert one.raw(*arguments) == one.raw(*arguments) == other.raw(*arguments)


def test_readers_differ_in_their_own_words_only() -> None:
    assembler = Assembler(ENVELOPE)
    one, other = (
        assembler.raw(
            message(),
            replace(_READER, delivery_id=number, unsubscribe_url=f"https://n.example/{number}"),
            "e1",
            "v",
            NOW,
        )
        for number in (1, 2)
    )
    lines = list(zip(one.split(b"\r\n"), other.split(b"\r\n"), strict=True))
    differing = [pair[0].partition(b":")[0] for pair in lines if pair[0] != pair[1]]
    assert differing[:2] == [b"Message-ID", b"List-Unsubscribe"]
    assert 2 < len(differing) <= 6


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(("e2", "default"), id="another edition"),
        pytest.param(("e1", "gulf"), id="another variant"),
    ],
)
def test_another_edition_or_variant_is_another_message(key: tuple[str, str]) -> None:
    assembler = Assembler(ENVELOPE)
    first = assembler.raw(message("أولى"), _READER, "e1", "default", NOW)
    second = assembler.raw(message("ثانية"), _READER, *key, NOW)
    assert _parse(first)["Subject"] == message("أولى").subject
    assert _parse(second)["Subject"] == message("ثانية").subject


_READERS = st.builds(
    Reader,
    delivery_id=st.integers(0, 10**9),
    email=st.sampled_from(["a@example.org", "b@example.org", "قارئ@example.org"]),
    name=_NAMES,
    unsubscribe_url=_LINKS,
    preferences_url=_LINKS,
)
_ALL_TOKENS = Message(
    subject="س",
    html=f"<p>{NAME_PLACE}</p>{PREFERENCES_TOKEN} {UNSUBSCRIBE_TOKEN}",
    text=f"{NAME_PLACE}\n{PREFERENCES_TOKEN}\n{UNSUBSCRIBE_TOKEN}",
)


@given(readers=st.lists(_READERS, min_size=2, max_size=6))
def test_a_message_does_not_depend_on_who_was_written_to_before(readers: list[Reader]) -> None:
    shared = Assembler(ENVELOPE)
    one_after_another = [shared.raw(_ALL_TOKENS, reader, "e1", "default", NOW) for reader in readers]
    each_alone = [Assembler(ENVELOPE).raw(_ALL_TOKENS, reader, "e1", "default", NOW) for reader in readers]
    assert one_after_another == each_alone


def test_an_equal_moment_of_another_zone_is_dated_alike() -> None:
    riyadh = NOW.astimezone(ZoneInfo("Asia/Riyadh"))
    assert Assembler(ENVELOPE).raw(message(), _READER, "e1", "v", riyadh) == Assembler(ENVELOPE).raw(
        message(), _READER, "e1", "v", NOW
    )
