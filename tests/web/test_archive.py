"""The home page, editions in the browser and the archive, over HTTP."""

from __future__ import annotations

import datetime as dt
import itertools
import pathlib
from collections.abc import Iterator
from dataclasses import replace

import lxml.html
import pytest
from flask import Response

from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Article, Edition
from digest.web.public import KEPT_PAGES, PageCache
from tests.web.site import (
    BASE_URL,
    DAYS,
    TODAY,
    Site,
    add_reader,
    edition_id,
    open_for_readers,
    opened_site,
    sample_editions,
)

_TWO = """
[[newsletter]]
id = "mujaz"
title = "موجز"
locale = "ar"
timezone = "Asia/Riyadh"
regions = ["gulf", "levant", "europe"]
[[newsletter]]
id = "evening"
title = "Evening <i>news</i>"
tagline = "The day & its end"
locale = "en"
timezone = "Europe/Berlin"
send_at = "18:00"
weekdays = ["mon", "thu"]
regions = ["gulf", "levant", "europe"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def page(site: Site, path: str) -> lxml.html.HtmlElement:
    """Return a page that is there."""
    answer = site.client.get(path)
    assert answer.status_code == 200, path
    return lxml.html.document_fromstring(answer.get_data())


def seen(element: lxml.html.HtmlElement) -> str:
    """Return what an element says; pieces of a line join."""
    return " ".join(element.text_content().split())


def links(tree: lxml.html.HtmlElement) -> list[str]:
    """Return where a page's body leads."""
    return [str(href) for href in tree.xpath("//body//a/@href")]


def test_home_says_what_it_is_and_leads_to_the_latest_edition(site: Site) -> None:
    home = page(site, "/")
    text = seen(home)
    newsletter, latest = site.app.newsletter(), sample_editions()[-1]
    assert newsletter.tagline in text
    assert "كل يوم في الساعة 06:30 بتوقيت الرياض" in text
    assert latest.lead.headline in text
    assert {"/archive", "/search", f"/editions/{latest.id}", "/feeds/mujaz.atom", "/feeds/mujaz.json"} <= set(
        links(home)
    )
    assert f"/editions/{latest.id}#story-{latest.lead_id}" in links(home)


