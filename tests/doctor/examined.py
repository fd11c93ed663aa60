"""An examination within the tests' own process."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Mapping, Sequence

from digest.adapters.clock import SetClock
from digest.app import App
from digest.cli.examining import examine
from digest.doctor import Finding


def examined(
    home: pathlib.Path,
    environment: Mapping[str, str] | None = None,
    *,
    at: dt.datetime | None = None,
    nameserver: tuple[str, int] | None = None,
    seconds: float = 60,
) -> Sequence[Finding]:
    """Return what the doctor finds in a home."""
    app = App(home=home, environment=environment or {}, clock=SetClock(at) if at else None)
    try:
        return examine(app, nameserver, seconds=seconds).findings
    finally:
        app.close()
