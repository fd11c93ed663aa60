"""The inbox report: a real message passes all checks, and each check finds what it is there to find."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from digest.mailer.inbox import Check, Verdict, inbox_report
from digest.model import Edition, Message, Newsletter
from tests.mailer.making import ARABIC, ENGLISH, READER, edition, full_edition, raw, rendered, story

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
    return [str(check.name) for check in checks if check.verdict is Verdict.FAILED]


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
    assert [str(check.name) for check in checks if not check.judged] == ["DKIM signature"]
    assert [check.name for check in checks if not str(check.figure) or not str(check.remedy)] == []


def test_all_requirements_that_bytes_can_show_are_judged() -> None:
    checks = inbox_report(raw(rendered(full_edition())), "rtl")
    judged = {check.requirement for check in checks}
    # A browser, a table of clients, an accessibility engine, an HTML validator and a spam filter judge the others.
    assert judged == set(range(1, 31)) - {7, 8, 12, 13, 30}
    names = [str(check.name) for check in checks]
    assert len(set(names)) == len(names) == 31


def test_a_report_can_be_told_in_another_language() -> None:
    def shout(message: str, **values: object) -> str:
        return message.format(**values).upper()

    [size] = [one for one in inbox_report(raw(rendered(full_edition())), "rtl") if str(one.name) == "size"]
    assert size.name.told(shout) == "SIZE"
    assert re.fullmatch(r"[\d,]+ BYTES OF HTML, [\d,]+ ENCODED", size.figure.told(shout))


_BROKEN: list[tuple[str, _Change]] = [
    ("size", _html(lambda html: html.replace("</h1>", "</h1><p>" + "كلمة " * 9000 + "</p>", 1))),
    ("style blocks", _html(lambda html: html.replace("</head>", "<style>" + "p { margin: 0 }" * 1200 + "</style></head>"))),
    ("language and direction on html, body and wrapper", _first(r'(<html[^>]*) dir="rtl"', r"\1")),
    ("language and direction on html, body and wrapper", _first(r'(<body[^>]*) dir="rtl"', r"\1")),
    ("language and direction on html, body and wrapper", _first(r'(<body[^>]*>\s*<div[^>]*) dir="rtl"', r"\1")),
    ("language and direction on html, body and wrapper", _first(r'(<body[^>]*) dir="rtl"', r'\1 dir="ltr"')),
    ("no element with dir and padding", _html(lambda html: html.replace("<h1", '<h1 dir="rtl" data-was="', 1).replace('data-was="', 'style="padding:1px" data-was="', 1))),
    ("language and direction on html, body and wrapper", _first(r'(<body[^>]*>\s*<div[^>]*) lang="ar"', r"\1")),
    ("texts keep their direction without html and body", _html(lambda html: html.replace("</body>", '<p style="font-size: 16px; line-height: 1.7">نص</p></body>'))),
    ("no space at the edge of an isolate", _first(r"</h1>", r'</h1><p>قال <span dir="ltr">Nimbus </span>اليوم</p>')),
    ("no space at the edge of an isolate", lambda m: replace(m, text=m.text + "قال \u2066 Nimbus\u2069 اليوم\n")),
    ("percentages, signs, scores and C++ held together", _first(r"</h1>", "</h1><p>زيادة 3.2% اليوم</p>")),
    ("percentages, signs, scores and C++ held together", _first(r"</h1>", "</h1><p>فاز 3-1 أمس</p>")),
    ("percentages, signs, scores and C++ held together", _first(r"</h1>", "</h1><p>برد بلغ -5 درجات</p>")),
    ("percentages, signs, scores and C++ held together", _first(r"</h1>", "</h1><p>لغة C++ أولاً</p>")),
    ("percentages, signs, scores and C++ held together", lambda m: replace(m, text=m.text + "زيادة 12% اليوم\n")),
    ("percentages, signs, scores and C++ held together", lambda m: replace(m, subject="زيادة 12% اليوم")),
    ("size of the text", _first(r"</h1>", '</h1><p style="font-size: 13px">صغير</p>')),
    ("size of the text", _first(r"</h1>", '</h1><p style="line-height: 1.2">متراص</p>')),
    ("size of the text", _first(r"</h1>", '</h1><p style="font-size: 20px; line-height: 24px">متراص</p>')),
    ("preheader", _html(lambda html: html.replace("display:none", "color:#ffffff;display:none", 1))),
    ("!important in media queries", _html(lambda html: html.replace(" !important", ""))),
    ("dark mode", _html(lambda html: html.replace("prefers-color-scheme", "prefers-contrast"))),
    ("dark mode", _html(lambda html: html.replace("[data-ogsc]", ".ogsc"))),
    ("dark mode", _html(lambda html: html.replace('name="color-scheme"', 'name="scheme"'))),
    ("a typeface for Outlook", _html(lambda html: re.sub(r"(<!--\[if mso\](?:(?!endif).)*?)font-family", r"\1font", html, flags=re.DOTALL))),
    ("no bidi markup that clients drop", _first(r"</h1>", r"</h1><bdi>اسم</bdi>")),
    ("no bidi markup that clients drop", _first(r"</h1>", r'</h1><p style="text-align: start">نص</p>')),
    ("headings", _first(r"</h1>", r"</h1><h1>مرة أخرى</h1>")),
    ("headings", _html(lambda html: html.replace("<h1", "<h2").replace("</h1", "</h2"))),
    ("headings", _first(r"</h1>", r"</h1><h3>مستوى متروك</h3>")),
    ("layout tables", _first(r"</h1>", r"</h1><table><tr><td>جدول</td></tr></table>")),
    ("images", _first(r"</h1>", r'</h1><img src="https://example.org/x.png" width="1" height="1">')),
    ("images", _first(r"</h1>", r'</h1><img src="https://example.org/x.png" alt="">')),
    ("Outlook's conditional blocks", _first(r"<!\[endif\]-->", "-->")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>{{ edition.title }}</p>")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>{% if x %}</p>")),
    ("no token or template mark left", _first(r"</h1>", "</h1><p>__NOBODYS_TOKEN__</p>")),
    ("preheader", _html(lambda html: re.sub(r"(display:\s*none[^>]*>)[^<]*", r"\1قصير", html, count=1))),
    ("preheader", _html(lambda html: re.sub(r"(display:\s*none[^>]*>)[^<]*", r"\1" + "كلمة " * 40, html, count=1))),
    ("preheader", _html(lambda html: re.sub(r"<div[^>]*display:\s*none.*?</div>", "", html))),
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
    ("headers that must stand once", _line(rb"^MIME-Version: ", b"X-Version: ")),
    ("Message-ID of our own domain", _line(rb"(^Message-ID: .*@)\S+>", rb"\1elsewhere.example>")),
    ("UTF-8 in base64", lambda message: message.replace(b"charset=utf-8", b"charset=utf8")),
    ("encoded words", _line(rb"^Precedence: ", b"X-Long: =?utf-8?b?" + b"2YU" * 30 + b"?=\r\nPrecedence: ")),
    ("list headers", _line(rb"^Feedback-ID: ", b"X-Feedback-ID: ")),
    ("list headers", _line(rb"^Precedence: bulk", b"Precedence: list")),
    ("a link and an address to unsubscribe", _line(rb",\s*<mailto:[^>]*>", b"")),
    ("one-click unsubscribe", _line(rb"One-Click", b"Two-Clicks")),
    ("DKIM signature", _line(rb"^Precedence: ", b"DKIM-Signature: v=1; d=example.org;\r\n h=From:List-Unsubscribe; b=x\r\nPrecedence: ")),
    ("DKIM signature", _line(rb"^Precedence: ", b"DKIM-Signature: d=ample.org; h=List-Unsubscribe:List-Unsubscribe-Post; b=x\r\nPrecedence: ")),
    ("line length", lambda message: message + b"x" * 77 + b"\r\n"),
    ("headers that must stand once", _line(rb"^To: ", b"To: omar@example.org\r\nTo: ")),
    ("headers that must stand once", _line(rb"^Precedence: ", b"From: other@example.org\r\nPrecedence: ")),
    ("list headers", _line(rb"^Precedence: ", b"X-Precedence: ")),
    ("list headers", _line(rb"^List-ID: ", b"X-List-ID: ")),
    ("List-Unsubscribe unencoded", _line(rb"^List-Unsubscribe: <https", b"List-Unsubscribe: =?utf-8?q?=3C?= <https")),
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
    checks = {str(check.name) for check in inbox_report(raw(rendered(full_edition())), "rtl")}
    assert {name for name, _ in _BROKEN} | {name for name, _ in _BROKEN_RAW} == checks


def test_an_edition_that_gmail_would_cut_off_was_shortened_and_passes() -> None:
    made = edition(
        [[story(n * 40 + m, region) for m in range(40)] for n, region in enumerate(ARABIC.regions)]
    )
    assert _failed(inbox_report(raw(rendered(made)), "rtl")) == []


def test_a_left_to_right_letter_is_held_to_its_own_direction() -> None:
    assert "language and direction on html, body and wrapper" in _failed(
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
    assert {"parts", "language and direction on html, body and wrapper", "list headers"} <= set(failed)


def test_a_letter_without_a_site_waits_for_one() -> None:
    reader = replace(READER, unsubscribe_url="mailto:leave@example.org?subject=unsubscribe")
    checks = inbox_report(raw(rendered(full_edition()), reader), "rtl")
    assert _failed(checks) == []
    assert [str(check.name) for check in checks if not check.judged] == [
        "a link and an address to unsubscribe",
        "one-click unsubscribe",
        "DKIM signature",
    ]


def test_an_address_with_arabic_letters_is_found_in_the_text_as_it_is() -> None:
    message = rendered(full_edition())
    html = message.html.replace("</h1>", '</h1><a href="https://example.org/%D8%A7%D8%A8">رابط</a>', 1)
    text = f"{message.text}https://example.org/اب\n"
    assert _failed(inbox_report(raw(replace(message, html=html, text=text)), "rtl")) == []


def test_a_signature_that_covers_what_it_must_passes() -> None:
    signature = (
        b"DKIM-Signature: v=1; d=example.org;\r\n h=From:List-Unsubscribe:\r\n List-Unsubscribe-Post; b=x\r\n"
    )
    checks = inbox_report(signature + raw(rendered(full_edition())), "rtl")
    assert [str(check.name) for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("زيادة \u20663.2%\u2069 اليوم", id="a percentage"),
        pytest.param("فاز \u20663-1\u2069 أمس في 2026", id="a score"),
        pytest.param("عام 2026-الجديد و 3,400 شخص عند 10:30", id="what stays as it is"),
        pytest.param("https://example.org/a-5/100%25", id="an address"),
        pytest.param("والمنخفض - 5 درجات", id="a dash between words"),
    ],
)
def test_what_no_line_turns_round_is_no_finding(line: str) -> None:
    message = rendered(full_edition())
    broken = replace(message, text=f"{message.text}{line}\n")
    assert _failed(inbox_report(raw(broken), "rtl")) == []
