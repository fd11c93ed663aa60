"""The inbox report: a real message passes all checks, and each check finds what it is there to find."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from digest.mailer.inbox import Check, inbox_report
from digest.model import Edition, Message, Newsletter
from tests.mailer.making import ARABIC, ENGLISH, edition, full_edition, raw, rendered, story

_Change = Callable[[Message], Message]
_RawChange = Callable[[bytes], bytes]


def _html(change: Callable[[str], str]) -> _Change:
    """Return a breakage of the HTML; one that changes nothing would prove nothing."""

    def broken(message: Message) -> Message:
        html = change(message.html)
        assert html != message.html
        return replace(message, html=html)

    return broken


def _first(pattern: str, replacement: str) -> _Change:
    return _html(lambda html: re.sub(pattern, replacement, html, count=1))


def _failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.passed]


@pytest.mark.parametrize(
    ("made", "newsletter", "direction"),
    [
        pytest.param(full_edition(), ARABIC, "rtl", id="Arabic"),
        pytest.param(full_edition(), ENGLISH, "ltr", id="English"),
        pytest.param(edition([[story(1)]]), ARABIC, "rtl", id="a single story"),
        pytest.param(edition([[story(n, r, headline="A3 و B4 و " * 20)] for n, r in enumerate(ARABIC.regions)]), ARABIC, "rtl", id="Latin runs"),
    ],
)  # fmt: skip
def test_a_real_message_passes_every_check(made: Edition, newsletter: Newsletter, direction: str) -> None:
    checks = inbox_report(raw(rendered(made, newsletter)), direction)
    assert _failed(checks) == []
    assert len(checks) == 18
    assert [check.name for check in checks if not check.figure or not check.remedy] == []


_BROKEN: list[tuple[str, _Change]] = [
    ("size", _html(lambda html: html.replace("</body>", "<p>" + "كلمة " * 9000 + "</p></body>"))),
    ("style blocks", _html(lambda html: html.replace("</head>", "<style>" + "p { margin: 0 }" * 1200 + "</style></head>"))),
    ("direction on html, body and wrapper", _first(r'(<html[^>]*) dir="rtl"', r"\1")),
    ("direction on html, body and wrapper", _first(r'(<body[^>]*) dir="rtl"', r"\1")),
    ("direction on html, body and wrapper", _first(r'(<body[^>]*>\s*<div[^>]*) dir="rtl"', r"\1")),
    ("direction on html, body and wrapper", _first(r'(<body[^>]*) dir="rtl"', r'\1 dir="ltr"')),
    ("no element with dir and padding", _html(lambda html: html.replace("<h1", '<h1 dir="rtl" data-was="', 1).replace('data-was="', 'style="padding:1px" data-was="', 1))),
    ("no unsupported bidi markup", _first(r"</h1>", r"</h1><bdi>اسم</bdi>")),
    ("no unsupported bidi markup", _first(r"</h1>", r'</h1><p style="text-align: start">نص</p>')),
    ("headings", _first(r"</h1>", r"</h1><h1>مرة أخرى</h1>")),
    ("headings", _html(lambda html: html.replace("<h1", "<h2").replace("</h1", "</h2"))),
    ("headings", _first(r"</h1>", r"</h1><h3>مستوى متروك</h3>")),
    ("layout tables", _first(r"</h1>", r"</h1><table><tr><td>جدول</td></tr></table>")),
    ("images", _first(r"</h1>", r'</h1><img src="https://example.org/x.png" width="1" height="1">')),
    ("images", _first(r"</h1>", r'</h1><img src="https://example.org/x.png" alt="">')),
    ("Outlook's conditional blocks", _first(r"<!\[endif\]-->", "-->")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>{{ edition.title }}</p>")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>{% if x %}</p>")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>__READER_NAME__</p>")),
    ("preheader", _html(lambda html: re.sub(r"(display:\s*none[^>]*>)[^<]*", r"\1قصير", html, count=1))),
    ("preheader", _html(lambda html: re.sub(r"(display:\s*none[^>]*>)[^<]*", r"\1" + "كلمة " * 40, html, count=1))),
    ("preheader", _html(lambda html: re.sub(r"display:\s*none", "display:block", html))),
    ("the text twin holds every link", _first(r"</h1>", r'</h1><a href="https://example.org/only-here">رابط</a>')),
    ("subject begins in its direction", lambda message: replace(message, subject="Microsoft تعلن")),
]  # fmt: skip


def _line(pattern: bytes, replacement: bytes) -> _RawChange:
    """Return a breakage of the headers."""

    def broken(message: bytes) -> bytes:
        head, blank, body = message.partition(b"\r\n\r\n")
        changed = re.sub(b"(?m)" + pattern, replacement, head, count=1)
        assert changed != head
        return changed + blank + body

    return broken


_BROKEN_RAW: list[tuple[str, _RawChange]] = [
    ("headers that must stand once", _line(rb"^Date: ", b"X-Date: ")),
    ("headers that must stand once", _line(rb"^Message-ID: ", b"X-ID: ")),
    ("headers that must stand once", _line(rb"^To: ", b"To: omar@example.org\r\nTo: ")),
    ("headers that must stand once", _line(rb"^Precedence: ", b"From: other@example.org\r\nPrecedence: ")),
    ("list headers", _line(rb"^Precedence: ", b"X-Precedence: ")),
    ("list headers", _line(rb"^List-ID: ", b"X-List-ID: ")),
    ("list headers", _line(rb"^List-Unsubscribe: ", b"X-List-Unsubscribe: ")),
    ("List-Unsubscribe unencoded", _line(rb"^List-Unsubscribe: <https", b"List-Unsubscribe: =?utf-8?q?=3Chttps?=")),
    ("line length", _line(rb"^Precedence: ", b"X-Long: " + b"x" * 1000 + b"\r\nPrecedence: ")),
    ("parts", _line(rb"multipart/alternative", b"multipart/mixed")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change"), [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(_BROKEN)]
)
def test_a_broken_letter_fails_the_check_that_is_for_it(name: str, change: _Change) -> None:
    assert _failed(inbox_report(raw(change(rendered(full_edition()))), "rtl")) == [name]


@pytest.mark.parametrize(
    ("name", "change"),
    [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(_BROKEN_RAW)],
)
def test_broken_headers_fail_the_check_that_is_for_them(name: str, change: _RawChange) -> None:
    assert _failed(inbox_report(change(raw(rendered(full_edition()))), "rtl")) == [name]


def test_every_check_is_broken_here_at_least_once() -> None:
    checks = {check.name for check in inbox_report(raw(rendered(full_edition())), "rtl")}
    assert {name for name, _ in _BROKEN} | {name for name, _ in _BROKEN_RAW} == checks


def test_an_edition_that_gmail_would_cut_off_fails() -> None:
    made = edition(
        [[story(n * 40 + m, region) for m in range(40)] for n, region in enumerate(ARABIC.regions)]
    )
    assert _failed(inbox_report(raw(rendered(made)), "rtl")) == ["size"]


def test_a_left_to_right_letter_is_held_to_its_own_direction() -> None:
    assert "direction on html, body and wrapper" in _failed(
        inbox_report(raw(rendered(full_edition(), ENGLISH)), "rtl")
    )


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"Subject: x\r\n\r\nplain text only\r\n", id="text only"),
        pytest.param(b"", id="empty"),
        pytest.param(b"Content-Type: text/html\r\n\r\n", id="empty HTML"),
    ],
)
def test_what_is_no_letter_of_ours_is_reported_and_raises_nothing(message: bytes) -> None:
    failed = _failed(inbox_report(message, "rtl"))
    assert {"parts", "direction on html, body and wrapper", "list headers"} <= set(failed)
