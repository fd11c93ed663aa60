"""Where the program's files are: those of the home, and those that came with the program."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

_PACKAGE = pathlib.Path(__file__).parent
_BUNDLED = _PACKAGE / "bundled"
_CHECKOUT = _PACKAGE.parent


def shipped(folder: str) -> pathlib.Path:
    """Return the folder `config` or `templates` that came with the program: in the wheel, or in the checkout."""
    return (_BUNDLED if _BUNDLED.is_dir() else _CHECKOUT) / folder


def default_home(environment: Mapping[str, str]) -> pathlib.Path:
    """Return DIGEST_HOME, else the checkout that the program runs from, else the current folder."""
    if environment.get("DIGEST_HOME"):
        return pathlib.Path(environment["DIGEST_HOME"]).expanduser().resolve()
    return _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else pathlib.Path.cwd()


def local_or_shipped(home: pathlib.Path, folder: str, name: str) -> pathlib.Path:
    """Return the home's own file of that name, else the one that came with the program."""
    own = home / folder / name
    return own if own.exists() else shipped(folder) / name
