"""What the guides tell people to write does what they say."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import sys
import threading
import tomllib
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Bounce, Reader, Receipt, ReceiptStatus
from digest.ports import Outgoing
from tests.cli.conftest import AT
from tests.cli.inside import inside
from tests.cli.running import write_newsletter
from tests.conftest import NOW, REPOSITORY
from tests.docs.options import tables
from tests.docs.pages import DOCS, fences, pages
from tests.samples import ENVELOPE, message

_CONFIG = REPOSITORY / "config"


def _blocks(guide: str, kind: str) -> list[str]:
    text = (DOCS / f"adding-a-{guide}.md").read_text(encoding="utf-8")
    return [fence.text for fence in fences(text, kind)]


def _write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _ranked(home: pathlib.Path, lines: str) -> dict[str, dict[str, Any]]:
    ran = inside(home, "rank", "-", "--at", AT, "--json", given=lines)
    assert (ran.code, ran.err) == (0, "")
    return {article: story for story in ran.lines for article in story["articles"]}


def _line(number: int, title: str) -> str:
    fields = {"id": str(number), "outlet": "a", "url": f"https://a.example.org/{number}"}
    return (
        json.dumps(fields | {"published": "2026-11-22T05:00:00Z", "title": title}, ensure_ascii=False) + "\n"
    )


# --------------------------------------------------------------------------- every guide


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_the_settings_that_a_page_shows_are_settings(page: pathlib.Path) -> None:
    known = {name.strip("[]"): {option.key for option in options} for name, options in tables().items()}
    for fence in fences(page.read_text(encoding="utf-8"), "toml"):
        for name, rows in tomllib.loads(fence.text).items():
            if name in known:
                used = {key for row in (rows if isinstance(rows, list) else [rows]) for key in row}
                assert used - known[name] == set(), fence.text


# --------------------------------------------------------------------------- one by one


def test_a_source_as_the_guide_has_it_is_one(empty: pathlib.Path) -> None:
    shown = next(text for text in _blocks("source", "") if "[[source]]" in text)
    _write(empty / "config" / "sources.toml", shown[shown.index("[[source]]") :])
    ran = inside(empty, "sources", "list", "--json")
    assert [(one["id"], one["outlet"]) for one in ran.json["sources"]] == [("waha", "صوت الواحة")]


def test_a_region_as_the_guide_adds_it_has_its_stories(empty: pathlib.Path) -> None:
    region, wide, _ = _blocks("region", "toml")
    shipped = (_CONFIG / "regions.toml").read_text(encoding="utf-8")
    for country in tomllib.loads(region)["region"][0]["countries"]:
        shipped = re.sub(rf'"{country}",? ?', "", shipped)
    _write(empty / "config" / "regions.toml", f"{shipped}\n{region}")
    lines = _line(1, "قمة دول آسيا الوسطى تبحث أسعار الطاقة") + _line(
        2, "كازاخستان تفتتح جسرا جديدا في ألماتي"
    )
    before = _ranked(empty, lines)
    assert [before["1"]["region"], before["2"]["region"]] == ["asia", "central_asia"]
    _write(empty / "config" / "gazetteer" / "central_asia.toml", wide)
    after = _ranked(empty, lines + _line(3, "اليابان تطلق قطارا جديدا"))
    assert [after[one]["region"] for one in "123"] == ["central_asia", "central_asia", "asia"]


def test_a_country_in_two_regions_is_named(empty: pathlib.Path) -> None:
    region, _, _ = _blocks("region", "toml")
    shipped = (_CONFIG / "regions.toml").read_text(encoding="utf-8")
    _write(empty / "config" / "regions.toml", f"{shipped}\n{region}")
    ran = inside(empty, "rank", "-")
    assert ran.code == 2
    assert "country KZ: stands in asia and central_asia. Leave it in one." in ran.err


def test_a_place_as_the_guide_adds_it_is_found(empty: pathlib.Path) -> None:
    [entries], [lines] = _blocks("place", "toml"), _blocks("place", "json")
    assert [story["region"] for story in _ranked(empty, lines).values()] == ["world", "world"]
    _write(empty / "config" / "gazetteer" / "ours.toml", entries)
    found = _ranked(empty, lines)
    assert [story["region"] for story in found.values()] == ["levant", "levant"]
    place, body = (found[one]["evidence"][0]["weight"] for one in "12")
    assert place > body


def test_a_template_as_the_guide_begins_it_passes_the_inbox(home: pathlib.Path) -> None:
    [setting] = _blocks("template", "toml")
    [theme] = [row["template"] for row in tomllib.loads(setting)["newsletter"]]
    shutil.copytree(REPOSITORY / "templates" / "plain", home / "templates" / theme)
    write_newsletter(home, template=theme)
    ran = inside(home, "preview", "--at", AT)
    assert (ran.code, ran.err) == (0, "")
    found = re.search(r"Inbox report: (\d+) of (\d+) checks passed", ran.out)
    assert found
    assert found[1] == found[2]


def test_a_locale_as_the_guide_adds_it_is_spoken(home: pathlib.Path) -> None:
    [shown] = [text for text in _blocks("locale", "") if "Plural-Forms" in text]
    shipped = (_CONFIG / "locales" / "he.po").read_text(encoding="utf-8")
    assert [line for line in shown.splitlines() if line not in shipped] == []
    # Without a catalogue a language has CLDR's dates and English words; with one, its own.
    write_newsletter(home, title="Diario", locale="es")
    inside(home, "preview", "--at", AT)
    written = (home / "var" / "preview" / "edition.txt").read_text(encoding="utf-8")
    assert "noviembre" in written
    assert "stories" in written
    rows = (
        'msgid "{n} story"\nmsgid_plural "{n} stories"\nmsgstr[0] "una noticia"\nmsgstr[1] "{n} noticias"\n'
    )
    head = 'msgid ""\nmsgstr ""\n"Language: es\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    plural = '"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n'
    _write(home / "config" / "locales" / "es.po", f"{head}{plural}\n{rows}")
    inside(home, "preview", "--at", AT)
    assert "noticias" in (home / "var" / "preview" / "edition.txt").read_text(encoding="utf-8")


# --------------------------------------------------------------------------- a sender


class _Barid(BaseHTTPRequestHandler):
    """The invented carrier of the guide: answers each message as its address says."""

    arrived: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = int(self.path.partition("to=s")[2].partition("%40")[0])
        if status == 202:
            self.arrived.append(body)
        if status:
            self.send_response(status)
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def barid() -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what it has taken."""
    arrived: list[bytes] = []
    kind = type("Handler", (_Barid,), {"arrived": arrived})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", arrived
        server.shutdown()


