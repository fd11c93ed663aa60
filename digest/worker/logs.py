"""The log of the worker and of the web: a JSON object a line on standard output, or a plain line on a terminal.

No address stands in it in clear. A line about an edition has `edition` and `slot` beside its message: from what the
work is about (`about`), or else from the message itself, which may be logged in a thread that knows of no work.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TextIO
from zoneinfo import available_timezones

from pythonjsonlogger.json import JsonFormatter

#: What may stand before the @ of an address without quotes. RFC 5322, 3.2.3, names less; mail has more in it, and
#: what a repr has made of it counts as well.
_LOCAL = r'[^\x00-\x20\x7f()<>\[\]:;,"@＠]'
_QUOTED = r'"(?:[^"\\\n]|\\.)*+"|"[^"\n]*+"'
#: Looked for from where a word begins only: in a long word without an @ each letter would be tried else.
_BEFORE_AT = re.compile(rf"(?:{_QUOTED}|(?<!{_LOCAL}){_LOCAL}++)(?=[@＠][\w\[])")
_BEFORE_ENCODED_AT = re.compile(rf"(?<!{_LOCAL}){_LOCAL}*?(?=%40\w)", re.IGNORECASE)

_DATE = r"\d{4}-\d{2}-\d{2}"
#: How messages, and the keys of alerts, name an edition or a slot.
_NAMED = re.compile(
    r"\b(?:(?:edition|approval|bounces|deferred|delivering|sending|unknown) "
    rf"(?P<edition>[\w.-]+-{_DATE}[\w-]*)|slot (?P<slot>[\w.-]+ {_DATE})(?P<zone> [A-Z][\w/+-]*)?)"
)
#: An edition's id (see `pipeline.edition_id`), and a slot's name: newsletter, local date and zone.
_EDITION = re.compile(rf"([\w.-]+?)-({_DATE})(?:-([\w-]+))?")
_SLOT = re.compile(rf"([\w.-]+) ({_DATE})(?: (\S+))?")

#: What the work is about, for every line that is logged in it.
_about: ContextVar[Mapping[str, str]] = ContextVar("about")


def redacted(text: str) -> str:
    """Return a text without the names in its mail addresses; whose server it is stays.

    >>> redacted("550 5.1.1 <layla.haddad@example.org>: no such user")
    '550 5.1.1 <***@example.org>: no such user'
    """
    return _BEFORE_ENCODED_AT.sub("***", _BEFORE_AT.sub("***", text))


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Have all that is logged in this context and thread say what it is about: `edition`, `slot`, `task`, `job`.

    Of `edition` and `slot`, each is told by the other.
    """
    token = _about.set({**_about.get({}), **_both(fields)})
    try:
        yield
    finally:
        _about.reset(token)


def _both(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields with an edition's slot, or a slot's edition, beside it.

    >>> dict(_both({"edition": "daily-2026-11-22-asia-tokyo"}))
    {'edition': 'daily-2026-11-22-asia-tokyo', 'slot': 'daily 2026-11-22 Asia/Tokyo'}
    """
    if "slot" not in fields and (found := _EDITION.fullmatch(fields.get("edition", ""))):
        newsletter, day, tail = found.groups()
        return {**fields, "slot": f"{newsletter} {day} {_zones().get(tail, tail) if tail else ''}".rstrip()}
    if "edition" not in fields and (found := _SLOT.fullmatch(fields.get("slot", ""))):
        newsletter, day, zone = found.groups()
        return {**fields, "edition": "-".join(filter(None, (newsletter, day, _in_ids(zone or ""))))}
    return fields


def _in_ids(zone: str) -> str:
    """Return a zone as `pipeline.edition_id` writes it."""
    return zone.replace("/", "-").replace("+", "-plus-").lower()


@cache
def _zones() -> Mapping[str, str]:
    """Return the zones by how editions' ids write them."""
    return {_in_ids(zone): zone for zone in available_timezones()}


def _named(message: str) -> Mapping[str, str]:
    """Return the edition and the slot that a message names."""
    found = _NAMED.search(message)
    if found is None:
        return {}
    if found["edition"]:
        return _both({"edition": found["edition"]})
    zone = found["zone"] or ""
    return _both({"slot": found["slot"] + (zone if _in_ids(zone[1:]) in _zones() else "")})


def _fields(record: logging.LogRecord) -> Mapping[str, str]:
    """Return what a line is about: what it names itself comes before what the work around it is about."""
    return {**_about.get({}), **_named(record.getMessage())}


class _About(logging.Filter):
    """Puts what a line is about beside it."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _fields(record).items():
            setattr(record, name, value)
        return True


class _JsonLines(JsonFormatter):
    """One object a line; addresses go before the text is encoded."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        fields = super().process_log_record(log_data)
        return {name: redacted(value) if isinstance(value, str) else value for name, value in fields.items()}


class _PlainLines(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        where = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        return redacted(super().format(record)) + (f" [{where}]" if where else "")


def _lines_to(out: TextIO) -> logging.Handler:
    formatter = (
        _PlainLines("%(asctime)s %(levelname)s %(name)s %(message)s")
        if out.isatty()
        else _JsonLines(
            "%(levelname)s %(name)s %(message)s",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            json_ensure_ascii=False,
        )
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    handler.addFilter(_About())
    return handler


def log_to(out: TextIO) -> None:
    """Have everything that is logged written there: what we say, and the warnings of others."""
    root = logging.getLogger()
    root.handlers = [_lines_to(out)]
    root.setLevel(logging.WARNING)
    logging.getLogger("digest").setLevel(logging.INFO)
    # It warns of each tick that falls into a longer one: that is how a tick is meant to work.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def log_to_stdout() -> None:
    """See `log_to`; as the process's output, at once line by line."""
    log_to(sys.stdout)


def logging_of_gunicorn() -> dict[str, Any]:
    """Return gunicorn's `logconfig_dict`: what it says itself, and what the site says, in the same lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {},
        "handlers": {"lines": {"()": lambda: _lines_to(sys.stdout)}},
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {
            "digest": {"level": "INFO"},
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        },
    }