def test_home_without_any_edition(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        assert bare.app.newsletter().tagline in seen(page(bare, "/"))
        assert "لم يصدر أي عدد بعد." in seen(page(bare, "/archive"))
        assert bare.client.get("/sitemap.xml").status_code == 200


def test_an_edition_says_what_the_mail_says_without_what_is_a_readers_own(site: Site) -> None:
    edition = sample_editions()[1]
    tree = page(site, f"/editions/{edition.id}")
    text = seen(tree)
    mail = site.app.store.ledger.message(edition.id, "default")
    for story in edition.stories():
        assert story.headline in text
        assert any(href == story.articles[0].url for href in links(tree))
    for section in edition.sections:
        for story in section.stories:
            assert story.summary in text
    letter = lxml.html.document_fromstring(mail.html)
    outside = {href for href in letter.xpath("//a/@href") if ".example/" in href}
    assert outside <= set(links(tree))
    raw = lxml.html.tostring(tree, encoding="unicode")
    assert UNSUBSCRIBE_TOKEN not in raw
    assert PREFERENCES_TOKEN not in raw
    assert "/u/" not in raw
    assert "/" in links(tree)


def test_links_to_others_tell_them_nothing_and_vouch_for_nothing(site: Site) -> None:
    edition = sample_editions()[1]
    for path in (f"/editions/{edition.id}", f"/editions/{edition.id}/{edition.lead_id}"):
        outside = page(site, path).xpath("//a[starts-with(@href, 'http')]")
        assert outside
        assert {link.get("rel") for link in outside} == {"noopener nofollow"}


def test_an_edition_leads_to_the_days_beside_it_and_to_each_storys_page(site: Site) -> None:
    first, middle, last = (sample_editions()[place] for place in (0, 1, 2))
    tree = page(site, f"/editions/{middle.id}")
    assert tree.xpath("//a[@rel='prev']/@href") == [f"/editions/{first.id}"]
    assert tree.xpath("//a[@rel='next']/@href") == [f"/editions/{last.id}"]
    assert {f"/editions/{middle.id}/{story.id}" for story in middle.stories()} <= set(links(tree))
    # Letters lead to a story by this name.
    assert {f"story-{story.id}" for story in middle.stories()} <= set(tree.xpath("//@id"))
    assert f"/editions/{first.id}#story-{first.lead_id}" in links(tree)
    assert page(site, f"/editions/{first.id}").xpath("//a[@rel='prev']") == []


def test_headings_are_in_order_and_ids_are_unique(site: Site) -> None:
    edition = sample_editions()[1]
    paths = ["/", "/archive", "/archive/mujaz/2026/11", "/search?q=جنيف", f"/editions/{edition.id}"]
    for path in [*paths, f"/editions/{edition.id}/{edition.lead_id}"]:
        tree = page(site, path)
        levels = [int(one.tag[1]) for one in tree.xpath("//h1|//h2|//h3|//h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), path
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), path


def test_only_opened_editions_are_public(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        edition = sample_editions()[0]
        bare.app.store.editions.freeze(edition)
        paths = [
            f"/editions/{edition.id}",
            f"/editions/{edition.id}/{edition.lead_id}",
            "/archive/mujaz/2026/11",
            "/editions/mujaz-2026-11-20'--",
        ]
        assert [bare.client.get(path).status_code for path in paths] == [404] * len(paths)
        add_reader(bare.app, "layla@example.org")
        open_for_readers(bare.app, edition)
        assert [bare.client.get(path).status_code for path in paths] == [200, 200, 200, 404]


def test_a_new_day_gives_the_day_before_its_link(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        first, second = sample_editions()[:2]
        add_reader(bare.app, "layla@example.org")
        open_for_readers(bare.app, first)
        before = bare.client.get(f"/editions/{first.id}")
        assert before.headers["Cache-Control"] == "public, max-age=300"
        open_for_readers(bare.app, second)
        after = bare.client.get(f"/editions/{first.id}", headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert f"/editions/{second.id}" in after.get_data(as_text=True)
        assert after.headers["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize(
    "path", ["/", "/archive", "/archive/mujaz/2026/11", "/search?q=جنيف", "/editions/{id}"]
)
def test_what_has_not_changed_is_not_sent_again(site: Site, path: str) -> None:
    path = path.format(id=edition_id("mujaz", DAYS[0]))
    first = site.client.get(path)
    assert "public" in first.headers["Cache-Control"]
    assert "Set-Cookie" not in first.headers
    again = site.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    other = site.client.get(path, headers={"If-None-Match": '"another"'})
    assert other.get_data() == first.get_data()
    assert site.client.head(path).headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/archive?page=1", 200, id="first"),
        pytest.param("/archive?page=2", 404, id="beyond the last"),
        pytest.param("/archive?page=0", 404, id="none"),
        pytest.param("/archive?page=-1", 404, id="negative"),
        pytest.param(f"/archive?page={'9' * 5000}", 404, id="a figure without end"),
        pytest.param("/archive?page=٢", 404, id="figures of another script"),
        pytest.param("/archive?page=1;2", 404, id="no figure"),
        pytest.param("/archive/mujaz/2026/11", 200, id="a month"),
        pytest.param("/archive/mujaz/2026/10", 404, id="a month without editions"),
        pytest.param("/archive/mujaz/2026/13", 404, id="no month"),
        pytest.param("/archive/mujaz/0/1", 404, id="no year"),
        pytest.param("/archive/mujaz/9999/12", 404, id="the last month of all"),
        pytest.param(f"/archive/mujaz/{'9' * 40}/12", 404, id="a year without end"),
        pytest.param("/archive/other/2026/11", 404, id="no newsletter"),
        pytest.param(f"/editions/mujaz-{TODAY}/nothing", 404, id="no story"),
        pytest.param(f"/editions/{'x' * 5000}", 404, id="an id without end"),
        pytest.param("/editions/%00", 404, id="a control"),
        pytest.param("/editions/..%2f..%2fetc", 404, id="a path"),
    ],
)
def test_addresses_that_lead_somewhere_and_that_do_not(site: Site, path: str, status: int) -> None:
    assert site.client.get(path).status_code == status


def test_the_archive_lists_editions_by_date_and_by_month(site: Site) -> None:
    paths = [f"/editions/{edition_id('mujaz', day)}" for day in reversed(DAYS)]
    for path in ("/archive", "/archive/mujaz/2026/11"):
        listed = [href for href in links(page(site, path)) if href.startswith("/editions/")]
        assert listed == paths
    assert "/archive/mujaz/2026/11" in links(page(site, "/archive"))
    assert "نوفمبر 2026" in seen(page(site, "/archive/mujaz/2026/11"))


def test_the_archive_turns_its_pages(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.web.archive.A_PAGE", 2)
    with opened_site(tmp_path) as small:
        first, second = page(small, "/archive"), page(small, "/archive?page=2")
        assert first.xpath("//a[@rel='next']/@href") == ["/archive?page=2"]
        assert second.xpath("//a[@rel='prev']/@href") == ["/archive?page=1"]
        assert second.xpath("//a[@rel='next']") == []
        assert f"/editions/{edition_id('mujaz', DAYS[0])}" in links(second)


def test_two_newsletters_each_in_their_own_language(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "digest.toml").write_text(_TWO, encoding="utf-8")
    with opened_site(tmp_path) as both:
        add_reader(both.app, "omar@example.org", "evening")
        evening = replace(sample_editions()[-1], id=edition_id("evening", TODAY), newsletter_id="evening")
        open_for_readers(both.app, evening)
        tree = page(both, f"/editions/{evening.id}")
        assert (tree.get("lang"), tree.get("dir")) == ("en", "ltr")
        assert "Evening <i>news</i>" in seen(tree)
        assert tree.xpath("//h2//span[@dir='rtl'][@lang='ar']")
        assert "Evening <i>news</i>" in seen(page(both, "/"))
        archive = seen(page(both, "/archive"))
        assert archive.count("Evening <i>news</i>") == 2
        month = links(page(both, "/archive/evening/2026/11"))
        assert [href for href in month if href.startswith("/editions/")] == [f"/editions/{evening.id}"]
        assert "Search" in seen(page(both, "/archive/evening/2026/11"))


def test_what_a_page_says_of_itself(site: Site) -> None:
    edition = sample_editions()[-1]
    tree = page(site, f"/editions/{edition.id}")
    said = {
        one.get("property") or one.get("name"): one.get("content") for one in tree.xpath("//meta[@content]")
    }
    assert said["og:type"] == "article"
    assert said["og:url"] == f"{BASE_URL}/editions/{edition.id}"
    assert said["og:title"] == "الأحد، 22 نوفمبر 2026"
    assert said["og:site_name"] == "موجز"
    assert edition.lead.headline in said["description"]
    assert len(said["description"]) <= 201
    assert "robots" not in said
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE_URL}/editions/{edition.id}"]
    feeds = tree.xpath("//link[@rel='alternate']")
    assert [(one.get("type"), one.get("href")) for one in feeds] == [
        ("application/atom+xml", "/feeds/mujaz.atom"),
        ("application/feed+json", "/feeds/mujaz.json"),
    ]


def test_a_forged_host_stands_in_no_kept_page(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, {"DIGEST_BASE_URL": ""}) as nameless:
        path = f"/editions/{edition_id('mujaz', TODAY)}"
        answer = nameless.client.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 200
        assert "evil.example" not in answer.get_data(as_text=True)
        assert page(nameless, path).xpath("//link[@rel='canonical']") == []


def _hostile() -> Edition:
    evil = '"><script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}__UNSUBSCRIBE_URL__'

    def spoiled(article: Article) -> Article:
        return replace(article, title=evil, outlet=f"{article.outlet}{evil}", url="javascript:alert(1)")

    edition = sample_editions()[-1]
    lead = edition.lead
    spoiled_lead = replace(lead, headline=evil, summary=evil, articles=tuple(map(spoiled, lead.articles)))
    sections = tuple(
        replace(one, stories=tuple(spoiled_lead if story.id == lead.id else story for story in one.stories))
        for one in edition.sections
    )
    return replace(edition, sections=sections)


def test_hostile_feed_text_is_text(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        edition = _hostile()
        add_reader(bare.app, "layla@example.org")
        open_for_readers(bare.app, edition)
        paths = ["/", "/archive", f"/editions/{edition.id}", f"/editions/{edition.id}/{edition.lead_id}"]
        for path in paths:
            tree = page(bare, path)
            html = lxml.html.tostring(tree, encoding="unicode")
            assert not tree.xpath("//body//script[not(@src)]|//@onclick|//style")
            assert not [href for href in links(tree) if href.startswith("javascript")]
            assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html
            assert "alert(1)" in seen(tree)


def test_the_cache_keeps_what_was_read_last_and_no_more() -> None:
    cache, rendered = PageCache(most=2), []

    def read(key: str) -> bytes:
        def render() -> Response:
            rendered.append(key)
            return Response(f"page {key}")

        return cache.page(key, render).html

    assert [read(key) for key in "aabacab"] == [f"page {key}".encode() for key in "aabacab"]
    assert rendered == ["a", "b", "c", "b"]
    assert KEPT_PAGES <= 500


def test_edition_pages_keep_their_days(site: Site) -> None:
    for day in DAYS:
        tree = page(site, f"/editions/{edition_id('mujaz', day)}")
        assert dt.date.fromisoformat(tree.xpath("//h1/time/@datetime")[0]) == day
