"""The worker's log: a JSON object a line on standard output, or a plain line on a terminal; no address in clear."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

#: What may stand before the @ of an address without quotes. RFC 5322, 3.2.3, names less; mail has more in it, and
#: what a repr has made of it counts as well.
_LOCAL = r'[^\x00-\x20\x7f()<>\[\]:;,"@＠]'
_QUOTED = r'"(?:[^"\\\n]|\\.)*+"|"[^"\n]*+"'
#: Looked for from where a word begins only: in a long word without an @ each letter would be tried else.
_BEFORE_AT = re.compile(rf"(?:{_QUOTED}|(?<!{_LOCAL}){_LOCAL}++)(?=[@＠][\w\[])")
_BEFORE_ENCODED_AT = re.compile(rf"(?<!{_LOCAL}){_LOCAL}*?(?=%40\w)", re.IGNORECASE)

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
    """Have all that is logged in this context and thread say what it is about: `edition`, `slot`."""
    token = _about.set({**_about.get({}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


class _About(logging.Filter):
    """Puts what the work is about beside each line."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _about.get({}).items():
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
        where = " ".join(f"{name}={value}" for name, value in _about.get({}).items())
        return redacted(super().format(record)) + (f" [{where}]" if where else "")


def log_to(out: TextIO) -> None:
    """Have everything that is logged written there: what we say, and the warnings of others."""
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
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("digest").setLevel(logging.INFO)
    # It warns of each tick that falls into a longer one: that is how a tick is meant to work.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def log_to_stdout() -> None:
    """See `log_to`; as the process's output, at once line by line."""
    log_to(sys.stdout)
