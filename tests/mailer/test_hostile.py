"""Hostile words in every place that a feed, a configuration or a reader can fill: they stay words."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mailer.harmless import NO_LINK, harmless_url
from digest.mailer.mime import Assembler
from digest.mailer.render import render
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN, shown
from digest.model import Edition, Message, Newsletter, Reader
from digest.text.bidi import FSI, LRI, PDI, RLI
from tests.mailer.making import (
    ARABIC,
    COMPOSED,
    ENGLISH,
    ENVELOPE,
    READER,
    app,
    article,
    edition,
    page,
    seen,
    seen_page,
    story,
    update,
)
from tests.mailer.newsletters import BOTH_WAYS

_CALM = "خبر هادئ"
_BASE = "https://mujaz.example"
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff\ufff9-\ufffb]"
)
_OTHER = Reader(
    delivery_id=8,
    email="omar@example.org",
    name="عمر",
    unsubscribe_url="https://example.org/u?t=OTHER-ONE&k=c",
    preferences_url="https://example.org/p?t=OTHER-TWO",
)
_ONE = replace(READER, preferences_url="https://example.org/p?t=own")

_HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("</title></style></td></tr></table></body></html><h1>صفحة</h1>", id="closing tags"),
    pytest.param("<!-- <![endif]--> <![CDATA[ ]]> <!--[if mso]>", id="comments"),
    pytest.param("{{ 7*7 }} {% raw %} {# x #}", id="template marks"),
    pytest.param(UNSUBSCRIBE_TOKEN, id="the unsubscribe token"),
    pytest.param(f"{PREFERENCES_TOKEN}__READER_NAME__", id="the other tokens"),
    pytest.param(f"_{UNSUBSCRIBE_TOKEN}_", id="a token between underscores"),
    pytest.param("__UNSUB\u200bSCRIBE_URL__ __UNSUBSCRIBE\0_URL__", id="a token with what is taken out"),
    pytest.param("__UNSUBSCRIBE&#95;URL__ &lt;b&gt; &amp;", id="entities"),
    pytest.param("قمة \u202eالرياض\u202c \u202dabc", id="overrides"),
    pytest.param("قمة \u2067بلا نهاية", id="an isolate that stays open"),
    pytest.param("قمة \u2069\u2069\u2069 الرياض", id="isolates that were never opened"),
    pytest.param("قمة\0الرياض\x07\x1b[31m", id="NUL, BEL, ESC"),
    pytest.param("قمة\x85الرياض\x9b31m\x80", id="NEL and C1"),
    pytest.param("قمة\u2028الرياض\u2029اليوم\x0bغداً\x0cبعده", id="line separators"),
    pytest.param("قمة\r\nBcc: victim@example.org\r\n\r\nنص", id="CR LF, Arabic"),
    pytest.param("Summit\r\nBcc: victim@example.org\r\n\r\nbody", id="CR LF, all ASCII"),
    pytest.param("س" * 1000, id="a long word"),
    pytest.param("X" * 1000, id="a long Latin word"),
    pytest.param("قمة\ud800 \udfff", id="halves of a character"),
    pytest.param('" onmouseover="alert(1)" x="', id="an attribute"),
    pytest.param("' onmouseover='alert(1)' x='", id="an attribute in apostrophes"),
    pytest.param("ق" + "\u0651\u064e" * 400 + "Z" + "\u0351" * 400, id="a flood of marks"),
    pytest.param("ق\u200d\u200c\u200b\u2060\ufeff" * 80, id="a flood of what has no width"),
    pytest.param("👨\u200d👩\u200d👧\u200d👦 خبر 🏳\ufe0f\u200d🌈 🇪🇬", id="families of emoji"),
    pytest.param("=?utf-8?b?2YXYsdit2KjYpw==?=", id="an encoded word"),
    pytest.param("%s %(x)s {n} {0} {title}", id="format marks"),
    pytest.param(".\r\nMAIL FROM:<x>", id="an SMTP command"),
    pytest.param("--mujaz-0\r\nContent-Type: text/html", id="a MIME boundary"),
]  # fmt: skip


def _saying(text: str, url: str = "https://news.example.org/1?a=1") -> Edition:
    """Return an edition in which feeds say `text` wherever a feed can say something."""
    stories = []
    for number, region in enumerate(("gulf", "europe", "asia", "africa")):
        first = replace(article(number, outlet=text, title=text), url=url)
        made = replace(story(number, region, headline=text, summary=text), articles=(first,))
        stories.append(update(made, text) if number == 1 else made)
    return edition([stories[:1], stories[1:2]], stories[2:])


def _newsletter_saying(text: str, newsletter: Newsletter) -> Newsletter:
    return replace(newsletter, title=text, tagline=text, postal_address=text)


def _render(made: Edition, newsletter: Newsletter = ARABIC, region_name: str = "") -> Message:
    known = app()
    names = dict(known.settings.regions)
    if region_name:
        names = {key: replace(one, name={"ar": region_name, "en": region_name}) for key, one in names.items()}
    language = known.language(newsletter.locale)
    return render(made, newsletter, newsletter.regions, names, language, known.templates, _BASE)


@cache
def _calm(newsletter: Newsletter) -> Message:
    """Return the letter beside which every hostile one is looked at; it never changes."""
    return _render(_saying(_CALM), newsletter)


def _raw(message: Message, reader: Reader = _ONE) -> bytes:
    return Assembler(ENVELOPE).raw(message, reader, "daily-2026-11-22", "default", COMPOSED)


def _parsed(message: Message, reader: Reader = _ONE) -> EmailMessage:
    return message_from_bytes(_raw(message, reader), policy=policy.default)


def _parts(message: Message, reader: Reader) -> str:
    parsed = _parsed(message, reader)
    bodies = [parsed.get_body((kind,)) for kind in ("html", "plain")]
    return "\n".join(str(body.get_content()) for body in bodies if body is not None)


def _shape(html: str) -> list[str]:
    """Return the page's elements in their order, but for the spans that hold runs together."""
    return [str(element.tag) for element in page(html).iter() if element.tag != "span"]


