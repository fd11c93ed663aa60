"""How a reader leaves: by one POST from the mail program (RFC 8058), or by a page with a button.

Link scanners follow every link of a mail: GET and HEAD change nothing. Neither cookie nor login is asked for, and
nothing is redirected, as RFC 8058 wants it; who has left already is told the same. All is found by key: it takes as
long with a million readers as with one.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from digest.adapters.links import BadLink
from digest.adapters.store.reader_choices import KnownReader, ReaderChoices
from digest.app import App
from digest.errors import UnknownNewsletter
from digest.model import Newsletter
from digest.web.pages import Pages
from digest.web.wishes import TOOK_BACK, Wish, sealed


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page and the POST of a reader's unsubscribe link."""
    part = Blueprint("unsubscribing", __name__)

    @part.get("/u/<token>")
    def ask(token: str) -> Response:
        try:
            _, newsletter_id = app.links.read_unsubscribe(token)
        except BadLink:
            return pages.page("message_readers.html.j2", status=400, what="broken link")
        newsletter = _published(app, newsletter_id)
        several = len(app.settings.newsletters) > 1
        return pages.page("unsubscribe.html.j2", newsletter, known=newsletter is not None, several=several)

    @part.post("/u/<token>")
    def leave(token: str) -> Response:
        try:
            subscriber_id, newsletter_id = app.links.read_unsubscribe(token)
        except BadLink:
            return pages.page("message_readers.html.j2", status=400, what="broken link")
        choices = ReaderChoices(app.store.engine)
        reader = choices.reader(subscriber_id)
        all_of_them = request.form.get("all") == "1"
        back = ""
        if reader:
            back = _end(app, reader, None if all_of_them else newsletter_id, newsletter_id)
        remaining = {} if all_of_them or not reader else reader.active.keys() - {newsletter_id}
        newsletter = _published(app, newsletter_id)
        return pages.page(
            "message_readers.html.j2",
            newsletter,
            what="left all" if all_of_them or newsletter is None else "left",
            # A link to the preferences is good as long as there is a newsletter left.
            preferences=app.links.preferences(subscriber_id, min(remaining)) if remaining else "",
            back=back,
        )

    return part


def _published(app: App, newsletter_id: str) -> Newsletter | None:
    """Return a newsletter, or None where it is no longer published: whoever wants to leave it still may."""
    try:
        return app.newsletter(newsletter_id)
    except UnknownNewsletter:
        return None


def _end(app: App, reader: KnownReader, ending: str | None, newsletter_id: str) -> str:
    """End a reader's subscriptions, all where `ending` is None.

    Returns the token that takes it back, or nothing: only who was subscribed until now can, not whoever finds an old
    letter.
    """
    now = app.clock.now()
    ended = app.store.subscribers.remove(reader.email, ending, reason="unsubscribed", now=now)
    was = reader.active.get(newsletter_id)
    if not ended or was is None:
        return ""
    wish = Wish(
        email=reader.email,
        newsletter_id=newsletter_id,
        at=now,
        name=reader.name,
        timezone=reader.timezone,
        regions=was.regions,
        how=TOOK_BACK,
    )
    return sealed(app, wish)
