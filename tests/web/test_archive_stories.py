"""A story's own page, and search over headlines, over HTTP."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.ranker.explain import explain_story, rows
from tests.web.site import Site, opened_site, sample_editions

_MIDDLE = sample_editions()[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _page(site: Site, path: str, **query: str) -> lxml.html.HtmlElement:
    answer = site.client.get(path, query_string=query)
    assert answer.status_code == 200, path
    return lxml.html.document_fromstring(answer.get_data())


def _seen(element: lxml.html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _found(site: Site, query: str, page: str = "1") -> list[str]:
    tree = _page(site, "/search", q=query, page=page)
    return [str(href) for href in tree.xpath("//ol[@class='found']//a/@href")]


def test_every_story_has_a_page_with_all_its_articles_by_outlet(site: Site) -> None:
    for story in _MIDDLE.stories():
        tree = _page(site, f"/editions/{_MIDDLE.id}/{story.id}")
        sources = tree.xpath("//ul[@class='sources']")[0]
        assert [_seen(one) for one in sources.xpath("./li/h3")] == list(story.outlets)
        assert sorted(sources.xpath(".//a/@href")) == sorted(one.url for one in story.articles)
        assert len(sources.xpath(".//time[@datetime]")) == len(story.articles)
        assert _seen(tree.xpath("//h1")[0]).endswith(story.headline)


def test_a_story_says_where_it_belongs_by_its_evidence(site: Site) -> None:
    story = _MIDDLE.lead
    place = _seen(
        _page(site, f"/editions/{_MIDDLE.id}/{story.id}").xpath("//section[@aria-labelledby='place']")[0]
    )
    assert "أوروبا وروسيا" in place
    spoke = [one for one in story.evidence if one.region == story.region]
    assert spoke
    assert all(one.words in place for one in spoke)
    assert "9 مقالات" in place


def test_a_story_says_why_it_stands_where_it_stands(site: Site) -> None:
    for row in rows(_MIDDLE):
        why = explain_story(_MIDDLE, row)
        tree = _page(site, f"/editions/{_MIDDLE.id}/{row.story.id}")
        section = tree.xpath("//section[@aria-labelledby='why']")[0]
        said = _seen(section)
        assert f"الدرجة: {row.story.score:.4f}" in said
        figures = [_seen(one) for one in section.xpath(".//li/ul/li")]
        assert [one.split()[0] for one in figures] == [f"{value:+.4f}" for _, value in why.parts]
        # A sign is held to its figure.
        assert len(section.xpath(".//li/ul/li/span[@dir='ltr']")) >= len(figures)
        # Of other stories it says nothing.
        others = [other.id for other in _MIDDLE.stories() if other.id != row.story.id]
        assert not any(other in said for other in others)


def test_a_storys_days_are_in_order_and_its_own_is_marked(site: Site) -> None:
    for place, edition in enumerate(sample_editions()):
        tree = _page(site, f"/editions/{edition.id}/{edition.lead_id}")
        thread = tree.xpath("//ol[@class='thread']/li")
        days = [one.xpath("./time/@datetime")[0] for one in thread]
        assert days == [one.local_date.isoformat() for one in sample_editions()]
        assert [one.get("aria-current") for one in thread].index("true") == place
        assert thread[place].xpath(".//a") == []
        beside = {one.xpath(".//a/@href")[0] for at, one in enumerate(thread) if at != place}
        assert beside == {
            f"/editions/{one.id}/{one.lead_id}" for one in sample_editions() if one.id != edition.id
        }


def test_a_story_of_one_day_has_no_other_days(site: Site) -> None:
    story = _MIDDLE.briefs[-1]
    assert _page(site, f"/editions/{_MIDDLE.id}/{story.id}").xpath("//ol[@class='thread']") == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("كييف وموسكو", id="as it is written"),
        pytest.param("موسكو أسير", id="without tanween and particle"),
        pytest.param("الكهرَباءِ", id="with harakat"),
        pytest.param("كهرباء اتفاق", id="not in it: one word more"),
    ],
)
def test_search_finds_headlines_newest_first(site: Site, query: str) -> None:
    found = _found(site, query)
    leads = [f"/editions/{one.id}/{one.lead_id}" for one in reversed(sample_editions())]
    assert [one for one in found if one in leads] == ([] if "اتفاق" in query else leads)


def test_search_pages_and_keeps_the_query(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.web.searching.A_PAGE", 2)
    first = _page(site, "/search", q="كييف & موسكو")
    assert len(first.xpath("//ol[@class='found']/li")) == 2
    [onward] = first.xpath("//a[@rel='next']/@href")
    answer = site.client.get(onward)
    second = lxml.html.document_fromstring(answer.get_data())
    assert len(second.xpath("//ol[@class='found']/li")) == 1
    assert second.xpath("//input[@id='q']/@value") == ["كييف & موسكو"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("في من", "ابحث عن كلمة أدلّ", id="stop words"),
        pytest.param("%", "ابحث عن كلمة أدلّ", id="a wildcard"),
        pytest.param("زقزقة", "لا عنوان يجمع", id="a word that is nowhere"),
        pytest.param("ا" * 10_000, "لا عنوان يجمع", id="letters without end"),
        pytest.param("\x00\x07\x1b", "", id="controls"),
        pytest.param('"><script>alert(1)</script>', "لا عنوان يجمع", id="markup"),
        pytest.param("' OR 1=1 --", "لا عنوان يجمع", id="SQL"),
    ],
)
def test_search_says_what_it_did_not_find(site: Site, query: str, says: str) -> None:
    tree = _page(site, "/search", q=query)
    assert says in _seen(tree)
    assert tree.xpath("//ol[@class='found']") == []
    assert not tree.xpath("//main//script")
    # Addresses without end are for no index.
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=300), number=st.text(max_size=8))
def test_no_query_is_our_fault(site: Site, query: str, number: str) -> None:
    asked = {"q": query.encode("utf-8", "replace"), "page": number.encode("utf-8", "replace")}
    answer = site.client.get("/search", query_string=asked)
    assert answer.status_code in {200, 404}


def test_search_in_an_empty_store(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        assert _found(bare, "كييف") == []
