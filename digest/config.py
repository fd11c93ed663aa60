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
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError
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
#: What no fault quotes: the values that are secret, and the tables that hold them.
_SECRET = frozenset({"password", "api_key", "metrics_token", "smtp", "sendgrid", "web"})
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_T = TypeVar("_T", bound=Table)
#: A file as TOML gives it; None where it could not be read.
_Raw = dict[str, Any] | None


def load_settings(files: Mapping[str, tuple[str, str]], environment: Mapping[str, str]) -> Settings:
    """Return the settings of these files, each (place as the operator knows it, text) by its name.

    Raises ConfigurationError with all faults, of all files and of the environment. A file that is left out, because
    it cannot be read, is a fault that the caller knows more of: it is not among them.
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
        raw_settings, raw_sources, raw_regions = (
            self._override(self._parse(SETTINGS_FILE)),
            self._parse(SOURCES_FILE),
            self._parse(REGIONS_FILE),
        )
        settings = self._validate(SettingsFile, SETTINGS_FILE, raw_settings)
        sources = self._validate(SourcesFile, SOURCES_FILE, raw_sources)
        regions = self._validate(RegionsFile, REGIONS_FILE, raw_regions)
        self._compare(raw_settings, raw_sources, raw_regions)
        base_url = self._base_url()
        if self._faults or not settings or not sources or not regions:
            raise ConfigurationError(self._faults)
        return Settings(
            mail=settings.mail,
            smtp=settings.smtp,
            sendgrid=settings.sendgrid,
            collect=settings.collect,
            rank=settings.rank,
            delivery=settings.delivery,
            worker=settings.worker,
            alerts=settings.alerts,
            web=settings.web,
            newsletters={table.id: _newsletter(table) for table in settings.newsletter},
            sources={table.id: source_of(table) for table in sources.source},
            regions={table.id: _region(table) for table in regions.region},
            base_url=base_url,
            secret_key=SecretStr(self._environment.get("DIGEST_SECRET_KEY", "")),
            desk_password=SecretStr(self._environment.get("DIGEST_DESK_PASSWORD", "")),
        )

    def _base_url(self) -> str:
        url = self._environment.get("DIGEST_BASE_URL", "").rstrip("/")
        parts = urlsplit(url)
        if url and (
            parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment
        ):
            self._fault(
                "DIGEST_BASE_URL",
                "",
                f"{url!r} is no address of pages",
                "Give one such as https://mujaz.example.",
            )
        return url

    def _fault(self, where: str, key: str, wrong: str, right: str) -> None:
        self._faults.append(Fault(where=where, key=key, wrong=wrong, right=right))

    def _parse(self, name: str) -> _Raw:
        if name not in self._files:
            return None
        place, text = self._files[name]
        try:
            # Windows editors put a mark before the text, which TOML does not know.
            return tomllib.loads(text.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError as error:
            self._fault(
                place, "", f"is no valid TOML: {error}", "Mend the line; https://toml.io has the rules."
            )
            return None

    def _override(self, raw: _Raw) -> _Raw:
        if raw is None:
            return None
        for variable in sorted(self._environment):
            found = _NESTED.match(variable)
            if not found:
                continue
            table, key = found[1].lower(), found[2].lower()
            if table not in _tables():
                self._fault(variable, "", "names no table of settings", f"Tables are {', '.join(_tables())}.")
                continue
            self._set(raw, table, key, variable)
        if self._environment.get("SENDGRID_API_KEY"):
            self._set(raw, "sendgrid", "api_key", "SENDGRID_API_KEY")
        return raw

    def _set(self, raw: dict[str, Any], table: str, key: str, variable: str) -> None:
        section = raw.setdefault(table, {})
        # What is no table is a fault of the file, which is found there.
        if isinstance(section, dict):
            section[key] = self._environment[variable]
            self._from_environment[f"{table}.{key}"] = variable

    def _validate(self, kind: type[_T], name: str, raw: _Raw) -> _T | None:
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
            wrong = (
                f"{_shown(detail)} {message if message.startswith('is ') else 'is wrong (' + message + ')'}"
            )
            right = f"Give {field}."
        # A part of a list that the environment has set is the variable's fault as well.
        variable = self._from_environment.get(".".join(str(part) for part in location[:2]))
        self._fault(variable or place, "" if variable else _readable(location, raw), wrong, right)

    def _compare(self, settings: _Raw, sources: _Raw, regions: _Raw) -> None:
        """Find what is wrong between tables, whether or not each of them is right by itself."""
        newsletters = _rows(settings, "newsletter")
        feeds = _rows(sources, "source")
        self._unique(SETTINGS_FILE, "newsletter", newsletters)
        self._unique(SOURCES_FILE, "source", feeds)
        self._unique(REGIONS_FILE, "region", _rows(regions, "region"))
        self._one_region_each(_rows(regions, "region"))
        known = _ids(_rows(regions, "region"))
        if known:
            self._known_regions(SETTINGS_FILE, "newsletter", newsletters, known)
            self._known_regions(SOURCES_FILE, "source", feeds, known)
        if sources is not None:
            self._known_sources(newsletters, _ids(feeds))

    def _unique(self, name: str, kind: str, rows: list[dict[str, Any]]) -> None:
        for row_id, count in Counter(_ids(rows)).items():
            if count > 1:
                self._fault(
                    self._files[name][0],
                    f"{kind} {row_id!r}",
                    f"stands {count} times",
                    "Give each its own id.",
                )

    def _one_region_each(self, rows: list[dict[str, Any]]) -> None:
        homes: dict[str, list[str]] = {}
        for row in rows:
            for country in _texts(row, "countries"):
                homes.setdefault(country, []).append(str(row.get("id")))
        for country, ids in homes.items():
            if len(ids) > 1:
                self._fault(
                    self._files[REGIONS_FILE][0],
                    f"country {country}",
                    f"stands in {' and '.join(ids)}",
                    "Leave it in one.",
                )

    def _known_regions(self, name: str, kind: str, rows: list[dict[str, Any]], known: list[str]) -> None:
        for row in rows:
            for region, count in Counter(_texts(row, "regions")).items():
                place, key = self._files[name][0], f"{kind} {row.get('id')!r}, regions"
                if region not in known:
                    self._fault(place, key, f"{region!r} is no region", f"Regions are {', '.join(known)}.")
                if count > 1:
                    # A section twice would be its stories twice.
                    self._fault(place, key, f"{region!r} stands {count} times", "Name it once.")

    def _known_sources(self, newsletters: list[dict[str, Any]], known: list[str]) -> None:
        for row in newsletters:
            for source in _texts(row, "sources"):
                if source not in known:
                    near = difflib.get_close_matches(source, known, n=1)
                    hint = f"Did you mean {near[0]!r}?" if near else "Sources are in config/sources.toml."
                    self._fault(
                        self._files[SETTINGS_FILE][0],
                        f"newsletter {row.get('id')!r}, sources",
                        f"{source!r} is no source",
                        hint,
                    )


def _rows(raw: _Raw, key: str) -> list[dict[str, Any]]:
    """Return the tables of [[key]], right or wrong."""
    rows = (raw or {}).get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows if isinstance(row.get("id"), str)]


def _texts(row: dict[str, Any], key: str) -> list[str]:
    values = row.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _shown(detail: ErrorDetails) -> str:
    given = detail["input"]
    hidden = str(detail["loc"][-1]) in _SECRET or isinstance(given, dict | list)
    return "the value" if hidden else repr(given)


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
        "weekdays": frozenset(_WEEKDAYS.index(day) for day in table.weekdays),
        "days_off": frozenset(table.days_off),
    }
    return Newsletter(**values)


def source_of(table: SourceTable) -> Source:
    """Return the source of a [[source]] table."""
    return Source(
        **table.model_dump() | {"regions": tuple(table.regions), "name": table.name or table.outlet}
    )


def _region(table: RegionTable) -> Region:
    return Region(id=table.id, name=table.name, countries=frozenset(table.countries), weight=table.weight)
