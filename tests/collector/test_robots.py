"""What robots.txt lets us read, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.robots import MOST_BYTES, MOST_DELAY, Robots, robots_url

AGENT = "Mujaz"
PAGE = "https://news.example/world/1"


def rules(text: str | bytes, http_status: int = 200) -> Robots:
    return Robots.read(http_status, text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("", True, id="empty"),
        pytest.param("User-agent: *\nDisallow:", True, id="nothing-disallowed"),
        pytest.param("User-agent: *\nDisallow: /", False, id="everything-disallowed"),
        pytest.param("User-agent: *\nDisallow: /world", False, id="beginning-of-the-path"),
        pytest.param("User-agent: *\nDisallow: /world$", True, id="end-of-the-path"),
        pytest.param("User-agent: *\nDisallow: /*/1$", False, id="wildcard"),
        pytest.param("User-agent: *\nDisallow: /\nAllow: /world/", True, id="the-longer-rule-wins"),
        pytest.param("User-agent: *\nDisallow: /world/1\nAllow: /world", False, id="the-longer-ban-wins"),
        pytest.param("User-agent: *\nDisallow: /world\nAllow: /world", True, id="of-two-as-long-the-kinder"),
        pytest.param("User-agent: Other\nDisallow: /", True, id="another-agent"),
        pytest.param("User-agent: Mujaz\nDisallow: /", False, id="we"),
        pytest.param("user-agent: MUJAZ\nDISALLOW: /", False, id="we-in-capitals"),
        pytest.param("User-agent: Mujaz/1.0\nDisallow: /", False, id="we-with-a-version"),
        pytest.param("User-agent: Mujaz # the digest\nDisallow: /", False, id="we-with-a-comment"),
        pytest.param("Useragent Mujaz\nDisallow /", False, id="we-without-colons"),
        pytest.param("User-agent: Muj\nDisallow: /", True, id="a-name-that-begins-ours"),
        pytest.param("User-agent: Mujazbot\nDisallow: /", True, id="a-name-that-ours-begins"),
        pytest.param(
            "User-agent: *\nDisallow: /\n\nUser-agent: Mujaz\nAllow: /", True, id="our-own-rules-only"
        ),
        pytest.param("User-agent: Mujaz\nUser-agent: Other\nDisallow: /", False, id="one-group-for-two"),
        pytest.param(
            "User-agent: Mujaz\nDisallow: /economy\n\nUser-agent: Mujaz\nDisallow: /world",
            False,
            id="two-groups-for-us",
        ),
        pytest.param("Disallow: /", True, id="a-rule-for-nobody"),
        pytest.param("User-agent: *\rDisallow: /\r", False, id="carriage-returns"),
        pytest.param("\ufeffUser-agent: *\nDisallow: /", False, id="byte-order-mark"),
        pytest.param("\n \nUser-agent:*\nDisallow:/", False, id="spaces"),
        pytest.param("User-agent: *\nDisallow: /".encode("utf-16"), False, id="utf-16"),
        pytest.param("User-agent: *\nDisallow: /".encode("utf-16-le"), False, id="utf-16-unmarked"),
        pytest.param("# ممنوع\nUser-agent: *\nDisallow: /".encode("cp1256"), False, id="windows-1256"),
        pytest.param("<!DOCTYPE html><pre>\nUser-agent: *\nDisallow: /\n</pre>", True, id="a-web-page"),
        pytest.param(bytes(range(256)) * 10, True, id="bytes"),
    ],
)
def test_a_page_is_allowed_or_not(text: str | bytes, allowed: bool) -> None:
    assert rules(text).allows(PAGE, AGENT) is allowed


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        *((status, False) for status in (0, 100, 500, 502, 503, 599)),
        *((status, True) for status in (301, 308, 400, 401, 403, 404, 410, 429, 451)),
    ],
)
def test_without_a_file_the_status_decides(status: int, allowed: bool) -> None:
    for body in ("", "User-agent: *\nAllow: /", "User-agent: *\nDisallow: /"):
        assert rules(body, status).allows(PAGE, AGENT) is allowed
    assert rules("", status).delay(AGENT) == 0


@pytest.mark.parametrize("status", [200, 203, 299])
def test_a_file_counts_with_any_good_status(status: int) -> None:
    assert not rules("User-agent: *\nDisallow: /", status).allows(PAGE, AGENT)


@pytest.mark.parametrize(
    ("rule", "url", "allowed"),
    [
        pytest.param(
            "/أخبار", "https://news.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1", False, id="arabic-rule"
        ),
        pytest.param("/%d8%a3%d8%ae", "https://news.example/أخبار/1", False, id="arabic-address"),
        pytest.param("/*?print=", "https://news.example/1?print=1", False, id="query"),
        pytest.param("/*?print=", "https://news.example/1", True, id="another-query"),
        pytest.param("/", "https://news.example/robots.txt", True, id="the-file-itself"),
        pytest.param("/", "https://news.example", False, id="no-path"),
        pytest.param("/private", "http://[news", False, id="no-address"),
        pytest.param("/private", "https://news.example/\ud800", False, id="half-a-character"),
    ],
)
def test_addresses_are_compared_as_written_or_encoded(rule: str, url: str, allowed: bool) -> None:
    assert rules(f"User-agent: *\nDisallow: {rule}").allows(url, AGENT) is allowed


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        pytest.param("", 0.0, id="none"),
        pytest.param("Crawl-delay: 5", 5.0, id="seconds"),
        pytest.param("crawl-delay:0.5", 0.5, id="half-a-second"),
        pytest.param("Crawl-delay: 3600", MOST_DELAY, id="an-hour"),
        pytest.param("Crawl-delay: -1", 0.0, id="negative"),
        pytest.param("Crawl-delay: nan", 0.0, id="no-number"),
        pytest.param("Crawl-delay: inf", 0.0, id="without-end"),
        pytest.param("Crawl-delay: soon", 0.0, id="word"),
        pytest.param("Request-rate: 1/10", 10.0, id="rate"),
        pytest.param("Request-rate: 30/1m", 2.0, id="rate-a-minute"),
        pytest.param("Request-rate: 1/1h", MOST_DELAY, id="rate-an-hour"),
        pytest.param("Request-rate: 0/10", 0.0, id="no-rate"),
        pytest.param(f"Request-rate: 1/{'9' * 4000}", MOST_DELAY, id="rate-of-aeons"),
        pytest.param(f"Request-rate: {'9' * 4000}/1", 0.0, id="rate-of-lightning"),
        pytest.param("Crawl-delay: 2\nRequest-rate: 1/4", 4.0, id="the-slower-of-both"),
    ],
)
def test_the_delay_is_what_the_site_asks_for_up_to_a_limit(rule: str, seconds: float) -> None:
    assert rules(f"User-agent: *\nDisallow: /private\n{rule}").delay(AGENT) == pytest.approx(seconds)


def test_the_delay_is_our_own_group_s() -> None:
    found = rules("User-agent: *\nCrawl-delay: 20\n\nUser-agent: mujaz\nCrawl-delay: 3")
    assert (found.delay(AGENT), found.delay("Other")) == (3.0, 20.0)


def test_a_whole_user_agent_is_known_by_its_first_word() -> None:
    found = rules("User-agent: Mujaz\nDisallow: /")
    assert not found.allows(PAGE, "Mujaz/0.1 (+https://mujaz.example/bot)")


@pytest.mark.parametrize(("filler", "allowed"), [(MOST_BYTES - 40, False), (MOST_BYTES, True)])
def test_what_lies_beyond_the_limit_is_not_read(filler: int, allowed: bool) -> None:
    assert rules(f"User-agent: *\n{'#' * filler}\nDisallow: /world").allows(PAGE, AGENT) is allowed


def test_a_line_that_the_limit_cuts_is_no_rule() -> None:
    head = "User-agent: *\nAllow: /world/\n"
    rule = "Disallow: /world/1000000"
    filler = "#" * (MOST_BYTES - len(head) - 1 - len("Disallow: /world/1"))
    assert rules(f"{head}{filler}\n{rule}").allows(PAGE, AGENT)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("user-agent:x\n" * 19_000 + "allow:/a\n" * 28_000, id="agents-times-rules"),
        pytest.param("user-agent:*\n" + "disallow:/" + "*a" * 200_000, id="wildcards"),
        pytest.param("user-agent:*\n" + "disallow:/a*b*c$\n" * 30_000, id="rules"),
    ],
)
def test_a_file_made_to_hurt_is_read(text: str) -> None:
    found = rules(text)
    assert found.allows(PAGE, AGENT)
    assert found.delay(AGENT) == 0


@given(body=st.binary(max_size=200), status=st.integers(0, 600), url=st.text(max_size=40))
def test_any_answer_gives_rules(body: bytes, status: int, url: str) -> None:
    found = Robots.read(status, body)
    assert found.allows(url, AGENT) in {True, False}
    assert 0 <= found.delay(AGENT) <= MOST_DELAY


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(PAGE, "https://news.example/robots.txt", id="https"),
        pytest.param("HTTP://News.Example:8080/a?b#c", "http://news.example:8080/robots.txt", id="port"),
        pytest.param("https://user:pw@news.example/a", "https://news.example/robots.txt", id="user"),
        pytest.param("https://[::1]:8080/a", "https://[::1]:8080/robots.txt", id="address"),
        pytest.param("https://news.example", "https://news.example/robots.txt", id="no-path"),
        pytest.param("http://[news", "", id="no-address"),
        pytest.param("news", "", id="a-word"),
    ],
)
def test_robots_txt_stands_at_the_root_of_the_host(url: str, expected: str) -> None:
    assert robots_url(url) == expected
