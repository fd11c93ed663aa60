"""`digest sources import` and `digest sources export`: lists of feeds as other readers keep them."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json

if TYPE_CHECKING:
    from digest.app import App
    from digest.collector.opml import Outline
    from digest.model import Source

#: As browsers hand feeds to programs: `feed://host/path` and `feed:https://host/path`.
_FEED_SCHEME = re.compile(r"feed:(?://)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class ImportPlan:
    """What an import comes to."""

    #: The ids and addresses that are taken, in the configuration or earlier in the file.
    ids: set[str]
    addresses: set[str]
    added: list[Source] = field(default_factory=list)
    known: int = 0
    #: What is wrong with the feeds that are left out, by line, in words.
    faults: list[str] = field(default_factory=list)


def _country_code(context: click.Context, parameter: click.Parameter, value: str) -> str:
    del context, parameter
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise click.BadParameter(f"{value!r} is no ISO 3166 alpha-2 code.")
    return value.upper()


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--country",
    default="ZZ",
    metavar="XX",
    callback=_country_code,
    help="Of outlets whose country cannot be guessed.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be added, and change nothing.")
@json_option
def import_sources(file: IO[bytes], country: str, dry_run: bool, as_json: bool) -> None:
    """Add the feeds of OPML FILE (-: standard input) to config/sources.toml, behind what stands there.

    Feeds that are configured already are skipped, so that importing again changes nothing. Those that cannot be used
    are named with their line and left out; the exit code is 1 then.
    """
    from digest.adapters.source_file import SourceFile
    from digest.collector.opml import read_opml
    from digest.collector.suggestion import source_toml
    from digest.errors import InputError
    from digest.home import shipped

    with opened() as app:
        try:
            listed = read_opml(file.read())
        except InputError as error:
            raise InputError(f"{file.name} {error}") from error
        plan = plan_import(app, listed.outlines, country)
        tables = "\n".join(source_toml(source) for source in plan.added)
        target = SourceFile(app.home, shipped("config"), app.environment)
        if plan.added:
            (target.check_with if dry_run else target.add)(tables)
    faults = [f"the file is damaged, and only in part read: {listed.damage}"] if listed.damage else []
    for fault in [*faults, *plan.faults]:
        click.echo(f"digest: {file.name}: {fault}", err=True)
    if as_json:
        counts = {"new": len(plan.added), "known": plan.known, "refused": len(plan.faults)}
        print_json(counts | ({"toml": tables} if dry_run else {}))
    else:
        click.echo(tables if dry_run else f"{_sentence(plan, str(target.path))}\n", nl=False)
    sys.exit(1 if faults or plan.faults else 0)


def _sentence(plan: ImportPlan, path: str) -> str:
    unknown = sum(source.country == "ZZ" for source in plan.added)
    return (
        f"{counted(len(plan.added), 'source')} added to {path}, {plan.known:,} known already, "
        f"{len(plan.faults):,} left out."
        + (f" The country of {unknown:,} is not known: give it in the file." if unknown else "")
    )


def plan_import(app: App, outlines: Sequence[Outline], country: str) -> ImportPlan:
    """Return what the feeds of a list come to; `country` is for those where nothing tells it."""
    from digest.adapters.source_file import shipped_sources
    from digest.collector.urls import canonical_url
    from digest.home import shipped

    configured = app.settings.sources
    plan = ImportPlan(ids=set(configured), addresses={canonical_url(one.url) for one in configured.values()})
    known = [*configured.values(), *shipped_sources(shipped("config"))]
    for outline in outlines:
        url = _address(outline)
        if url is None:
            plan.faults.append(f"line {outline.line} is left out: {outline.url!r} is no http(s) address.")
        elif canonical_url(url) in plan.addresses:
            plan.known += 1
        else:
            table = _table(outline, url, country, known, plan.ids)
            source = _checked(table, outline.line, app.settings.regions, plan.faults)
            if source:
                plan.added.append(source)
                plan.ids.add(source.id)
                plan.addresses.add(canonical_url(url))
    return plan


def _address(outline: Outline) -> str | None:
    """Return the feed's address; None where it is none. What an export of ours has kept stays as it is."""
    from digest.collector.urls import web_url

    found = _FEED_SCHEME.fullmatch(outline.url)
    given = outline.url
    if found:
        given = (
            found["rest"] if re.match("https?:", found["rest"], re.IGNORECASE) else f"http://{found['rest']}"
        )
    usable = web_url(given)
    return given if usable and outline.kept else usable


def _table(
    outline: Outline, url: str, country: str, known: Sequence[Source], taken: Collection[str]
) -> dict[str, object]:
    """Return the [[source]] of a feed: what an export has kept, else the best guess."""
    from digest.collector.opml import kept_fields
    from digest.collector.suggestion import UNKNOWN_COUNTRY, free_id, suggest, zone_of

    sample = "" if outline.language else outline.title
    guess = suggest(
        url=url, titles=[outline.title], language=outline.language, sample=sample, known=known, taken=taken
    )
    table: dict[str, object] = {
        "id": guess.id,
        "outlet": guess.outlet,
        "name": guess.name,
        "url": url,
        "country": guess.country,
        "language": guess.language,
        "timezone": guess.timezone,
    }
    if guess.country == UNKNOWN_COUNTRY:
        table |= {"country": country, "timezone": zone_of(country)}
    kept = kept_fields(outline)
    if kept:
        table |= {"timezone": None} | kept
        table["id"] = free_id(str(table["id"]), taken)
    return table


def _checked(
    table: Mapping[str, object], line: int, regions: Collection[str], faults: list[str]
) -> Source | None:
    """Return the source of a table; None, with a fault, where the program could not use it."""
    from pydantic import ValidationError

    from digest.config import source_of
    from digest.settings import SourceTable

    try:
        source = source_of(SourceTable.model_validate(table))
    except ValidationError as error:
        first = error.errors()[0]
        key, wrong = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        faults.append(f"line {line} is left out: {key} {first['input']!r}: {wrong}.")
        return None
    unknown = [region for region in source.regions if region not in regions]
    if unknown:
        faults.append(f"line {line} is left out: {unknown[0]!r} is no region of config/regions.toml.")
        return None
    return source


@click.command(name="export")
@click.argument("file", type=click.File("wb", atomic=True), default="-")
def export_sources(file: IO[bytes]) -> None:
    """Write the configured sources as OPML 2.0 to FILE (default: standard output).

    Other feed readers can import it. What they have no word for, such as country and weight, is kept in attributes
    of their own, so that `digest sources import` gives the same sources again.
    """
    from digest.collector.opml import write_opml

    with opened() as app:
        document = write_opml(list(app.settings.sources.values()), title="Mujaz")
    file.write(document)
