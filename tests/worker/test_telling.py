"""Who is told when the usual way is the trouble: a webhook beside the mail, and a database that cannot keep alerts."""

from __future__ import annotations

import json
import logging
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digest.errors import DatabaseFailed
from tests.adapters.http_server import Exchange, answer, http_server
from tests.worker.stage import DUE, MINUTE, Stage, staged

_OPERATOR = "operator@example.net"


@contextmanager
def _chat(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a chat's webhook, and what it was told."""
    told: list[str] = []

    def take(exchange: Exchange) -> None:
        body = exchange.rfile.read(int(exchange.headers["Content-Length"]))
        told.append(json.loads(body)["text"])
        answer(b"", status=status)(exchange)

    with http_server() as server:
        server.routes["/hook"] = take
        yield f"{server.base}/hook", told


def _trouble(stage: Stage) -> None:
    stage.store.operations.raise_alert("trial", "The edition fails.\nWhy: nothing to say.", stage.hand.now())


def _mails(stage: Stage) -> int:
    return len(stage.carrier("alerts").arrived)


@pytest.mark.parametrize(
    ("to", "chat_status", "has_carrier", "mails", "posts"),
    [
        pytest.param("", 200, True, 0, 1, id="the webhook alone"),
        pytest.param(_OPERATOR, 200, True, 1, 1, id="both, once each"),
        pytest.param(
            _OPERATOR, 200, False, 0, 1, id="the carrier is the trouble: told once, by the other way"
        ),
        pytest.param(_OPERATOR, 500, True, 1, 1, id="the webhook fails: told once, by mail"),
        pytest.param("", 500, True, 0, 3, id="nobody was told: again with each look"),
    ],
)
def test_each_trouble_is_told_once_by_the_ways_that_work(
    to: str, chat_status: int, has_carrier: bool, mails: int, posts: int, tmp_path: pathlib.Path
) -> None:
    with _chat(chat_status) as (url, told), staged(tmp_path, alerts_to=to, webhook=url) as stage:
        if not has_carrier:
            stage.carriers["alerts"] = RuntimeError("535 no such login")
        _trouble(stage)
        for minutes in range(3):
            stage.look(DUE + minutes * MINUTE)
        if has_carrier:
            assert _mails(stage) == mails
        assert len(told) == posts
        assert told[0].startswith("[Mujaz] The edition fails.\n\nThe edition fails.\nSince ")
        assert "Why: nothing to say." in told[0]


def test_the_webhook_s_address_is_in_no_log(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    url = "http://127.0.0.1:1/services/very-secret"
    with staged(tmp_path, webhook=url) as stage:
        _trouble(stage)
        stage.look(DUE)
    assert "the operator cannot be told of 1 alerts by webhook: it cannot be reached" in caplog.text
    assert "very-secret" not in caplog.text


def _fail(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DatabaseFailed("The database fails: disk I/O error")

    monkeypatch.setattr(stage.worker.alerting._app.store.operations, "take_turn", fail)


def _look(stage: Stage, minutes: float) -> None:
    stage.set(DUE + minutes * MINUTE)
    with pytest.raises(DatabaseFailed):
        stage.worker.alerting.look()


def test_a_database_that_fails_for_minutes_is_told_of_once_an_hour_past_itself(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _chat() as (url, told), staged(tmp_path, alerts_to=_OPERATOR, webhook=url) as stage:
        with monkeypatch.context() as broken:
            _fail(stage, broken)
            for minutes in (0, 1, 1.9):
                _look(stage, minutes)
            assert (told, _mails(stage)) == ([], 0)
            for minutes in (2, 3, 30, 61):
                _look(stage, minutes)
            assert (len(told), _mails(stage)) == (1, 1)
            assert told[0].startswith("[Mujaz] The database fails\n")
            assert "For 2 minutes this worker on " in told[0]
            assert "disk I/O error" in told[0]
            _look(stage, 62)
            assert (len(told), _mails(stage)) == (2, 2)
        # It works again, and nothing of it stands; the next time is a new one.
        assert stage.look(DUE + 70 * MINUTE) == {}
        _fail(stage, monkeypatch)
        for minutes in (190, 130, 131):
            _look(stage, minutes)
        assert len(told) == 2
        _look(stage, 132)
        assert len(told) == 3


def test_what_nobody_could_be_told_of_a_database_is_told_with_the_next_look(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        carrier = stage.carrier("alerts")
        stage.carriers["alerts"] = RuntimeError("no carrier")
        _fail(stage, monkeypatch)
        for minutes in (0, 2):
            _look(stage, minutes)
        assert "the operator cannot be told of 1 alerts by mail: no carrier" in caplog.text
        stage.carriers["alerts"] = carrier
        _look(stage, 3)
        assert _mails(stage) == 1


def test_without_a_way_nobody_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with staged(tmp_path) as stage:
        _fail(stage, monkeypatch)
        for minutes in (0, 5):
            _look(stage, minutes)
        assert _mails(stage) == 0
