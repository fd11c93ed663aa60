"""`digest collect` and `digest articles`."""

from __future__ import annotations

import pathlib

from digest.demo.server import feed_server
from tests.cli.conftest import AT
from tests.cli.running import LOOPBACK, NOBODY, Ran, digest, sample_feeds, write_sources
from tests.conftest import NOW

_FIELDS = {"id", "source", "outlet", "section", "url", "published", "title", "summary", "country", "language"}


def test_collect_counts_sources_and_articles(collected: tuple[pathlib.Path, Ran]) -> None:
    home, ran = collected
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["sources"] == {"ok": 9, "unchanged": 0, "failed": 0, "waiting": 0}
    assert ran.json["articles"]["new"] == len(digest(home, "articles").lines) >= 140
    assert ran.json["failures"] == {}


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
    assert second.json["sources"] == {"ok": 0, "unchanged": 9, "failed": 0, "waiting": 0}
    assert second.json["articles"] == {"new": 0, "updated": 0}


def test_feeds_that_moved_on_bring_only_what_is_new(blank: pathlib.Path) -> None:
    item = "<item><title>{0}</title><link>https://shiraa.example/{1}</link><guid>{1}</guid><pubDate>Sun, 22 Nov 2026 0{1}:00:00 GMT</pubDate></item>"
    feed = '<rss version="2.0"><channel><title>شراع</title>{}</channel></rss>'
    with feed_server() as (base, pages):
        write_sources(blank, {"shiraa": f"{base}/feed.xml"})
        for items, counts in (
            (["قمة في الرياض", "أمطار في بيروت"], {"new": 2, "updated": 0}),
            (["انتخابات في تونس", "أمطار في بيروت", "قمة في الرياض"], {"new": 1, "updated": 0}),
            (["انتخابات في تونس", "أمطار غزيرة في بيروت"], {"new": 0, "updated": 1}),
        ):
            numbers = {
                "قمة في الرياض": 1,
                "أمطار في بيروت": 2,
                "أمطار غزيرة في بيروت": 2,
                "انتخابات في تونس": 3,
            }
            body = feed.format("".join(item.format(title, numbers[title]) for title in items))
            pages["/feed.xml"] = ("application/rss+xml", body.encode())
            assert digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK).json["articles"] == counts
    titles = [line["title"] for line in digest(blank, "articles").lines]
    assert titles == ["قمة في الرياض", "أمطار غزيرة في بيروت", "انتخابات في تونس"]


def test_a_source_that_fails_is_named_and_stops_no_other(blank: pathlib.Path) -> None:
    with sample_feeds(NOW, faulty=True) as urls:
        write_sources(blank, {"nobody": NOBODY, **urls, "missing": urls["shiraa"].replace("shiraa", "x")})
        ran = digest(blank, "collect", "--at", AT, "--json", extra=LOOPBACK)
    assert ran.code == 1
    assert ran.json["sources"] == {"ok": 9, "unchanged": 0, "failed": 3, "waiting": 0}
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


def test_an_empty_store_prints_no_article(empty: pathlib.Path) -> None:
    ran = digest(empty, "articles", "--json")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
