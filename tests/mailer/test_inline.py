"""Inlining: premailer's own work, whatever was inlined before."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from premailer import Premailer

from digest.mailer.inline import inline_styles

_PAGE = """<!DOCTYPE html>
<html lang="ar" dir="rtl"><head><style>{css}</style>
<style data-premailer="ignore">[data-ogsc] .c {{ color: #fff !important; }}</style></head>
<body><div class="c"><p class="a b" style="margin:1px">خبر</p><a href="__UNSUBSCRIBE_URL__">x</a></div></body></html>"""
_RULES = [
    ".c { color: #111111; padding: 4px }",
    ".c p { color: #222222 !important }",
    ".a, .b { font-family: 'Noto Naskh Arabic', serif; margin: 0 2px }",
    "p:hover { color: red }",
    "@media (max-width: 480px) { .c { padding: 0 !important } }",
    "a { text-decoration: none; background-color: #fffdf8 }",
    "/* nothing */",
]
_SHEETS = st.lists(st.sampled_from(_RULES), max_size=6, unique=True).map("\n".join)


def _by_premailer(html: str) -> str:
    alone = Premailer(
        html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,
        cache_css_parsing=False,
        cssutils_logging_level=logging.CRITICAL,
    )
    inlined: str = alone.transform()
    return inlined


@settings(deadline=None)
@given(sheets=st.lists(_SHEETS, min_size=1, max_size=4))
def test_pages_come_out_as_premailer_alone_makes_them_in_any_order(sheets: list[str]) -> None:
    for css in [*sheets, *sheets]:
        page = _PAGE.format(css=css)
        assert inline_styles(page) == _by_premailer(page)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        pytest.param(_RULES[4], "@media (max-width: 480px)", id="a media query"),
        pytest.param(_RULES[4], "padding: 0 !important", id="what is important in it"),
        pytest.param(
            "", "[data-ogsc] .c { color: #fff !important; }", id="a block that is not to be touched"
        ),
        pytest.param("", 'href="__UNSUBSCRIBE_URL__"', id="a token"),
        pytest.param(_RULES[0], 'padding:4px">', id="a style in its element"),
        pytest.param(_RULES[0], 'class="c"', id="classes, which media queries ask for"),
    ],
)
def test_what_stays(rule: str, kept: str) -> None:
    assert kept in inline_styles(_PAGE.format(css=rule))


def test_nothing_is_fetched() -> None:
    page = (
        '<html><head><link rel="stylesheet" href="https://nowhere.invalid/a.css"></head><body>x</body></html>'
    )
    assert "nowhere.invalid/a.css" in inline_styles(page)
