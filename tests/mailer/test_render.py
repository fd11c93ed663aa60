"""A rendered message: direction, hostile text, the text twin, and what stands isolated."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mailer.render import wrap_text
from digest.mailer.view import UNSUBSCRIBE_TOKEN, shown
from digest.model import Edition, Message, Newsletter
from digest.text.bidi import FSI, LRI, PDI, RLI, starts_rtl
from tests.mailer.making import (
    ARABIC,
    ENGLISH,
    article,
    edition,
    full_edition,
    page,
    raw,
    rendered,
    seen,
    seen_page,
    story,
    viewed,
)

_BOTH = [pytest.param(ARABIC, id="Arabic"), pytest.param(ENGLISH, id="English")]
_LETTER = "\N{ARABIC LETTER SEEN}"

# --------------------------------------------------------------------------- direction


@pytest.mark.parametrize(
    ("newsletter", "lang", "direction"),
    [pytest.param(ARABIC, "ar", "rtl", id="Arabic"), pytest.param(ENGLISH, "en", "ltr", id="English")],
)
def test_html_body_and_an_inner_wrapper_say_language_and_direction(
    newsletter: Newsletter, lang: str, direction: str
) -> None:
    root = page(rendered(full_edition(), newsletter).html)
    body = root.find("body")
    for element in (root, body, body[0]):
        assert (element.get("lang"), element.get("dir")) == (lang, direction)
    # All that is to be read is in the wrapper, whatever becomes of body.
    assert seen(body.text_content()) == seen(body[0].text_content())


def test_a_headline_of_the_other_direction_says_so() -> None:
    made = edition([[story(1, headline="Oman opens a new port at Duqm", summary="It will open in May.")]])
    [link] = page(rendered(made).html).xpath("//a[contains(., 'Oman opens')][not(starts-with(@href, '#'))]")
    holders = [element.get("dir") for element in link.xpath("ancestor-or-self::*[@dir]")]
    assert holders[-1] == "ltr"


# --------------------------------------------------------------------------- hostile text

_HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("</td></tr></table></body></html><h1>صفحة</h1>", id="closing tags"),
    pytest.param("<!-- <![endif]--> <![CDATA[ ]]>", id="comments"),
    pytest.param("{{ 7*7 }} {% raw %} {# x #}", id="template marks"),
    pytest.param(UNSUBSCRIBE_TOKEN, id="our token"),
    pytest.param("_" + UNSUBSCRIBE_TOKEN + "_", id="our token between underscores"),
    pytest.param("__UNSUBSCRIBE&#95;URL__ &lt;b&gt; &amp;", id="entities"),
    pytest.param("قمة \N{RIGHT-TO-LEFT OVERRIDE}الرياض\N{POP DIRECTIONAL FORMATTING}", id="an override"),
    pytest.param("قمة \N{RIGHT-TO-LEFT ISOLATE}بلا نهاية", id="an isolate that stays open"),
    pytest.param("قمة\0الرياض\x07", id="NUL and BEL"),
    pytest.param("قمة\u2028الرياض\u2029اليوم\x85غداً\x0bبعده", id="line separators"),
    pytest.param("قمة\r\nBcc: victim@example.org\r\n\r\nنص", id="CR LF, Arabic"),
    pytest.param("Summit\r\nBcc: victim@example.org\r\n\r\nbody", id="CR LF, all ASCII"),
    pytest.param(_LETTER * 5000, id="5000 letters"),
    pytest.param("X" * 5000, id="5000 Latin letters"),
    pytest.param("""قال: "لا" و'نعم' « ` »""", id="quotes"),
    pytest.param('" onmouseover="alert(1)" x="', id="an attribute"),
    pytest.param("&" * 300, id="ampersands"),
    pytest.param("\ud800قمة", id="half a character"),
    pytest.param("%s %(x)s {n} {0}", id="format marks"),
    pytest.param("=?utf-8?b?2YXYsdit2KjYpw==?=", id="an encoded word"),
]


def _edition_saying(text: str, url: str = "https://news.example.org/1") -> Edition:
    """Return an edition in which a feed says `text` wherever a feed can say something."""
    stories = []
    for number, region in enumerate(("gulf", "europe", "asia")):
        first = replace(article(number, outlet=text, title=text), url=url)
        stories.append(replace(story(number, region, headline=text, summary=text), articles=(first,)))
    return edition([stories[:1], stories[1:2]], stories[2:])


def _shape(html: str) -> list[str]:
    """Return the page's elements in their order, but for the spans that hold runs together."""
    return [str(element.tag) for element in page(html).iter() if element.tag != "span"]


def _parsed(message: Message) -> EmailMessage:
    return message_from_bytes(raw(message), policy=policy.default)


def _check_harmless(text: str, newsletter: Newsletter) -> None:
    calm, message = (
        rendered(_edition_saying("خبر هادئ"), newsletter),
        rendered(_edition_saying(text), newsletter),
    )
    assert _shape(message.html) == _shape(calm.html)
    assert page(message.html).xpath("//@*[starts-with(name(), 'on')]") == []
    # What was written is what is read, as text.
    assert seen(shown(text)) in seen_page(message.html)
    for part in ("html", "text"):
        assert getattr(message, part).count(UNSUBSCRIBE_TOKEN) == getattr(calm, part).count(UNSUBSCRIBE_TOKEN)
    _check_headers(message, calm)
    _check_twin(message.text)


def _check_headers(message: Message, calm: Message) -> None:
    parsed = _parsed(message)
    assert parsed.keys() == _parsed(calm).keys()
    subject = str(parsed["Subject"])
    assert subject == message.subject
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", subject)
    assert len(seen(subject)) <= 70
    assert subject.count(LRI) + subject.count(FSI) + subject.count(RLI) == subject.count(PDI)


def _check_twin(text: str) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text)
    for line in text.split("\n"):
        assert line.count(LRI) + line.count(FSI) + line.count(RLI) == line.count(PDI), (
            "an isolate ends in its line"
        )


@pytest.mark.parametrize("newsletter", _BOTH)
@pytest.mark.parametrize("text", _HOSTILE)
def test_hostile_text_stays_text(text: str, newsletter: Newsletter) -> None:
    _check_harmless(text, newsletter)


_PIECES = ["<", ">", "&", '"', "'", "{{", "}}", "{%", "#}", "__", "_", "UNSUBSCRIBE_URL", "\r\n", "\0", "\u2028", "\u202e", "\u2066", "\u2069", "<b>", "</td>", "<!--", "-->", "<style>", "س", "سين ", "A", " 3-1 ", "3.2%", "C++", "😀", "%", "\\", "`"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=12).map(lambda pieces: "س" + "".join(pieces)))
def test_no_mixture_of_hostile_pieces_breaks_out(text: str) -> None:
    _check_harmless(text, ARABIC)


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=40).filter(shown))
def test_any_text_stays_text(text: str) -> None:
    _check_harmless(text, ENGLISH)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param('https://example.org/a?b="><script>alert(1)</script>', id="markup"),
        pytest.param("https://example.org/?a=1&b=2&copy=3", id="ampersands"),
        pytest.param("https://example.org/{{7*7}}/{%x%}", id="template marks"),
        pytest.param("https://example.org/%D8%AE%D8%A8%D8%B1/1", id="Arabic, encoded"),
    ],
)
def test_a_hostile_address_stays_an_address(url: str) -> None:
    message = rendered(_edition_saying("خبر", url))
    assert _shape(message.html) == _shape(rendered(_edition_saying("خبر")).html)
    assert url in page(message.html).xpath("//a/@href")
    assert url in message.text


