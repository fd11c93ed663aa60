"""Leaving: one POST without a cookie (RFC 8058), pages that scanners may open, and a way back for who erred."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from digest.model import SuppressionReason
from tests.adapters.people import suppressed
from tests.conftest import NOW
from tests.web.reading import known, reader_of, readers_site
from tests.web.site import Site, add_reader

_LAYLA = "layla@example.org"
_TWO = """
[[newsletter]]
id = "mujaz"
title = "موجز"
regions = ["gulf", "europe"]

[[newsletter]]
id = "evening"
title = "موجز المساء"
regions = ["gulf", "europe"]
"""
_BACK = re.compile(r'action="(/confirm/[^"]+)"')
_PREFERENCES = re.compile(r'href="(/preferences/[^"]+)"')


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """Two newsletters; Layla gets the first."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "digest.toml").write_text(_TWO, encoding="utf-8")
    with readers_site(tmp_path) as opened:
        add_reader(opened.app, _LAYLA)
        yield opened


def _path(site: Site, newsletter: str = "mujaz") -> str:
    return f"/u/{site.app.links.unsubscribe(known(site, _LAYLA).id, newsletter)}"


def _active(site: Site) -> set[str]:
    return set(known(site, _LAYLA).active)


def _text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click", id="form"),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            id="multipart",
        ),
        pytest.param("multipart/form-data", b"", id="multipart without a boundary"),
        pytest.param("text/plain", b"whatever", id="another kind"),
        pytest.param("", b"", id="nothing"),
    ],
)
def test_one_click_leaves_at_once(content_type: str, body: bytes, site: Site) -> None:
    client = site.flask.test_client(use_cookies=False)
    answer = client.post(_path(site), data=body, content_type=content_type)
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert _active(site) == set()
    suppression = site.app.store.subscribers.suppression_of(_LAYLA)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.UNSUBSCRIBED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_scanners_change_nothing(method: str, site: Site) -> None:
    answer = site.client.open(_path(site), method=method)
    assert answer.status_code == 200
    assert _active(site) == {"mujaz"}
    if method == "GET":
        assert '<form method="post">' in _text(answer)


def test_who_has_left_already_is_told_the_same(site: Site) -> None:
    path = _path(site)
    first, second = site.client.post(path), site.client.post(path)
    assert (first.status_code, second.status_code) == (200, 200)
    assert "أُلغي اشتراكك" in _text(first)
    assert "أُلغي اشتراكك" in _text(second)
    site.app.store.subscribers.forget(_LAYLA, NOW)
    assert site.client.post(path).status_code == 200


def test_a_link_of_nobody_is_fine_as_well(site: Site) -> None:
    assert site.client.post(f"/u/{site.app.links.unsubscribe(4711, 'mujaz')}").status_code == 200


def test_of_two_newsletters_one_is_left_or_both(site: Site) -> None:
    add_reader(site.app, _LAYLA, "evening")
    answer = site.client.post(_path(site))
    assert _active(site) == {"evening"}
    assert site.app.store.subscribers.suppression_of(_LAYLA) is None
    [preferences] = set(_PREFERENCES.findall(_text(answer)))
    assert site.client.get(preferences).status_code == 200
    add_reader(site.app, _LAYLA, "mujaz")
    assert 'name="all"' in _text(site.client.get(_path(site)))
    site.client.post(_path(site), data={"all": "1"})
    assert _active(site) == set()


def test_what_is_no_longer_published_can_be_left(site: Site) -> None:
    add_reader(site.app, _LAYLA, "gone")
    path = _path(site, "gone")
    assert "«موجز»" not in _text(site.client.get(path))
    assert site.client.post(path).status_code == 200
    assert _active(site) == {"mujaz"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_links_that_are_not_whole_or_for_something_else(method: str, site: Site) -> None:
    links, layla = site.app.links, known(site, _LAYLA)
    others = [
        _path(site)[3:-1],
        _path(site)[3:] + "A",
        "x",
        links.preferences(layla.id, "mujaz"),
        links.confirm({"email": _LAYLA}),
    ]
    for token in others:
        assert site.client.open(f"/u/{token}", method=method).status_code == 400
    assert _active(site) == {"mujaz"}


def test_a_changed_key_leaves_old_links_good(tmp_path: pathlib.Path) -> None:
    with readers_site(tmp_path, {"DIGEST_SECRET_KEY": "the first key of these tests"}) as site:
        add_reader(site.app, _LAYLA)
        path = _path(site)
    with readers_site(
        tmp_path, {"DIGEST_SECRET_KEY": "a second one with as many letters, the first key of these tests"}
    ) as site:
        assert site.client.post(path).status_code == 200
        assert _active(site) == set()


# --------------------------------------------------------------------------- a mistake


def _left_and_offered(site: Site) -> str:
    found = _BACK.search(_text(site.client.post(_path(site))))
    assert found is not None
    return found[1]


def test_who_erred_is_back_with_everything_as_it_was(site: Site) -> None:
    regions = {"region-europe": "1", "timezone": "Africa/Cairo", "name": "ليلى", "pause": "2026-12-01"}
    token = site.app.links.preferences(known(site, _LAYLA).id, "mujaz")
    site.client.post(f"/preferences/{token}", data=regions)
    before = known(site, _LAYLA)
    back = _left_and_offered(site)
    site.clock.moment += dt.timedelta(seconds=20)
    assert site.client.post(back).status_code == 200
    after = known(site, _LAYLA)
    assert (after.name, after.timezone) == (before.name, before.timezone)
    was, now = before.active["mujaz"], after.active["mujaz"]
    assert (now.regions, now.paused_until) == (was.regions, was.paused_until)
    assert (now.consent.how, now.consent.at) == ("took back leaving", site.clock.now())
    assert site.app.store.subscribers.suppression_of(_LAYLA) is None


def test_an_old_letter_offers_no_way_back(site: Site) -> None:
    _left_and_offered(site)
    again = _text(site.client.post(_path(site)))
    assert _BACK.search(again) is None
    assert 'href="/subscribe?newsletter=mujaz"' in again


def test_the_way_back_does_not_outlive_a_second_leaving(site: Site) -> None:
    back = _left_and_offered(site)
    site.client.post(back)
    site.clock.moment += dt.timedelta(minutes=1)
    site.client.post(_path(site))
    assert site.client.post(back).status_code == 410
    assert _active(site) == set()


def test_the_way_back_lifts_no_bounce(site: Site) -> None:
    site.app.store.subscribers.suppress(suppressed(_LAYLA))
    back = _left_and_offered(site)
    assert site.client.post(back).status_code == 410
    suppression = site.app.store.subscribers.suppression_of(_LAYLA)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.BOUNCED


def test_nobody_else_is_touched(site: Site) -> None:
    add_reader(site.app, "omar@example.org")
    site.client.post(_path(site))
    omar = reader_of(site, "omar@example.org")
    assert omar is not None
    assert omar.active.keys() == {"mujaz"}
