"""Whether the order of a feed's entries says which of them its outlet holds important.

Most feeds are sorted by date: there the newest stands on top, whatever it is. Only where the dates do not
explain the order did somebody choose it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from digest.collector.dates import parse_date
from digest.collector.trim import Item

#: Entries at a feed's top that are looked at: an archive's tail tells no more, and costs time.
_LOOKED_AT = 30
#: Of the neighbours so many may stand the wrong way round in a feed that is sorted by date: one that is pinned
#: on top, one that was dated anew. Where dates play no part it is half of them.
_STRAY_SHARE = 1 / 5

_TEXT = rb"\b[^<>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)"
#: The elements in which feedparser finds dates, in the order in which `parse` takes them.
_DATES = (
    re.compile(rb"<(?:\w+:)?(?:pubDate|published|issued)" + _TEXT, re.IGNORECASE),
    re.compile(rb"<(?:\w+:)?(?:date|updated|modified|created)" + _TEXT, re.IGNORECASE),
)


def written_dates(
    body: bytes, items: Sequence[Item], timezone: str | None = None
) -> Iterator[dt.datetime | None]:
    """Yield each entry's date as it stands in the feed's bytes; None where it has none that can be read.

    This is for comparing an entry with its neighbours, those too that were read before and are cut out.
    """
    for item in items:
        found = next((date for tag in _DATES if (date := tag.search(body, item.start, item.end))), None)
        yield parse_date(found[1].decode("utf-8", "replace"), timezone) if found else None


def is_chosen(dates: Iterable[dt.datetime | None]) -> bool:
    """Say whether entries with these dates, from the feed's top down, are in another order than their dates'.

    Newest first and oldest first are orders of dates. False where there are no dates to tell by.

    >>> is_chosen(dt.datetime(2026, 2, day, tzinfo=dt.UTC) for day in (5, 4, 3, 2, 1))
    False
    >>> is_chosen(dt.datetime(2026, 2, day, tzinfo=dt.UTC) for day in (3, 5, 1, 4, 2))
    True
    """
    neighbours = list(pairwise(date for date in islice(dates, _LOOKED_AT) if date))
    rises = sum(one < other for one, other in neighbours)
    falls = sum(one > other for one, other in neighbours)
    return min(rises, falls) > _STRAY_SHARE * len(neighbours)
