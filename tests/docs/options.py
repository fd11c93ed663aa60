"""The settings as digest/settings.py has them, and as docs/reference/settings.md must tell them."""

from __future__ import annotations

import ast
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from digest.settings import NewsletterTable, RegionTable, SettingsFile, SourceTable, Table
from tests.conftest import REPOSITORY

#: What a variable of the environment is called; those of tests are not the operator's.
_VARIABLE = re.compile(r"DIGEST_[A-Z]+(_[A-Z]+)*|DATABASE_URL|SENDGRID_API_KEY|PORT")
_NOT_SETTINGS = {"DIGEST_TEST_ALL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting: its key, its variable where it has one, the values that it may have, and its default."""

    key: str
    variable: str
    #: The choices or the limits; None where only words can say what is right.
    allowed: str | None
    #: As TOML writes it; empty where there is none.
    default: str
    meaning: str

    def __str__(self) -> str:
        """Return the line that the page would have."""
        names = "<br>".join(f"`{name}`" for name in (self.key, self.variable) if name)
        return f"| {names} | {self.meaning} | {self.allowed or '...'} | {self.default} |"


def tables() -> dict[str, list[Option]]:
    """Return every table's settings by the heading of its section: `[mail]`, `[[newsletter]]`."""
    found = {
        f"[{name}]": list(_options(field.annotation, f"DIGEST_{name.upper()}__"))
        for name, field in SettingsFile.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table)
    }
    lists: Mapping[str, type[Table]] = {
        "newsletter": NewsletterTable,
        "source": SourceTable,
        "region": RegionTable,
    }
    return found | {f"[[{name}]]": list(_options(kind, "")) for name, kind in lists.items()}


def variables() -> set[str]:
    """Return the variables of the environment that the program's code names, besides those of the tables' keys."""
    named: set[str] = set()
    for path in (REPOSITORY / "digest").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _VARIABLE.fullmatch(node.value)
            ):
                named.add(node.value)
    return {name for name in named if "__" not in name} - _NOT_SETTINGS


def _options(kind: type[Table], prefix: str) -> Iterator[Option]:
    for name, field in kind.model_fields.items():
        key = field.alias or name
        yield Option(
            key=key,
            variable=f"{prefix}{key.upper()}" if prefix else "",
            allowed=_allowed(field.annotation, list(field.metadata)),
            default=_default(field),
            meaning=field.description or "",
        )


def _allowed(annotation: Any, metadata: list[Any]) -> str | None:
    if typing.get_origin(annotation) is Annotated:
        inner, *more = typing.get_args(annotation)
        return _allowed(inner, [*metadata, *more])
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        [given] = [one for one in typing.get_args(annotation) if one is not type(None)]
        return _allowed(given, metadata)
    if typing.get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation) if value)
    if annotation is bool:
        return "`true`, `false`"
    if annotation in {int, float}:
        return _limits(metadata)
    return None


def _limits(metadata: list[Any]) -> str:
    least = next((f"{one.ge:g}" for one in metadata if isinstance(one, annotated_types.Ge)), "")
    above = next((f"above {one.gt:g}" for one in metadata if isinstance(one, annotated_types.Gt)), "")
    most = next((f"{one.le:g}" for one in metadata if isinstance(one, annotated_types.Le)), "")
    if least:
        return f"{least} to {most}" if most else f"{least} or more"
    return f"{above}, up to {most}" if most else above


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
