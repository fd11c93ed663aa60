"""Who may sit at the desk: the password, the session, the token of each form, and nobody else."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import check_password_hash

from digest.app import App
from digest.cli.desk_password import desk_password
from digest.errors import ConfigurationError
from digest.web import desk, desk_login
from digest.web.desk_login import MOST_TRIES, own_page
from digest.web.pages import Pages
from tests.web.desk_site import HERE, PASSWORD, WITH_DESK, Editor, desk_site
from tests.web.site import SECRET_KEY, Site, opened_site


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """A site with a desk, and no news."""
    with desk_site(tmp_path, news=False) as opened:
        yield opened


@pytest.fixture
def editor(site: Site) -> Editor:
    """Somebody who has not signed in yet."""
    return Editor(site=site)


# --------------------------------------------------------------------------- in and out


def test_the_password_opens_the_desk_and_logout_closes_it(editor: Editor) -> None:
    answer = editor.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/")
    assert "سلمى" in editor.page().text_content()
    assert editor.site.client.get("/desk/login").headers["Location"] == "/desk/"
    left = editor.site.client.post("/desk/logout", data={"csrf": editor.csrf})
    assert left.headers["Location"] == "/desk/login"
    assert editor.site.client.get(HERE).headers["Location"].startswith("/desk/login")


def test_the_cookie_is_for_the_desk_and_for_no_script(editor: Editor) -> None:
    plain = editor.sign_in().headers["Set-Cookie"]
    assert all(part in plain for part in ("mujaz_desk=", "HttpOnly", "SameSite=Lax", "Path=/desk"))
    assert "Secure" not in plain
    client = editor.site.flask.test_client()
    assert "Secure" in client.get("/desk/login", base_url="https://localhost").headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        pytest.param("سلمى", "another", 403, id="another password"),
        pytest.param("سلمى", "", 403, id="none"),
        pytest.param(" \N{RIGHT-TO-LEFT OVERRIDE}\x00 ", PASSWORD, 400, id="no name"),
        pytest.param("سلمى", "\ud83d\udd11" * 9, 403, id="odd letters"),
    ],
)
def test_who_does_not_know_it_stays_outside(editor: Editor, name: str, password: str, status: int) -> None:
    answer = editor.sign_in(name, password.encode("utf-16", "surrogatepass").decode("utf-16"))
    assert answer.status_code == status
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert editor.site.client.get("/desk/").headers["Location"] == "/desk/login"


def test_a_session_lasts_half_a_day(editor: Editor, site: Site) -> None:
    editor.sign_in()
    site.clock.sleep(11 * 3600)
    assert site.client.get("/desk/login").status_code == 303
    site.clock.sleep(2 * 3600)
    assert site.client.get("/desk/login").status_code == 200


def test_another_password_ends_all_sessions(editor: Editor, site: Site, tmp_path: pathlib.Path) -> None:
    editor.sign_in()
    cookie = site.client.get_cookie("mujaz_desk", path="/desk")
    assert cookie is not None
    for password, status in ((WITH_DESK["DIGEST_DESK_PASSWORD"], 303), (_other_hash(), 200)):
        app = App(
            home=tmp_path,
            environment={"DIGEST_DESK_PASSWORD": password, "DIGEST_SECRET_KEY": SECRET_KEY},
            clock=site.clock,
        )
        with _client(app) as client:
            client.set_cookie("mujaz_desk", cookie.value, path="/desk")
            assert client.get("/desk/login").status_code == status
        app.close()


def _other_hash() -> str:
    return CliRunner().invoke(desk_password, input="another long password\n").stdout.strip()


def _client(app: App) -> FlaskClient:
    site = Flask("digest.web", template_folder=str(pathlib.Path("templates/web").resolve()))
    site.jinja_env.filters["bidi"] = lambda text, *_: text
    site.register_blueprint(desk_login.blueprint(app, Pages(app)))
    return site.test_client()


def test_tries_are_limited_by_network_and_the_right_one_starts_anew(editor: Editor, site: Site) -> None:
    for _ in range(MOST_TRIES - 1):
        assert editor.sign_in(password="guess").status_code == 403
    assert editor.sign_in().status_code == 303
    site.client.delete_cookie("mujaz_desk", path="/desk")
    answers = [editor.sign_in(password="guess").status_code for _ in range(MOST_TRIES + 1)]
    assert answers == [403] * MOST_TRIES + [429]
    refused = editor.sign_in()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    site.clock.sleep(dt.timedelta(minutes=16).total_seconds())
    assert editor.sign_in().status_code == 303


# --------------------------------------------------------------------------- where it leads


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/desk/",
        "//example.org/desk/",
        "/\\example.org",
        "/desk//example.org",
        "/desk/../u/token",
        "/deskexample",
        "/desk/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/desk@example.org",
        "",
    ],
)
def test_no_address_leads_elsewhere(editor: Editor, address: str) -> None:
    assert own_page(address) == "/desk/"
    assert editor.sign_in(page=address).headers["Location"] == "/desk/"


def test_the_page_that_was_wanted_comes_after_the_login(editor: Editor) -> None:
    asked = editor.site.client.get(HERE).headers["Location"]
    [wanted] = editor.page(asked).xpath("//input[@name='next']/@value")
    assert editor.sign_in(page=str(wanted)).headers["Location"] == HERE


# --------------------------------------------------------------------------- forms without a token


@pytest.mark.parametrize("token", ["", "wrong", "\u0645\u0632\u064a\u0641"])
@pytest.mark.parametrize(
    "page", ["/desk/login", "/desk/logout", f"{HERE}/edit", f"{HERE}/test", f"{HERE}/approve"]
)
def test_a_form_without_its_token_does_nothing(editor: Editor, page: str, token: str) -> None:
    editor.sign_in()
    answer = editor.site.client.post(page, data={"csrf": token, "act": "subject", "text": "عنوان"})
    assert answer.status_code == 403
    store = editor.site.app.store.desk
    assert (store.edits("daily", _today()), store.approval("daily", _today())) == ([], None)


def _today() -> dt.date:
    return dt.date.fromisoformat(HERE.rpartition("/")[2])


@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("GET", "/desk/"),
        ("GET", HERE),
        ("GET", f"{HERE}/light.html"),
        ("POST", f"{HERE}/edit"),
        ("POST", f"{HERE}/approve"),
        ("POST", f"{HERE}/withdraw"),
        ("POST", f"{HERE}/test"),
        ("POST", "/desk/logout"),
    ],
)
def test_who_is_not_signed_in_is_sent_to_the_login(editor: Editor, method: str, page: str) -> None:
    answer = editor.site.client.open(page, method=method, data={"act": "pin"})
    assert answer.status_code == 303
    assert answer.headers["Location"].partition("?")[0] == "/desk/login"
    assert editor.site.app.store.desk.edits("daily", _today()) == []


# --------------------------------------------------------------------------- without a password


@pytest.mark.parametrize("page", ["/desk/", "/desk/login", "/desk/logout", HERE, f"{HERE}/edit"])
def test_without_a_password_there_is_no_desk(tmp_path: pathlib.Path, page: str) -> None:
    with opened_site(tmp_path, editions=False) as site:
        assert site.client.get(page).status_code == 404
        assert site.client.post(page).status_code == 404


@pytest.mark.parametrize(
    "password",
    ["plain words", "scrypt:32768:8:1$salt", "scrypt:5:5:5$salt$ab", "md5$salt$ab", "scrypt:1024:8:1$a$xyz"],
)
def test_what_is_no_hash_is_refused_and_never_shown(tmp_path: pathlib.Path, password: str) -> None:
    app = App(home=tmp_path, environment={"DIGEST_DESK_PASSWORD": password, "DIGEST_SECRET_KEY": SECRET_KEY})
    for part in (desk_login, desk):
        with pytest.raises(ConfigurationError, match="digest desk-password") as refusal:
            part.blueprint(app, Pages(app))
        assert password not in str(refusal.value)


def test_a_desk_needs_a_key_that_signs(tmp_path: pathlib.Path) -> None:
    app = App(home=tmp_path, environment=WITH_DESK)
    with pytest.raises(ConfigurationError, match="DIGEST_SECRET_KEY"):
        desk_login.blueprint(app, Pages(app))


# --------------------------------------------------------------------------- the command


def test_the_command_prints_a_hash_of_standard_input() -> None:
    result = CliRunner().invoke(desk_password, input=f"{PASSWORD}\nmore\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("scrypt:")
    assert check_password_hash(result.stdout.strip(), PASSWORD)
    assert PASSWORD not in result.output


def test_a_short_password_is_refused() -> None:
    result = CliRunner().invoke(desk_password, input="short\n")
    assert (result.exit_code, result.stdout) == (2, "")
