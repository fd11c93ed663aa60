"""Moments in time: always with their zone."""

from __future__ import annotations

import datetime as dt


def require_aware(moment: dt.datetime) -> dt.datetime:
    """Return the moment, or raise ValueError where it has no zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"a moment without a time zone: {moment!r}")
    return moment
