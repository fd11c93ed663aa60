"""Every link of the pages leads somewhere, and every page is reached from the index."""

from __future__ import annotations

import pathlib
from urllib.parse import unquote

import pytest

from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS, anchors, fences, links, pages

_PAGES = pages()
_ELSEWHERE = ("http://", "https://", "mailto:")


def _name(path: pathlib.Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _within(page: pathlib.Path) -> list[tuple[str, pathlib.Path, str]]:
    """Return a page's links to files of ours: as written, the file, and the anchor in it."""
    found = []
    for link in links(page.read_text(encoding="utf-8")):
        if not link.startswith(_ELSEWHERE):
            path, _, anchor = link.partition("#")
            target = (page.parent / unquote(path)).resolve() if path else page
            found.append((link, target, unquote(anchor)))
    return found


@pytest.mark.parametrize("page", _PAGES, ids=[_name(page) for page in _PAGES])
def test_every_link_of_a_page_leads_somewhere(page: pathlib.Path) -> None:
    dead = [link for link, target, _ in _within(page) if not target.exists()]
    assert dead == [], "no such file"
    lost = [
        link
        for link, target, anchor in _within(page)
        if anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8"))
    ]
    assert lost == [], "no such heading"


def test_every_page_is_named_by_the_index() -> None:
    named = {target for _, target, _ in _within(DOCS / "index.md")}
    lacking = sorted(set(DOCS.rglob("*.md")) - named - {DOCS / "index.md"})
    assert [_line(page) for page in lacking] == [], "docs/index.md lacks these lines"


def _line(page: pathlib.Path) -> str:
    """Return the line with which the index would name a page."""
    title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    return f"- [{title}]({page.relative_to(DOCS).as_posix()})"


def test_both_readmes_say_the_same_in_short() -> None:
    english, arabic = REPOSITORY / "README.md", REPOSITORY / "README.ar.md"
    leads = {
        page: {target for _, target, _ in _within(page)} - {english, arabic} for page in (english, arabic)
    }
    assert leads[english] == leads[arabic]
    assert DOCS / "index.md" in leads[english]
    shown = [_without_comments(page.read_text(encoding="utf-8")) for page in (english, arabic)]
    assert shown[0] == shown[1] != []


def _without_comments(text: str) -> list[str]:
    """Return the lines of a page's fenced blocks, up to what they say of themselves."""
    return [line.partition(" #")[0].strip() for fence in fences(text) for line in fence.text.splitlines()]


def test_the_arabic_readme_runs_from_right_to_left_and_each_leads_to_the_other() -> None:
    english, arabic = REPOSITORY / "README.md", REPOSITORY / "README.ar.md"
    text = arabic.read_text(encoding="utf-8")
    # Without an empty line behind it, Markdown within the element would stay as it is written.
    assert text.startswith('<div dir="rtl" lang="ar">\n\n# ')
    assert text.rstrip().endswith("\n\n</div>")
    assert text.count("<div") == text.count("</div>")
    assert arabic in {target for _, target, _ in _within(english)}
    assert english in {target for _, target, _ in _within(arabic)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("[a](b.md) and [c](d.md#e)", ["b.md", "d.md#e"], id="two in a line"),
        pytest.param("[![p](p.png)](q.md)", ["q.md"], id="a picture as a link"),
        pytest.param("`[a](b.md)`", [], id="in code"),
        pytest.param("```\n[a](b.md)\n```\n[c](d.md)", ["d.md"], id="in a fenced block"),
        pytest.param('<img src="p.png" alt="">', ["p.png"], id="HTML"),
        pytest.param('[a](b.md "title")', ["b.md"], id="with a title"),
    ],
)
def test_links_are_found(text: str, found: list[str]) -> None:
    assert links(text) == found


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## For the editor", "for-the-editor"),
        ("### `[mail]`", "mail"),
        ("### digest.toml", "digesttoml"),
        ("# Lease and fence, twice", "lease-and-fence-twice"),
        ("## 2. Write the module", "2-write-the-module"),
        ("## التشغيل كل صباح", "التشغيل-كل-صباح"),
    ],
)
def test_anchors_are_those_of_the_forges(heading: str, anchor: str) -> None:
    assert anchor in anchors(f"{heading}\ntext\n")
