"""config/sources.toml as a file: what stands in it stays as it is, what is added is checked before it is kept."""

from __future__ import annotations

import os
import pathlib
import tomllib
from collections.abc import Mapping

from digest.adapters.files import write_whole
from digest.config import REGIONS_FILE, SETTINGS_FILE, SOURCES_FILE, load_settings, source_of
from digest.errors import InputError
from digest.model import Source
from digest.settings import SourcesFile

#: Of a file that was not there before, for the umask to narrow.
_NEW_FILE_MODE = 0o644


def shipped_sources(shipped: pathlib.Path) -> list[Source]:
    """Return the sources that came with the program: what is known of outlets, whoever reads them."""
    text = (shipped / SOURCES_FILE).read_text(encoding="utf-8")
    return [source_of(table) for table in SourcesFile.model_validate(tomllib.loads(text)).source]


class SourceFile:
    """The sources of a home; those that came with the program, until it has a file of its own."""

    def __init__(self, home: pathlib.Path, shipped: pathlib.Path, environment: Mapping[str, str]) -> None:
        self._own = home / "config"
        self._shipped = shipped
        self._environment = environment

    @property
    def path(self) -> pathlib.Path:
        """Where the home's own file is, or will be."""
        return self._own / SOURCES_FILE

    def text_with(self, tables: str) -> str:
        """Return the file's text with these tables behind it, to the byte as it was before them."""
        text = self._text(SOURCES_FILE)
        if not text or not tables:
            return text + tables
        end = "\r\n" if "\r\n" in text else "\n"
        gap = end if text.endswith("\n") else end + end
        return text + gap + tables.replace("\n", end)

    def check_with(self, tables: str) -> str:
        """Return the file's text with these tables behind it. Raises ConfigurationError where it could not be used."""
        text = self.text_with(tables)
        files = {name: (f"config/{name}", self._text(name)) for name in (SETTINGS_FILE, REGIONS_FILE)}
        load_settings(files | {SOURCES_FILE: (f"config/{SOURCES_FILE}", text)}, self._environment)
        return text

    def add(self, tables: str) -> None:
        """Write the tables behind the file's text, if the program can use what comes out; else change nothing.

        Raises ConfigurationError with what is wrong then.
        """
        path = self.path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE_MODE & ~_umask()
        write_whole(path, self.check_with(tables).encode("utf-8"), mode)

    def _text(self, name: str) -> str:
        own = self._own / name
        path = own if own.exists() else self._shipped / name
        try:
            # As bytes: reading as text would turn the line ends of a file that comes from Windows.
            return path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8: {error}") from error


def _umask() -> int:
    # There is no way to ask for it but to set it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
