"""/metrics, in Prometheus' text format: what an operator wants to be warned by. Counted in the database when asked.

Only who knows `[web] metrics_token` may ask, as a bearer; without one there is no such page. (Asking from loopback
proves nothing behind a proxy, and the desk's password opens more than figures.)

All figures are the database's, so that each of the web's processes gives the same ones: whichever of them is asked,
nothing is short by what the others have seen. What only one process knows, a worker says on its own port
(`digest.worker.metrics`).
"""

from __future__ import annotations

import datetime as dt
import hmac
import threading
import time
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from digest.app import App
from digest.errors import DigestError
from digest.web.gauges import build_info, figures, one
from digest.web.pages import Pages

#: Figures are kept for so many seconds at least, and for so many times as long as counting them took: however large
#: the installation, and however often it is asked, a process counts for a twentieth of its time at most.
_KEPT_SECONDS, _KEPT_TIMES = 5.0, 20


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page."""
    part = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(_Installation(app))

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


class _Installation(Collector):
    """The figures of the database, as it stood when they were last counted."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._found: list[Metric] = []
        #: When that was, and until when it is good enough.
        self._counted_at = self._until = dt.datetime.min.replace(tzinfo=dt.UTC)

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering asks no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all figures; where the database does not answer, that."""
        yield build_info()
        try:
            # One counts, and whoever asks meanwhile waits for what it finds.
            with self._lock:
                found = self._counted()
        except (DigestError, sa.exc.SQLAlchemyError):
            yield one("database_up", 0)
            return
        yield one("database_up", 1)
        yield from found

    def _counted(self) -> list[Metric]:
        now = self._app.clock.now()
        # A clock that was set back has figures of a moment that is still to come: they would stand until then.
        if not self._counted_at <= now < self._until:
            begun = time.monotonic()
            self._found = list(figures(self._app, now))
            took = time.monotonic() - begun
            self._counted_at = now
            self._until = now + dt.timedelta(seconds=max(_KEPT_SECONDS, _KEPT_TIMES * took))
        return self._found
