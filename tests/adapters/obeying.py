"""What a body can do to the process that reads it, done on demand. Imported in that process, so kept light."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

from digest.adapters.parser import read_feed
from digest.model import FetchResult, ParsedFeed, Source


def _loop() -> None:
    while True:
        pass


def _never_let_go() -> None:
    # The expression's engine holds the interpreter's lock, so that no thread beside it runs.
    re.match(r"(a+)+$", "a" * 60 + "b")


def _eat_memory() -> None:
    eaten = []
    while True:
        eaten.append(bytes(50_000_000))


class _OddError(Exception):
    """Cannot be made again from its arguments on the other side."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def _raise_odd_error() -> None:
    raise _OddError("x", "y")


_DEEDS: dict[str, Callable[[], object]] = {
    "loop": _loop,
    "never let go": _never_let_go,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "fault": lambda: ctypes.string_at(0),
    "exit": lambda: sys.exit(0),
    "vanish": lambda: os._exit(0),
    "memory": _eat_memory,
    "odd error": _raise_odd_error,
}


def read_obeying(source: Source, got: FetchResult, seen: dict[str, tuple[str, ...]]) -> ParsedFeed:
    """Read a feed, or do what the body says."""
    deed = got.body.decode(errors="replace")
    if deed == "odd answer":
        unsendable: Any = _loop.__code__
        return ParsedFeed(drafts=(), items={"x": unsendable})
    if deed == "who":
        return ParsedFeed(drafts=(), title=str(os.getpid()))
    if deed in _DEEDS:
        _DEEDS[deed]()
    return read_feed(source, got, seen)
