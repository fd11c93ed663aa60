"""`digest sources check`: what is at an address, said plainly, and the lines to paste."""

from __future__ import annotations

import datetime as dt
import pathlib
import tomllib
from collections.abc import Iterator
from email.utils import format_datetime

import pytest

from digest.settings import SourcesFile
from tests.adapters.http_server import Server, answer, http_server, redirect
from tests.cli.conftest import AT
from tests.cli.running import LOOPBACK, NOBODY, Ran, digest, write_sources
from tests.conftest import NOW

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_XML = {"Content-Type": "application/rss+xml"}


def _rss(
    *,
    hours: float = 2,
    count: int = 12,
    age_hours: float = 0,
    dated: bool = True,
    text: bool = True,
    word: str = "ميناء",
) -> bytes:
    """Return a feed of `count` entries, one every so many hours, the newest so old."""
    items = []
    for number in range(count):
        when = format_datetime(NOW - dt.timedelta(hours=age_hours + number * hours))
        items.append(
            f"<item><title>افتتاح {word} {number}</title><link>/{word}/{number}</link><guid>{word}-{number}</guid>"
            + (f"<pubDate>{when}</pubDate>" if dated else "")
            + (
                f"<description>قال المحافظ إن العمل في المشروع رقم {number} انتهى اليوم.</description>"
                if text
                else ""
            )
            + "</item>"
        )
    head = "<title>صوت الواحة | آخر الأخبار</title><language>ar-JO</language>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def _page(head: str = "", body: str = "") -> bytes:
    return f"<!DOCTYPE html><html lang=ar><head><title>صوت الواحة</title>{head}</head>{body}</html>".encode()