def test_an_address_cannot_take_the_readers_own_link_with_it() -> None:
    message = rendered(_edition_saying("خبر", f"https://spy.example.org/?to={UNSUBSCRIBE_TOKEN}"))
    parsed = _parsed(message)
    for kind in ("html", "plain"):
        part = parsed.get_body((kind,))
        assert part is not None
        spied = re.findall(r"https://spy[^\s\"<]*", part.get_content())
        assert spied
        assert not [url for url in spied if "example.org/u" in url.removeprefix("https://spy.example.org")]
        assert part.get_content().count("example.org/u?t=a") == 1


# --------------------------------------------------------------------------- the subject


@pytest.mark.parametrize(
    "headline",
    [
        pytest.param("سلطنة عُمان تفتتح ميناءً", id="Arabic"),
        pytest.param("Microsoft تعلن نتائجها", id="a Latin name first"),
        pytest.param("3.2% نمو الاقتصاد المصري", id="a figure first"),
        pytest.param("😀 خبر سار", id="an emoji first"),
        pytest.param("«Orbita» ترسو في الفاو", id="a quoted Latin name first"),
        pytest.param("Oman opens a new port", id="no Arabic at all"),
        pytest.param("2026 عام المناخ", id="a year first"),
    ],
)
def test_an_arabic_subject_begins_from_right_to_left(headline: str) -> None:
    subject = str(_parsed(rendered(edition([[story(1, headline=headline)]])))["Subject"])
    assert starts_rtl(subject.translate(dict.fromkeys(map(ord, LRI + PDI))))
    assert seen(subject) == headline


