"""A rendered message: direction, hostile text, the text twin, and what stands isolated."""

from __future__ import annotations

import re

import pytest

from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Newsletter
from digest.text.bidi import FSI, LRI, PDI
from tests.mailer.making import (
    ARABIC,
    ENGLISH,
    edition,
    full_edition,
    page,
    rendered,
    seen,
    story,
)
from tests.mailer.newsletters import BOTH_WAYS

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


def test_arabic_in_an_english_letter_is_held_together() -> None:
    message = rendered(edition([[story(1, outlets=["شراع", "Reuters"])]]), ENGLISH)
    spans = [span.text_content() for span in page(message.html).xpath("//span[@dir='rtl']")]
    assert "شراع" in spans
    assert f"{FSI}شراع{PDI}" in message.text
    assert "Reuters" not in spans


# --------------------------------------------------------------------------- what is left


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
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