def _alternate(href: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{href}">'


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


def _check(home: pathlib.Path, url: str, *words: str) -> Ran:
    return digest(home, "sources", "check", url, "--at", AT, *words, extra=LOOPBACK)


# --------------------------------------------------------------------------- a feed


def test_a_feed_is_described_and_its_toml_can_be_pasted(server: Server, empty: pathlib.Path) -> None:
    server.routes["/rss"] = answer(_rss(), headers=_XML)
    ran = _check(empty, f"{server.base}/rss")
    assert (ran.code, ran.err) == (0, "")
    said, _, toml = ran.out.partition("[[source]]")
    for line in (
        f"{server.base}/rss answers 200: a feed.",
        "kind        RSS 2.0, utf-8",
        "title       صوت الواحة | آخر الأخبار",
        "language    ar (it says ar-JO)",
        "entries     12",
        "dates       12 of 12; the newest is 0 min old; 12 a day",
        "summaries   12 of 12; ids 12; images 0",
        "headlines   افتتاح ميناء 0\n              افتتاح ميناء 1\n              افتتاح ميناء 2\n",
    ):
        assert line in said
    assert "note " not in said
    [table] = SourcesFile.model_validate(tomllib.loads(f"[[source]]{toml}")).source
    assert (table.id, table.outlet, table.url) == ("127.0.0.1", "صوت الواحة", f"{server.base}/rss")
    assert (table.country, table.timezone, table.language, table.full_text) == (
        "JO",
        "Asia/Amman",
        "ar",
        False,
    )
    assert not list(empty.iterdir())


@pytest.mark.parametrize(
    ("body", "note"),
    [
        pytest.param(_rss(dated=False), "Most entries have no date", id="dateless"),
        pytest.param(_rss(age_hours=24 * 30), "It brings nothing new any more", id="stale"),
        pytest.param(_rss(text=False), "Most entries are a headline and no more", id="headlines only"),
        pytest.param(_rss(count=0), "It is a feed without entries", id="empty"),
    ],
)
def test_what_is_wrong_with_a_feed_is_said(
    body: bytes, note: str, server: Server, empty: pathlib.Path
) -> None:
    server.routes["/rss"] = answer(body, headers=_XML)
    ran = _check(empty, f"{server.base}/rss")
    assert ran.code == 0
    assert f"  note        {note}" in ran.out
    assert ("full_text = true" in ran.out) == ("headline and no more" in note)


def test_what_had_to_be_mended_is_said(server: Server, empty: pathlib.Path) -> None:
    body = _rss().decode().replace('version="1.0"', 'version="1.0" encoding="utf-8"').encode("windows-1256")
    server.routes["/rss"] = answer(body, headers=_XML)
    ran = _check(empty, f"{server.base}/rss")
    assert "kind        RSS 2.0, cp1256; mended: is windows-1256 but says utf-8" in ran.out
    assert "افتتاح ميناء 0" in ran.out


@pytest.mark.parametrize(
    ("status", "words", "kept"),
    [
        pytest.param(301, "/old has moved for good to", False, id="for good"),
        pytest.param(302, "/old leads for now to", True, id="for now"),
    ],
)
def test_only_a_permanent_redirect_changes_the_address(
    status: int, words: str, kept: bool, server: Server, empty: pathlib.Path
) -> None:
    server.routes |= {"/old": redirect("/new", status), "/new": answer(_rss(), headers=_XML)}
    ran = _check(empty, f"{server.base}/old")
    assert f"{words} {server.base}/new." in ran.out
    assert f'url = "{server.base}/{"old" if kept else "new"}"' in ran.out


def test_a_feed_that_is_configured_is_not_suggested_again(server: Server, empty: pathlib.Path) -> None:
    server.routes["/rss"] = answer(_rss(), headers=_XML)
    write_sources(empty, {"waha": f"{server.base}/rss"})
    ran = _check(empty, f"{server.base}/rss#top")
    assert (ran.code, "[[source]]" in ran.out) == (0, False)
    assert "It is configured already, as 'waha'." in ran.out


def test_without_a_scheme_https_is_tried_and_then_http(server: Server, empty: pathlib.Path) -> None:
    server.routes["/rss"] = answer(_rss(), headers=_XML)
    ran = _check(empty, f"{server.base.removeprefix('http://')}/rss", "--json")
    assert (ran.code, ran.json["requests"]) == (0, 2)
    assert ran.json["source"]["url"] == f"{server.base}/rss"


# --------------------------------------------------------------------------- a web page


def test_the_best_feed_of_a_page_is_suggested_and_the_others_listed(
    server: Server, empty: pathlib.Path
) -> None:
    stale, fresh = _rss(age_hours=24 * 90, word="سد"), _rss(word="جسر")
    links = "".join(map(_alternate, ["/comments/feed", "/empty", "/stale", "/moved"]))
    server.routes |= {
        "/": answer(_page(links, '<a href="/rss/sport">رياضة</a>'), headers=_HTML),
        "/comments/feed": answer(_rss(word="تعليق"), headers=_XML),
        "/empty": answer(_rss(count=0), headers=_XML),
        "/stale": answer(stale, headers=_XML),
        "/moved": redirect("/fresh", 301),
        "/fresh": answer(fresh, headers=_XML),
        "/rss/sport": answer(b"<rss", headers=_XML),
    }
    found = _check(empty, server.base, "--json").json
    assert (found["is"], found["feed"]["url"], found["feed"]["origin"]) == (
        "page",
        f"{server.base}/fresh",
        "announced",
    )
    others = [other["url"] for other in found["others"]]
    assert others == [f"{server.base}{path}" for path in ("/empty", "/stale", "/comments/feed")]
    assert found["source"]["url"] == f"{server.base}/fresh"
    said = _check(empty, server.base).out
    assert f"The feed to take is announced by the page: {server.base}/fresh" in said
    assert f"{server.base}/moved has moved for good to {server.base}/fresh." in said
    assert (
        f"other       {server.base}/stale  (صوت الواحة | آخر الأخبار, 12 entries, the newest 90 days old)"
        in said
    )


@pytest.mark.parametrize(
    ("page", "path", "requests", "origin"),
    [
        pytest.param(_page(body='<footer><a href="/rss/all">خلاصات</a></footer>'), "/rss/all", 2, "linked", id="a link"),
        pytest.param(_page(), "/rss.xml", 4, "guessed", id="a usual place"),
        pytest.param(_page(_alternate("/gone")), "/feed", 3, "guessed", id="a usual place where what is announced is gone"),
    ],
)  # fmt: skip
def test_feeds_are_looked_for_until_one_is_found(
    page: bytes, path: str, requests: int, origin: str, server: Server, empty: pathlib.Path
) -> None:
    server.routes |= {"/": answer(page, headers=_HTML), path: answer(_rss(), headers=_XML)}
    found = _check(empty, f"{server.base}/", "--json").json
    assert (found["feed"]["url"], found["feed"]["origin"]) == (f"{server.base}{path}", origin)
    assert found["requests"] == len(server.requests) == requests


def test_a_page_of_feeds_behind_the_front_page_is_read(server: Server, empty: pathlib.Path) -> None:
    server.routes |= {
        "/": answer(_page(body='<a href="/rss">RSS</a>'), headers=_HTML),
        "/rss": answer(_page(body='<a href="/">x</a><a href="/rss/7">الكل</a>'), headers=_HTML),
        "/rss/7": answer(_rss(), headers=_XML),
    }
    found = _check(empty, server.base, "--json").json
    assert found["feed"]["url"] == f"{server.base}/rss/7"


def test_a_page_of_a_thousand_links_costs_eight_requests(server: Server, empty: pathlib.Path) -> None:
    links = "".join(f'<a href="/rss/{number}">قسم {number}</a>' for number in range(1000))
    server.routes["/"] = answer(_page(body=links), headers=_HTML)
    server.routes |= {f"/rss/{number}": answer(_rss(), headers=_XML) for number in range(5)}
    ran = _check(empty, server.base)
    assert (ran.code, len(server.requests)) == (0, 8)
    assert f"not tried   {server.base}/rss/7  (قسم 7)" in ran.out


def test_a_page_without_feeds_is_said_to_be_one(server: Server, empty: pathlib.Path) -> None:
    # Many sites answer every address with their front page.
    for path in ("/", "/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/ar/rss"):
        server.routes[path] = answer(_page(), headers=_HTML)
    ran = _check(empty, server.base)
    assert (ran.code, len(server.requests)) == (1, 8)
    assert ran.out == f"{server.base} answers 200: a web page.\n"
    assert "it is a web page, and none of 7 addresses that it names or that are usual is a feed." in ran.err


# --------------------------------------------------------------------------- nothing

_CHALLENGE = _page(
    "<title>Just a moment...</title>", '<script src="/cdn-cgi/challenge-platform/h/b.js"></script>'
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        pytest.param(404, b"", "nothing", "Check the site's front page", id="missing"),
        pytest.param(410, b"", "nothing", "It is gone for good", id="gone"),
        pytest.param(403, b"no", "blocked", "keeps programs out", id="forbidden"),
        pytest.param(200, _CHALLENGE, "blocked", "keeps programs out", id="a challenge page"),
        pytest.param(500, b"", "nothing", "The server is in trouble", id="in trouble"),
        pytest.param(429, b"", "nothing", "wants to be left alone", id="busy"),
        pytest.param(200, b"", "nothing", "an empty answer", id="an empty answer"),
        pytest.param(200, b"%PDF-1.7", "nothing", "Look at the address in a browser", id="a file"),
    ],
)  # fmt: skip
def test_why_there_is_no_feed_is_said_with_what_to_do(
    status: int, body: bytes, kind: str, says: str, server: Server, empty: pathlib.Path
) -> None:
    server.routes["/rss"] = answer(body, status=status, headers=_HTML)
    ran = _check(empty, f"{server.base}/rss", "--json")
    assert (ran.code, ran.json["is"], ran.json["http_status"]) == (1, kind, status)
    assert (ran.json["feed"], ran.json["toml"]) == (None, None)
    assert ran.err.startswith(f"digest: no feed at {server.base}/rss: ")
    assert says in ran.err


def test_nobody_answers(empty: pathlib.Path) -> None:
    ran = _check(empty, NOBODY.removeprefix("http://"))
    assert (ran.code, ran.out) == (1, "")
    assert "Look at the address, and at this machine's network." in ran.err


def test_addresses_of_the_own_network_are_refused_with_the_way_to_allow_them(
    server: Server, empty: pathlib.Path
) -> None:
    server.routes["/rss"] = answer(_rss(), headers=_XML)
    ran = digest(empty, "sources", "check", f"{server.base}/rss")
    assert (ran.code, ran.out, server.requests) == (1, "", [])
    assert "127.0.0.1 is not a public one" in ran.err
    assert "DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES=true" in ran.err


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://waha.example/rss", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("waha example", id="a space"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_address_is_a_usage_error(url: str, empty: pathlib.Path) -> None:
    ran = _check(empty, url)
    assert (ran.code, ran.out) == (2, "")
    assert "is no http(s) address." in ran.err