def test_a_long_subject_is_cut_between_words() -> None:
    headline = "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة بعد أعوام من العمل المتواصل في الموقع"
    subject = seen(rendered(edition([[story(1, headline=headline)]])).subject)
    assert len(subject) <= 70
    assert subject.endswith("…")
    assert headline.startswith(subject[:-1] + " ")


def test_the_subject_is_of_the_readers_own_lead() -> None:
    made = full_edition()
    message = rendered(made, regions=["europe"])
    assert seen(message.subject) == made.sections[1].stories[0].headline


# --------------------------------------------------------------------------- the text twin


@pytest.mark.parametrize("newsletter", _BOTH)
def test_the_text_twin_holds_every_link_headline_and_summary(newsletter: Newsletter) -> None:
    made = full_edition()
    message = rendered(made, newsletter)
    links = [href for href in page(message.html).xpath("//a/@href") if href.startswith("http")]
    assert len(set(links)) >= 20
    assert [href for href in links if href not in message.text] == []
    said = seen(message.text)
    view = viewed(made, newsletter)
    assert [one.headline for one in view.stories() if one.headline not in said] == []
    assert [one.summary for one in (view.lead, *(s for section in view.sections for s in section.stories)) if one.summary not in said] == []  # fmt: skip
    assert UNSUBSCRIBE_TOKEN in message.text
    assert newsletter.postal_address in said


@pytest.mark.parametrize("newsletter", _BOTH)
def test_no_line_of_prose_is_longer_than_76_characters(newsletter: Newsletter) -> None:
    long = "كلمة " * 60
    made = edition(
        [[story(1, summary=long, headline=long)], [story(2, "europe", summary=long)]],
        [story(3, "asia", headline=long)],
    )
    for newsletter_of in (newsletter, replace(newsletter, tagline=long, postal_address=long)):
        lines = rendered(made, newsletter_of).text.split("\n")
        prose = [seen(line) for line in lines if "://" not in line and UNSUBSCRIBE_TOKEN not in line]
        assert len(prose) > 20
        assert [line for line in prose if len(line) > 76] == []


@given(st.lists(st.text("سيم", min_size=1, max_size=90), max_size=30))
def test_wrapping_keeps_the_words_in_their_order(words: list[str]) -> None:
    wrapped = wrap_text(" ".join(words))
    assert wrapped.split() == words
    assert all(len(line) <= 72 or " " not in line for line in wrapped.split("\n"))


