"""SendGrid's event webhook: batches of what became of messages.

Where the key is not configured there is no such page. What is not signed is refused before it is read; the provider
sends a batch again that was not answered with 2xx, and what it repeats has no second effect. Where workers share a
queue, a batch is stored with its task in one transaction, and answered with 2xx once that is committed.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import sqlalchemy as sa
from flask import Blueprint, Response, abort, request

from digest.adapters.sendgrid_events import BadSignature, Verifier, read_events
from digest.adapters.store.events import ProviderEvent, SqlEvents
from digest.app import App
from digest.errors import DatabaseFailed, InputError
from digest.ports.tasks import handle_events
from digest.settings import SendgridSettings
from digest.web.pages import Pages

_log = logging.getLogger("digest.web")

#: Bytes of the longest batch; a thousand events with long answers have about one million.
MOST_BYTES = 5 * 1024 * 1024
_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
#: Seconds after which the provider may come again.
_RETRY_SECONDS = 30


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the POST that SendGrid calls."""
    part = Blueprint("webhook", __name__)
    verifier = _verifier(app.settings.sendgrid)

    @part.post("/webhooks/sendgrid")
    def take() -> Response:
        if verifier is None:
            abort(404)
        request.max_content_length = MOST_BYTES
        body = request.get_data(cache=False)
        now = app.clock.now()
        try:
            verifier.check(
                body, request.headers.get(_SIGNATURE, ""), request.headers.get(_TIMESTAMP, ""), now
            )
            events, odd = read_events(body, now)
        except BadSignature as error:
            _log.warning("a batch of events is refused: %s", error)
            return _said(403, str(error))
        except InputError as error:
            _log.warning("a batch of events cannot be read: %s", error)
            return _said(400, str(error))
        try:
            postponed = _keep(app, body, events, odd, now)
        except (sa.exc.SQLAlchemyError, DatabaseFailed) as error:
            # Its own words hold what was to be stored, readers' addresses among it.
            _log.warning("events cannot be stored, and come again: %s", type(error).__name__)
            return _later("the events could not be stored")
        if postponed:
            return _later("some of these messages are just leaving")
        return Response(status=204)

    return part


def _keep(app: App, body: bytes, events: Sequence[ProviderEvent], odd: int, now: dt.datetime) -> int:
    """Let events have their effects, or have a worker do that; return how many the provider is to send again."""
    store = app.store
    if app.tasks is not None:
        with store.engine.begin() as transaction:
            batch = store.event_batches.keep(transaction, body, now)
            app.tasks.defer(transaction, [handle_events(batch)])
        _log.info("events taken", extra={"event": "provider_events", "batch": batch, "odd": odd})
        return 0
    recorded = SqlEvents(store.engine, store.ledger.soft_bounces).record(events, now)
    counts = {"new": recorded.new, "repeated": recorded.repeated, "postponed": recorded.postponed, "odd": odd}
    _log.info("events taken", extra={"event": "provider_events", **counts})
    return recorded.postponed


def _verifier(sendgrid: SendgridSettings) -> Verifier | None:
    if not sendgrid.webhook_public_key:
        return None
    try:
        return Verifier(sendgrid.webhook_public_key, sendgrid.webhook_slack_seconds)
    except ValueError as error:
        _log.error("[sendgrid] webhook_public_key is no verification key, so no events are taken: %s", error)
        return None


def _said(status: int, words: str) -> Response:
    return Response(f"{words}\n", status=status, mimetype="text/plain")


def _later(words: str) -> Response:
    answer = _said(503, words)
    answer.headers["Retry-After"] = str(_RETRY_SECONDS)
    return answer
