"""A site with all that it can have: editions, two languages, readers with links, a desk with news, figures and events.

`PAGES` names every kind of page that a browser shows, `routes` every route of the site with an address that is there.
"""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from digest.app import App
from digest.ranker.places import Placer
from digest.web.wishes import Wish, sealed
from tests.cli.running import REGIONS
from tests.conftest import NOW
from tests.web.desk_site import WITH_DESK, Editor, stock
from tests.web.reading import known
from tests.web.site import DAYS, READER, Site, add_reader, edition_id, live_site, opened_site, sample_editions

METRICS_TOKEN = "a token for figures"
#: Readers whose links are used up by the tests of forms.
LEAVER, FORGOTTEN = "leaver@example.org", "forgotten@example.org"
_KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
_ENVIRONMENT = {
    **WITH_DESK,
    "DIGEST_WEB__METRICS_TOKEN": METRICS_TOKEN,
    "DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY": base64.b64encode(
        _KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
}
_STORY = sample_editions()[1]


#: Every kind of page; `desk` begins the names of those that ask for a session.
PAGES: Mapping[str, str] = {
    "home": "/",
    "subscribe": "/subscribe",
    "subscribe in English": "/subscribe?newsletter=brief",
    "confirm": "/confirm/{confirm}",
    "confirm, broken": "/confirm/nothing",
    "preferences": "/preferences/{preferences}",
    "preferences in English": "/preferences/{preferences_in_english}",
    "preferences, saved": "/preferences/{preferences}?saved=1",
    "preferences, lost": "/preferences",
    "erase": "/preferences/{preferences}/erase",
    "unsubscribe": "/u/{unsubscribe}",
    "unsubscribe, broken": "/u/nothing",
    "edition": "/editions/{edition_id}",
    "story": "/editions/{edition_id}/{story_id}",
    "archive": "/archive",
    "month": "/archive/mujaz/{year}/{month}",
    "search": "/search?q=كييف",
    "search, nothing": "/search?q=xyzzy",
    "nothing here": "/nothing",
    "login": "/desk/login",
    "desk, frozen": f"/desk/edition/mujaz/{DAYS[-1]}",
    "desk, draft": f"/desk/edition/brief/{DAYS[-1]}",
    "desk, letter": f"/desk/edition/brief/{DAYS[-1]}/light.html",
    "desk, letter in the dark": f"/desk/edition/brief/{DAYS[-1]}/dark.html",
    "desk, health": "/desk/health",
    "desk, subscribers": "/desk/subscribers?q=example.org",
    "desk, a subscriber": "/desk/subscribers/{subscriber_id}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole site, and what stands in its addresses."""

    site: Site
    #: What a reader's links carry, by their purpose.
    tokens: Mapping[str, str]
    #: The arguments that name what is there, by the name that routes give them.
    known: Mapping[str, object]

    def path(self, rule: Rule) -> str:
        """Return an address of a route that is there; tokens are those of the route's purpose."""
        values = dict(self.known)
        if "token" in rule.arguments:
            purpose = {"/u": "unsubscribe"}.get(rule.rule[:2], rule.rule.split("/")[1])
            values["token"] = self.tokens[purpose]
        if rule.rule.startswith("/desk/edition"):
            values["day"] = DAYS[-1].isoformat()
        built = rule.build({name: values[name] for name in rule.arguments})
        assert built is not None, rule.rule
        return str(built[1])

    def routes(self) -> Iterator[tuple[Rule, str]]:
        """Yield each route with an address of it."""
        for rule in self.site.flask.url_map.iter_rules():
            yield rule, self.path(rule)

    def page(self, name: str) -> str:
        """Return the path of a page of PAGES."""
        return PAGES[name].format_map({**self.tokens, **self.known})

    def editor(self) -> FlaskClient:
        """Return a client who sits at the desk."""
        return signed_in(self.site)


def signed_in(site: Site, name: str = "سلمى") -> FlaskClient:
    """Return a client who sits at the desk under a name."""
    client = site.flask.test_client()
    own = Site(app=site.app, flask=site.flask, client=client, clock=site.clock, base_url=site.base_url)
    answer = Editor(site=own).sign_in(name)
    assert answer.status_code == 303, answer.status_code
    return client


@contextmanager
def whole_site(
    home: pathlib.Path, *, live: bool = False, title: str = "موجز", base_url: str | None = None
) -> Iterator[Whole]:
    """Give a whole site; `title` is the first newsletter's."""
    write_newsletters(home, title)
    opened = live_site(home, _ENVIRONMENT) if live else opened_site(home, _environment(base_url))
    with opened as site:
        site.app.placer = _placer()
        stock(site.app)
        for email in (LEAVER, FORGOTTEN):
            add_reader(site.app, email)
        add_reader(site.app, READER, "brief")
        yield Whole(site=site, tokens=_tokens(site), known=_known(site))


@cache
def _placer() -> Placer:
    """Return the shipped placer, which takes a while to read, for all tests."""
    return App(home=pathlib.Path("/nonexistent/home"), environment={}).placer


def _environment(base_url: str | None) -> dict[str, str]:
    return _ENVIRONMENT | ({} if base_url is None else {"DIGEST_BASE_URL": base_url})


def write_newsletters(home: pathlib.Path, title: str) -> None:
    """Write two newsletters: one in Arabic, whose edition of the day has left, and one in English, still a draft."""
    common = {"timezone": "Asia/Riyadh", "regions": REGIONS}
    tables = [
        {"id": "mujaz", "title": title, "tagline": title, "locale": "ar", "postal_address": title},
        {"id": "brief", "title": "The Brief", "locale": "en", "send_at": "10:30", "approval": "manual"},
    ]
    rows = [
        "\n".join(
            ["[[newsletter]]", *(f"{key} = {json.dumps(value)}" for key, value in (one | common).items())]
        )
        for one in tables
    ]
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "digest.toml").write_text("\n\n".join(rows) + "\n", encoding="utf-8")


def _tokens(site: Site) -> dict[str, str]:
    links, reader = site.app.links, known(site, READER)
    wish = Wish(email="new@example.org", newsletter_id="mujaz", at=site.clock.now(), name="ليلى")
    return {
        "confirm": sealed(site.app, wish),
        "preferences": links.preferences(reader.id, "mujaz"),
        "preferences_in_english": links.preferences(reader.id, "brief"),
        "unsubscribe": links.unsubscribe(reader.id, "mujaz"),
    }


def _known(site: Site) -> dict[str, object]:
    return {
        "edition_id": edition_id("mujaz", DAYS[1]),
        "story_id": _STORY.lead_id,
        "newsletter_id": "mujaz",
        "year": NOW.year,
        "month": NOW.month,
        "subscriber_id": known(site, READER).id,
        "scheme": "light",
        "act": "approve",
        "filename": "style.css",
    }
