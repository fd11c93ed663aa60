"""The only place where the core meets the ports.

collect:  due sources | fetch | parse | save
pages:    articles that want their text | robots.txt | fetch | extract | save
compose:  articles of the window | rank | leave out what was told | an editor's acts | pick | freeze
open:     edition | readers' choices | render variants | freeze messages and recipients
deliver:  claim | pace | mark sending | send in lanes | settle
"""

from __future__ import annotations

from digest.pipeline.collecting import CollectReport, SourceOutcome, collect
from digest.pipeline.composing import (
    Draft,
    RankedNews,
    Waiting,
    compose,
    desk_draft,
    draft_edition,
    edition_id,
    outlet_weights,
    rank_news,
)
from digest.pipeline.delivering import DeliverReport, deliver
from digest.pipeline.opening import DEFAULT_VARIANT, open_edition, regions_of, variant_of
from digest.pipeline.pacing import Pacer
from digest.pipeline.pages import PagesReport, read_pages

__all__ = [
    "DEFAULT_VARIANT",
    "CollectReport",
    "DeliverReport",
    "Draft",
    "Pacer",
    "PagesReport",
    "RankedNews",
    "SourceOutcome",
    "Waiting",
    "collect",
    "compose",
    "deliver",
    "desk_draft",
    "draft_edition",
    "edition_id",
    "no_progress",
    "open_edition",
    "outlet_weights",
    "rank_news",
    "read_pages",
    "regions_of",
    "variant_of",
]


def no_progress(label: str, done: int, total: int) -> None:
    """Show nothing: for work that nobody watches."""
