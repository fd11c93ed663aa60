"""Files that somebody sent and has not confirmed yet: kept for a quarter of an hour, under names that cannot be guessed."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
import secrets

#: How long a file is kept.
KEPT_FOR = dt.timedelta(minutes=15)
_NAME = re.compile(r"(\d{10,12})-[A-Za-z0-9_-]{32}", re.ASCII)


class Uploads:
    """A folder of such files, which only its owner may read."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def keep(self, content: bytes, now: dt.datetime) -> str:
        """Keep a file; return its name. What nobody confirmed in time is removed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(now)
        name = f"{int((now + KEPT_FOR).timestamp())}-{secrets.token_urlsafe(24)}"
        path = self._folder / name
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)
        return name

    def read(self, name: str, now: dt.datetime) -> bytes | None:
        """Return a file; None where there is none of this name, or not any more."""
        if not self._holds(name, now):
            return None
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Remove a file."""
        if _NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)

    def _sweep(self, now: dt.datetime) -> None:
        for path in self._folder.iterdir():
            if _NAME.fullmatch(path.name) and not self._holds(path.name, now):
                path.unlink(missing_ok=True)

    def _holds(self, name: str, now: dt.datetime) -> bool:
        parts = _NAME.fullmatch(name)
        return parts is not None and int(parts[1]) >= now.timestamp()