@pytest.mark.parametrize("newsletter", _BOTH)
def test_the_text_twin_is_text(newsletter: Newsletter) -> None:
    text = rendered(full_edition(), newsletter).text
    assert not re.search(r"<[a-z/]|&[a-z]+;|&#", text)
    assert "\n\n\n" not in text
    assert text.endswith("\n")


# --------------------------------------------------------------------------- isolates


@pytest.mark.parametrize(
    "run",
    [
        pytest.param("3.2%", id="a percentage"),
        pytest.param("3-1", id="a score"),
        pytest.param("-5", id="a negative number"),
        pytest.param("5.4", id="a decimal"),
        pytest.param("C++", id="a name with marks"),
        pytest.param("COP-31", id="a name with a number"),
        pytest.param("Boston Consulting Group", id="a name of three words"),
        pytest.param("R&D", id="an ampersand"),
        pytest.param("Wi-Fi", id="a hyphen"),
    ],
)
def test_a_run_from_left_to_right_is_held_together(run: str) -> None:
    text = f"سجل التقرير {run} في العام الماضي"
    message = rendered(
        edition([[story(1, headline=text, summary=text)], [story(2, "europe", headline=text)]])
    )
    spans = [span.text_content() for span in page(message.html).xpath("//span[@dir='ltr']")]
    # Lead, contents, section and summaries.
    assert spans.count(run) >= 4
    assert run not in page(message.html).xpath(
        "//text()[not(ancestor::span[@dir='ltr'])][not(ancestor::head)]"
    )
    assert message.text.count(f"{LRI}{run}{PDI}") >= 3
    assert f"{LRI}{run}{PDI}" in message.subject
    assert [span for span in spans if span != span.strip()] == []


def test_an_isolated_run_that_is_cut_is_isolated_in_both_lines() -> None:
    # The cut falls inside the name.
    text = "س" * 60 + " Boston Consulting Group 3.2% نهاية"
    twin = rendered(edition([[story(1, headline="خبر", summary=text)]])).text
    _check_twin(twin)
    assert len([line for line in twin.split("\n") if LRI in line and re.search(r"Boston|Group", line)]) == 2


def test_arabic_in_an_english_letter_is_held_together() -> None:
    message = rendered(edition([[story(1, outlets=["شراع", "Reuters"])]]), ENGLISH)
    spans = [span.text_content() for span in page(message.html).xpath("//span[@dir='rtl']")]
    assert "شراع" in spans
    assert f"{FSI}شراع{PDI}" in message.text
    assert "Reuters" not in spans


# --------------------------------------------------------------------------- what is left


@pytest.mark.parametrize("newsletter", _BOTH)
def test_nothing_of_the_template_is_left(newsletter: Newsletter) -> None:
    message = rendered(full_edition(), newsletter)
    assert not re.search(r"\{\{|\{%|\{#", message.html + message.text)
    assert message.html.count(UNSUBSCRIBE_TOKEN) >= 1
    assert re.findall(r"__[A-Z_]+__", message.html + message.text) == [UNSUBSCRIBE_TOKEN] * (
        message.html.count(UNSUBSCRIBE_TOKEN) + message.text.count(UNSUBSCRIBE_TOKEN)
    )


def test_styles_are_inlined_and_media_queries_stay() -> None:
    html = rendered(full_edition()).html
    assert "@media" in html
    assert "!important" in html.partition("@media")[2]
    assert len(page(html).xpath("//*[@style]")) > 50
    assert all(table.get("role") == "presentation" for table in page(html).iter("table"))


def test_rendering_again_gives_the_same_bytes() -> None:
    assert rendered(full_edition()) == rendered(full_edition())


def test_the_anchors_on_top_lead_somewhere() -> None:
    root = page(rendered(full_edition()).html)
    wanted = [href[1:] for href in root.xpath("//a/@href") if href.startswith("#")]
    assert len(wanted) >= 3
    assert [anchor for anchor in wanted if not root.xpath("//*[@id=$anchor]", anchor=anchor)] == []
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
