"""A reader's own page: choices kept, a copy of everything, erasure, and a link that dies when the reader leaves."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.model import DeliveryState, Subscriber
from tests.adapters.people import put_delivery, readers, suppressed
from tests.cli.running import REGIONS
from tests.conftest import NOW
from tests.web.reading import known, letter_to, letters_with_one_to, link_in, path_of, reader_of, readers_site
from tests.web.site import Site, add_reader

_LAYLA = "layla@example.org"
_TWO = f"""
[[newsletter]]
id = "mujaz"
title = "موجز"
regions = {REGIONS}

[[newsletter]]
id = "evening"
title = "موجز المساء"
regions = ["gulf", "europe"]
"""


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """Two newsletters; Layla gets the first."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "digest.toml").write_text(_TWO, encoding="utf-8")
    with readers_site(tmp_path) as opened:
        add_reader(opened.app, _LAYLA)
        yield opened


def _path(site: Site, newsletter: str = "mujaz") -> str:
    return f"/preferences/{site.app.links.preferences(known(site, _LAYLA).id, newsletter)}"


def _page(site: Site, path: str) -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


# --------------------------------------------------------------------------- choices


def test_what_is_chosen_is_kept_and_shown(site: Site) -> None:
    path = _path(site)
    data = {"region-asia": "1", "timezone": "Africa/Cairo", "pause": "2026-12-01", "name": " ليلى\u202e "}
    answer = site.client.post(path, data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?saved=1")
    layla = known(site, _LAYLA)
    choice = layla.active["mujaz"]
    assert (layla.name, layla.timezone) == ("ليلى", "Africa/Cairo")
    assert (choice.regions[0], choice.paused_until) == ("asia", dt.date(2026, 12, 1))
    page = _page(site, answer.headers["Location"])
    assert "حُفظت تفضيلاتك" in page
    assert 'value="2026-12-01"' in page
    assert '<option value="Africa/Cairo" selected>' in page
    assert page.index("region-asia") < page.index("region-gulf")


def test_a_pause_is_ended_by_an_empty_date(site: Site) -> None:
    site.client.post(_path(site), data={"pause": "2026-12-01"})
    site.client.post(_path(site), data={"name": "ليلى"})
    assert known(site, _LAYLA).active["mujaz"].paused_until == dt.date(2026, 12, 1)
    site.client.post(_path(site), data={"pause": ""})
    assert known(site, _LAYLA).active["mujaz"].paused_until is None


def test_a_field_that_is_not_sent_stays_as_it_is(site: Site) -> None:
    site.client.post(_path(site), data={"region-asia": "1", "timezone": "Africa/Cairo", "name": "ليلى"})
    before = known(site, _LAYLA)
    site.client.post(_path(site), data={})
    assert known(site, _LAYLA) == before


def test_another_newsletter_is_taken_and_left(site: Site) -> None:
    both = {"newsletters": "shown", "newsletter-mujaz": "on", "newsletter-evening": "on"}
    site.client.post(_path(site), data=both)
    evening = known(site, _LAYLA).active["evening"]
    assert (evening.consent.how, evening.consent.source) == ("preferences", "127.0.0.0/24")
    assert _path(site, "evening") in _page(site, _path(site))
    site.client.post(_path(site, "evening"), data={"region-europe": "1"})
    active = known(site, _LAYLA).active
    assert (active["evening"].regions, active["mujaz"].regions) == (("europe", "gulf"), ())
    del both["newsletter-mujaz"]
    assert site.client.post(_path(site), data=both).status_code == 303
    assert known(site, _LAYLA).active.keys() == {"evening"}
    assert site.app.store.subscribers.suppression_of(_LAYLA) is None
    # The old link now leads to what is left.
    assert "موجز المساء" in _page(site, _path(site))


def test_who_unticks_every_newsletter_has_left(site: Site) -> None:
    path = _path(site)
    answer = site.client.post(path, data={"newsletters": "shown"})
    assert "أُلغي اشتراكك" in answer.get_data(as_text=True)
    assert known(site, _LAYLA).active == {}
    assert site.client.get(path).status_code == 410


def test_a_barred_reader_gets_no_further_newsletter(site: Site) -> None:
    site.app.store.subscribers.suppress(suppressed(_LAYLA))
    both = {"newsletters": "shown", "newsletter-mujaz": "on", "newsletter-evening": "on"}
    site.client.post(_path(site), data=both)
    assert known(site, _LAYLA).active.keys() == {"mujaz"}
    assert site.app.store.subscribers.suppression_of(_LAYLA) is not None


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '" onfocus="x', "\u202eflow\u202c", "a\r\nb: c"]
)
def test_a_hostile_name_is_text(name: str, site: Site) -> None:
    site.client.post(_path(site), data={"name": name})
    page = _page(site, _path(site))
    assert "<script>alert" not in page
    assert '" onfocus=' not in page
    assert "\u202e" not in page
    assert "\n" not in known(site, _LAYLA).name


# --------------------------------------------------------------------------- the link


def _all_paths(path: str) -> list[tuple[str, str]]:
    own = [("GET", path), ("POST", path)]
    return [*own, ("GET", f"{path}/export"), ("GET", f"{path}/erase"), ("POST", f"{path}/erase")]


