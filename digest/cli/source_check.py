"""`digest sources check`: what is at an address, in words, and the [[source]] to add."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json

if TYPE_CHECKING:
    from digest.app import App
    from digest.cli.source_search import Look, Search
    from digest.collector.survey import FeedSurvey
    from digest.model import Source

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
#: What a person can do about an address that gave no feed, by model.Failure.
_ADVICE = {
    "network": "Look at the address, and at this machine's network.",
    "server": "The server is in trouble: try again later.",
    "busy": "The server wants to be left alone for a while: try again later.",
    "blocked": "The outlet lets people in and keeps programs out: set [collect] contact and write to it, try from "
    "another network, or look for another feed of it.",
    "gone": "It is gone for good: check the site's front page for the feed that took its place.",
    "missing": "Check the site's front page: its feeds are looked for there.",
    "unreadable": "Look at the address in a browser; if the outlet has feeds, its site names them, often at its foot.",
    "refused": "We stopped it ourselves. Addresses on this machine and in its network are read only with "
    "DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES=true; limits of time and size are under [collect].",
    "broken": "If the feed is meant, raise [collect] parse_seconds.",
}

#: How the feed to take was found, by discovery.Origin.
_ORIGINS = {
    "announced": "is announced by the page",
    "linked": "is linked from the page",
    "guessed": "lies at a usual place",
}


@click.command()
@click.argument("url")
@at_option
@json_option
def check(url: str, at: dt.datetime | None, as_json: bool) -> None:
    """Look at URL and say what is there, with the lines for config/sources.toml.

    Of a web page, the feeds are looked for, in eight requests at most. Nothing is stored. The exit code is 1 where
    there is no feed.
    """
    from digest.cli.source_search import search

    addresses = _addresses(url)
    with opened(at) as app:
        now = app.clock.now()
        found = search(addresses, app.fetcher, app.parser, now)
        configured = _configured(app, found)
        source = _suggested(app, found) if found.best and not configured else None
    if as_json:
        print_json(_json(found, source, configured, now))
    else:
        for line in _lines(found, source, configured, now):
            click.echo(line)
    if not found.best:
        click.echo(f"digest: no feed at {url}: {_why_none(found)}", err=True)
    sys.exit(0 if found.best else 1)


def _addresses(url: str) -> list[str]:
    """Return the addresses to try; without a scheme it is https, else http. Raises UsageError for no address."""
    from digest.collector.urls import web_url

    url = url.strip()
    tried = [url] if _SCHEME.match(url) else [f"https://{url}", f"http://{url}"]
    found = [address for one in tried if (address := web_url(one))]
    if not found:
        raise click.UsageError(f"{url!r} is no http(s) address.")
    return found


def _configured(app: App, found: Search) -> str | None:
    """Return the id of the source that the best feed is already, or None."""
    from digest.collector.urls import canonical_url

    if not found.best:
        return None
    own = {canonical_url(found.best.link.url), canonical_url(found.best.url)}
    sources = app.settings.sources.values()
    return next((source.id for source in sources if canonical_url(source.url) in own), None)


def _suggested(app: App, found: Search) -> Source | None:
    from digest.adapters.source_file import shipped_sources
    from digest.collector.suggestion import suggest
    from digest.home import shipped

    best, page = found.best, found.first.page
    if best is None or best.feed is None:
        return None
    known = [*app.settings.sources.values(), *shipped_sources(shipped("config"))]
    return suggest(
        url=best.url,
        titles=[best.feed.title, page.name if page else ""],
        language=best.feed.language or (page.language if page else ""),
        sample=best.feed.sample,
        known=known,
        taken=app.settings.sources,
        full_text=best.feed.lacks_summaries,
    )


def _why_none(found: Search) -> str:
    first = found.first
    if first.page:
        tried = counted(len(found.looks) - 1, "address", "addresses")
        return f"it is a web page, and none of {tried} that it names or that are usual is a feed."
    return f"{first.error.rstrip('.')}. {_ADVICE.get(first.failure or '', '')}".strip()


def _lines(found: Search, source: Source | None, configured: str | None, now: dt.datetime) -> Iterator[str]:
    yield from _answer(found.first)
    best = found.best
    if best and best.feed:
        if best is not found.first:
            yield f"The feed to take {_ORIGINS[best.link.origin]}: {best.url}"
            yield from _moves(best)
        yield ""
        yield from _feed(best.feed, now)
        for other in found.others:
            yield f"  other       {other.url}  ({_brief(other, now)})"
        for link in found.untried:
            yield f"  not tried   {link.url}{f'  ({link.title})' if link.title else ''}"
        for advice in _remarks(best.feed, now):
            yield f"  note        {advice}"
        yield ""
        yield from _paste(source, configured)


def _answer(look: Look) -> Iterator[str]:
    # Why there is neither is said with what to do about it.
    if look.page or look.feed:
        yield f"{look.link.url} answers {look.fetched.http_status}: {'a web page' if look.page else 'a feed'}."
    yield from _moves(look)


def _moves(look: Look) -> Iterator[str]:
    from digest.collector.discovery import address_key

    fetched = look.fetched
    if fetched.moved_to:
        yield f"{look.link.url} has moved for good to {fetched.moved_to}."
    if fetched.url and address_key(fetched.url) not in {address_key(look.link.url), address_key(look.url)}:
        yield f"{look.url} leads for now to {fetched.url}."


def _feed(feed: FeedSurvey, now: dt.datetime) -> Iterator[str]:
    from digest.collector.health import span
    from digest.collector.suggestion import language_of

    of = f"of {feed.usable}"
    unusable = (
        f", {feed.unusable} of them of no use (no link, no headline, or twice)" if feed.unusable else ""
    )
    newest = f"; the newest is {span(max(now - feed.newest, dt.timedelta()))} old" if feed.newest else ""
    mended = f"; mended: {feed.repair}" if feed.repair else ""
    yield f"  kind        {feed.kind}, {feed.encoding}{mended}"
    yield f"  title       {feed.title or '(none)'}"
    yield f"  language    {language_of(feed.language, feed.sample)} (it says {feed.language or 'nothing'})"
    yield f"  entries     {feed.entries}{unusable}"
    yield f"  dates       {feed.dated} {of}{newest}{_pace(feed.per_day)}"
    yield f"  summaries   {feed.with_summary} {of}; ids {feed.with_guid}; images {feed.with_image}"
    for number, headline in enumerate(feed.headlines):
        yield f"  {'headlines' if not number else '':<9}   {headline}"


def _pace(per_day: float | None) -> str:
    if per_day is None:
        return ""
    return f"; {per_day:,.0f} a day" if per_day >= 1 else f"; one in {1 / per_day:,.0f} days"


def _brief(look: Look, now: dt.datetime) -> str:
    from digest.collector.health import span

    feed = look.feed
    if not feed:
        return look.error
    newest = f", the newest {span(max(now - feed.newest, dt.timedelta()))} old" if feed.newest else ""
    name = look.link.title or feed.title
    return f"{name}{', ' if name else ''}{counted(feed.entries, 'entry', 'entries')}{newest}"


def _remarks(feed: FeedSurvey, now: dt.datetime) -> Iterator[str]:
    """Yield what a person should know before adding the feed."""
    if not feed.usable:
        yield "It is a feed without entries that could be used: look again later, or for another."
    if feed.is_stale(now):
        yield "It brings nothing new any more: look for the feed that took its place."
    if feed.lacks_dates:
        yield "Most entries have no date: they count as published when first seen. Prefer another feed if there is one."
    if feed.lacks_summaries:
        yield "Most entries are a headline and no more: full_text has the articles' pages read for their ledes."


def _paste(source: Source | None, configured: str | None) -> Iterator[str]:
    from digest.collector.suggestion import source_toml

    if configured:
        yield f"It is configured already, as {configured!r}."
    if source:
        yield "For config/sources.toml, once you have looked at each line:"
        yield ""
        yield source_toml(source).rstrip()


def _json(
    found: Search, source: Source | None, configured: str | None, now: dt.datetime
) -> dict[str, object]:
    from digest.collector.suggestion import source_toml

    first = found.first
    return {
        "url": first.link.url,
        "is": _what_it_is(first),
        "http_status": first.fetched.http_status,
        "moved_to": first.fetched.moved_to,
        "leads_to": first.fetched.url,
        "failure": first.failure,
        "error": first.error,
        "requests": found.requests,
        "feed": _feed_json(found.best, now) if found.best else None,
        "others": [_feed_json(look, now) for look in found.others],
        "not_tried": [link.url for link in found.untried],
        "configured_as": configured,
        "source": {key: value for key, value in asdict(source).items() if value} if source else None,
        "toml": source_toml(source) if source else None,
    }


def _what_it_is(look: Look) -> str:
    if look.feed or look.page:
        return "feed" if look.feed else "page"
    return "blocked" if look.failure == "blocked" else "nothing"


def _feed_json(look: Look, now: dt.datetime) -> dict[str, object]:
    if look.feed is None:
        return {"url": look.url, "error": look.error}
    facts = asdict(look.feed)
    del facts["sample"]
    newest, per_day = look.feed.newest, look.feed.per_day
    return {
        "url": look.url,
        "origin": look.link.origin,
        **facts,
        "newest": newest.isoformat() if newest else None,
        "per_day": round(per_day, 2) if per_day is not None else None,
        "stale": look.feed.is_stale(now),
    }
