"""How a reader comes: a form, a letter with a link, a page with a button.

Nothing is kept of who has not confirmed; the link carries the wish. Known, unknown and barred addresses get the same
page, and in the same time: the request does the same work for all of them, counts, signs and puts a task down. What
differs is done by `post.Postbox` afterwards. GET and HEAD change nothing: scanners follow every link of a mail.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Response, abort, request
from itsdangerous import SignatureExpired

from digest.adapters.links import BadLink
from digest.adapters.store.reader_choices import ReaderChoices
from digest.app import App
from digest.errors import UnknownNewsletter
from digest.mailer.confirmation import confirmation
from digest.model import Newsletter
from digest.web.limits import asking_network, may_ask, too_often
from digest.web.pages import Pages
from digest.web.post import Letter, Postbox
from digest.web.reader_form import (
    ReaderForm,
    blank_form,
    read_email,
    read_name,
    read_regions,
    read_zone,
    region_rows,
    zone_options,
)
from digest.web.wishes import Granted, Wish, grant, may_be_written_to, opened, sealed

_log = logging.getLogger("digest.web")


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the form, and the page to which the confirmation's link leads."""
    part = Blueprint("subscribing", __name__)

    @part.app_context_processor
    def for_all_pages() -> dict[str, object]:
        # For `{% include "subscribe_form.html.j2" %}` on any page.
        return {
            "subscribe_form": lambda newsletter: _blank(app, pages, newsletter),
            "newsletters": tuple(app.newsletters()),
        }

    _add_form(part, app, pages)
    _add_confirmation(part, app, pages)
    return part


def _add_form(part: Blueprint, app: App, pages: Pages) -> None:
    postbox = Postbox(app)

    @part.get("/subscribe")
    def show() -> Response:
        return pages.page("subscribe.html.j2", _newsletter(app, request.args.get("newsletter")))

    @part.post("/subscribe")
    def ask() -> Response:
        require_links(app)
        typed = request.form
        newsletter = _newsletter(app, typed.get("newsletter"))
        try:
            email = read_email(typed.get("email", ""))
        except ValueError:
            again = _filled(app, pages, newsletter, typed)
            return pages.page("subscribe.html.j2", newsletter, 400, form=again)
        if not may_ask(app, email):
            return too_often(pages)
        wish = _wish(app, newsletter, email, typed)
        link = f"{app.settings.base_url}/confirm/{sealed(app, wish)}"
        # People do not see this field, programs fill in every one.
        if not typed.get("website"):
            postbox.put(newsletter, lambda: _letter(app, pages, newsletter, email, link))
        return pages.page("message_readers.html.j2", newsletter, what="look", email=email)


def _add_confirmation(part: Blueprint, app: App, pages: Pages) -> None:
    @part.get("/confirm/<token>")
    def confirm(token: str) -> Response:
        try:
            wish, newsletter = _wished(app, token)
        except BadLink as error:
            return _useless(pages, error)
        return pages.page("confirm.html.j2", newsletter, email=wish.email)

    @part.post("/confirm/<token>")
    def subscribe(token: str) -> Response:
        try:
            wish, newsletter = _wished(app, token)
        except BadLink as error:
            return _useless(pages, error)
        if grant(app, wish, asking_network()) is Granted.VOID:
            return pages.page("subscribe.html.j2", newsletter, 410, link="old")
        reader = ReaderChoices(app.store.engine).reader_at(wish.email)
        own = app.links.preferences(reader.id, newsletter.id) if reader else ""
        return pages.page("message_readers.html.j2", newsletter, what="subscribed", preferences=own)


def _wished(app: App, token: str) -> tuple[Wish, Newsletter]:
    """Return what a confirmation's link carries. Raises BadLink, for a newsletter that is no longer published too."""
    wish = opened(app, token)
    try:
        return wish, app.newsletter(wish.newsletter_id)
    except UnknownNewsletter as error:
        raise BadLink("the newsletter is no longer published") from error


def require_links(app: App) -> None:
    """Abort with 503 where links cannot be made: a request's own Host would let a stranger say where they lead."""
    if not (app.settings.base_url and app.settings.secret_keys):
        _log.error("nobody can subscribe: DIGEST_BASE_URL and DIGEST_SECRET_KEY must be set")
        abort(503)


def _newsletter(app: App, newsletter_id: str | None) -> Newsletter:
    try:
        return app.newsletter(newsletter_id or None)
    except UnknownNewsletter:
        abort(404)


def _blank(app: App, pages: Pages, newsletter: Newsletter) -> ReaderForm:
    return blank_form(newsletter, app.settings.regions, pages.language(newsletter))


def _filled(app: App, pages: Pages, newsletter: Newsletter, typed: Mapping[str, str]) -> ReaderForm:
    """Return the form as it was sent, with what is wrong."""
    language = pages.language(newsletter)
    zone = read_zone(typed.get("timezone", ""), newsletter.timezone)
    return replace(
        _blank(app, pages, newsletter),
        regions=region_rows(newsletter, read_regions(typed, newsletter), app.settings.regions, language),
        zones=zone_options(language, newsletter.timezone, zone),
        timezone=zone,
        guess=False,
        name=read_name(typed.get("name", "")),
        email=typed.get("email", "")[:320],
        problem="email",
    )


def _wish(app: App, newsletter: Newsletter, email: str, typed: Mapping[str, str]) -> Wish:
    return Wish(
        email=email,
        newsletter_id=newsletter.id,
        at=app.clock.now(),
        name=read_name(typed.get("name", "")),
        timezone=read_zone(typed.get("timezone", ""), newsletter.timezone),
        regions=read_regions(typed, newsletter),
    )


def _letter(app: App, pages: Pages, newsletter: Newsletter, email: str, link: str) -> Letter | None:
    # Written for all: it takes time, and that must not tell who gets none.
    message = confirmation(newsletter, pages.language(newsletter), app.templates)
    return Letter(message=message, email=email, link=link) if may_be_written_to(app, email) else None


def _useless(pages: Pages, error: Exception) -> Response:
    """Say that a link confirms nothing, and offer the form again."""
    if isinstance(error.__cause__, SignatureExpired):
        return pages.page("subscribe.html.j2", status=410, link="old")
    return pages.page("subscribe.html.j2", status=400, link="broken")
