"""What a worker says of itself: each function counts what it is told, and a port gives it to who asks."""

from __future__ import annotations

import datetime as dt
import pathlib
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest.errors import ConfigurationError, SenderError
from digest.model import FetchStatus, Receipt, ReceiptStatus, SaveCounts
from digest.pipeline.collecting import CollectReport, SourceOutcome
from digest.pipeline.composing import RankedNews
from digest.ports import Outgoing
from digest.worker import metrics
from digest.worker.life import Stopping
from tests.cli.running import sample_feeds, subscribe, write_sources
from tests.conftest import NOW
from tests.fakes import FakeSender
from tests.samples import source
from tests.worker.processes import due_newsletter, end, letters, now, running_worker, wait_until


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def _grown(work: Callable[[], object], *wanted: tuple[str, dict[str, str]]) -> list[float]:
    """Return by how much these figures grow while something is done."""
    before = [_value(name, **labels) for name, labels in wanted]
    work()
    return [_value(name, **labels) - then for then, (name, labels) in zip(before, wanted, strict=True)]


def test_a_collect_is_counted_by_outcome() -> None:
    outcomes = [
        SourceOutcome(
            source=source("a"), status=FetchStatus.FETCHED, counts=SaveCounts(new=7, updated=2, known=1)
        ),
        SourceOutcome(source=source("b"), status=FetchStatus.UNCHANGED),
        SourceOutcome(source=source("c"), status=FetchStatus.FAILED),
        SourceOutcome(source=source("d"), status=FetchStatus.FAILED),
    ]
    report = CollectReport(outcomes=tuple(outcomes), waiting=(source("e"),))
    assert _grown(
        lambda: metrics.collected(report),
        *(("mujaz_fetches_total", {"outcome": str(status)}) for status in FetchStatus),
        ("mujaz_articles_total", {"kind": "new"}),
        ("mujaz_articles_total", {"kind": "updated"}),
    ) == [1, 1, 2, 1, 7, 2]


@pytest.mark.parametrize(
    ("measure", "name", "labels"),
    [
        pytest.param(metrics.collecting, "collect", {}, id="collect"),
        pytest.param(lambda: metrics.ranking("daily"), "rank", {"newsletter": "daily"}, id="rank"),
        pytest.param(lambda: metrics.composing("daily"), "compose", {"newsletter": "daily"}, id="compose"),
        pytest.param(lambda: metrics.opening("daily"), "open", {"newsletter": "daily"}, id="open"),
        pytest.param(lambda: metrics.delivering("daily"), "delivery_run", {"newsletter": "daily"}, id="run"),
        pytest.param(lambda: metrics.working("deliver"), "task", {"task": "deliver"}, id="task"),
    ],
)
def test_what_fails_has_taken_its_time_as_well(
    measure: Callable[[], AbstractContextManager[None]], name: str, labels: dict[str, str]
) -> None:
    def work() -> None:
        with measure():
            pass
        with pytest.raises(ZeroDivisionError), measure():
            raise ZeroDivisionError

    series = f"mujaz_{name}_duration_seconds"
    count, total = _grown(work, (f"{series}_count", labels), (f"{series}_sum", labels))
    assert count == 2
    assert 0 < total < 60


def test_failures_are_counted() -> None:
    def fail() -> None:
        metrics.compose_failed("daily")
        with pytest.raises(ZeroDivisionError), metrics.working("compose"):
            raise ZeroDivisionError
        # Left to another worker: no failure.
        with pytest.raises(Stopping), metrics.working("compose"):
            raise Stopping

    assert _grown(
        fail,
        ("mujaz_compose_failures_total", {"newsletter": "daily"}),
        ("mujaz_task_failures_total", {"task": "compose"}),
        ("mujaz_task_failures_total", {"task": "collect"}),
    ) == [1, 1, 0]


def test_a_ranking_is_given_on() -> None:
    news = RankedNews(articles=(), stories=())
    assert metrics.ranked("daily", news) is news
    for name in ("mujaz_rank_articles", "mujaz_rank_stories"):
        assert metrics.REGISTRY.get_sample_value(name, {"newsletter": "daily"}) == 0


