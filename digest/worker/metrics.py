"""What only a worker process knows, in Prometheus' text format: how long its work takes, and what came of it.

Counters begin at nothing with each process, which is what Prometheus expects of them. Served on a port of its own
where `[worker] metrics_port` asks for it; what the database knows of the whole installation, the web says (/metrics).
No label holds an address, a reader or an edition.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from digest import __version__
from digest.errors import ConfigurationError, Fault
from digest.model import FetchStatus, Receipt
from digest.pipeline.collecting import CollectReport
from digest.pipeline.composing import RankedNews
from digest.ports import Outgoing, Sender
from digest.worker.life import Stopping

#: Seconds: of a collect, a ranking, an edition, a run of sending, a task.
_LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
#: Seconds: of one call to the carrier.
_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REGISTRY = CollectorRegistry()
# Memory, processor time and open files, under the names that all programs have them by.
ProcessCollector(registry=REGISTRY)

_build = Gauge(
    "mujaz_build_info", "The program that answers; always 1.", ["version", "python"], registry=REGISTRY
)
_build.labels(__version__, platform.python_version()).set(1)

_collects = Histogram(
    "mujaz_collect_duration_seconds", "How long collects took.", buckets=_LONG, registry=REGISTRY
)
_fetches = Counter(
    "mujaz_fetches", "Sources that were to be fetched, by outcome.", ["outcome"], registry=REGISTRY
)
_articles = Counter(
    "mujaz_articles", "Articles that were stored: new or updated.", ["kind"], registry=REGISTRY
)
_ranks = Histogram(
    "mujaz_rank_duration_seconds",
    "How long rankings took.",
    ["newsletter"],
    buckets=_LONG,
    registry=REGISTRY,
)
_ranked_articles = Gauge(
    "mujaz_rank_articles", "Articles that the last ranking read.", ["newsletter"], registry=REGISTRY
)
_ranked_stories = Gauge(
    "mujaz_rank_stories", "Stories that the last ranking made of them.", ["newsletter"], registry=REGISTRY
)
_composes = Histogram(
    "mujaz_compose_duration_seconds",
    "How long it took to make editions, rankings included.",
    ["newsletter"],
    buckets=_LONG,
    registry=REGISTRY,
)
_failed_composes = Counter(
    "mujaz_compose_failures", "Editions that could not be made or opened.", ["newsletter"], registry=REGISTRY
)
_opens = Histogram(
    "mujaz_open_duration_seconds",
    "How long it took to freeze editions' recipients.",
    ["newsletter"],
    buckets=_LONG,
    registry=REGISTRY,
)
_runs = Histogram(
    "mujaz_delivery_run_duration_seconds",
    "How long runs of sending took.",
    ["newsletter"],
    buckets=_LONG,
    registry=REGISTRY,
)
_messages = Counter(
    "mujaz_messages", "Messages, by the carrier's answer.", ["newsletter", "outcome"], registry=REGISTRY
)
_calls = Histogram(
    "mujaz_carrier_call_duration_seconds",
    "How long calls to the carrier took.",
    ["transport"],
    buckets=_SHORT,
    registry=REGISTRY,
)
_failed_calls = Counter(
    "mujaz_carrier_call_failures",
    "Calls that the carrier refused or broke off.",
    ["transport"],
    registry=REGISTRY,
)
_tasks = Histogram(
    "mujaz_task_duration_seconds", "How long tasks took.", ["task"], buckets=_LONG, registry=REGISTRY
)
_failed_tasks = Counter("mujaz_task_failures", "Tasks that failed.", ["task"], registry=REGISTRY)


@contextmanager
def collecting() -> Iterator[None]:
    """Measure a collect."""
    with _collects.time():
        yield


def collected(report: CollectReport) -> None:
    """Count what a collect came to."""
    for status in (FetchStatus.FETCHED, FetchStatus.UNCHANGED, FetchStatus.FAILED):
        _fetches.labels(status).inc(report.count(status))
    _fetches.labels(FetchStatus.POSTPONED).inc(len(report.waiting))
    _articles.labels("new").inc(report.new)
    _articles.labels("updated").inc(report.updated)


@contextmanager
def ranking(newsletter_id: str) -> Iterator[None]:
    """Measure a ranking."""
    with _ranks.labels(newsletter_id).time():
        yield


def ranked(newsletter_id: str, news: RankedNews) -> RankedNews:
    """Keep how much a ranking read and made; return it."""
    _ranked_articles.labels(newsletter_id).set(len(news.articles))
    _ranked_stories.labels(newsletter_id).set(len(news.stories))
    return news


@contextmanager
def composing(newsletter_id: str) -> Iterator[None]:
    """Measure the making of an edition."""
    with _composes.labels(newsletter_id).time():
        yield


def compose_failed(newsletter_id: str) -> None:
    """Count an edition that could not be made or opened."""
    _failed_composes.labels(newsletter_id).inc()


@contextmanager
def opening(newsletter_id: str) -> Iterator[None]:
    """Measure the freezing of an edition's recipients."""
    with _opens.labels(newsletter_id).time():
        yield


@contextmanager
def delivering(newsletter_id: str) -> Iterator[None]:
    """Measure a run of sending."""
    with _runs.labels(newsletter_id).time():
        yield


@contextmanager
def working(task: str) -> Iterator[None]:
    """Measure a task, and count it where it fails; one that is left to another worker has not."""
    with _tasks.labels(task).time():
        try:
            yield
        except Stopping:
            raise
        except Exception:
            _failed_tasks.labels(task).inc()
            raise


class MeasuredSender:
    """A carrier whose calls are timed, and whose answers are counted as they come. A `ports.Sender`."""

    def __init__(self, sender: Sender, transport: str, newsletter_id: str) -> None:
        self.batch, self.lanes, self.destination = sender.batch, sender.lanes, sender.destination
        self._sender = sender
        self._newsletter_id = newsletter_id
        self._calls = _calls.labels(transport)
        self._failed = _failed_calls.labels(transport)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """See `ports.Sender`."""
        with self._calls.time(), self._failed.count_exceptions():
            receipts = self._sender.send(batch, now)
        for receipt in receipts:
            _messages.labels(self._newsletter_id, receipt.status).inc()
        return receipts

    def close(self) -> None:
        """See `ports.Sender`."""
        self._sender.close()


@contextmanager
def serving(host: str, port: int) -> Iterator[None]:
    """Answer on this port meanwhile; not at all on port 0. Raises ConfigurationError where it cannot be had."""
    if not port:
        yield
        return
    try:
        server, thread = start_http_server(port, host, REGISTRY)
    except OSError as error:
        taken = Fault(
            where="[worker]",
            key="metrics_port",
            wrong=f"{host} port {port} cannot be listened on: {error.strerror or error}",
            right="Give each worker of a machine a port of its own, or 0 for none.",
        )
        raise ConfigurationError([taken]) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
