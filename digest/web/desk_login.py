"""Who may sit at the desk: one password, a signed session, and a token in each form.

The password is kept as its hash (scrypt, RFC 7914, as werkzeug.security writes it). Where none is configured there is
no desk. A session lasts for twelve hours at most, and ends when the password is changed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast

from flask import Blueprint, Flask, Response, abort, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.security import check_password_hash

from digest.adapters.store.attempts import SqlAttempts
from digest.app import App
from digest.errors import ConfigurationError, Fault
from digest.mailer.inbox.findings import Words, say
from digest.studio.proof import editors_language
from digest.text.tidy import tidy
from digest.web.limits import asking_network
from digest.web.pages import Pages

_P = ParamSpec("_P")

SESSION_HOURS = 12
#: Tries that one network has in a window.
MOST_TRIES = 5
TRIES_WINDOW = dt.timedelta(minutes=15)
#: Letters of an editor's name.
LONGEST_NAME = 60

_HASH = re.compile(r"scrypt:\d+:\d+:\d+\$[^$]+\$[0-9a-f]+")
# What may stand after next=: a page of the desk. No second slash, no backslash, no host.
_OWN_PAGE = re.compile(r"/desk(?:/[A-Za-z0-9._~-]+)*/?(?:\?[A-Za-z0-9._~=&-]*)?")


class _DeskSession(SecureCookieSessionInterface):
    """Flask's signed session, for the desk's pages alone."""

    salt = "mujaz desk"

    def get_cookie_name(self, app: Flask) -> str:
        """See Flask."""
        return "mujaz_desk"

    def get_cookie_path(self, app: Flask) -> str:
        """See Flask."""
        return "/desk"

    def get_cookie_httponly(self, app: Flask) -> bool:
        """See Flask."""
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        """See Flask."""
        return "Lax"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the page itself came over https."""
        return request.is_secure


def password_hash(app: App) -> str:
    """Return the hash of the desk's password; empty where there is no desk.

    Raises ConfigurationError where it is no such hash.
    """
    kept = app.settings.desk_password.get_secret_value()
    if kept and not _is_hash(kept):
        # Never the value itself: it may be somebody's password.
        raise ConfigurationError(
            [
                Fault(
                    where="DIGEST_DESK_PASSWORD",
                    key="",
                    wrong="is no hash of a password",
                    right="Run `digest desk-password` and set what it prints.",
                )
            ]
        )
    return kept


def _is_hash(text: str) -> bool:
    if not _HASH.fullmatch(text):
        return False
    try:
        check_password_hash(text, "")
    except ValueError:
        # Figures that scrypt cannot work with.
        return False
    return True


def editor() -> str:
    """Return the name of who sits at the desk, as it is kept with each act."""
    return str(session["editor"])


def csrf_token() -> str:
    """Return the session's token, which each form of the desk sends along as `csrf`; there from the first call on."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def signed_in(app: App) -> Callable[[Callable[_P, Response]], Callable[_P, Response]]:
    """Return what guards a view: 404 without a desk, the login without a session, 403 for a form without the token.

    It stands below the route: `@part.post("/desk/x")`, then `@signed_in(app)`, then the view.
    """

    def guard(view: Callable[_P, Response]) -> Callable[_P, Response]:
        @wraps(view)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Response:
            kept = password_hash(app)
            if not kept:
                abort(404)
            if not _session_holds(app, kept):
                session.clear()
                return _to_login()
            if request.method not in {"GET", "HEAD", "OPTIONS"}:
                _require_token()
            return view(*args, **kwargs)

        return guarded

    return guard


def own_page(text: str) -> str:
    """Return a page of the desk to go to; the desk itself for any other address.

    >>> own_page("/desk/health?day=2026-11-22"), own_page("//example.org/desk"), own_page("/desk/..//x")
    ('/desk/health?day=2026-11-22', '/desk/', '/desk/')
    """
    return text if _OWN_PAGE.fullmatch(text) and "/.." not in text else "/desk/"


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return login and logout. Raises ConfigurationError where the password or the key that signs is not usable."""
    part = Blueprint("desk_login", __name__)
    part.add_app_template_global(csrf_token, "csrf_token")
    if not password_hash(app):
        return part
    keys = _session_keys(app)
    part.record_once(lambda setup: _sign_sessions(cast("Flask", setup.app), keys))

    @part.get("/desk/login")
    def ask() -> Response:
        if _session_holds(app, password_hash(app)):
            return see_other(own_page(request.args.get("next", "")))
        return _login_page(app, pages)

    @part.post("/desk/login")
    def enter() -> Response:
        _require_token()
        return _enter(app, pages)

    @part.post("/desk/logout")
    @signed_in(app)
    def leave() -> Response:
        session.clear()
        return _to_login()

    return part


