"""`digest sources list` and `digest sources retry`: how each feed is doing, and a second chance."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from digest.collector.health import HealthState
from digest.model import Failure, FetchState
from tests.adapters.http_server import Server, answer, http_server
from tests.cli.conftest import AT
from tests.cli.running import LOOPBACK, Ran, digest, opened, write_sources
from tests.conftest import NOW
from tests.samples import draft, parsed

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
#: A source for each state, and what it should be found to be.
_STATES = {
    "well": "ok",
    "undated": "ok",
    "moved": "ok",
    "mended": "ok",
    "fresh": "new",
    "silent": "stale",
    "dead": "failing",
    "barred": "blocked",
    "busy": "waiting",
    "gone": "retired",
    "off": "disabled",
}


def _url(source_id: str) -> str:
    return f"https://{source_id}.example/feed"


def _state(source_id: str, **values: Any) -> FetchState:
    state = FetchState(source_id=source_id, url=_url(source_id), checked_at=NOW, succeeded_at=NOW - _HOUR)
    return replace(state, **values)


def _failed(source_id: str, failure: Failure, error: str, **values: Any) -> FetchState:
    return _state(source_id, failure=failure, error=error, failures=1, **values)


@pytest.fixture(scope="module")
def _seeded(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    home = tmp_path_factory.mktemp("sources")
    write_sources(home, {source_id: _url(source_id) for source_id in _STATES})
    toml = home / "config" / "sources.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "enabled = false\n", encoding="utf-8")
    states = [
        _state("well"),
        _state("undated"),
        _state("moved", moved_to="https://new.example/feed", moved_count=3),
        _state("mended", repair="declared utf-8, is windows-1256"),
        _state("silent"),
        _failed("dead", Failure.NETWORK, "no connection", succeeded_at=None),
        _failed("barred", Failure.BLOCKED, "the server answered 403 Forbidden", retry_at=NOW + 2 * _HOUR),
        _failed("busy", Failure.BUSY, "the server answered 429", host_retry_at=NOW + _HOUR),
        _failed("gone", Failure.GONE, "the server answered 410 Gone", retired_at=NOW - _DAY),
    ]
    with opened(home) as app:
        for state in states:
            app.store.articles.save_state(state)
        for source_id in ("well", "undated", "moved", "mended", "silent", "busy"):
            begin = NOW - 10 * _DAY if source_id == "silent" else NOW - _DAY
            drafts = [
                draft(
                    f"خبر {source_id} رقم {number}",
                    of=app.settings.sources[source_id],
                    guid=f"{source_id}-{number}",
                    url=f"https://{source_id}.example/{number}",
                    published=None if source_id == "undated" and number else begin + number * 6 * _HOUR,
                )
                for number in range(4)
            ]
            state = app.store.articles.fetch_states()[source_id]
            app.store.articles.save_feed(
                app.settings.sources[source_id], parsed(*drafts), state, begin + 18 * _HOUR
            )
    return home


@pytest.fixture
def home(_seeded: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A home of one's own with a source in each state."""
    return shutil.copytree(_seeded, tmp_path / "home")


@pytest.fixture(scope="module")
def listed(_seeded: pathlib.Path) -> Ran:
    """The list as a person sees it."""
    return digest(_seeded, "sources", "list", "--at", AT)


