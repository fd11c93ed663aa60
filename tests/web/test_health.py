"""Whether the site lives, and whether it can work."""

from __future__ import annotations

import pathlib

import pytest

from digest.app import App
from digest.web import make_site
from tests.cluster import postgresql_programs, running_cluster
from tests.conftest import require
from tests.web.processes import served, status
from tests.web.site import opened_site


@pytest.mark.parametrize("page", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_site_that_works_says_so(tmp_path: pathlib.Path, page: str, method: str) -> None:
    with opened_site(tmp_path, editions=False) as site:
        answer = site.client.open(page, method=method)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.get_data() == (b"ok\n" if method == "GET" else b"")
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_its_database_a_site_lives_and_is_not_ready(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = "postgresql://mujaz:secret-word@127.0.0.1:9/nowhere"
    app = App(home=tmp_path, environment={"DATABASE_URL": nowhere})
    client = make_site(app).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_data()) == (503, b"the database does not answer\n")
    assert "not ready" in caplog.text
    assert "secret-word" not in caplog.text


def test_a_database_that_went_away_is_told(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as site:
        assert site.client.get("/readyz").status_code == 200
        site.app.store.engine.dispose()
        (tmp_path / "var" / "digest.db").unlink()
        (tmp_path / "var").rename(tmp_path / "elsewhere")
        assert site.client.get("/readyz").status_code == 503
        assert site.client.get("/healthz").status_code == 200


def test_pages_say_not_now_while_the_database_is_away(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = "postgresql://mujaz:secret-word@127.0.0.1:9/nowhere"
    client = make_site(App(home=tmp_path, environment={"DATABASE_URL": nowhere})).test_client()
    answer = client.get("/archive")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Connection refused" in caplog.text
    assert "Traceback" not in caplog.text
    assert "secret-word" not in caplog.text + answer.text


def test_a_site_that_starts_while_its_database_is_away_serves_as_soon_as_it_is_there(
    tmp_path: pathlib.Path,
) -> None:
    require(postgresql_programs() is not None, "PostgreSQL")
    with running_cluster() as server:
        server.stop()
        with served(tmp_path, {"DATABASE_URL": server.url("postgres")}) as port:
            assert status(port, "/healthz") == 200
            assert status(port, "/archive") == 503
            server.start()
            assert status(port, "/readyz") == 200
            assert status(port, "/archive") == 200


def test_a_site_is_ready_while_somebody_writes_for_long(tmp_path: pathlib.Path) -> None:
    # Whoever waited for the write lock would be told in half a minute that the database is locked.
    with opened_site(tmp_path, editions=False) as site, site.app.store.engine.begin():
        assert site.client.get("/readyz").status_code == 200
