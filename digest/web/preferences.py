"""A reader's own page, by a signed link: what comes, in which order, when; a copy of all that is kept; erasure.

The link never grows old, but it leads nowhere once the person has left every newsletter or was forgotten. Whoever has
lost it asks for a fresh one at /preferences, and is told the same whether the address is known or not.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, request

from digest.adapters.links import BadLink
from digest.adapters.store.reader_choices import KnownReader, ReaderChoices
from digest.app import App
from digest.mailer.confirmation import fresh_link
from digest.model import Consent, Newsletter, Subscriber
from digest.web.limits import asking_network, may_ask, too_often
from digest.web.pages import Pages
from digest.web.post import Letter, Postbox
from digest.web.reader_form import (
    LONGEST_PAUSE,
    ReaderForm,
    read_email,
    read_name,
    read_pause,
    read_regions,
    read_zone,
    region_rows,
    zone_options,
)
from digest.web.subscribing import require_links
from digest.web.wishes import may_be_written_to

#: How a reader who has a newsletter already agreed to another.
_ON_THE_PAGE = "preferences"


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page of preferences with its export and erasure, and the form that mails its link."""
    part = Blueprint("preferences", __name__)
    postbox = Postbox(app)
    _add_own_page(part, app, pages)
    _add_data(part, app, pages)

    @part.get("/preferences")
    def lost() -> Response:
        return pages.page("preferences_link.html.j2")

    @part.post("/preferences")
    def mail_link() -> Response:
        require_links(app)
        try:
            email = read_email(request.form.get("email", ""))
        except ValueError:
            typed = request.form.get("email", "")[:320]
            return pages.page("preferences_link.html.j2", status=400, problem="email", email=typed)
        if not may_ask(app, email):
            return too_often(pages)
        postbox.put(app.newsletter(), lambda: _letter(app, pages, email))
        return pages.page("message_readers.html.j2", what="look for link", email=email)

    return part


def _add_own_page(part: Blueprint, app: App, pages: Pages) -> None:
    @part.get("/preferences/<token>")
    def own(token: str) -> Response:
        reader, newsletter = _whose(app, token)
        if reader is None:
            return _leads_nowhere(pages)
        saved = "saved" in request.args
        return _own_page(app, pages, reader, newsletter, token, saved=saved)

    @part.post("/preferences/<token>")
    def change(token: str) -> Response:
        reader, newsletter = _whose(app, token)
        if reader is None:
            return _leads_nowhere(pages)
        _keep(app, reader, newsletter, request.form, asking_network())
        reader, newsletter = _whose(app, token)
        if reader is None:
            return pages.page("message_readers.html.j2", newsletter, what="left all", preferences="", back="")
        # Going back in the browser then sends nothing twice.
        return Response(status=303, headers={"Location": f"/preferences/{token}?saved=1"})


