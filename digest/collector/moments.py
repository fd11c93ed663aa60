"""When an article counts as published."""

from __future__ import annotations

import datetime as dt

#: Clocks differ by so much; a date further ahead is meant, or a fault, and in either case not yet now.
FUTURE_SLACK = dt.timedelta(minutes=30)


def publication(published: dt.datetime | None, now: dt.datetime) -> tuple[dt.datetime, bool]:
    """Return when an article that is first seen now counts as published, and whether its feed said so.

    Without a date that is now. A date a little ahead is a clock that runs fast: now as well. A date further ahead
    stands, so that the article is held back until then.
    """
    if published is None:
        return now, False
    return (now if now < published <= now + FUTURE_SLACK else published), True
