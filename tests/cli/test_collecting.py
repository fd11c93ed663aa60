"""`digest collect` and `digest articles`."""

from __future__ import annotations

import datetime as dt
import email.utils
import pathlib

import pytest

from digest.demo.server import feed_server
from tests.adapters.http_server import Route, answer, http_server
from tests.cli.conftest import AT
from tests.cli.running import LOOPBACK, NOBODY, Ran, digest, sample_feeds, write_sources
from tests.conftest import NOW

_ITEM = (
    "<item><title>{title}</title><link>https://shiraa.example/{number}</link><guid>{number}</guid>"
    "<pubDate>{date}</pubDate></item>"
)
_FIELDS = {"id", "source", "outlet", "section", "url", "published", "title", "summary", "country", "language"}


def _item(title: str, number: int, date: dt.datetime = NOW - dt.timedelta(hours=1)) -> str:
    return _ITEM.format(title=title, number=number, date=email.utils.format_datetime(date))


def _feed(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>شراع</title>{"".join(items)}</channel></rss>'.encode()


def test_collect_counts_sources_and_articles(collected: tuple[pathlib.Path, Ran]) -> None:
    home, ran = collected
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["sources"] == {"ok": 9, "unchanged": 0, "failed": 0, "waiting": 0, "retired": 0}
    assert ran.json["articles"]["new"] == len(digest(home, "articles").lines) >= 140
    assert ran.json["entries"] == {"found": ran.json["articles"]["new"], "skipped": 0}
    assert (ran.json["failures"], ran.json["outage"]) == ({}, False)
    assert ran.json["pages"] == {"read": 0, "failed": 0, "disallowed": 0}


def test_a_second_collect_stores_nothing_twice(blank: pathlib.Path) -> None:
    with sample_feeds(NOW) as urls:
        write_sources(blank, urls)
        first = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
        stored = digest(blank, "articles").out
        second = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
        assert digest(blank, "articles").out == stored
    assert (first.code, first.err) == (0, "")
    assert "9 sources: 9 ok, 0 unchanged, 0 failed; 1" in first.out
    assert second.code == 0
    assert second.json["sources"] == {"ok": 0, "unchanged": 9, "failed": 0, "waiting": 0, "retired": 0}
    assert second.json["articles"] == {"new": 0, "updated": 0}


def test_feeds_that_moved_on_bring_only_what_is_new(blank: pathlib.Path) -> None:
    rain, summit, vote = "أمطار في بيروت", "قمة في الرياض", "انتخابات في تونس"
    numbers = {summit: 1, rain: 2, "أمطار غزيرة في بيروت": 2, vote: 3}
    with feed_server() as (base, pages):
        write_sources(blank, {"shiraa": f"{base}/feed.xml"})
        for titles, counts in (
            ([summit, rain], {"new": 2, "updated": 0}),
            ([vote, rain, summit], {"new": 1, "updated": 0}),
            ([vote, "أمطار غزيرة في بيروت"], {"new": 0, "updated": 1}),
        ):
            items = [
                _item(title, numbers[title], NOW - dt.timedelta(hours=6 - numbers[title])) for title in titles
            ]
            pages["/feed.xml"] = ("application/rss+xml", _feed(*items))
            ran = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
            assert ran.json["articles"] == counts
            assert ran.json["entries"] == {"found": len(items), "skipped": 0}
    found = [line["title"] for line in digest(blank, "articles", "--at", AT).lines]
    assert found == [summit, "أمطار غزيرة في بيروت", vote]


def test_a_source_that_fails_is_named_and_stops_no_other(blank: pathlib.Path) -> None:
    with sample_feeds(NOW, faulty=True) as urls:
        write_sources(blank, {"nobody": NOBODY, **urls, "missing": urls["shiraa"].replace("shiraa", "x")})
        ran = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
    assert ran.code == 1
    assert ran.json["sources"] == {"ok": 9, "unchanged": 0, "failed": 3, "waiting": 0, "retired": 0}
    assert ran.json["articles"]["new"] >= 140
    failures = ran.json["failures"]
    assert "no connection to 127.0.0.1:9" in failures["nobody"]
    assert "404" in failures["missing"]
    assert "a web page" in failures["qafila"]
    assert [
        source for source in failures if f"digest: source {source} ({source}) failed: " not in ran.err
    ] == []


def test_without_a_network_every_source_fails_with_its_reason(home: pathlib.Path) -> None:
    ran = digest(home, "collect", "--at", AT, extra=LOOPBACK)
    assert ran.code == 1
    assert ran.out == "9 sources: 0 ok, 0 unchanged, 9 failed; 0 new articles.\n"
    assert ran.err.count(" failed: no connection to 127.0.0.1:") == 9
    # The edition is made all the same, from what is stored.
    composed = digest(home, "compose", "--at", AT, "--json")
    assert composed.code == 0
    assert composed.json["stories"] >= 15


def test_when_most_hosts_cannot_be_reached_it_is_said_in_one_sentence(blank: pathlib.Path) -> None:
    with http_server() as server:
        hosts = {f"lost{number}": f"http://127.0.0.{number}:9/feed" for number in range(2, 6)}
        write_sources(blank, {**hosts, "missing": f"{server.base}/feed"})
        ran = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
        again = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
    assert ran.code == 1
    lost, missing = ran.err.splitlines()
    assert lost.startswith("digest: 4 sources cannot be reached. ")
    assert "this machine's network" in lost
    # Whoever was reached, and is at fault, is named all the same.
    assert missing.startswith("digest: source missing (missing) failed: the server answered 404")
    # None of them waits for what was not its fault.
    assert (again.json["sources"]["failed"], again.json["sources"]["waiting"]) == (5, 0)
    assert again.json["outage"] is True
    listed = digest(blank, "sources", "list", "--at", AT, "--json").json["sources"]
    assert {row["id"]: row["failures"] for row in listed} == {**dict.fromkeys(hosts, 0), "missing": 2}


_CHALLENGE = b"<!doctype html><html><head><title>Just a moment...</title></head><body>cf_chl</body></html>"


@pytest.mark.parametrize(
    ("route", "said"),
    [
        pytest.param(answer(status=403), "the server answered 403 Forbidden", id="forbidden"),
        pytest.param(
            answer(_CHALLENGE, headers={"Content-Type": "text/html"}), "challenge page", id="a challenge page"
        ),
        pytest.param(answer(_CHALLENGE, status=503), "challenge page", id="a challenge page with an error"),
    ],
)
def test_a_source_that_keeps_us_out_is_blocked(route: Route, said: str, blank: pathlib.Path) -> None:
    with http_server() as server:
        server.routes["/feed"] = route
        write_sources(blank, {"one": f"{server.base}/feed"})
        ran = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
    assert ran.code == 1
    assert said in ran.err
    [row] = digest(blank, "sources", "list", "--at", AT, "--json").json["sources"]
    assert (row["state"], said in row["words"]) == ("blocked", True)


def test_a_server_that_asks_to_be_left_alone_is_with_all_its_feeds(blank: pathlib.Path) -> None:
    with http_server() as server, http_server() as another:
        server.routes["/one"] = answer(status=429, headers={"Retry-After": "600"})
        server.routes["/two"] = another.routes["/three"] = answer(_feed(_item("خبر", 1)))
        write_sources(blank, {"one": f"{server.base}/one"})
        first = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
        urls = {"one": f"{server.base}/one", "two": f"{server.base}/two", "three": f"{another.base}/three"}
        write_sources(blank, urls)
        soon = (NOW + dt.timedelta(seconds=599)).isoformat()
        second = digest(blank, "collect", "--at", soon, extra=LOOPBACK)
        asked = len(server.requests)
        server.routes["/one"] = server.routes["/two"]
        over = (NOW + dt.timedelta(seconds=600)).isoformat()
        third = digest(blank, "collect", "--at", over, "--json", extra=LOOPBACK)
    assert (first.code, asked) == (1, 1)
    assert (second.code, second.out) == (
        0,
        "1 source: 1 ok, 0 unchanged, 0 failed, 2 waiting; 1 new article.\n",
    )
    assert (third.json["sources"]["waiting"], third.json["sources"]["failed"]) == (0, 0)


def test_feeds_on_private_addresses_are_refused_unless_allowed(blank: pathlib.Path) -> None:
    with sample_feeds(NOW) as urls:
        write_sources(blank, urls)
        ran = digest(blank, "collect", "--at", AT, "--json")
    assert ran.code == 1
    assert ran.json["sources"]["failed"] == 9
    assert all("not a public one" in reason for reason in ran.json["failures"].values())


def test_articles_are_printed_oldest_first_in_the_form_that_rank_reads(home: pathlib.Path) -> None:
    lines = digest(home, "articles").lines
    assert [line for line in lines if not set(line) >= _FIELDS] == []
    assert [line["published"] for line in lines] == sorted(line["published"] for line in lines)
    assert len({line["id"] for line in lines}) == len(lines)
    assert {line["source"] for line in lines} == {"shiraa", "nakhla", "sadaf", "mashrabiya", "sanawbar", "warraq", "zaytouna", "atlas", "bawsala"}  # fmt: skip


def test_articles_since_a_moment(home: pathlib.Path) -> None:
    since = "2026-11-21T18:00:00+00:00"
    lines = digest(home, "articles", "--since", since).lines
    everything = digest(home, "articles").lines
    assert 0 < len(lines) < len(everything)
    assert lines == [line for line in everything if line["published"] > since]


@pytest.mark.parametrize(
    ("minutes", "shown_at"),
    [pytest.param(29, 0, id="a fast clock"), pytest.param(31, 31, id="held back until then")],
)
def test_articles_of_the_future_are_held_back(minutes: int, shown_at: int, blank: pathlib.Path) -> None:
    with feed_server() as (base, pages):
        item = _item("قمة في الرياض", 1, NOW + dt.timedelta(minutes=minutes))
        pages["/feed.xml"] = ("application/rss+xml", _feed(item))
        write_sources(blank, {"shiraa": f"{base}/feed.xml"})
        assert digest(blank, "collect", "--at", AT, extra=LOOPBACK).code == 0
    for moment in (0, 30, 31):
        at = (NOW + dt.timedelta(minutes=moment)).isoformat()
        assert len(digest(blank, "articles", "--at", at).lines) == (moment >= shown_at)


def test_articles_tell_their_place_in_a_feed_that_is_not_sorted_by_date(blank: pathlib.Path) -> None:
    hours = (3, 1, 6, 2, 5, 4)
    with feed_server() as (base, pages):
        items = [_item(f"قمة {hour}", hour, NOW - dt.timedelta(hours=hour)) for hour in hours]
        pages["/feed.xml"] = ("application/rss+xml", _feed(*items))
        write_sources(blank, {"shiraa": f"{base}/feed.xml"})
        assert digest(blank, "collect", "--at", AT, extra=LOOPBACK).code == 0
    found = {line["title"]: line["place"] for line in digest(blank, "articles", "--at", AT, "--json").lines}
    assert found == {f"قمة {hour}": place for place, hour in enumerate(hours, start=1)}


def test_an_empty_store_prints_no_article(empty: pathlib.Path) -> None:
    ran = digest(empty, "articles", "--json")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


# --------------------------------------------------------------------------- article pages

_TITLE = "افتتاح الميناء الجديد في مدينة صفاقس اليوم"
_LEDE = "افتتح رئيس الحكومة صباح اليوم الميناء الجديد في مدينة صفاقس بحضور عدد من الوزراء والسفراء."
_PAGE = f"""<!doctype html><html lang="ar"><head><title>{_TITLE}</title></head><body><article><h1>{_TITLE}</h1>
<p>{_LEDE}</p><p>ويتسع الميناء الذي استغرق بناؤه أربعة أعوام لعشرين سفينة في وقت واحد.</p></article></body></html>"""


def test_pages_are_read_for_a_source_that_asks_for_it(blank: pathlib.Path) -> None:
    links = "<item><title>{0}</title><link>{1}</link><pubDate>Sun, 22 Nov 2026 05:00:00 GMT</pubDate></item>"
    with http_server() as server:
        items = [
            links.format(_TITLE, f"{server.base}/1"),
            links.format("خبر ممنوع من القراءة", f"{server.base}/private/2"),
        ]
        server.routes |= {
            "/feed": answer(_feed(*items)),
            "/robots.txt": answer(b"User-agent: *\nDisallow: /private"),
            "/1": answer(_PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"}),
        }
        write_sources(blank, {"one": f"{server.base}/feed"})
        toml = blank / "config" / "sources.toml"
        toml.write_text(toml.read_text(encoding="utf-8") + "full_text = true\n", encoding="utf-8")
        ran = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
        again = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
        asked = [path for path, _ in server.requests]
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1] == "1 article page read, 0 failed, 1 kept from us by robots.txt."
    assert again.json["pages"] == {"read": 0, "failed": 0, "disallowed": 1}
    assert (asked.count("/1"), asked.count("/private/2")) == (1, 0)
    stored = {line["title"]: line["summary"] for line in digest(blank, "articles", "--at", AT).lines}
    assert stored == {_TITLE: _LEDE, "خبر ممنوع من القراءة": ""}
