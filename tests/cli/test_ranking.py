"""`digest rank`."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.cli.conftest import AT
from tests.cli.running import REGIONS, Ran, digest

_CABINET = "البرلمان الياباني يمنح الثقة لحكومة ائتلافية جديدة في طوكيو"
_STORM = "إعصار يضرب سواحل الفلبين ويشرد آلاف السكان في مانيلا"
_FIELDS = {
    "story",
    "headline",
    "articles",
    "outlets",
    "region",
    "countries",
    "score",
    "score_parts",
    "picked",
}
#: What we add to the contract.
_MORE = {"second_region", "summary", "evidence"}


def _row(number: int, outlet: str, title: str, **more: str) -> dict[str, str]:
    return {
        "id": f"n{number}",
        "outlet": outlet,
        "section": "عالم",
        "url": f"https://{outlet}.example.org/{number}",
        "published": f"2026-11-22T0{number % 6}:15:00+00:00",
        "title": title,
        "summary": f"{title}، بحسب مصادر رسمية.",
    } | more


_ROWS = [
    _row(1, "shiraa", _CABINET),
    _row(2, "nakhla", _STORM),
    _row(3, "nakhla", f"{_CABINET} بعد مفاوضات", text="نص طويل", country="SA"),
    _row(4, "sadaf", f"{_CABINET} اليوم"),
    _row(5, "sadaf", f"{_STORM} قرب الساحل"),
    _row(6, "warraq", "متحف في بغداد يعرض ألواحاً سومرية نادرة"),
    _row(7, "atlas", "", summary=""),
]


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """How ranking the rows ended."""
    home = tmp_path_factory.mktemp("ranked")
    ran = digest(home, "rank", _file(home, *_lines(_ROWS)), "--at", AT, "--json")
    assert [path.name for path in home.iterdir()] == ["articles.jsonl"], "something was stored"
    return ran


def _file(folder: pathlib.Path, *lines: str | bytes) -> str:
    path = folder / "articles.jsonl"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    return str(path)


def _lines(rows: list[dict[str, str]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def test_each_line_is_a_story_as_the_contract_says(ranked: Ran) -> None:
    assert (ranked.code, ranked.err) == (0, "")
    outlets = {row["id"]: row["outlet"] for row in _ROWS}
    for story in ranked.lines:
        assert set(story) == _FIELDS | _MORE
        assert isinstance(story["headline"], str)
        assert story["region"] in REGIONS
        assert [code for code in story["countries"] if len(code) != 2 or not code.isupper()] == []
        assert story["score"] == pytest.approx(sum(story["score_parts"].values()), abs=0.001)
        assert isinstance(story["picked"], bool)
        assert set(story["outlets"]) == {outlets[article] for article in story["articles"]}
        assert len(set(story["outlets"])) == len(story["outlets"])
    assert len({story["story"] for story in ranked.lines}) == len(ranked.lines)
    scores = [story["score"] for story in ranked.lines]
    assert scores == sorted(scores, reverse=True)


def test_every_article_stands_in_exactly_one_story(ranked: Ran) -> None:
    placed = [article for story in ranked.lines for article in story["articles"]]
    assert sorted(placed) == sorted(row["id"] for row in _ROWS)
    groups = {frozenset(story["articles"]) for story in ranked.lines}
    assert groups == {frozenset(ids.split()) for ids in ("n1 n3 n4", "n2 n5", "n6", "n7")}


def test_the_best_story_stands_first_in_its_place(ranked: Ran) -> None:
    [first, second, *_] = ranked.lines
    assert (first["region"], first["countries"][0], first["picked"]) == ("asia", "JP", True)
    assert (second["region"], second["countries"][0]) == ("asia", "PH")
    assert first["headline"] in {row["title"] for row in _ROWS}


def test_the_order_of_the_lines_makes_no_difference(ranked: Ran, empty: pathlib.Path) -> None:
    given = "\n".join(_lines(_ROWS[::-1]))
    assert digest(empty, "rank", "-", "--at", AT, "--json", given=given).out == ranked.out


def test_without_json_a_person_reads_a_line_a_story(empty: pathlib.Path) -> None:
    ran = digest(empty, "rank", _file(empty, *_lines(_ROWS)), "--at", AT)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 4
    assert _CABINET in ran.out.splitlines()[0]
    assert ran.err.startswith("7 articles in 4 stories, ")


@pytest.mark.parametrize("given", ["", "\n\n  \n"])
def test_no_articles_are_no_stories(given: str, empty: pathlib.Path) -> None:
    ran = digest(empty, "rank", "-", "--json", given=given)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_bad_lines_are_named_with_their_number_and_the_rest_is_ranked(empty: pathlib.Path) -> None:
    good = _lines(_ROWS[:3])
    path = _file(
        empty,
        b"\xef\xbb\xbf" + good[0].encode(),
        "{broken",
        good[1],
        "[1, 2]",
        "",
        json.dumps({"outlet": "x", "title": "بلا رقم"}),
        good[0],
        json.dumps({"id": "y", "title": "بلا ناشر"}),
        "النهار".encode("windows-1256"),
        good[2],
    )
    ran = digest(empty, "rank", path, "--at", AT, "--json")
    assert ran.code == 1
    assert sorted(article for story in ran.lines for article in story["articles"]) == ["n1", "n2", "n3"]
    numbers = [line.split("line ")[1].split(" ")[0] for line in ran.err.splitlines()]
    assert numbers == ["2", "4", "6", "7", "8", "9"]
    assert "line 7 is left out: the id 'n1' stands already on line 1" in ran.err


def test_an_article_without_what_is_not_needed_is_ranked(empty: pathlib.Path) -> None:
    bare = json.dumps({"id": 7, "outlet": "x", "title": _STORM, "summary": None, "published": "gestern"})
    [story] = digest(empty, "rank", "-", "--at", AT, "--json", given=bare).lines
    assert (story["articles"], story["region"]) == (["7"], "asia")


def test_what_articles_prints_goes_into_rank(home: pathlib.Path) -> None:
    printed = digest(home, "articles", "--since", "2026-11-21T00:00Z").out
    ran = digest(home, "rank", "-", "--at", AT, "--json", given=printed)
    assert (ran.code, ran.err) == (0, "")
    ids = [json.loads(line)["id"] for line in printed.splitlines()]
    assert sorted(article for story in ran.lines for article in story["articles"]) == sorted(ids)
    # The same articles, the same moment: what is picked is what the edition holds.
    edition = digest(home, "compose", "--at", AT, "--json").json
    picked = [story for story in ran.lines if story["picked"]]
    assert len(picked) == edition["stories"]
    assert {story["region"] for story in picked} >= set(edition["sections"])
