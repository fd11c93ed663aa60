"""SendGrid's events over HTTP: genuine, tampered with, late, huge, and no events at all."""

from __future__ import annotations

import base64
import json
import pathlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from digest.adapters.sendgrid_events import read_events
from digest.adapters.store.schema import delivery, provider_event
from digest.errors import InputError
from digest.model import ReceiptStatus
from digest.web.webhook import MOST_BYTES
from tests.adapters.ledgers import LEASE, hand_over, sql_desk
from tests.conftest import NOW
from tests.samples import person
from tests.web.site import Site, opened_site

_KEY = ec.generate_private_key(ec.SECP256R1())
_OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
_URL = "/webhooks/sendgrid"
_STAMP = str(int(NOW.timestamp()))


def _public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """Return the key as SendGrid shows it: base64 in one line."""
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def _signature(body: bytes, stamp: str = _STAMP, key: ec.EllipticCurvePrivateKey = _KEY) -> str:
    return base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()


def _headers(signature: str | None, stamp: str | None) -> dict[str, str]:
    given = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
    return {name: value for name, value in given.items() if value is not None}


def _post(site: Site, content: object, stamp: str = _STAMP) -> TestResponse:
    """Post a batch as SendGrid does; bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return site.client.post(_URL, data=body, headers=_headers(_signature(body, stamp), stamp))


def _event(delivery_id: object, event: str = "bounce", **more: Any) -> dict[str, Any]:
    moment = int(NOW.timestamp())
    return {
        "email": "reader0001@example.org",
        "timestamp": moment,
        "event": event,
        "sg_event_id": f"id-{event}-{delivery_id}",
        "delivery": str(delivery_id),
    } | more


def _settings() -> dict[str, str]:
    return {"DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY": _public(_KEY)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that knows SendGrid's key, for what leaves no trace."""
    with opened_site(tmp_path_factory.mktemp("home"), _settings(), editions=False) as opened:
        yield opened


@pytest.fixture
def own_site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """A site of its own."""
    with opened_site(tmp_path, _settings(), editions=False) as opened:
        yield opened


def _sent(site: Site, count: int, status: ReceiptStatus = ReceiptStatus.SENT) -> list[int]:
    desk = sql_desk(site.app.store)
    return [one.id for one in hand_over(desk.ledger, desk.open(count), status, NOW)]


def _states(site: Site) -> Mapping[int, tuple[str, str | None]]:
    query = sa.select(delivery.c.id, delivery.c.state, delivery.c.bounce)
    with site.app.store.engine.connect() as connection:
        return {row.id: (row.state, row.bounce) for row in connection.execute(query)}


def _kept(site: Site) -> int:
    with site.app.store.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(provider_event)) or 0


# --------------------------------------------------------------------------- whose batch it is

_BODY = json.dumps([_event(1)]).encode()
_OLD, _AHEAD = (str(int(NOW.timestamp()) + seconds) for seconds in (-601, 601))
_RIGHT = _signature(_BODY)


