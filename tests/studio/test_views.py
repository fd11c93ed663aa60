"""The letter as different readers have it, made out of its HTML alone."""

from __future__ import annotations

import pytest

from digest.studio.views import Scheme, as_in_gmail, in_scheme, links_outside
from tests.mailer.making import full_edition, page, rendered


@pytest.mark.parametrize(
    ("scheme", "dark", "light"),
    [
        pytest.param("dark", "(min-width: 0px)", "(max-width: 0px)", id="dark"),
        pytest.param("light", "(max-width: 0px)", "(min-width: 0px)", id="light"),
    ],
)
def test_a_schemes_rules_are_answered_in_the_page(scheme: Scheme, dark: str, light: str) -> None:
    html = (
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        "<style>@media (prefers-color-scheme: dark) { a {} }"
        "@media screen and ( prefers-color-scheme:light ) { b {} }</style>"
    )
    assert in_scheme(html, scheme) == (
        f'<meta name="color-scheme" content="{scheme}"><meta name="supported-color-schemes" content="{scheme}">'
        f"<style>@media {dark} {{ a {{}} }}@media screen and {light} {{ b {{}} }}</style>"
    )


def test_no_question_for_the_scheme_is_left_in_a_real_letter() -> None:
    html = rendered(full_edition()).html
    assert "prefers-color-scheme" in html
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        assert "prefers-color-scheme" not in in_scheme(html, scheme)


def test_gmail_drops_html_and_head_and_makes_a_div_of_body() -> None:
    shown = page(as_in_gmail(rendered(full_edition()).html))
    assert (shown.get("lang"), shown.get("dir")) == ("en", "ltr")
    assert shown.xpath("//style") == []
    [inside] = shown.xpath("/html/body/*")
    assert (inside.tag, dict(inside.attrib)) == ("div", {})
    assert inside.xpath("./div[@dir='rtl'][@lang='ar']//h1")
    assert len(shown.xpath("//body")) == 1


@pytest.mark.parametrize("html", ["", "<p>fragment</p>", "<body>"])
def test_what_is_no_letter_is_shown_as_well(html: str) -> None:
    assert html.removesuffix("<body>") in as_in_gmail(html)


def test_links_to_the_web_open_beside_the_studio_and_those_within_stay() -> None:
    html = (
        '<a class="x" href="https://a.example/">a</a><a href="#s-1">b</a><a href="mailto:a@b.example">c</a>'
    )
    outward = 'target="_blank" rel="noopener noreferrer"'
    assert links_outside(html) == (
        f'<a {outward} class="x" href="https://a.example/">a</a><a href="#s-1">b</a>'
        f'<a {outward} href="mailto:a@b.example">c</a>'
    )
