"""/metrics, in Prometheus' text format: what an operator wants to be warned by. Counted in the database when asked.

Only who knows `[web] metrics_token` may ask, as a bearer; without one there is no such page. (Asking from loopback
proves nothing behind a proxy, and the desk's password opens more than figures.)
"""

from __future__ import annotations

import datetime as dt
import hmac
import os
from collections import Counter as Tally
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from digest.adapters.store.figures import SqlFigures
from digest.app import App
from digest.cli.sources import sources_health
from digest.collector.health import HealthState
from digest.model import DeliveryState, SuppressionReason
from digest.web.pages import Pages

#: Deliveries are counted of the editions of these last days: of all, each scrape would read the whole ledger.
_DAYS = dt.timedelta(days=2)
#: A worker without a sign of life for so long is not counted.
_SILENCE = dt.timedelta(minutes=2)


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page, and what counts the requests of all others."""
    part = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(_Installation(app))
    requests = Counter(
        "mujaz_http_requests",
        "Requests answered by this process since it began, by route.",
        ["process", "method", "route", "status"],
        registry=registry,
    )
    process: list[str] = []

    @part.after_app_request
    def count(response: Response) -> Response:
        # The rule, not the address: readers' own links are keys, and without number.
        route = request.url_rule.rule if request.url_rule else "none"
        if not process or process[0] != str(os.getpid()):
            process[:] = [str(os.getpid())]
        method = request.method if request.method in _METHODS else "other"
        requests.labels(process[0], method, route, str(response.status_code)).inc()
        return response

    @part.get("/metrics")
    def show() -> Response:
        token = app.settings.web.metrics_token.get_secret_value()
        if not token:
            abort(404)
        given = request.authorization
        if given is None or not hmac.compare_digest((given.token or "").encode(), token.encode()):
            return Response(
                "the token of [web] metrics_token is asked for\n",
                status=401,
                headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
                mimetype="text/plain",
            )
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return part


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


class _Installation(Collector):
    """The figures of the database, as it stands when they are asked for."""

    def __init__(self, app: App) -> None:
        self._app = app

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering asks no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all figures."""
        now = self._app.clock.now()
        figures = SqlFigures(self._app.store.engine)
        yield from self._letters(figures, now)
        yield from self._people(figures)
        yield from self._news(now)
        yield from self._work(now)

    def _letters(self, figures: SqlFigures, now: dt.datetime) -> Iterator[Metric]:
        editions = _gauge("editions", "Editions that were opened.", "newsletter")
        counts = figures.editions()
        for newsletter in self._app.newsletters():
            editions.add_metric([newsletter.id], counts.get(newsletter.id, 0))
        yield editions
        deliveries = _gauge(
            "deliveries",
            "Deliveries of the editions of the last two days, by state.",
            "newsletter",
            "state",
        )
        found = figures.deliveries((now - _DAYS).date())
        for newsletter in self._app.newsletters():
            for state in DeliveryState:
                deliveries.add_metric([newsletter.id, state], found.get((newsletter.id, state), 0))
        yield deliveries
        since = figures.waiting_since()
        age = (now - since).total_seconds() if since else 0
        yield _one(
            "queue_age_seconds", "Since when the oldest edition waits that is not sent to all; 0: none.", age
        )

    def _people(self, figures: SqlFigures) -> Iterator[Metric]:
        subscribers = _gauge("subscribers", "Subscriptions that did not end.", "newsletter", "confirmed")
        found = figures.subscribers()
        for newsletter in self._app.newsletters():
            for confirmed in (True, False):
                words = "yes" if confirmed else "no"
                subscribers.add_metric([newsletter.id, words], found.get((newsletter.id, confirmed), 0))
        yield subscribers
        suppressions = _gauge("suppressions", "Addresses that are not written to, by reason.", "reason")
        reasons = figures.suppressions()
        for reason in SuppressionReason:
            suppressions.add_metric([reason], reasons.get(reason, 0))
        yield suppressions

    def _news(self, now: dt.datetime) -> Iterator[Metric]:
        sources = _gauge("sources", "Sources, by how they do.", "state")
        health = sources_health(self._app, now)
        counts = Tally(one.state for one in health)
        for state in HealthState:
            sources.add_metric([state], counts[state])
        yield sources
        turn = self._app.store.operations.turn("collect")
        done = turn.done_at.timestamp() if turn and turn.done_at else 0
        yield _one("collect_timestamp_seconds", "When the last collect ended, in Unix time; 0: never.", done)
        newest = max((one.newest for one in health if one.newest), default=None)
        yield _one(
            "newest_article_timestamp_seconds",
            "When the newest article was published, in Unix time; 0: none.",
            newest.timestamp() if newest else 0,
        )

    def _work(self, now: dt.datetime) -> Iterator[Metric]:
        operations = self._app.store.operations
        alive = [one for one in operations.workers(now - _SILENCE) if one.stopped_at is None]
        yield _one("workers", "Workers that gave a sign of life of late.", len(alive))
        yield _one("alerts", "Alerts that stand.", len(operations.alerts()))


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mujaz_{name}", words, labels=labels)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mujaz_{name}", words, value=value)