@pytest.mark.parametrize(
    ("body", "signature", "stamp"),
    [
        pytest.param(_BODY, None, None, id="neither signature nor timestamp"),
        pytest.param(_BODY, None, _STAMP, id="no signature"),
        pytest.param(_BODY, "", _STAMP, id="an empty signature"),
        pytest.param(_BODY, _RIGHT, None, id="no timestamp"),
        pytest.param(_BODY, _RIGHT, "", id="an empty timestamp"),
        pytest.param(_BODY, _RIGHT, "yesterday", id="a timestamp in words"),
        pytest.param(_BODY, _RIGHT, "١٧", id="a timestamp in other figures"),
        pytest.param(_BODY, _RIGHT, "9" * 400, id="a timestamp without end"),
        pytest.param(_BODY, _RIGHT, f"-{_STAMP}", id="a timestamp before 1970"),
        pytest.param(_BODY, _RIGHT, str(int(_STAMP) + 1), id="another timestamp"),
        pytest.param(_BODY.replace(b"bounce", b"bounca"), _RIGHT, _STAMP, id="another body"),
        pytest.param(_BODY + b" ", _RIGHT, _STAMP, id="a space more"),
        pytest.param(b"", _RIGHT, _STAMP, id="no body"),
        pytest.param(_BODY, _RIGHT[:-8], _STAMP, id="half a signature"),
        pytest.param(_BODY, "not base64 !", _STAMP, id="no base64"),
        pytest.param(_BODY, "abc", _STAMP, id="base64 cut off"),
        pytest.param(_BODY, "توقيع", _STAMP, id="an Arabic signature"),
        pytest.param(_BODY, base64.b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x00").decode(), _STAMP, id="r and s of nothing"),
        pytest.param(_BODY, _signature(_BODY, key=_OTHER_KEY), _STAMP, id="another's key"),
        pytest.param(b"\xff\xfe[]", _signature(b"\xff\xfe[]"), _STAMP, id="signed, and no UTF-8"),
        pytest.param(_BODY, _signature(_BODY, _OLD), _OLD, id="signed too long ago"),
        pytest.param(_BODY, _signature(_BODY, _AHEAD), _AHEAD, id="signed in the future"),
    ],
)  # fmt: skip
def test_what_is_not_sendgrids_and_fresh_is_refused(
    site: Site, body: bytes, signature: str | None, stamp: str | None
) -> None:
    headers = {name: value.encode().decode("latin-1") for name, value in _headers(signature, stamp).items()}
    assert site.client.post(_URL, data=body, headers=headers).status_code == 403
    assert _kept(site) == 0


@pytest.mark.parametrize("seconds", [-600, -1, 0, 600])
def test_a_fresh_batch_is_taken(site: Site, seconds: int) -> None:
    assert _post(site, [], str(int(_STAMP) + seconds)).status_code == 204


def test_the_slack_is_a_setting(tmp_path: pathlib.Path) -> None:
    slack = {"DIGEST_SENDGRID__WEBHOOK_SLACK_SECONDS": "86400"}
    with opened_site(tmp_path, _settings() | slack, editions=False) as patient:
        assert _post(patient, [], str(int(_STAMP) - 86_000)).status_code == 204
        assert _post(patient, [], str(int(_STAMP) - 86_500)).status_code == 403


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="none"),
        pytest.param("this is no key", id="no key"),
        pytest.param(_public(rsa.generate_private_key(65537, 2048)), id="of another kind"),
    ],
)
def test_without_a_key_there_is_no_such_page(tmp_path: pathlib.Path, key: str) -> None:
    environment = {"DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY": key}
    with opened_site(tmp_path, environment, editions=False) as closed:
        assert _post(closed, []).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_does_something(site: Site, method: str) -> None:
    assert site.client.open(_URL, method=method).status_code == 405


# --------------------------------------------------------------------------- what the batch is


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[", id="half of JSON"),
        pytest.param(b"{}", id="no list"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b"[" + b"9" * 5000 + b"]", id="a number without end"),
    ],
)
def test_a_signed_body_that_is_no_list_is_refused(site: Site, body: bytes) -> None:
    assert _post(site, body).status_code == 400


def test_a_batch_may_be_larger_than_a_form_but_not_without_end(site: Site) -> None:
    padding = b" " * (MOST_BYTES - 2)
    assert _post(site, b"[" + padding + b"]").status_code == 204
    assert _post(site, b"[" + padding + b" ]").status_code == 413
    assert site.client.post("/u/x", data=b"a" * 100_000).status_code in {400, 413}


_ODD: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"event": "bounce"},
    {"sg_event_id": "x"},
    {"event": ["bounce"], "sg_event_id": "x"},
]
_ODD += [_event(1, sg_event_id=odd) for odd in ("", "x" * 256, "a\0b", "\ud800", 7, None)]


def test_odd_entries_are_left_out_and_the_others_count(own_site: Site) -> None:
    [one] = _sent(own_site, 1)
    assert _post(own_site, [*_ODD, _event(one, type="bounce")]).status_code == 204
    assert _states(own_site) == {one: ("failed_perm", "hard")}
    assert _kept(own_site) == 1
    assert read_events(json.dumps(_ODD).encode(), NOW) == ([], len(_ODD))


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["bounce", "dropped", "processed", "spamreport", "Bounced Address", "a@example.org"]),
    st.lists(st.integers(), max_size=2),
)
_NAMES = ["event", "sg_event_id", "timestamp", "delivery", "email", "type", "reason", "status"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(_NAMES), _VALUES), max_size=4))
def test_no_signed_batch_is_our_fault(site: Site, entries: list[dict[str, Any]]) -> None:
    assert _post(site, json.dumps(entries).encode()).status_code == 204


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        events, odd = read_events(body, NOW)
    except InputError:
        return
    assert events == []
    assert odd >= 0


