"""Whose is an article? One contract for the store in memory and both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from digest.collector.sites import is_on_own_site
from digest.model import Article, ArticleDraft, FetchState, PageText, SaveCounts, Source
from digest.ports import ArticleStore
from tests.conftest import NOW
from tests.samples import draft, parsed, source

_HOUR = dt.timedelta(hours=1)
_OWNER = source("owner", outlet="صوت الواحة", url="https://rss.waha.example/feed")
_OF_ITS_SITE = source("sports", outlet="واحة الرياضة", url="https://www.waha.example/sports.xml")
_STRANGER = source("stranger", outlet="صدى الجبل", url="https://jabal.example/feed")
_LINK = "https://www.waha.example/news/1"


def _telling(of: Source, title: str = "", *, url: str = _LINK) -> ArticleDraft:
    return draft(title or f"افتتاح الميناء كما ترويه {of.outlet}", of=of, guid="", url=url)


def _save(store: ArticleStore, of: Source, *drafts: ArticleDraft, at: dt.datetime = NOW) -> SaveCounts:
    return store.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), at)


def _only(store: ArticleStore) -> Article:
    (article,) = store.articles(None, None)
    return article


@pytest.mark.parametrize(
    ("first", "then", "its"),
    [
        pytest.param(_OWNER, _STRANGER, _OWNER, id="a stranger edits nobody's article"),
        pytest.param(_STRANGER, _OWNER, _OWNER, id="its own site's feed takes it from a stranger"),
        pytest.param(_OWNER, _OF_ITS_SITE, _OWNER, id="of one site's feeds the first keeps it"),
        pytest.param(_STRANGER, source("third"), _STRANGER, id="another stranger takes nothing"),
    ],
)
def test_an_article_is_its_own_sites(
    articles: ArticleStore, first: Source, then: Source, its: Source
) -> None:
    _save(articles, first, _telling(first))
    before = _only(articles)
    counts = _save(articles, then, _telling(then), at=NOW + _HOUR)
    is_taken = its is then
    assert counts == (SaveCounts(updated=1) if is_taken else SaveCounts(known=1))
    owned = _only(articles)
    assert (owned.id, owned.source, owned.outlet) == (before.id, its.id, its.outlet)
    assert owned.title == _telling(its).title
    # Whoever lost does not win it back, however often it says so; and the owner edits what is its own.
    for of in (first, then):
        told = _telling(of, f"عنوان جديد للخبر نفسه عند {of.outlet}")
        _save(articles, of, told, at=NOW + 2 * _HOUR)
    assert (_only(articles).source, _only(articles).title) == (
        its.id,
        f"عنوان جديد للخبر نفسه عند {its.outlet}",
    )


@pytest.mark.parametrize(
    ("order", "its"),
    [
        pytest.param((_OWNER, _STRANGER), _OWNER, id="named by a stranger afterwards"),
        pytest.param((_STRANGER, _OWNER), _OWNER, id="taken from a stranger"),
        pytest.param((_OWNER, _OF_ITS_SITE), _OWNER, id="named by two feeds of one site"),
    ],
)
def test_an_article_is_found_by_every_source_that_has_named_it(
    articles: ArticleStore, order: tuple[Source, Source], its: Source
) -> None:
    alone = _telling(_OWNER, "خبر لا يرويه غير صاحبه", url="https://www.waha.example/news/2")
    for of in (*order, *order):
        _save(articles, of, _telling(of), *([alone] if of is _OWNER else []))
    both, only = (one.id for one in sorted(articles.articles(None, None), key=lambda one: one.url))
    found = {
        of.id: {one.id for one in articles.articles(None, None, [of.id])} for of in (*order, source("third"))
    }
    wanted = {of.id: {both, only} if of is _OWNER else {both} for of in order}
    assert found == wanted | {"third": set()}
    assert {one.source for one in articles.articles(None, None)} == {its.id}
    for of in order:
        assert articles.newest(NOW, [of.id]) == NOW - 2 * _HOUR
    assert articles.newest(NOW, ["third"]) is None


def test_what_a_stranger_said_of_it_is_forgotten_and_its_page_is_not(articles: ArticleStore) -> None:
    stolen = replace(_telling(_STRANGER), section="مسروق", image_url="https://jabal.example/1.jpg", place=1)
    _save(articles, _STRANGER, stolen)
    page = PageText(text="نص الصفحة نفسها، أيا كان من ذكر رابطها", lede="", dateline="طنجة")
    articles.save_text(_only(articles).id, page, NOW)
    told = replace(_telling(_OWNER), section="اقتصاد", image_url=None, published=NOW - 3 * _HOUR)
    _save(articles, _OWNER, told, at=NOW + _HOUR)
    owned = _only(articles)
    assert (owned.section, owned.image_url, owned.dateline) == ("اقتصاد", None, "")
    assert (owned.feed_place, owned.published) == (None, NOW - 3 * _HOUR)
    assert owned.text == page.text
    assert articles.wanting_text([_OWNER.id], NOW - _HOUR, 5) == []


@pytest.mark.parametrize(
    ("feed", "link", "is_own"),
    [
        pytest.param("https://news.example/feed", "https://news.example/1", True, id="one host"),
        pytest.param(
            "http://news.example/feed", "https://WWW.News.Example:443/1", True, id="case, www, scheme"
        ),
        pytest.param("https://rss.news.example/", "https://arabic.news.example/1", True, id="siblings"),
        pytest.param("https://news.example/feed", "https://other.example/1", False, id="another domain"),
        pytest.param(
            "https://news.example/feed", "https://news.example.thief.example/1", False, id="a prefix"
        ),
        pytest.param("https://thief.co.uk/feed", "https://news.co.uk/1", False, id="one public suffix"),
        pytest.param("https://thief.gov.sa/feed", "https://spa.gov.sa/1", False, id="a country's suffix"),
        pytest.param(
            "https://a.blogspot.com/", "https://b.blogspot.com/1", False, id="two blogs of one host"
        ),
        pytest.param(
            "https://news.example/feed", "https://news.example@thief.example/", False, id="a user's name"
        ),
        pytest.param(
            "https://xn--mgbab2bd.xn--ngbc5azd/f", "https://xn--mgbab2bd.xn--ngbc5azd/1", True, id="Arabic"
        ),
        pytest.param(
            "https://أخبار.شبكة/feed", "https://www.xn--igbicxr.xn--ngbc5azd/1", True, id="Arabic letters"
        ),
        pytest.param(
            "https://أخبار.شبكة:8443/f", "https://xn--igbicxr.xn--ngbc5azd/1", True, id="with a port"
        ),
        pytest.param(f"https://{'ا' * 80}.شبكة/f", "https://waha.example/1", False, id="no host at all"),
        pytest.param("http://127.0.0.1:8001/feed", "http://127.0.0.1:8001/1", True, id="an address"),
        pytest.param("http://127.0.0.1:8001/feed", "http://127.0.0.1:8002/1", False, id="another port of it"),
        pytest.param("http://[::1]:8001/feed", "http://[::1]:8001/1", True, id="an address of six parts"),
        pytest.param("http://intranet/feed", "http://intranet/1", True, id="a bare name"),
        pytest.param("https://news.example/feed", "", False, id="no link"),
        pytest.param("", "", False, id="nothing"),
    ],
)
def test_which_links_are_a_sites_own(feed: str, link: str, is_own: bool) -> None:
    assert is_on_own_site(feed, link) is is_own