def _check(calm: Message, message: Message) -> None:
    assert _shape(message.html) == _shape(calm.html)
    root = page(message.html)
    assert root.xpath("//@*[starts-with(name(), 'on')]") == []
    assert [url for url in root.xpath("//@href | //@src") if not re.match(r"https?://|#|__", url)] == []
    assert not _FORBIDDEN.search(message.html + message.text + message.subject)
    _check_headers(calm, message)
    _check_direction(message)
    _check_others(calm, message)


def _check_headers(calm: Message, message: Message) -> None:
    parsed = _parsed(message)
    assert parsed.keys() == _parsed(calm).keys()
    assert str(parsed["Subject"]) == message.subject
    assert len(message.subject.splitlines()) == 1
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not parsed.defects


def _check_direction(message: Message) -> None:
    """Every isolate ends in the line and in the element in which it began."""
    texts = [message.subject, *message.text.split("\n"), *page(message.html).itertext()]
    for text in texts:
        depth = 0
        for char in text:
            depth += (char in LRI + RLI + FSI) - (char == PDI)
            assert depth >= 0
        assert depth == 0, text


def _check_others(calm: Message, message: Message) -> None:
    """What one reader gets differs from what another gets in their own words only, as often as in a calm letter."""
    own = {token: getattr(_ONE, name) for token, name in _OWN.items()}
    others = {token: getattr(_OTHER, name) for token, name in _OWN.items()}
    one, other = _parts(message, _ONE), _parts(message, _OTHER)
    for token in _OWN:
        for text in (_escaped(own[token]), own[token]):
            one = one.replace(text, token)
        for text in (_escaped(others[token]), others[token]):
            other = other.replace(text, token)
        for kind in ("html", "text"):
            assert getattr(message, kind).count(token) == getattr(calm, kind).count(token)
    assert one == other
    assert "OTHER" not in _parts(message, _ONE)


_OWN = {UNSUBSCRIBE_TOKEN: "unsubscribe_url", PREFERENCES_TOKEN: "preferences_url"}


def _escaped(url: str) -> str:
    return url.replace("&", "&amp;")


# --------------------------------------------------------------------------- feeds


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
@pytest.mark.parametrize("text", _HOSTILE)
def test_what_a_feed_says_stays_text(text: str, newsletter: Newsletter) -> None:
    message = _render(_saying(text), newsletter)
    _check(_calm(newsletter), message)
    assert seen(shown(text)) in seen_page(message.html)


_PIECES = ["<", ">", "&", '"', "'", "{{", "}}", "{%", "#}", "__", "_", "UNSUBSCRIBE_URL", "PREFERENCES_URL", "\r\n", "\0", "\x85", "\u2028", "\u202e", "\u2066", "\u2069", "\u200d", "\u0651", "\ud800", "<b>", "</td>", "<!--", "-->", "<style>", "س", "سين ", "A", " 3-1 ", "3.2%", "C++", "😀", "%", "\\", "`", "https://a.example/?", "=?", "?="]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=14).map(lambda pieces: "س" + "".join(pieces)),
    st.sampled_from([ARABIC, ENGLISH]),
)
def test_no_mixture_breaks_out(text: str, newsletter: Newsletter) -> None:
    _check(_calm(newsletter), _render(_saying(text), newsletter))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=40).filter(shown))
def test_any_text_stays_text(text: str) -> None:
    _check(_calm(ARABIC), _render(_saying(text)))