@pytest.fixture
def barid_sender(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of the guide, from its own words."""
    module = types.ModuleType("barid")
    monkeypatch.setitem(sys.modules, "barid", module)
    exec(compile(_blocks("sender", "python")[0], "adding-a-sender.md", "exec"), module.__dict__)
    return module.__dict__["BaridSender"]


def _outgoing(status: int) -> Outgoing:
    reader = Reader(delivery_id=status, email=f"s{status}@example.org")
    return Outgoing(message=message(), reader=reader, edition_id="mujaz-2026-11-22", variant="default")


@pytest.mark.parametrize(
    ("status", "becomes", "bounce"),
    [
        pytest.param(202, ReceiptStatus.SENT, None, id="taken"),
        pytest.param(503, ReceiptStatus.DEFERRED, None, id="later"),
        pytest.param(422, ReceiptStatus.REJECTED, Bounce.HARD, id="no such address"),
        pytest.param(500, ReceiptStatus.UNKNOWN, None, id="its own trouble"),
        pytest.param(0, ReceiptStatus.UNKNOWN, None, id="no answer"),
    ],
)
def test_a_sender_as_the_guide_has_it_knows_what_answers_mean(
    status: int,
    becomes: ReceiptStatus,
    bounce: Bounce | None,
    barid_sender: Any,
    barid: tuple[str, list[bytes]],
) -> None:
    url, arrived = barid
    sender = barid_sender(url, "key", Assembler(ENVELOPE), 10, 3)
    receipts: list[Receipt] = sender.send([_outgoing(status)], NOW)
    assert [(one.delivery_id, one.status, one.bounce) for one in receipts] == [(status, becomes, bounce)]
    assert len(arrived) == (status == 202)


def test_a_sender_as_the_guide_has_it_says_that_nothing_left(
    barid_sender: Any, barid: tuple[str, list[bytes]]
) -> None:
    for url, status in ((barid[0], 401), ("http://127.0.0.1:9", 202)):
        with pytest.raises(SenderError):
            barid_sender(url, "key", Assembler(ENVELOPE), 10, 3).send([_outgoing(status)], NOW)
    assert barid[1] == []
