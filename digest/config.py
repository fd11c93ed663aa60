"""Reading the settings: TOML files, overridden by the environment, checked whole.

No file is read here: `load_settings` takes the files' texts and the environment as mappings, and either returns
settings or raises ConfigurationError with every fault at once.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from digest.errors import ConfigurationError, Fault
from digest.model import Newsletter, Region, Source
from digest.settings import (
    NewsletterTable,
    RegionsFile,
    RegionTable,
    Settings,
    SettingsFile,
    SourcesFile,
    SourceTable,
    Table,
)

#: The files of config/ that hold settings.
SETTINGS_FILE, SOURCES_FILE, REGIONS_FILE = "digest.toml", "sources.toml", "regions.toml"
_NESTED = re.compile(r"^DIGEST_([A-Z]+)__([A-Z_]+)$")
_T = TypeVar("_T", bound=Table)


def load_settings(files: Mapping[str, tuple[str, str]], environment: Mapping[str, str]) -> Settings:
    """Return the settings of these files, each (place as the operator knows it, text) by its name.

    Raises ConfigurationError with all faults, of all files and of the environment.
    """
    return _Loader(files, environment).load()


class _Loader:
    def __init__(self, files: Mapping[str, tuple[str, str]], environment: Mapping[str, str]) -> None:
        self._files = files
        self._environment = environment
        self._faults: list[Fault] = []
        #: Dotted keys that the environment has set, with the variable that did.
        self._from_environment: dict[str, str] = {}

    def load(self) -> Settings:
        raw = self._override(self._parse(SETTINGS_FILE))
        settings = self._validate(SettingsFile, SETTINGS_FILE, raw)
        sources = self._validate(SourcesFile, SOURCES_FILE, self._parse(SOURCES_FILE))
        regions = self._validate(RegionsFile, REGIONS_FILE, self._parse(REGIONS_FILE))
        self._unique(SETTINGS_FILE, "newsletter", settings.newsletter if settings else [])
        self._unique(SOURCES_FILE, "source", sources.source if sources else [])
        self._unique(REGIONS_FILE, "region", regions.region if regions else [])
        if regions:
            self._one_region_each(regions)
            self._known_regions(settings, sources, [region.id for region in regions.region])
        if settings and sources:
            self._known_sources(settings, [source.id for source in sources.source])
        if self._faults or not settings or not sources or not regions:
            raise ConfigurationError(self._faults)
        return Settings(
            mail=settings.mail,
            smtp=settings.smtp,
            sendgrid=settings.sendgrid,
            collect=settings.collect,
            rank=settings.rank,
            delivery=settings.delivery,
            newsletters={table.id: _newsletter(table) for table in settings.newsletter},
            sources={table.id: _source(table) for table in sources.source},
            regions={table.id: _region(table) for table in regions.region},
        )

    def _fault(self, where: str, key: str, wrong: str, right: str) -> None:
        self._faults.append(Fault(where=where, key=key, wrong=wrong, right=right))

    def _parse(self, name: str) -> dict[str, Any] | None:
        place, text = self._files[name]
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._fault(
                place, "", f"is no valid TOML: {error}", "Mend the line; https://toml.io has the rules."
            )
            return None

    def _override(self, raw: dict[str, Any] | None) -> dict[str, Any] | None:
        if raw is None:
            return None
        for variable, value in sorted(self._environment.items()):
            found = _NESTED.match(variable)
            if not found:
                continue
            table, key = found[1].lower(), found[2].lower()
            if table not in _tables():
                self._fault(variable, "", "names no table of settings", f"Tables are {', '.join(_tables())}.")
                continue
            section = raw.setdefault(table, {})
            if isinstance(section, dict):
                section[key] = value
                self._from_environment[f"{table}.{key}"] = variable
        if key_value := self._environment.get("SENDGRID_API_KEY"):
            raw.setdefault("sendgrid", {})["api_key"] = key_value
        return raw

    def _validate(self, kind: type[_T], name: str, raw: dict[str, Any] | None) -> _T | None:
        if raw is None:
            return None
        try:
            return kind.model_validate(raw)
        except ValidationError as error:
            for detail in error.errors():
                self._explain(kind, self._files[name][0], raw, detail)
            return None

    def _explain(self, kind: type[Table], place: str, raw: dict[str, Any], detail: ErrorDetails) -> None:
        location = detail["loc"]
        dotted = ".".join(str(part) for part in location)
        field, known = _field_at(kind, location)
        if detail["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            wrong = "is no setting"
            right = f"Did you mean {near[0]!r}?" if near else f"Settings here are {', '.join(known)}."
        elif detail["type"] == "missing":
            wrong, right = "is missing", f"Give {field}."
        else:
            message = detail["msg"].removeprefix("Value error, ")
            message = message[0].lower() + message[1:]
            secret = str(location[-1]) in {"password", "api_key"}
            wrong = f"{'the value' if secret else repr(detail['input'])} {message if message.startswith('is ') else 'is wrong (' + message + ')'}"
            right = f"Give {field}."
        variable = self._from_environment.get(dotted)
        self._fault(variable or place, "" if variable else _readable(location, raw), wrong, right)

    def _unique(
        self, name: str, key: str, tables: Sequence[NewsletterTable | SourceTable | RegionTable]
    ) -> None:
        for table_id, count in Counter(table.id for table in tables).items():
            if count > 1:
                self._fault(
                    self._files[name][0],
                    f"{key} {table_id!r}",
                    f"stands {count} times",
                    "Give each its own id.",
                )

    def _one_region_each(self, regions: RegionsFile) -> None:
        homes: dict[str, list[str]] = {}
        for region in regions.region:
            for country in region.countries:
                homes.setdefault(country, []).append(region.id)
        for country, ids in homes.items():
            if len(ids) > 1:
                self._fault(
                    self._files[REGIONS_FILE][0],
                    f"country {country}",
                    f"stands in {' and '.join(ids)}",
                    "Leave it in one.",
                )

    def _known_regions(
        self, settings: SettingsFile | None, sources: SourcesFile | None, known: list[str]
    ) -> None:
        users: list[tuple[str, str, list[str]]] = []
        if settings:
            users += [
                (SETTINGS_FILE, f"newsletter {table.id!r}", table.regions) for table in settings.newsletter
            ]
        if sources:
            users += [(SOURCES_FILE, f"source {table.id!r}", table.regions) for table in sources.source]
        for name, key, wanted in users:
            for region in wanted:
                if region not in known:
                    self._fault(
                        self._files[name][0],
                        f"{key}, regions",
                        f"{region!r} is no region",
                        f"Regions are {', '.join(known)}.",
                    )

    def _known_sources(self, settings: SettingsFile, known: list[str]) -> None:
        for table in settings.newsletter:
            for source in table.sources:
                if source not in known:
                    near = difflib.get_close_matches(source, known, n=1)
                    hint = f"Did you mean {near[0]!r}?" if near else "Sources are in config/sources.toml."
                    self._fault(
                        self._files[SETTINGS_FILE][0],
                        f"newsletter {table.id!r}, sources",
                        f"{source!r} is no source",
                        hint,
                    )


def _tables() -> list[str]:
    return [name for name in SettingsFile.model_fields if name != "newsletter"]


def _names(kind: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]


def _field_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, list[str]]:
    """Return what a field wants, in words, and the fields that stand beside it."""
    described, here = "", kind
    for part in location:
        by_name = {field.alias or name: field for name, field in here.model_fields.items()}
        field = by_name.get(str(part))
        if field is None:
            continue
        described = field.description or described
        inner = next(_models_in(field.annotation), None)
        if inner is not None and part != location[-1]:
            here = inner
    return described or "a value of the right kind", _names(here)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _readable(location: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """Return a key as a person finds it: the table's id instead of its number, where it has one."""
    parts: list[str] = []
    here: Any = raw
    for part in location:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        if isinstance(part, int):
            name = here.get("id") if isinstance(here, dict) else None
            parts[-1] += f" {name!r}" if name else f" number {part + 1}"
        else:
            parts.append(part)
    return ", ".join(parts) if any(" " in part for part in parts) else ".".join(parts)


def _newsletter(table: NewsletterTable) -> Newsletter:
    values = table.model_dump() | {
        "send_at": dt.time.fromisoformat(table.send_at),
        "regions": tuple(table.regions),
        "sources": tuple(table.sources),
    }
    return Newsletter(**values)


def _source(table: SourceTable) -> Source:
    return Source(
        **table.model_dump() | {"regions": tuple(table.regions), "name": table.name or table.outlet}
    )


def _region(table: RegionTable) -> Region:
    return Region(id=table.id, name=table.name, countries=frozenset(table.countries))
