"""Addresses of all scripts: which are taken, how they are stored, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.address import ascii_domain, is_mail_address, normal_address

_DOMAIN_255 = ".".join(["d" * 61] * 3)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param("reader@example.org", "reader@example.org", id="usual"),
        pytest.param("o'neil+news=1@example.org", "o'neil+news=1@example.org", id="signs"),
        pytest.param("First.Last@Example.ORG", "First.Last@example.org", id="a domain has no capitals"),
        pytest.param("root@localhost", "root@localhost", id="this very host"),
        pytest.param("قارئ@example.org", "قارئ@example.org", id="Arabic before the @"),
        pytest.param("٣قرّاء@example.org", "٣قرّاء@example.org", id="with a mark and a digit"),
        pytest.param("पाठक@example.org", "पाठक@example.org", id="Devanagari, with vowel marks"),
        pytest.param("读者@example.org", "读者@example.org", id="Chinese"),
        pytest.param("reader@بريد.مثال", "reader@xn--ngbof4h.xn--mgbh0fb", id="an Arabic domain"),
        pytest.param("قارئ@بريد.مثال", "قارئ@xn--ngbof4h.xn--mgbh0fb", id="Arabic on both sides"),
        pytest.param("reader@BÜCHER.example", "reader@xn--bcher-kva.example", id="an umlaut in capitals"),
        pytest.param("reader@straße.example", "reader@xn--strae-oqa.example", id="no ss for a sharp s"),
        pytest.param("re\u0301sume\u0301@example.org", "résumé@example.org", id="composed"),
        pytest.param("\u0627\u0653@example.org", "\u0622@example.org", id="composed in Arabic"),
        pytest.param(f"{'x' * 64}@{_DOMAIN_255}.com", f"{'x' * 64}@{_DOMAIN_255}.com", id="the longest"),
    ],
)
def test_an_address_is_stored_in_one_way(text: str, stored: str) -> None:
    assert normal_address(text) == stored
    assert normal_address(stored) == stored
    assert is_mail_address(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "no @", id="nothing"),
        pytest.param("layla", "no @", id="no @"),
        pytest.param("@example.org", "no @", id="nothing before the @"),
        pytest.param("layla@", "is no domain", id="nothing behind it"),
        pytest.param("a@b@example.org", "'@' cannot stand", id="two"),
        pytest.param("a b@example.org", "A space cannot stand", id="a space"),
        pytest.param("a\u00a0b@example.org", r"'\\xa0' cannot stand", id="another space"),
        pytest.param("a\r\nBcc: b@example.org", r"'\\r' cannot stand", id="a second line"),
        pytest.param("a\0@example.org", r"'\\x00' cannot stand", id="NUL"),
        pytest.param("a\N{RIGHT-TO-LEFT OVERRIDE}b@example.org", r"'\\u202e' cannot", id="an override"),
        pytest.param("a\N{LEFT-TO-RIGHT ISOLATE}b@example.org", r"'\\u2066' cannot", id="an isolate"),
        pytest.param("a\N{ZERO WIDTH SPACE}b@example.org", r"'\\u200b' cannot", id="what nobody sees"),
        pytest.param("😀@example.org", "'😀' cannot stand", id="a picture"),
        pytest.param('"a b"@example.org', "'\"' cannot stand", id="quotes"),
        pytest.param("<a@example.org", "'<' cannot stand", id="an angle bracket"),
        pytest.param("a;b@example.org", "';' cannot stand", id="a semicolon"),
        pytest.param(".a@example.org", "dots", id="a dot before all"),
        pytest.param("a..b@example.org", "dots", id="two dots"),
        pytest.param("a.@example.org", "dots", id="a dot before the @"),
        pytest.param(f"{'x' * 65}@example.org", "longer than 64 bytes", id="too long before the @"),
        pytest.param(f"{'ق' * 33}@example.org", "longer than 64 bytes", id="too long in bytes"),
        pytest.param(f"{'x' * 64}@{_DOMAIN_255}.comm", "longer than 254 bytes", id="too long in all"),
        pytest.param("a@example", "is no domain", id="no dot"),
        pytest.param("a@-x.example", "is no domain", id="a hyphen first"),
        pytest.param("a@example.org.", "is no domain", id="a dot at the end"),
        pytest.param("a@192.0.2.1", "is no domain", id="an IP address"),
        pytest.param("a@exam_ple.org", "is no domain", id="a low line"),
        pytest.param("a@example.org>", "is no domain", id="a bracket behind"),
        pytest.param("a@example.org\n", "is no domain", id="a line end behind"),
        pytest.param(f"a@{'ب' * 70}.example", "is no domain", id="a label too long for ASCII"),
        pytest.param("a@بر\u202eيد.example", "is no domain", id="an override in the domain"),
        pytest.param("\ud800@example.org", "cannot stand", id="half a character"),
    ],
)
def test_what_is_no_address_is_told_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        normal_address(text)
    assert str(caught.value).endswith(".")
    assert not is_mail_address(text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_stored_is_one_word_and_stays_as_it_is(local: str, domain: str) -> None:
    for text in (f"{local}@example.org", f"{local}@{domain}.example"):
        if is_mail_address(text):
            stored = normal_address(text)
            assert normal_address(stored) == stored
            assert stored.isprintable()
            assert not set(stored) & set(' <>"(),:;\\[]')
            assert stored.rpartition("@")[2].isascii()


def test_a_domain_has_one_name() -> None:
    assert ascii_domain("مثال.إختبار") == ascii_domain("xn--mgbh0fb.xn--kgbechtv")
