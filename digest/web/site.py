"""The site: its parts, its templates, and what every answer carries.

Feed text is hostile and so are requests: templates escape, no page has a script or a style in it, nothing is loaded
from elsewhere, and a body is no longer than it needs to be.
"""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Mapping

from flask import Flask, Response, abort, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from digest.app import App
from digest.errors import DatabaseError
from digest.home import shipped
from digest.web import (
    archive,
    crawling,
    desk,
    desk_health,
    desk_login,
    desk_subscribers,
    editions,
    feeds,
    health,
    home,
    metrics,
    preferences,
    searching,
    story_pages,
    subscribing,
    unsubscribing,
    webhook,
)
from digest.web.direction import bidi_page
from digest.web.pages import Pages

_log = logging.getLogger("digest.web")

#: The site's parts: readers' pages, what other programs ask for, and the editor's desk.
_READERS = (
    home,
    subscribing,
    preferences,
    unsubscribing,
    editions,
    story_pages,
    archive,
    searching,
    feeds,
    crawling,
)
_PROGRAMS = (webhook, health, metrics)
_DESK = (desk_login, desk, desk_health, desk_subscribers)

#: When whoever asked while the database was away may ask again.
_RETRY_SECONDS = 30
#: Bytes of the longest form; what needs more says so at its own route.
MOST_BYTES = 64 * 1024
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # A reader's link is a key: no other site may learn it.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Cache-Control": "no-store",
}


def make_site(app: App, proxies: int = 0) -> Flask:
    """Return the site over an app. `proxies` is how many of our own stand before it and name the reader's address."""
    folders = [app.home / "templates" / "web", shipped("templates") / "web"]
    site = Flask("digest.web", static_folder=str(_static(folders)), static_url_path="/static")
    # The router would redirect to the Host that was asked for, which anybody can forge.
    site.url_map.merge_slashes = site.url_map.strict_slashes = False
    site.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    site.config["MAX_FORM_MEMORY_SIZE"] = MOST_BYTES
    site.jinja_loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
    site.jinja_env.undefined = StrictUndefined
    # The templates' names end in .html.j2: what Flask would not take for HTML is escaped all the same.
    site.jinja_env.autoescape = True
    site.jinja_env.trim_blocks = site.jinja_env.lstrip_blocks = True
    site.jinja_env.filters["bidi"] = bidi_page
    if proxies:
        site.wsgi_app = ProxyFix(site.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    pages = Pages(app)
    for part in (*_READERS, *_PROGRAMS, *_DESK):
        site.register_blueprint(part.blueprint(app, pages))
    site.before_request(_refuse_nul)
    site.after_request(_guard)
    site.register_error_handler(Exception, lambda error: _trouble(pages, error))
    return site


def _static(folders: list[pathlib.Path]) -> pathlib.Path:
    found = (folder / "static" for folder in folders if (folder / "static").is_dir())
    return next(found)


def _refuse_nul() -> None:
    """Find no page at an address with NUL in it: PostgreSQL cannot even be asked for such a text."""
    if "\0" in request.path:
        abort(404)


def _guard(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _trouble(pages: Pages, error: Exception) -> BaseResponse:
    """Return a page for what went wrong, in plain words; what is our fault is logged."""
    if isinstance(error, DatabaseError):
        _log.error("%s %s failed: %s", request.method, request.endpoint, " ".join(str(error).split()))
        error = ServiceUnavailable(retry_after=_RETRY_SECONDS)
    status = error.code if isinstance(error, HTTPException) and error.code else 500
    if isinstance(error, HTTPException) and isinstance(error.response, BaseResponse):
        return error.response
    if status >= 500 and not isinstance(error, ServiceUnavailable):
        _log.error("%s %s failed", request.method, request.endpoint, exc_info=error)
    page = pages.page("trouble.html.j2", status=status)
    if isinstance(error, HTTPException):
        # What a client has to know besides: Allow (RFC 9110, 15.5.6), Retry-After.
        page.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return page
