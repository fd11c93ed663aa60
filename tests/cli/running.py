"""The command as a user runs it: a process of its own, in a home and an environment of its own."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from digest.app import App
from digest.demo.feeds import feed_bytes
from digest.demo.news import sample_articles, sample_outlets
from digest.demo.server import feed_server
from digest.model import Consent, Subscriber

#: Feeds on loopback are refused otherwise.
LOOPBACK = {"DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES": "true"}
#: The regions of the shipped map, in the order of the shipped newsletter.
REGIONS = [
    "gulf",
    "levant",
    "north_africa",
    "iran_turkey",
    "europe",
    "asia",
    "africa",
    "americas",
    "world",
]
#: What a loopback port without a listener answers, at once.
NOBODY = "http://127.0.0.1:9/feed.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as one JSON object."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(home: pathlib.Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what the command sees: nothing of the tester's own settings."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "DIGEST_HOME": str(home), "LANG": "C.UTF-8"} | dict(
        extra or {}
    )


def digest(
    home: pathlib.Path,
    *words: str,
    given: str | bytes | None = None,
    extra: Mapping[str, str] | None = None,
) -> Ran:
    """Run `digest WORDS` with `given` on standard input."""
    sent = given.encode() if isinstance(given, str) else given
    done = subprocess.run(
        [sys.executable, "-m", "digest", *words],
        input=sent,
        stdin=subprocess.DEVNULL if sent is None else None,
        capture_output=True,
        env=environment(home, extra),
        cwd=home,
        timeout=100,
        check=False,
    )
    ran = Ran(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


@contextmanager
def opened(home: pathlib.Path) -> Iterator[App]:
    """Give a home from inside, to set things up and to look at them without the command."""
    app = App(home=home, environment={})
    try:
        yield app
    finally:
        app.close()


def subscribe(home: pathlib.Path, *addresses: str) -> None:
    """Put people who have agreed into a home."""
    with opened(home) as app:
        for address in addresses:
            person = Subscriber(id=0, email=address, newsletter_id=app.newsletter().id)
            app.store.subscribers.add(person, consent=Consent(at=app.clock.now(), how="a test"))


def write_sources(home: pathlib.Path, urls: Mapping[str, str]) -> None:
    """Write config/sources.toml with a source for each id and URL."""
    rows = [
        f'[[source]]\nid = "{source}"\noutlet = "{source}"\nurl = "{url}"\ncountry = "QA"\n'
        for source, url in urls.items()
    ]
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "sources.toml").write_text("\n".join(rows), encoding="utf-8")


def write_newsletter(home: pathlib.Path, **values: object) -> None:
    """Write config/digest.toml with one newsletter, `daily`; JSON's values are TOML's as well."""
    fields = {"id": "daily", "title": "موجز", "timezone": "Asia/Riyadh", "send_at": "06:30"}
    rows = [f"{key} = {json.dumps(value)}" for key, value in (fields | {"regions": REGIONS} | values).items()]
    (home / "config").mkdir(parents=True, exist_ok=True)
    text = "\n".join(["[[newsletter]]", *rows]) + "\n"
    (home / "config" / "digest.toml").write_text(text, encoding="utf-8")


@contextmanager
def sample_feeds(now: dt.datetime, *, faulty: bool = False) -> Iterator[dict[str, str]]:
    """Serve the sample's feeds, dated relative to `now`; gives each outlet's URL by its id."""
    with feed_server() as (base, pages):
        articles = sample_articles(now)
        outlets = [outlet for outlet in sample_outlets() if faulty or not outlet.fault]
        for outlet in outlets:
            own = [article for article in articles if article.outlet == outlet.id]
            pages[f"/{outlet.id}.xml"] = feed_bytes(outlet, own, base)
        yield {outlet.id: f"{base}/{outlet.id}.xml" for outlet in outlets}
