"""The only place where the core meets the ports.

collect:  due sources | fetch | parse | save
pages:    articles that want their text | robots.txt | fetch | extract | save
compose:  articles of the window | rank | leave out what was told | pick | freeze
deliver:  edition | render variants | freeze recipients | claim | mark sending | send | settle
"""

from __future__ import annotations

from digest.pipeline.collecting import CollectReport, SourceOutcome, collect
from digest.pipeline.composing import compose, draft_edition, edition_id, outlet_weights
from digest.pipeline.delivering import (
    DEFAULT_VARIANT,
    DeliverReport,
    deliver,
    open_edition,
    regions_of,
    variant_of,
)
from digest.pipeline.pages import PagesReport, read_pages

__all__ = [
    "DEFAULT_VARIANT",
    "CollectReport",
    "DeliverReport",
    "PagesReport",
    "SourceOutcome",
    "collect",
    "compose",
    "deliver",
    "draft_edition",
    "edition_id",
    "no_progress",
    "open_edition",
    "outlet_weights",
    "read_pages",
    "regions_of",
    "variant_of",
]


def no_progress(label: str, done: int, total: int) -> None:
    """Show nothing: for work that nobody watches."""
