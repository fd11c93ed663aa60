"""Links: what may be linked to, and when two of them are one page."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.collector.urls import canonical_url, web_url
from tests.text.alphabets import anything

BASE = "https://waha.example/feeds/news.xml"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://waha.example/1", "https://waha.example/1", id="https"),
        pytest.param("http://waha.example/1", "http://waha.example/1", id="http"),
        pytest.param("/1", "https://waha.example/1", id="path"),
        pytest.param("1.html", "https://waha.example/feeds/1.html", id="relative"),
        pytest.param("//cdn.example/1", "https://cdn.example/1", id="no-scheme"),
        pytest.param("?id=7", "https://waha.example/feeds/news.xml?id=7", id="query-only"),
        pytest.param("  https://waha.example/1\n", "https://waha.example/1", id="white-space-around"),
        pytest.param("https://waha.exa\nmple/\t1", "https://waha.example/1", id="line-end-inside"),
        pytest.param(
            "https://waha.example/أخبار", "https://waha.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1", id="arabic"
        ),
        pytest.param("https://waha.example/%d8%a3", "https://waha.example/%d8%a3", id="encoded-already"),
        pytest.param("https://waha.example/a b", "https://waha.example/a%20b", id="space-in-path"),
        pytest.param("https://waha.example/?a=1&b=2", "https://waha.example/?a=1&b=2", id="query"),
        pytest.param(
            'https://waha.example/"><script>', "https://waha.example/%22%3E%3Cscript%3E", id="markup"
        ),
        pytest.param("https://waha.example/\u202efdp", "https://waha.example/%E2%80%AEfdp", id="override"),
        pytest.param("https://waha.example:8443/1", "https://waha.example:8443/1", id="port"),
        pytest.param("https://واحة.example/1", "https://xn--mgbel0i.example/1", id="arabic-host"),
        pytest.param("https://[2001:db8::1]/1", "https://[2001:db8::1]/1", id="ipv6"),
        pytest.param("", None, id="empty"),
        pytest.param("   ", None, id="blank"),
        pytest.param("javascript:alert(1)", None, id="javascript"),
        pytest.param("JaVaScRiPt:alert(1)", None, id="javascript-mixed-case"),
        pytest.param("java\nscript:alert(1)", None, id="javascript-with-line-end"),
        pytest.param(" \x01javascript:alert(1)", None, id="javascript-after-a-control"),
        pytest.param("data:text/html,<script>", None, id="data"),
        pytest.param("vbscript:x", None, id="vbscript"),
        pytest.param("file:///etc/passwd", None, id="file"),
        pytest.param("ftp://waha.example/1", None, id="ftp"),
        pytest.param("mailto:news@waha.example", None, id="mailto"),
        pytest.param("https://:443/1", None, id="port-without-host"),
        pytest.param("https://waha.example:99999/", None, id="port-too-large"),
        pytest.param("https://waha.example:x/", None, id="port-in-letters"),
        pytest.param("https://[::1", None, id="open-bracket"),
        pytest.param('https://waha"onclick=.example/', None, id="quotation-mark-in-host"),
        pytest.param("https://waha<b>.example/", None, id="markup-in-host"),
        pytest.param("https://wa ha.example/", None, id="space-in-host"),
        pytest.param("https://wa\u202eha.example/", None, id="override-in-host"),
        pytest.param("https://waha.example\\@evil.example/", None, id="backslash-in-host"),
        pytest.param("https://wa\ud800ha.example/", None, id="surrogate-in-host"),
    ],
)
def test_web_url(url: str, expected: str | None) -> None:
    assert web_url(url, BASE) == expected


def test_a_relative_link_without_a_base_is_none() -> None:
    assert web_url("/1") is None


@given(anything | anything.map("https://waha.example/".__add__) | anything.map("https://".__add__))
def test_a_web_url_is_http_can_be_stored_and_stays_what_it_is(text: str) -> None:
    url = web_url(text, BASE)
    if url is not None:
        assert urlsplit(url).scheme in {"http", "https"}
        assert not set(url) & set('<>"` \n\t\u202e\u2066')
        url.encode("utf-8")
        assert web_url(url) == url


PAGE = "https://waha.example/news/1?id=7"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://waha.example/news/1?id=7", id="http"),
        pytest.param("HTTPS://WAHA.example/news/1?id=7", id="upper-case-host"),
        pytest.param("https://www.waha.example/news/1?id=7", id="www"),
        pytest.param("https://waha.example:443/news/1?id=7", id="default-port"),
        pytest.param("http://waha.example:80/news/1?id=7", id="default-http-port"),
        pytest.param("https://waha.example/news/1/?id=7", id="slash-at-the-end"),
        pytest.param("https://waha.example/news/1?id=7#comments", id="fragment"),
        pytest.param("https://waha.example/news/1?utm_source=rss&utm_medium=feed&id=7", id="utm"),
        pytest.param("https://waha.example/news/1?UTM_Source=rss&id=7", id="utm-upper-case"),
        pytest.param("https://waha.example/news/1?id=7&fbclid=x&gclid=y&at_medium=z", id="click-ids"),
        pytest.param("https://waha.example/%6eews/1?id=%37", id="percent-encoding"),
        pytest.param(" https://waha.example/news/1?id=7 ", id="spaces-around"),
    ],
)
def test_decorations_make_no_other_page(url: str) -> None:
    assert canonical_url(url) == canonical_url(PAGE)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://waha.example/news/2?id=7", id="path"),
        pytest.param("https://waha.example/news/1?id=8", id="parameter"),
        pytest.param("https://waha.example/news/1", id="no-parameter"),
        pytest.param("https://waha.example/News/1?id=7", id="case-of-the-path"),
        pytest.param("https://arabic.waha.example/news/1?id=7", id="host"),
        pytest.param("https://waha.example:8443/news/1?id=7", id="port"),
    ],
)
def test_another_page_is_another_page(url: str) -> None:
    assert canonical_url(url) != canonical_url(PAGE)


def test_arabic_paths_are_one_page_encoded_or_not_and_in_either_case() -> None:
    forms = ["https://w.example/أخبار", "https://w.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1"]
    forms.append(forms[1].lower())
    assert {canonical_url(form) for form in forms} == {"w.example/أخبار"}


def test_the_order_of_parameters_makes_no_other_page() -> None:
    assert canonical_url("https://w.example/?b=2&a=1") == canonical_url("https://w.example/?a=1&b=2")


def test_what_is_no_web_url_stays_as_it_is() -> None:
    assert canonical_url(" tag:waha.example,2026:1 ") == "tag:waha.example,2026:1"


@given(st.text(alphabet="aأ%/?&=;+.:@[]1 ", max_size=60))
def test_a_tracking_parameter_never_makes_another_page(rest: str) -> None:
    url = web_url(f"https://waha.example/{rest}")
    assume(url is not None)
    tracked = f"{url}{'&' if '?' in str(url) else '?'}utm_source=rss"
    assert canonical_url(tracked) == canonical_url(str(url))


@given(
    st.sampled_from(
        ["a.example", "a..b", "a_b.example.", "x" * 63, "x" * 64, "a.example:80", "u@a.example", "[::1]", ""]
    ),
    st.text(alphabet="aأ%/?&=;+.:@[]1_~'()#|\\ ", max_size=30),
)
def test_a_plain_link_is_what_a_look_at_its_parts_would_make_it(host: str, rest: str) -> None:
    # Schemes in capitals are not taken for plain.
    for path in ("", "/", "?", "#"):
        url = f"https://{host}{path}{rest}"
        assert web_url(url, BASE) == web_url(f"HTTPS{url[5:]}", BASE)


@given(anything)
def test_any_text_has_a_canonical_form(text: str) -> None:
    assert isinstance(canonical_url(text.encode("utf-8", "replace").decode()), str)