def test_a_word_of_5000_letters_shortens_the_letter_and_leaves_it_whole() -> None:
    for word in ("س" * 5000, "X" * 5000):
        message = _render(_saying(word))
        assert {"__UNSUBSCRIBE_URL__", "__PREFERENCES_URL__"} <= set(page(message.html).xpath("//a/@href"))
        assert len(seen(message.subject)) <= 70
        _check_direction(message)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("👨\u200d👩\u200d👧\u200d👦", "👨\u200d👩\u200d👧\u200d👦", id="a family"),
        pytest.param("🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈", id="a flag of two"),
        pytest.param("👍🏽", "👍🏽", id="a skin tone"),
    ],
)
def test_emoji_stay_whole(text: str, kept: str) -> None:
    made = edition([[story(1, headline=f"{text} خبر {text * 30}", summary=f"خبر {text}")]])
    message = _render(made)
    assert kept in message.html
    assert message.subject.count(text) * len(text) == len(
        re.sub("[^\U0001f000-\U0001ffff\u200d\ufe0f]", "", message.subject)
    )


# --------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://a.example/1?b=c&d=e#f", "https://a.example/1?b=c&d=e#f", id="an address"),
        pytest.param("http://a.example/خبر", "http://a.example/%D8%AE%D8%A8%D8%B1", id="Arabic in it"),
        pytest.param("http://مثال.example/?x=%D8", "http://xn--mgbh0fb.example/?x=%D8", id="an Arabic host"),
        pytest.param("http://" + "س" * 90 + "/", NO_LINK, id="a host that is too long"),
        pytest.param(" https://a.example/ ", "https://a.example/", id="spaces around"),
        pytest.param("https://a.example/a b\r\nc", "https://a.example/a%20b%0D%0Ac", id="line ends"),
        pytest.param("https://a.example/\u202e\u2028x", "https://a.example/%E2%80%AE%E2%80%A8x", id="an override"),
        pytest.param("https://a.example/\ud800", "https://a.example/%3F", id="half a character"),
        pytest.param("javascript:alert(1)", NO_LINK, id="javascript"),
        pytest.param("JaVaScRiPt:alert(1)//https://", NO_LINK, id="javascript in capitals"),
        pytest.param("java\nscript:alert(1)", NO_LINK, id="javascript in two lines"),
        pytest.param("data:text/html,<script>alert(1)</script>", NO_LINK, id="data"),
        pytest.param("vbscript:msgbox(1)", NO_LINK, id="vbscript"),
        pytest.param("//a.example/", NO_LINK, id="no scheme"),
        pytest.param("https:///", NO_LINK, id="no host"),
        pytest.param("", NO_LINK, id="nothing"),
    ],
)  # fmt: skip
def test_an_address_leads_to_the_web_or_nowhere(url: str, expected: str) -> None:
    assert harmless_url(url) == expected
    message = _render(_saying(_CALM, url))
    _check(_calm(ARABIC), message)
    assert expected in page(message.html).xpath("//a/@href")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param('https://a.example/?b="onclick="alert(1)', id="quotation marks"),
        pytest.param("https://a.example/?b='><script>alert(1)</script>", id="markup"),
        pytest.param(
            f"https://spy.example/?to={UNSUBSCRIBE_TOKEN}{PREFERENCES_TOKEN}", id="the reader's own links"
        ),
        pytest.param("https://a.example/{{7*7}}/{%x%}", id="template marks"),
    ],
)
def test_a_hostile_address_takes_nothing_with_it(url: str) -> None:
    _check(_calm(ARABIC), _render(_saying(_CALM, url)))


def test_a_headline_leads_to_an_outlet_that_can_be_reached() -> None:
    bad = replace(article(1, outlet="شراع"), url="javascript:alert(1)")
    good = replace(article(2, outlet="النخلة"), url="https://a.example/2")
    message = _render(edition([[replace(story(1, headline=_CALM), articles=(bad, good))]]))
    [url] = page(message.html).xpath("//h2/a/@href")
    assert url == "https://a.example/2"


# --------------------------------------------------------------------------- the configuration and the reader


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
@pytest.mark.parametrize("text", _HOSTILE)
def test_what_the_configuration_says_stays_text(text: str, newsletter: Newsletter) -> None:
    message = _render(_saying(_CALM), _newsletter_saying(text, newsletter), region_name=text)
    calm = _render(_saying(_CALM), _newsletter_saying(_CALM, newsletter), region_name=_CALM)
    _check(calm, message)
    assert seen_page(message.html).count(seen(shown(text))) >= 4


@pytest.mark.parametrize("text", _HOSTILE)
def test_a_reader_s_name_stays_their_own(text: str) -> None:
    message = _render(_saying(_CALM))
    own = _raw(message, replace(_ONE, name=text))
    parsed = message_from_bytes(own, policy=policy.default)
    assert parsed.keys() == _parsed(message).keys()
    # A letter without a place for it has it nowhere; the next reader's is as if they had been alone.
    assembler = Assembler(ENVELOPE)
    assembler.raw(message, replace(_ONE, name=text), "daily-2026-11-22", "default", COMPOSED)
    after = assembler.raw(message, _OTHER, "daily-2026-11-22", "default", COMPOSED)
    assert after == _raw(message, _OTHER)