def _add_data(part: Blueprint, app: App, pages: Pages) -> None:
    @part.get("/preferences/<token>/export")
    def export(token: str) -> Response:
        reader, _ = _whose(app, token)
        if reader is None:
            return _leads_nowhere(pages)
        kept = json.dumps(all_that_is_kept(app, reader), ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": 'attachment; filename="mujaz.json"'}
        return Response(kept + "\n", mimetype="application/json", headers=headers)

    @part.get("/preferences/<token>/erase")
    def ask(token: str) -> Response:
        reader, newsletter = _whose(app, token)
        if reader is None:
            return _leads_nowhere(pages)
        return pages.page("preferences_erase.html.j2", newsletter, email=reader.email, token=token)

    @part.post("/preferences/<token>/erase")
    def erase(token: str) -> Response:
        reader, newsletter = _whose(app, token)
        if reader is not None:
            app.store.subscribers.forget(reader.email, app.clock.now())
        return pages.page("message_readers.html.j2", newsletter, what="erased")


def _whose(app: App, token: str) -> tuple[KnownReader | None, Newsletter]:
    """Return whose link it is and the newsletter that it is about, another of the reader's where that one has ended.

    None for a reader who has left or was forgotten. Aborts with 400 where the link is not whole.
    """
    try:
        subscriber_id, newsletter_id = app.links.read_preferences(token)
    except BadLink:
        abort(400)
    reader = ReaderChoices(app.store.engine).reader(subscriber_id)
    published = app.settings.newsletters
    current = [one for one in reader.active if one in published] if reader else []
    if not current:
        return None, published.get(newsletter_id) or app.newsletter()
    return reader, published[newsletter_id if newsletter_id in current else current[0]]


def _leads_nowhere(pages: Pages) -> Response:
    return pages.page("message_readers.html.j2", status=410, what="leads nowhere")


def _own_page(
    app: App, pages: Pages, reader: KnownReader, newsletter: Newsletter, token: str, *, saved: bool
) -> Response:
    language = pages.language(newsletter)
    choice = reader.active[newsletter.id]
    today = _today(app, reader, newsletter)
    paused = choice.paused_until if choice.paused_until and choice.paused_until > today else None
    form = ReaderForm(
        regions=region_rows(newsletter, choice.regions, app.settings.regions, language),
        zones=zone_options(language, newsletter.timezone, reader.timezone, whole=True),
        timezone=reader.timezone or newsletter.timezone,
        name=reader.name,
        email=reader.email,
    )
    others = {
        one: app.links.preferences(reader.id, one)
        for one in reader.active
        if one != newsletter.id and one in app.settings.newsletters
    }
    return pages.page(
        "preferences.html.j2",
        newsletter,
        form=form,
        paused=paused,
        first_day=today + dt.timedelta(days=1),
        last_day=today + LONGEST_PAUSE,
        active=reader.active.keys(),
        others=others,
        token=token,
        unsubscribe=app.links.unsubscribe(reader.id, newsletter.id),
        saved=saved,
    )


def _today(app: App, reader: KnownReader, newsletter: Newsletter) -> dt.date:
    zone = read_zone(reader.timezone, newsletter.timezone)
    return app.clock.now().astimezone(ZoneInfo(zone)).date()


def _keep(
    app: App, reader: KnownReader, newsletter: Newsletter, typed: Mapping[str, str], network: str
) -> None:
    """Keep what the reader chose; a field that the form does not have stays as it is."""
    choices = ReaderChoices(app.store.engine)
    choice = reader.active[newsletter.id]
    choices.choose(
        reader.id,
        newsletter.id,
        regions=read_regions(typed, newsletter, choice.regions),
        paused_until=read_pause(typed["pause"], _today(app, reader, newsletter))
        if "pause" in typed
        else choice.paused_until,
    )
    choices.set_person(
        reader.id,
        name=read_name(typed.get("name", reader.name)),
        timezone=read_zone(typed.get("timezone", ""), reader.timezone),
    )
    # An unticked box sends nothing: this says that the boxes were there.
    if "newsletters" in typed:
        _keep_newsletters(app, reader, typed, network)


def _keep_newsletters(app: App, reader: KnownReader, typed: Mapping[str, str], network: str) -> None:
    now, people = app.clock.now(), app.store.subscribers
    for newsletter in app.newsletters():
        wanted, gets = f"newsletter-{newsletter.id}" in typed, newsletter.id in reader.active
        if wanted and not gets:
            person = Subscriber(id=0, email=reader.email, newsletter_id=newsletter.id)
            # Who is barred and still subscribed stays barred: only what ended comes back, and no suppression is lifted.
            if may_be_written_to(app, reader.email):
                people.revive(person, consent=Consent(at=now, how=_ON_THE_PAGE, source=network))
        elif gets and not wanted:
            people.remove(reader.email, newsletter.id, reason="unsubscribed", now=now)


def _letter(app: App, pages: Pages, email: str) -> Letter | None:
    reader = ReaderChoices(app.store.engine).reader_at(email)
    current = [one for one in app.newsletters() if reader and one.id in reader.active]
    newsletter = current[0] if current else app.newsletter()
    # Written for all: it takes time, and that must not tell who gets none.
    message = fresh_link(newsletter, pages.language(newsletter), app.templates)
    if reader is None or not current or not may_be_written_to(app, email):
        return None
    link = f"{app.settings.base_url}/preferences/{app.links.preferences(reader.id, newsletter.id)}"
    return Letter(message=message, email=reader.email, link=link)


def all_that_is_kept(app: App, reader: KnownReader) -> dict[str, object]:
    """Return everything that is stored of a person (GDPR, articles 15 and 20)."""
    suppressed = app.store.subscribers.suppression_of(reader.email)
    return {
        "email": reader.email,
        "name": reader.name,
        "timezone": reader.timezone,
        "known_since": reader.created_at.isoformat(),
        "subscriptions": [
            {
                "newsletter": one.newsletter_id,
                "regions": list(one.regions),
                "confirmed": one.confirmed,
                "consent": {
                    "at": one.consent.at.isoformat(),
                    "how": one.consent.how,
                    "from": one.consent.source,
                },
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
                "paused_until": one.paused_until.isoformat() if one.paused_until else None,
            }
            for one in reader.choices
        ],
        "not_written_to": {
            "reason": suppressed.reason,
            "since": suppressed.since.isoformat(),
            "detail": suppressed.detail,
        }
        if suppressed
        else None,
        "deliveries": [
            {
                "edition": past.edition_id,
                "newsletter": past.newsletter_id,
                "date": past.local_date.isoformat(),
                "state": past.state,
                "attempts": past.attempts,
                "detail": past.detail,
                "updated_at": past.updated_at.isoformat(),
            }
            for past in app.store.subscribers.history(reader.email)
        ],
    }
