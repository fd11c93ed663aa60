"""SendGrid's events where workers share a queue: stored with their task, then answered, then handled once."""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.test import TestResponse

from digest.model import ReceiptStatus
from digest.worker import Worker
from tests.adapters.ledgers import hand_over, sql_desk
from tests.conftest import NOW
from tests.tasks.queues import change, jobs
from tests.web.site import Site, opened_site

_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def site(url: str, tmp_path: pathlib.Path) -> Iterator[Site]:
    public = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    extra = {"DATABASE_URL": url, "DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY": base64.b64encode(public).decode()}
    with opened_site(tmp_path, extra, editions=False) as opened:
        yield opened


def _post(site: Site, content: object) -> TestResponse:
    body, stamp = json.dumps(content).encode(), str(int(NOW.timestamp()))
    signed = _KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
    return site.client.post("/webhooks/sendgrid", data=body, headers=headers)


def _bounce(delivery_id: int) -> dict[str, Any]:
    return {
        "email": "reader0001@example.org",
        "timestamp": int(NOW.timestamp()),
        "event": "bounce",
        "reason": "550 لا يوجد مشترك بهذا الاسم",
        "sg_event_id": f"id-{delivery_id}",
        "delivery": str(delivery_id),
    }


def test_a_batch_is_answered_when_it_is_stored_and_handled_by_a_worker(site: Site) -> None:
    store = site.app.store
    desk = sql_desk(store)
    edition_id = desk.open(2)
    held = hand_over(desk.ledger, edition_id, ReceiptStatus.SENT, NOW)
    for _ in range(2):
        assert _post(site, [_bounce(held[0].id)]).status_code == 204
    assert jobs(store.engine) == [("handle_events", "todo")] * 2
    assert desk.ledger.counts(edition_id) == {"sent": 2}
    worker = Worker(site.app)
    assert worker.tasks is not None
    worker.tasks.run_dry()
    worker.sending.close()
    assert desk.ledger.counts(edition_id) == {"sent": 1, "failed_perm": 1}
    [bounced] = [one for one in desk.ledger.deliveries(edition_id) if one.state == "failed_perm"]
    assert "لا يوجد مشترك" in bounced.detail
    assert change(store.engine, "DELETE FROM event_batch") == 0


def test_what_cannot_be_stored_is_to_come_again(site: Site) -> None:
    change(site.app.store.engine, "DROP TABLE procrastinate_jobs CASCADE")
    answer = _post(site, [_bounce(1)])
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    # Without its task there is no batch.
    assert change(site.app.store.engine, "DELETE FROM event_batch") == 0


def test_what_cannot_be_read_is_refused_as_ever(site: Site) -> None:
    assert _post(site, {"event": "bounce"}).status_code == 400
    assert jobs(site.app.store.engine) == []