def see_other(page: str) -> Response:
    """Send the browser to a page: what was posted is not posted again when that is loaded anew (RFC 9110, 15.4.4)."""
    return cast("Response", redirect(page, 303, Response))


def _login_page(
    app: App, pages: Pages, status: int = 200, trouble: Words | None = None, name: str = ""
) -> Response:
    language = editors_language(pages.language(app.newsletter()))
    return pages.page(
        "desk_login.html.j2",
        status=status,
        language=language,
        say=language.say,
        trouble=trouble and trouble.told(language.say),
        name=name,
        next_page=own_page(request.values.get("next", "")),
    )


def _enter(app: App, pages: Pages) -> Response:
    """Begin a session for who knows the password, or say what was wrong."""
    name = tidy(request.form.get("name", ""))[:LONGEST_NAME]
    if not name:
        return _login_page(app, pages, 400, say("Please say who you are."))
    tried, attempts = f"login {asking_network()}", SqlAttempts(app.store.engine)
    # Counted before it is looked at: many at once get no more tries than one after the other.
    if attempts.add(tried, app.clock.now(), TRIES_WINDOW) > MOST_TRIES:
        response = _login_page(
            app, pages, 429, say("Too many tries. Please wait for a quarter of an hour."), name
        )
        response.headers["Retry-After"] = str(int(TRIES_WINDOW.total_seconds()))
        return response
    kept = password_hash(app)
    if not check_password_hash(kept, request.form.get("password", "")):
        return _login_page(app, pages, 403, say("That is not the password."), name)
    attempts.clear(tried)
    _begin(app, kept, name)
    return see_other(own_page(request.form.get("next", "")))


def _session_keys(app: App) -> list[str]:
    keys = app.settings.secret_keys
    if not keys:
        raise ConfigurationError(
            [
                Fault(
                    where="DIGEST_SECRET_KEY",
                    key="",
                    wrong="is not set, and the desk's sessions are signed with it",
                    right="Set it to 32 random characters or more.",
                )
            ]
        )
    return keys


def _sign_sessions(site: Flask, keys: list[str]) -> None:
    site.secret_key = keys[0]
    site.config["SECRET_KEY_FALLBACKS"] = keys[1:]
    site.session_interface = _DeskSession()


def _begin(app: App, kept: str, name: str) -> None:
    """Begin an editor's session; nothing is left of the one before, its token neither."""
    session.clear()
    session["editor"] = name
    session["since"] = app.clock.now().timestamp()
    session["password"] = _mark_of(kept)
    csrf_token()


def _session_holds(app: App, kept: str) -> bool:
    if not session.get("editor"):
        return False
    age = app.clock.now().timestamp() - float(session.get("since", 0))
    return age < SESSION_HOURS * 3600 and hmac.compare_digest(
        str(session.get("password", "")), _mark_of(kept)
    )


def _mark_of(kept: str) -> str:
    """Return what a session remembers of the password's hash: another password, another mark."""
    return hashlib.sha256(kept.encode()).hexdigest()[:16]


def _require_token() -> None:
    sent, known = request.form.get("csrf", ""), session.get("csrf", "")
    if not known or not hmac.compare_digest(sent.encode(), str(known).encode()):
        abort(403)


def _to_login() -> Response:
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    wanted = back if back and own_page(back) == back != "/desk/" else None
    return see_other(url_for("desk_login.ask", next=wanted))