@pytest.fixture(scope="module")
def rows(_seeded: pathlib.Path) -> dict[str, dict[str, object]]:
    """The sources of `--json` by id."""
    ran = digest(_seeded, "sources", "list", "--at", AT, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["states"] == {state: list(_STATES.values()).count(state) for state in _STATES.values()}
    return {row["id"]: row for row in ran.json["sources"]}


# --------------------------------------------------------------------------- the list


def test_every_state_is_among_them() -> None:
    assert set(_STATES.values()) == {state.value for state in HealthState}


def test_each_source_is_listed_in_the_order_of_the_configuration(
    listed: Ran, rows: dict[str, dict[str, object]]
) -> None:
    assert (listed.code, listed.err) == (0, "")
    found = re.findall(r"^([a-z]+) +([a-z]+) ", listed.out, flags=re.MULTILINE)
    assert {source_id: state for state, source_id in found} == _STATES
    assert [source_id for _, source_id in found] == list(_STATES) == list(rows)
    assert {source_id: row["state"] for source_id, row in rows.items()} == _STATES


@pytest.mark.parametrize(
    "line",
    [
        "ok        well                     well  (last success 1 h ago; newest 6 h old; 4.0 a day)",
        "ok        undated                  undated  (last success 1 h ago; newest 6 h old; 4.0 a day; 75% undated)",
        "          3 of its 4 articles have no date that can be read.",
        "          It has moved for good to https://new.example/feed.",
        "          Change its url in config/sources.toml.",
        "; 4.0 a day; mended: declared utf-8, is windows-1256)",
        "new       fresh                    fresh\n          It has not been fetched yet.\n          Run `digest collect`.",
        "          It answers, but has brought nothing new for 9 days.",
        "failing   dead                     dead\n          Failed: no connection.",
        "          Failed: the server answered 403 Forbidden. It is tried again after 2026-11-22 08:00 UTC.",
        "          Failed: the server answered 429. It is tried again after 2026-11-22 07:00 UTC.",
        "          Retired on 2026-11-21: the server answered 410 Gone. It is not fetched any more.",
        "disabled  off                      off\n          It is switched off in config/sources.toml.",
    ],
)
def test_what_is_known_is_said_in_words(line: str, listed: Ran) -> None:
    assert line in listed.out


def test_the_states_are_summed_up(listed: Ran) -> None:
    assert listed.out.splitlines()[-1] == (
        "11 sources: 4 ok, 1 new, 1 stale, 1 failing, 1 blocked, 1 waiting, 1 retired, 1 disabled."
    )


@pytest.mark.parametrize(
    ("source_id", "expected"),
    [
        pytest.param(
            "well",
            {
                "outlet": "well",
                "url": "https://well.example/feed",
                "state": "ok",
                "words": "",
                "remedy": "",
                "last_success": "2026-11-22T05:00:00+00:00",
                "newest": "2026-11-22T00:00:00+00:00",
                "articles_a_day": 4.0,
                "undated_share": 0.0,
                "repair": "",
                "failures": 0,
                "next_fetch": None,
            },
            id="well",
        ),
        pytest.param(
            "fresh",
            {"last_success": None, "newest": None, "articles_a_day": None, "undated_share": None},
            id="never fetched",
        ),
        pytest.param("undated", {"undated_share": 0.75, "articles_a_day": 4.0}, id="undated"),
        pytest.param("mended", {"repair": "declared utf-8, is windows-1256"}, id="mended"),
        pytest.param("barred", {"failures": 1, "next_fetch": "2026-11-22T08:00:00+00:00"}, id="barred"),
        pytest.param("busy", {"next_fetch": "2026-11-22T07:00:00+00:00"}, id="busy"),
    ],
)
def test_the_numbers_are_in_the_json(
    source_id: str, expected: dict[str, object], rows: dict[str, dict[str, object]]
) -> None:
    row = rows[source_id]
    assert {key: row[key] for key in expected} == expected
    assert set(row) == set(rows["well"])


def test_a_state_can_be_asked_for(home: pathlib.Path) -> None:
    ran = digest(home, "sources", "list", "--at", AT, "--state", "ok", "--json")
    assert [row["id"] for row in ran.json["sources"]] == ["well", "undated", "moved", "mended"]
    assert ran.json["states"] == {"ok": 4}


def test_a_state_that_no_source_is_in(blank: pathlib.Path) -> None:
    write_sources(blank, {"one": _url("one")})
    ran = digest(blank, "sources", "list", "--state", "stale")
    assert (ran.code, ran.out, ran.err) == (0, "0 sources.\n", "")


def test_a_state_that_there_is_not(blank: pathlib.Path) -> None:
    ran = digest(blank, "sources", "list", "--state", "fine")
    assert (ran.code, ran.out) == (2, "")
    assert [state.value for state in HealthState if state.value not in ran.err] == []


def test_without_sources_there_is_nothing_to_list(blank: pathlib.Path) -> None:
    write_sources(blank, {})
    ran = digest(blank, "sources", "list")
    assert (ran.code, ran.out, ran.err) == (0, "0 sources.\n", "")


# --------------------------------------------------------------------------- a second chance

_RSS = """<rss version="2.0"><channel><title>x</title><item><title>افتتاح الجسر الجديد في المدينة</title>
<link>https://x.example/1</link><pubDate>Sun, 22 Nov 2026 05:00:00 GMT</pubDate></item></channel></rss>"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose feed is gone."""
    with http_server() as found:
        found.routes["/feed"] = answer(status=410)
        found.routes["/busy"] = answer(status=429, headers={"Retry-After": "3600"})
        yield found


def _collect(home: pathlib.Path, at: dt.datetime = NOW) -> dict[str, int]:
    ran = digest(home, "collect", "--at", at.isoformat(), "--json", extra=LOOPBACK)
    counts: dict[str, int] = ran.json["sources"]
    return {state: count for state, count in counts.items() if count}


def test_a_retired_source_is_said_left_alone_and_brought_back(blank: pathlib.Path, server: Server) -> None:
    write_sources(blank, {"one": f"{server.base}/feed"})
    first = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
    assert first.code == 1
    assert "source one (one) failed: the server answered 410 Gone; it is retired" in first.err
    server.routes["/feed"] = answer(_RSS.encode())
    again = digest(blank, "collect", "--at", AT, extra=LOOPBACK)
    assert again.code == 0
    assert again.out == "0 sources: 0 ok, 0 unchanged, 0 failed, 1 retired; 0 new articles.\n"
    assert len(server.requests) == 1

    ran = digest(blank, "sources", "retry", "one")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "1 source will be fetched by the next `digest collect`.\n"
    assert _collect(blank) == {"ok": 1}


def test_a_changed_address_brings_a_retired_source_back(blank: pathlib.Path, server: Server) -> None:
    write_sources(blank, {"one": f"{server.base}/feed"})
    assert _collect(blank) == {"failed": 1}
    assert _collect(blank) == {"retired": 1}
    server.routes["/new"] = answer(_RSS.encode())
    write_sources(blank, {"one": f"{server.base}/new"})
    assert _collect(blank) == {"ok": 1}


def test_a_host_that_wants_to_be_left_alone_is_whoever_is_retried(
    blank: pathlib.Path, server: Server
) -> None:
    server.routes["/feed"] = answer(_RSS.encode())
    write_sources(blank, {"busy": f"{server.base}/busy"})
    assert _collect(blank) == {"failed": 1}
    write_sources(blank, {"busy": f"{server.base}/busy", "one": f"{server.base}/feed"})
    assert _collect(blank, NOW + _HOUR / 2) == {"waiting": 2}
    ran = digest(blank, "sources", "retry", "one", "--at", AT)
    assert ran.out == (
        "one: its host has told another source to leave it alone until 2026-11-22 07:00 UTC.\n"
        "0 sources will be fetched by the next `digest collect`.\n"
    )
    assert _collect(blank, NOW + _HOUR / 2) == {"waiting": 2}
    # Asked for itself, it is asked.
    assert digest(blank, "sources", "retry", "busy", "--at", AT).out.startswith("1 source will be fetched")
    assert _collect(blank, NOW + _HOUR / 2).get("failed") == 1


@pytest.mark.parametrize(
    ("source_id", "said"),
    [
        pytest.param("nobody", "There is no source nobody", id="unknown"),
        pytest.param("off", "Switched off in config/sources.toml: off", id="switched off"),
    ],
)
def test_a_source_that_cannot_be_retried_is_said(source_id: str, said: str, home: pathlib.Path) -> None:
    ran = digest(home, "sources", "retry", "gone", source_id)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    # Nothing is done by halves.
    with opened(home) as app:
        assert app.store.articles.fetch_states()["gone"].retired_at is not None
