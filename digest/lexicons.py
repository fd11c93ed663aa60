"""The ranker's word lists, read from config/: places, and how grave a word is.

A list of the home takes the place of the shipped one of its name, file by file: a home with a cities.toml of its own
keeps the shipped leaders.
"""

from __future__ import annotations

import pathlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from babel import Locale

from digest.errors import ConfigurationError, Fault
from digest.home import local_or_shipped, shipped
from digest.ranker.gazetteer import Gazetteer, build_gazetteer
from digest.ranker.gravity import Gravity

_Built = TypeVar("_Built")

#: CLDR's territory names are taken in these languages, for outlets that write in them.
_TERRITORY_LOCALES = ("ar", "en", "fr")


def read_gazetteer(home: pathlib.Path, region_of: Mapping[str, str]) -> Gazetteer:
    """Return the places of config/gazetteer/ and of CLDR. Raises ConfigurationError with every fault.

    `region_of` gives our region of each country, which also says which countries there are.
    """
    territories = {
        code: [str(Locale(language).territories.get(code, "")) for language in _TERRITORY_LOCALES]
        for code in region_of
    }
    tables = gazetteer_tables(home)
    return _built(
        lambda: build_gazetteer(territories, tables, region_of),
        where="config/gazetteer",
        right="docs/adding-a-place.md shows each file's.",
    )


def gazetteer_tables(home: pathlib.Path) -> dict[str, Mapping[str, object]]:
    """Return the parsed files of config/gazetteer/ by their stem. Raises ConfigurationError."""
    folders = (shipped("config"), home / "config")
    names = {path.name for folder in folders for path in folder.glob("gazetteer/*.toml")}
    return _tables(home, [f"gazetteer/{name}" for name in sorted(names)])


def read_gravity(home: pathlib.Path) -> Gravity:
    """Return the words of config/gravity.toml by their grade. Raises ConfigurationError."""
    [table] = _tables(home, ["gravity.toml"]).values()
    return _built(
        lambda: Gravity.of(table),
        where="config/gravity.toml",
        right="Each language has lists of words under grave, serious, light and trivial.",
    )


def _tables(home: pathlib.Path, names: Iterable[str]) -> dict[str, Mapping[str, object]]:
    parsed: dict[str, Mapping[str, object]] = {}
    faults = []
    for name in names:
        path = local_or_shipped(home, "config", name)
        try:
            parsed[path.stem] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            faults.append(
                Fault(
                    where=f"config/{name}", key="", wrong=f"cannot be read: {error}", right="Mend the line."
                )
            )
    if faults:
        raise ConfigurationError(faults)
    return parsed


def _built(build: Callable[[], _Built], where: str, right: str) -> _Built:
    try:
        return build()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        wrong = f"holds an entry of another shape ({type(error).__name__}: {error})"
        raise ConfigurationError([Fault(where=where, key="", wrong=wrong, right=right)]) from error
