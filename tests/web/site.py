"""The site as a test needs it: a home with three days' opened editions of the sample's news, and a door to it.

`opened_site` gives Flask's client; `live_site` serves on loopback for a real browser. Both are of their own home.
"""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from digest.adapters.clock import SetClock
from digest.app import App
from digest.demo.news import SampleArticle, sample_articles, sample_outlets
from digest.model import Article, Audience, Consent, Edition, Section, Slot, Story, Subscriber, Told
from digest.pipeline import open_edition
from digest.pipeline.composing import make_edition
from digest.web import make_site
from tests.conftest import NOW

#: Where the test client finds the pages.
BASE_URL = "http://localhost"
SECRET_KEY = "a key that signs nothing but the links of these tests"
TODAY = NOW.date()
#: Local dates of the opened editions, the oldest first; the newest is today's.
DAYS = tuple(TODAY - dt.timedelta(days=days) for days in (2, 1, 0))
#: Who gets the sample's editions: without any reader none would be opened.
READER = "layla@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site with what a test asks it through, and what it can set."""

    app: App
    flask: Flask
    #: A client of no cookies but its own.
    client: FlaskClient
    clock: SetClock
    #: Where the pages are, without a slash at its end.
    base_url: str

    def ids(self) -> list[str]:
        """Return the ids of the opened editions, the oldest first."""
        return [edition_id(self.app.newsletter().id, day) for day in DAYS]


def edition_id(newsletter_id: str, day: dt.date) -> str:
    """Return the id of a newsletter's edition of a day."""
    return f"{newsletter_id}-{day}"


@contextmanager
def opened_site(
    home: pathlib.Path,
    extra: Mapping[str, str] | None = None,
    *,
    base_url: str = BASE_URL,
    editions: bool = True,
) -> Iterator[Site]:
    """Give a site over a home; `extra` adds to the environment; without `editions` the store is empty."""
    clock = SetClock(NOW)
    environment = {"DIGEST_BASE_URL": base_url, "DIGEST_SECRET_KEY": SECRET_KEY} | dict(extra or {})
    app = App(home=home, environment=environment, clock=clock)
    try:
        if editions:
            open_sample_editions(app)
        flask = make_site(app)
        yield Site(app=app, flask=flask, client=flask.test_client(), clock=clock, base_url=base_url)
    finally:
        app.close()


@contextmanager
def live_site(
    home: pathlib.Path, extra: Mapping[str, str] | None = None, *, editions: bool = True
) -> Iterator[Site]:
    """Serve a site on loopback while the context lasts."""
    # The port is known first, so that the pages' own links lead back here.
    server = make_server("127.0.0.1", 0, _nothing_yet, threaded=True, request_handler=_Quiet)
    with opened_site(
        home, extra, base_url=f"http://127.0.0.1:{server.server_port}", editions=editions
    ) as site:
        server.app = site.flask
        with _serving(server):
            yield site


@contextmanager
def _serving(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _nothing_yet(environ: object, start_response: object) -> list[bytes]:
    raise RuntimeError("nothing is served before the site is there")


class _Quiet(WSGIRequestHandler):
    """Says nothing of the requests."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Drop a line."""


def open_sample_editions(app: App) -> list[Edition]:
    """Freeze and open an edition of the sample's news for each of DAYS; return them, the oldest first."""
    newsletter = app.newsletter()
    add_reader(app, READER)
    editions = [replace(one, newsletter_id=newsletter.id) for one in sample_editions()]
    return [open_for_readers(app, one) for one in editions]


def add_reader(app: App, email: str, newsletter_id: str = "") -> None:
    """Subscribe somebody who has agreed."""
    person = Subscriber(id=0, email=email, newsletter_id=newsletter_id or app.newsletter().id)
    app.store.subscribers.add(person, consent=Consent(at=app.clock.now(), how="a test"))


def open_for_readers(app: App, edition: Edition) -> Edition:
    """Freeze an edition and open it for the readers of its newsletter, as the worker does when it is due."""
    newsletter = app.newsletter(edition.newsletter_id)
    kept = app.store.editions.freeze(edition)
    audience = Audience(newsletter_id=newsletter.id, zones=("",))
    render = app.renderer(newsletter)
    opened = open_edition(
        kept, newsletter, audience, app.store.subscribers, app.store.ledger, render, kept.composed_at
    )
    assert opened, "somebody is there to read it"
    return kept


@cache
def sample_editions() -> tuple[Edition, ...]:
    """Return the sample's news as the editions of DAYS: the lead comes back on each day, with news."""
    app = App(home=pathlib.Path("/nonexistent/home"), environment={})
    newsletter = app.newsletter()
    slot = Slot(newsletter_id=newsletter.id, local_date=TODAY, cohort="", due_at=NOW)
    outlets = {outlet.id: outlet.country for outlet in sample_outlets()}
    names = {outlet.id: outlet.name for outlet in sample_outlets()}
    articles = [_article(one, names[one.outlet], outlets[one.outlet]) for one in sample_articles(NOW)]
    today = make_edition(newsletter, slot, articles, (), app.placer, app.rank_settings, NOW)
    made: list[Edition] = []
    for day in DAYS:
        earlier = made[-1] if made else None
        made.append(_of_day(today, day, earlier))
    return tuple(made)


def _article(one: SampleArticle, outlet: str, country: str) -> Article:
    return Article(
        id=one.id,
        outlet=outlet,
        title=one.title,
        url=f"https://{one.outlet}.example/{one.id}?a=1&b=2",
        published=one.published,
        summary=one.summary,
        section=one.section,
        source=one.outlet,
        country=country,
    )


def _of_day(of: Edition, day: dt.date, earlier: Edition | None) -> Edition:
    """Return the edition as if it were of another day, its lead the update of the earlier day's."""
    back = of.local_date - day

    def dated(story: Story) -> Story:
        articles = tuple(replace(one, published=one.published - back) for one in story.articles)
        told = None
        if earlier and story.id == of.lead_id:
            lead = earlier.lead
            told = Told(
                edition_id=earlier.id, story_id=lead.id, local_date=earlier.local_date, headline=lead.headline
            )
        return replace(story, id=_own_id(story.id, day), articles=articles, update_of=told)

    sections = tuple(
        Section(region=one.region, stories=tuple(map(dated, one.stories))) for one in of.sections
    )
    return replace(
        of,
        id=edition_id(of.newsletter_id, day),
        local_date=day,
        composed_at=of.composed_at - back,
        sections=sections,
        briefs=tuple(map(dated, of.briefs)),
        lead_id=_own_id(of.lead_id, day),
    )


def _own_id(story_id: str, day: dt.date) -> str:
    """Return a story's id of a day: an event's articles are others on each, and so is the story's id."""
    return f"{day.day:02x}{story_id[2:]}"