def test_links_that_are_not_whole_or_for_something_else_do_nothing(site: Site) -> None:
    layla = known(site, _LAYLA)
    path, links = _path(site), site.app.links
    for token in (path[13:-1], "x", links.unsubscribe(layla.id, "mujaz"), links.confirm({"email": _LAYLA})):
        for method, other in _all_paths(f"/preferences/{token}"):
            assert site.client.open(other, method=method).status_code == 400
    assert known(site, _LAYLA) == layla


def test_the_link_dies_when_the_reader_leaves(site: Site) -> None:
    path = _path(site)
    site.app.store.subscribers.remove(_LAYLA, None, reason="unsubscribed", now=NOW)
    assert [site.client.open(one, method=method).status_code for method, one in _all_paths(path)][:4] == [
        410
    ] * 4
    assert known(site, _LAYLA).active == {}


def test_get_and_head_change_nothing(site: Site) -> None:
    before = known(site, _LAYLA)
    for suffix in ("", "/export", "/erase", "?saved=1"):
        for method in ("GET", "HEAD"):
            assert site.client.open(_path(site) + suffix, method=method).status_code == 200
    assert known(site, _LAYLA) == before


@pytest.mark.parametrize(
    ("state", "mailed"),
    [
        pytest.param("subscribed", True, id="subscribed"),
        pytest.param("unknown", False, id="unknown"),
        pytest.param("left", False, id="left"),
        pytest.param("bounced", False, id="bounced"),
    ],
)
def test_a_fresh_link_is_mailed_and_the_answer_tells_nobody(state: str, mailed: bool, site: Site) -> None:
    add_reader(site.app, "reference@example.org")
    address = "nobody@example.org" if state == "unknown" else _LAYLA
    if state == "left":
        site.app.store.subscribers.remove(_LAYLA, None, reason="unsubscribed", now=NOW)
    if state == "bounced":
        site.app.store.subscribers.suppress(suppressed(_LAYLA))
    answers = [
        site.client.post("/preferences", data={"email": one}) for one in (address, "reference@example.org")
    ]
    pages = [(one.status_code, sorted(one.headers.keys())) for one in answers]
    assert pages[0] == pages[1]
    texts = [one.get_data(as_text=True) for one in answers]
    assert texts[0].replace(address, "-") == texts[1].replace("reference@example.org", "-")
    sent = letters_with_one_to(site, "reference@example.org")
    assert (address in sent) is mailed


def test_the_fresh_link_opens_the_page(site: Site) -> None:
    assert site.client.post("/preferences", data={"email": _LAYLA.upper()}).status_code == 200
    letter = letter_to(site, _LAYLA)
    assert str(letter["Subject"]) == "تفضيلاتك في «موجز»"
    assert _LAYLA in _page(site, path_of(link_in(letter)))


def test_fresh_links_are_limited_as_confirmations_are(site: Site) -> None:
    statuses = [
        site.client.post("/preferences", data={"email": "x@example.org"}).status_code for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    assert site.client.post("/subscribe", data={"email": "x@example.org"}).status_code == 429


def test_an_address_that_is_none_is_said_so(site: Site) -> None:
    answer = site.client.post("/preferences", data={"email": '"><b>x'})
    assert answer.status_code == 400
    assert "<b>x" not in answer.get_data(as_text=True)


# --------------------------------------------------------------------------- the data


def test_the_export_holds_everything_that_is_kept(site: Site) -> None:
    layla = known(site, _LAYLA)
    person = Subscriber(id=layla.id, email=_LAYLA, newsletter_id="mujaz")
    put_delivery(site.app.store, person, 21, DeliveryState.SENT, "250 ok")
    put_delivery(site.app.store, replace(person, newsletter_id="evening"), 20, DeliveryState.UNKNOWN)
    site.app.store.subscribers.suppress(suppressed(_LAYLA))
    answer = site.client.get(f"{_path(site)}/export")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.mimetype == "application/json"
    kept = answer.get_json()
    assert (kept["email"], kept["known_since"]) == (_LAYLA, NOW.isoformat())
    assert [(one["edition"], one["state"], one["detail"]) for one in kept["deliveries"]] == [
        ("mujaz-2026-11-21", "sent", "250 ok"),
        ("evening-2026-11-20", "unknown", ""),
    ]
    [subscription] = kept["subscriptions"]
    assert subscription["consent"] == {"at": NOW.isoformat(), "how": "a test", "from": ""}
    assert kept["not_written_to"]["reason"] == "bounced"


def test_who_asks_to_be_erased_is(site: Site) -> None:
    path = _path(site)
    assert "امحُ بياناتي" in _page(site, f"{path}/erase")
    assert known(site, _LAYLA).email == _LAYLA
    assert site.client.post(f"{path}/erase").status_code == 200
    assert reader_of(site, _LAYLA) is None
    assert readers(site.app.store) == []
    # A second click finds nobody, and that is as good.
    assert site.client.post(f"{path}/erase").status_code == 200
    assert site.client.get(path).status_code == 410
