"""Tokens and sessions that we did not give: of another purpose, another key, cut, odd, or of somebody forgotten."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.adapters.links import LinkSigner
from tests.web.desk_site import WITH_DESK
from tests.web.everything import FORGOTTEN, Whole, whole_site
from tests.web.reading import known
from tests.web.site import SECRET_KEY


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(whole: Whole) -> FlaskClient:
    """Somebody from outside."""
    return whole.site.flask.test_client()


_PURPOSES = ("u", "preferences", "confirm")


def _forged(whole: Whole) -> Iterator[tuple[str, str]]:
    """Yield a purpose and a token that is not for it."""
    names = {"u": "unsubscribe", "preferences": "preferences", "confirm": "confirm"}
    other = LinkSigner([f"{SECRET_KEY}, or another"])
    reader = known(whole.site, "layla@example.org").id
    made = {
        "u": other.unsubscribe(reader, "mujaz"),
        "preferences": other.preferences(reader, "mujaz"),
        "confirm": other.confirm({"email": "x@example.org"}),
    }
    # Signed with our own key, of nobody that a database could hold.
    ours = LinkSigner([SECRET_KEY])
    ids = (0, -1, 2**63, 2**64, 10**40)
    impossible = {
        "u": [ours.unsubscribe(one, "mujaz") for one in ids],
        "preferences": [ours.preferences(one, "mujaz") for one in ids],
    }
    for purpose, another in itertools.product(_PURPOSES, _PURPOSES):
        good = whole.tokens[names[another]]
        if purpose != another:
            yield purpose, good
            continue
        yield purpose, made[purpose]
        yield from ((purpose, one) for one in impossible.get(purpose, ()))
        yield from (
            (purpose, one) for one in (good[:-1], good[1:], good.swapcase(), f"{good}.x", good.split(".")[0])
        )
        middle = len(good) // 2
        yield purpose, f"{good[:middle]}{'A' if good[middle] != 'A' else 'B'}{good[middle + 1 :]}"


def test_only_a_whole_token_of_the_purpose_opens_a_page(whole: Whole, client: FlaskClient) -> None:
    before = whole.site.app.store.subscribers.suppression_of("layla@example.org")
    tried = 0
    for purpose, token in _forged(whole):
        for method, more in (("GET", ""), ("POST", ""), ("HEAD", "")):
            answer = client.open(f"/{purpose}/{token}{more}", method=method)
            # Without any letters it is no such page at all.
            assert answer.status_code in ({400, 410} if token else {404}), (purpose, token)
            tried += 1
    assert tried > 60
    assert known(whole.site, "layla@example.org").active.keys() == {"mujaz", "brief"}
    assert whole.site.app.store.subscribers.suppression_of("layla@example.org") == before


@given(token=st.one_of(st.text(max_size=60), st.from_regex(r"[\w.-]{0,80}", fullmatch=True)))
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_no_token_is_too_odd(whole: Whole, client: FlaskClient, token: str) -> None:
    for purpose in _PURPOSES:
        for method in ("GET", "POST"):
            raw = f"/{purpose}/{token}".encode("utf-8", "replace").decode("latin-1")
            answer = client.open("/", method=method, environ_overrides={"PATH_INFO": raw})
            assert 400 <= answer.status_code < 500 or not token.strip("/"), token


def test_what_a_token_of_ours_may_hold_is_looked_at(whole: Whole, client: FlaskClient) -> None:
    links = whole.site.app.links
    wishes: list[dict[str, Any]] = [
        {},
        {"email": 5, "newsletter": [], "at": "never", "name": {}, "timezone": 1, "regions": 7, "how": None},
        {"email": "a@example.org", "newsletter": "gone", "at": "2026-11-22T06:00:00+00:00"},
    ]
    for token in (links.confirm(one) for one in wishes):
        for method in ("GET", "POST"):
            assert client.open(f"/confirm/{token}", method=method).status_code == 400
    assert client.get(f"/preferences/{links.preferences(2**63 - 1, chr(0))}").status_code in {404, 410}


def test_a_link_of_somebody_forgotten_leads_nowhere(whole: Whole, client: FlaskClient) -> None:
    site = whole.site
    links, gone = site.app.links, known(site, FORGOTTEN).id
    assert client.get(f"/preferences/{links.preferences(gone, 'mujaz')}").status_code == 200
    site.app.store.subscribers.forget(FORGOTTEN, site.clock.now())
    for path in ("", "/export", "/erase"):
        answer = client.get(f"/preferences/{links.preferences(gone, 'mujaz')}{path}")
        assert answer.status_code == 410
    # Whoever is gone already has left as well.
    assert client.post(f"/u/{links.unsubscribe(gone, 'mujaz')}").status_code == 200


def _cookies(whole: Whole) -> Iterator[str]:
    """Yield sessions that nobody was given."""
    good = {"editor": "x", "since": whole.site.clock.now().timestamp(), "password": "", "csrf": "x"}
    signer = SecureCookieSessionInterface().get_signing_serializer(whole.site.flask)
    assert signer is not None
    # Flask's own salt, not the desk's.
    yield signer.dumps(good)
    own = whole.site.flask.session_interface
    assert isinstance(own, SecureCookieSessionInterface)
    serializer = own.get_signing_serializer(whole.site.flask)
    assert serializer is not None
    yield serializer.dumps(good)
    yield serializer.dumps({})
    yield from (
        "",
        "x",
        ".",
        "e30.x.x",
        "\x00",
        "a" * 4000,
        json.dumps(good),
        WITH_DESK["DIGEST_DESK_PASSWORD"],
    )


def test_a_forged_session_opens_nothing(whole: Whole) -> None:
    for cookie in _cookies(whole):
        for path in ("/desk/health", "/desk/subscribers", "/desk/edition/mujaz/2026-11-22"):
            client = whole.site.flask.test_client()
            client.set_cookie("mujaz_desk", cookie, path="/desk")
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"][:11]) == (303, "/desk/login"), cookie
            assert client.post("/desk/subscribers/add", data={"csrf": "x"}).status_code == 303
