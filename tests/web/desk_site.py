"""A site with a desk: a morning's news in the store, a newsletter that leaves at half past ten, and an editor."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property

import lxml.html
from lxml.html import HtmlElement
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from digest.app import App
from digest.demo.news import sample_articles, sample_outlets
from digest.model import Edition, FetchState, Source
from digest.pipeline.composing import draft_edition
from digest.ranker.places import Placer
from digest.schedule import slot_of
from tests.cli.running import write_newsletter
from tests.conftest import NOW
from tests.samples import draft, parsed
from tests.web.site import TODAY, Site, live_site, opened_site

PASSWORD = "a word that only editors know"
EDITOR = "سلمى"
HERE = f"/desk/edition/daily/{TODAY}"
#: A hash that is quick to check; `digest desk-password` makes dear ones.
HASH = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")
WITH_DESK = {"DIGEST_DESK_PASSWORD": HASH}


@contextmanager
def desk_site(
    home: pathlib.Path,
    *,
    live: bool = False,
    news: bool = True,
    extra: Mapping[str, str] | None = None,
    **newsletter: object,
) -> Iterator[Site]:
    """Give a site whose newsletter is due at 10:30 in Riyadh; it is nine there, and with `news` the news is in."""
    values: dict[str, object] = {"send_at": "10:30", "approval": "manual"}
    write_newsletter(home, **values | newsletter)
    door = live_site if live else opened_site
    opened: AbstractContextManager[Site] = door(home, {**WITH_DESK, **(extra or {})}, editions=False)
    with opened as site:
        site.app.placer = _placer()
        if news:
            stock(site.app)
        yield site


@cache
def _placer() -> Placer:
    """Return the shipped placer, which takes a while to read, for all tests."""
    return App(home=pathlib.Path("/nonexistent/home"), environment={}).placer


def stock(app: App) -> None:
    """Put the sample's news into the store."""
    outlets = {outlet.id: outlet for outlet in sample_outlets()}
    for outlet in outlets.values():
        url = f"https://{outlet.id}.example/feed"
        of = Source(
            id=outlet.id, outlet=outlet.name, name=outlet.name, url=url, country=outlet.country, language="ar"
        )
        drafts = [
            draft(
                one.title,
                of=of,
                guid=one.id,
                url=f"https://{outlet.id}.example/{one.id}",
                summary=one.summary,
                published=one.published,
            )
            for one in sample_articles(NOW)
            if one.outlet == outlet.id
        ]
        app.store.articles.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), NOW)


@dataclass(kw_only=True)
class Editor:
    """Somebody at the desk, without JavaScript."""

    site: Site

    def sign_in(self, name: str = EDITOR, password: str = PASSWORD, page: str = "") -> TestResponse:
        """Send the login's form."""
        token = self.token("/desk/login")
        values = {"csrf": token, "name": name, "password": password, "next": page}
        return self.site.client.post("/desk/login", data=values)

    def token(self, page: str = HERE) -> str:
        """Return the token of the first form of a page."""
        return str(self.page(page).xpath("//input[@name='csrf']/@value")[0])

    def page(self, page: str = HERE) -> HtmlElement:
        """Return a page, which is there."""
        answer = self.site.client.get(page)
        assert answer.status_code == 200, answer.status_code
        return lxml.html.document_fromstring(answer.get_data(as_text=True))

    @cached_property
    def csrf(self) -> str:
        """The session's token."""
        return self.token()

    def act(self, act: str, *, to: str = "edit", **values: str | list[str]) -> TestResponse:
        """Send one of the forms of the slot's page."""
        fields: dict[str, str | list[str]] = {"csrf": self.csrf, "act": act}
        return self.site.client.post(f"{HERE}/{to}", data=fields | values)

    def cards(self) -> list[str]:
        """Return the keys of the edition's stories, in order."""
        return [_key(card) for card in self.page().xpath("//article[not(contains(@class, 'waiting'))]")]

    def waiting(self) -> list[str]:
        """Return the keys of the stories next in line."""
        return [_key(card) for card in self.page().xpath("//article[contains(@class, 'waiting')]")]

    def headlines(self) -> list[str]:
        """Return the edition's headlines, in order, without their numbers."""
        found = self.page().xpath("//article[not(contains(@class, 'waiting'))]//h3")
        return [re.sub(r"^\s*\d+\s+", "", str(one.text_content())).strip() for one in found]

    def card(self, key: str) -> HtmlElement:
        """Return a story of the page."""
        [found] = self.page().xpath("//article[@id=$id]", id=f"s-{key}")
        return found

    def said(self) -> str:
        """Return what the page says about the last act, and have it said."""
        return str(self.page().xpath("//div[@role='status']")[0].text_content()).strip()

    def letter(self) -> str:
        """Return the preview's words."""
        return str(self.page(f"{HERE}/light.html").text_content())

    def frozen(self) -> Edition:
        """Freeze what the desk shows, as the worker would."""
        app = self.site.app
        newsletter = app.newsletter()
        edition = draft_edition(
            newsletter,
            slot_of(newsletter, TODAY),
            app.store.articles,
            app.placer,
            app.rank_settings,
            app.clock.now(),
            app.store.editions,
            app.store.desk.edits(newsletter.id, TODAY),
        )
        return app.store.editions.freeze(edition)


def _key(card: HtmlElement) -> str:
    return str(card.get("id")).removeprefix("s-")