class _Mixed(FakeSender):
    """Takes every message but the second."""

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        statuses = [ReceiptStatus.SENT, ReceiptStatus.DEFERRED, ReceiptStatus.SENT]
        return [Receipt(delivery_id=number, status=status) for number, status in enumerate(statuses)]


class _Closed(FakeSender):
    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        raise SenderError("the login is refused")


def test_answers_are_counted_as_they_come() -> None:
    sender = metrics.MeasuredSender(_Mixed(), "smtp", "daily")
    assert (sender.batch, sender.lanes, sender.destination) == (
        FakeSender().batch,
        FakeSender().lanes,
        FakeSender().destination,
    )
    assert _grown(
        lambda: sender.send([], NOW),
        ("mujaz_messages_total", {"newsletter": "daily", "outcome": "sent"}),
        ("mujaz_messages_total", {"newsletter": "daily", "outcome": "deferred"}),
        ("mujaz_carrier_call_duration_seconds_count", {"transport": "smtp"}),
        ("mujaz_carrier_call_failures_total", {"transport": "smtp"}),
    ) == [2, 1, 1, 0]


def test_a_refused_call_is_counted_and_raised() -> None:
    carrier = _Closed()
    sender = metrics.MeasuredSender(carrier, "smtp", "daily")

    def refused() -> None:
        with pytest.raises(SenderError):
            sender.send([], NOW)
        sender.close()

    assert _grown(
        refused,
        ("mujaz_messages_total", {"newsletter": "daily", "outcome": "sent"}),
        ("mujaz_carrier_call_failures_total", {"transport": "smtp"}),
    ) == [0, 1]
    assert carrier.closed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_gives_it_to_who_asks_while_the_worker_runs() -> None:
    port = _free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    with metrics.serving("127.0.0.1", port):
        with urllib.request.urlopen(url, timeout=10) as answer:
            said = answer.read().decode()
        with pytest.raises(ConfigurationError, match="in use"), metrics.serving("127.0.0.1", port):
            pass
    assert "mujaz_build_info{" in said
    assert "process_resident_memory_bytes" in said
    assert "mujaz_collect_duration_seconds_bucket" in said
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=10)


def test_on_port_0_nobody_listens() -> None:
    with metrics.serving("an address that nobody has", 0):
        assert True


def _scraped(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_running_worker_counts_what_it_does(tmp_path: pathlib.Path) -> None:
    due_newsletter(tmp_path)
    people = ["layla@example.org", "omar@example.org"]
    subscribe(tmp_path, *people)
    port = _free_port()
    url, log = f"http://127.0.0.1:{port}/metrics", tmp_path / "worker.log"
    daily = ("newsletter", "daily")
    wanted = {
        ("mujaz_fetches_total", frozenset({("outcome", "fetched")})): 9,
        ("mujaz_collect_duration_seconds_count", frozenset[tuple[str, str]]()): 1,
        ("mujaz_rank_duration_seconds_count", frozenset({daily})): 1,
        ("mujaz_compose_duration_seconds_count", frozenset({daily})): 1,
        ("mujaz_open_duration_seconds_count", frozenset({daily})): 1,
        ("mujaz_messages_total", frozenset({daily, ("outcome", "sent")})): 2,
        ("mujaz_carrier_call_duration_seconds_count", frozenset({("transport", "outbox")})): 2,
    }
    with sample_feeds(now()) as urls:
        write_sources(tmp_path, urls)
        extra = {"DIGEST_WORKER__METRICS_PORT": str(port)}
        with running_worker(tmp_path, log, extra=extra) as process:
            assert wait_until(lambda: letters(tmp_path) == people, [process]), log.read_text(encoding="utf-8")
            found = _scraped(url)
            assert end(process) == 0
    assert {series: found.get(series) for series in wanted} == wanted
    assert found["mujaz_rank_articles", frozenset({daily})] > 50
    assert not [labels for _, labels in found if "@" in str(labels)]
    assert "Traceback" not in log.read_text(encoding="utf-8")
