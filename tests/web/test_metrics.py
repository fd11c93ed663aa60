"""The figures for Prometheus: who may ask, and that they are those of the database."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest.model import DeliveryState
from tests.conftest import NOW
from tests.web.busy import READERS, REFUSED, UNKNOWN, fill
from tests.web.site import Site, opened_site

_TOKEN = "a word for the scraper"
_SETTINGS = {"DIGEST_WEB__METRICS_TOKEN": _TOKEN}
_BEARER = {"Authorization": f"Bearer {_TOKEN}"}
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that has run for a while."""
    with opened_site(tmp_path_factory.mktemp("home"), _SETTINGS, editions=False) as opened:
        fill(opened)
        yield opened


def _figures(site: Site) -> Figures:
    answer = site.client.get("/metrics", headers=_BEARER)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def _of(found: Figures, name: str, **labels: str) -> float:
    return found[f"mujaz_{name}", tuple(sorted(labels.items()))]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("Bearer", id="empty"),
        pytest.param("Bearer another word", id="another"),
        pytest.param(f"Bearer {_TOKEN}x", id="longer"),
        pytest.param("Bearer كلمة", id="Arabic"),
        pytest.param("Basic bXVqYXo6bXVqYXo=", id="of another kind"),
        pytest.param("Digest username=a", id="of a third kind"),
    ],
)
def test_only_who_knows_the_token_may_ask(site: Site, header: str | None) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")} if header else {}
    answer = site.client.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "mujaz_" not in answer.get_data(as_text=True)


def test_without_a_token_there_is_no_such_page(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as closed:
        for headers in ({}, {"Authorization": "Bearer "}, _BEARER):
            assert closed.client.get("/metrics", headers=headers).status_code == 404


def test_the_figures_are_those_of_the_database(site: Site) -> None:
    found, of = _figures(site), site.app.newsletter().id
    # Today's edition, yesterday's and that of the day before.
    assert _of(found, "deliveries", newsletter=of, state="failed_perm") == 3 * REFUSED
    assert _of(found, "deliveries", newsletter=of, state="unknown") == 3 * UNKNOWN
    assert _of(found, "deliveries", newsletter=of, state="pending") == 0
    assert sum(name == "mujaz_deliveries" for name, _ in found) == len(DeliveryState) * len(
        site.app.settings.newsletters
    )
    assert _of(found, "editions", newsletter=of) == 14
    assert _of(found, "queue_age_seconds") == 0
    left = len(range(8, READERS - 9, 9))
    assert _of(found, "subscribers", newsletter=of, confirmed="yes") == READERS - 1 - left
    assert _of(found, "subscribers", newsletter=of, confirmed="no") == 1
    assert [_of(found, "suppressions", reason=reason) for reason in ("bounced", "complained", "by_hand")] == [
        1,
        1,
        0,
    ]
    assert _of(found, "sources", state="ok") == 3
    assert _of(found, "sources", state="failing") == 1
    assert _of(found, "sources", state="blocked") == 1
    assert _of(found, "collect_timestamp_seconds") == NOW.timestamp() - 8 * 60
    assert _of(found, "newest_article_timestamp_seconds") == NOW.timestamp() - 7 * 60
    assert _of(found, "workers") == 1
    assert _of(found, "alerts") == 1


def test_requests_are_counted_by_route_and_without_readers_links(site: Site) -> None:
    def count(route: str, status: str, method: str = "GET") -> float:
        return sum(
            value
            for (name, labels), value in _figures(site).items()
            if name == "mujaz_http_requests_total"
            and {("route", route), ("status", status), ("method", method)} <= set(labels)
        )

    before = count("/healthz", "200"), count("/u/<token>", "400"), count("none", "404")
    site.client.get("/healthz")
    site.client.get("/u/a-secret-of-a-reader")
    site.client.get("/no-such-page/a-secret-of-a-reader")
    after = count("/healthz", "200"), count("/u/<token>", "400"), count("none", "404")
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]
    site.client.open("/healthz", method="INVENTED")
    assert count("none", "405", "other") + count("/healthz", "405", "other") == 1
    assert "a-secret" not in site.client.get("/metrics", headers=_BEARER).get_data(as_text=True)


def test_an_edition_that_is_still_leaving_has_an_age(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS) as waiting:
        # The oldest of its editions was composed two days before the newest.
        oldest = waiting.app.store.editions.edition(waiting.ids()[0])
        assert oldest is not None
        age = (NOW - oldest.composed_at).total_seconds()
        assert _of(_figures(waiting), "queue_age_seconds") == age > 0