# --------------------------------------------------------------------------- what it does


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        pytest.param(_event(1, type="bounce", reason="550 no such user", status="5.1.1"), ("failed_perm", "hard"), "bounced", id="bounce"),
        pytest.param(_event(1), ("failed_perm", "hard"), "bounced", id="bounce without a type"),
        pytest.param(_event(1, type="blocked", reason="452 too much"), ("failed_perm", "soft"), None, id="blocked"),
        pytest.param(_event(1, "dropped", reason="Bounced Address"), ("failed_perm", "hard"), "bounced", id="dropped, bounced before"),
        pytest.param(_event(1, "dropped", reason="Invalid"), ("failed_perm", "hard"), "bounced", id="dropped, no address"),
        pytest.param(_event(1, "dropped", reason="Invalid SMTPAPI header"), ("failed_perm", None), None, id="dropped, our own fault"),
        pytest.param(_event(1, "dropped", reason="Unsubscribed Address"), ("failed_perm", None), "unsubscribed", id="dropped, left before"),
        pytest.param(_event(1, "dropped", reason="Spam Reporting Address"), ("failed_perm", None), "complained", id="dropped, complained before"),
        pytest.param(_event(1, "dropped", reason="Recipient List over Package Quota"), ("failed_perm", None), None, id="dropped, quota"),
        pytest.param(_event(1, "dropped"), ("failed_perm", None), None, id="dropped without a reason"),
        pytest.param(_event(1, "spamreport"), ("sent", None), "complained", id="spamreport"),
        pytest.param(_event(1, "unsubscribe"), ("sent", None), "unsubscribed", id="unsubscribe"),
        pytest.param(_event(1, "group_unsubscribe", asm_group_id=7), ("sent", None), "unsubscribed", id="group_unsubscribe"),
        pytest.param(_event(1, "processed"), ("sent", None), None, id="processed"),
        pytest.param(_event(1, "delivered", response="250 OK"), ("sent", None), None, id="delivered"),
        pytest.param(_event(1, "deferred", attempt="3"), ("unknown", None), None, id="deferred"),
        pytest.param(_event(1, "open"), ("unknown", None), None, id="open"),
        pytest.param(_event(1, "group_resubscribe"), ("unknown", None), None, id="group_resubscribe"),
        pytest.param(_event(1, "something new"), ("unknown", None), None, id="a word we do not know"),
    ],
)  # fmt: skip
def test_each_event_has_its_effect(
    own_site: Site, event: dict[str, Any], state: tuple[str, str | None], reason: str | None
) -> None:
    assert _sent(own_site, 1, ReceiptStatus.UNKNOWN) == [1]
    assert _post(own_site, [event]).status_code == 204
    assert _states(own_site) == {1: state}
    people = own_site.app.store.subscribers
    assert [(one.email, one.reason) for one in people.suppressions()] == (
        [(person(1).email, reason)] if reason else []
    )
    assert len(list(people.subscribers())) == (0 if reason else 1)


def test_one_event_46_times_among_others_has_one_effect(own_site: Site) -> None:
    one, other, third = _sent(own_site, 3, ReceiptStatus.UNKNOWN)
    repeated = _event(one, type="bounce")
    others = [
        _event(one, "processed"),
        _event(one, "delivered"),
        _event(other, "delivered", email="reader0002@example.org"),
    ]
    stream = [repeated] * 46 + others * 3
    random.Random(7).shuffle(stream)
    for start in range(0, len(stream), 9):
        assert _post(own_site, stream[start : start + 9]).status_code == 204
    assert _states(own_site) == {
        one: ("failed_perm", "hard"),
        other: ("sent", None),
        third: ("unknown", None),
    }
    assert _kept(own_site) == 4
    # The operator lets the address be written to again: what the provider repeats does not undo that.
    assert own_site.app.store.subscribers.lift(person(1).email)
    assert _post(own_site, [repeated]).status_code == 204
    assert list(own_site.app.store.subscribers.suppressions()) == []


def test_what_is_just_leaving_comes_again(own_site: Site) -> None:
    desk = sql_desk(own_site.app.store)
    [held] = desk.ledger.claim(desk.open(1), 1, NOW, LEASE)
    desk.ledger.advance([], [held], NOW, LEASE)
    answer = _post(own_site, [_event(held.id)])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert _kept(own_site) == 0


def test_a_thousand_events_are_taken_at_once(own_site: Site) -> None:
    ids = _sent(own_site, 1000)
    kinds = ["bounce", "delivered", "spamreport", "unsubscribe", "dropped"]
    batch = [
        _event(one, kinds[number % 5], email="", reason="Bounced Address") for number, one in enumerate(ids)
    ]
    assert _post(own_site, batch).status_code == 204
    states = list(_states(own_site).values())
    assert (states.count(("failed_perm", "hard")), states.count(("sent", None))) == (400, 600)
    assert len(list(own_site.app.store.subscribers.suppressions())) == 800


def test_no_address_stands_in_the_log(own_site: Site, caplog: pytest.LogCaptureFixture) -> None:
    [one] = _sent(own_site, 1)
    with caplog.at_level("DEBUG"):
        _post(own_site, [_event(one)])
        own_site.client.post(_URL, data=_BODY)
        own_site.app.store.engine.dispose()
        with own_site.app.store.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE provider_event"))
        assert _post(own_site, [_event(one, "delivered")]).status_code == 503
    assert caplog.records
    assert "reader0001" not in caplog.text
