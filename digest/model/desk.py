"""What an editor does to a draft on the desk."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


class EditKind(enum.StrEnum):
    """One thing that an editor can do to a draft."""

    #: Keep a story in, whatever fresh news comes.
    PIN = "pin"
    #: Keep a story out.
    DROP = "drop"
    #: Tell it in another region's section; `value` is the region's id.
    MOVE = "move"
    #: Put it at a place in its section; `value` counts from 1.
    PLACE = "place"
    #: Open the edition with it.
    LEAD = "lead"
    #: Tell it together with another; `others` are that one's articles.
    MERGE = "merge"
    #: Tell some of its articles, `others`, as a story of their own.
    SPLIT = "split"
    #: Give it another headline or summary; `value` is the text.
    HEADLINE = "headline"
    SUMMARY = "summary"
    #: Give the edition another subject line; no story is meant.
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One act of an editor, as it is kept: who, when, and whether it was taken back.

    A story is meant by its articles, not by its id: fresh news changes what a story is made of, and an edit survives
    as long as most of its articles still stand together.
    """

    id: int
    kind: EditKind
    #: Ids of the meant story's articles when the edit was made; empty for the edition as a whole.
    articles: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    value: str = ""
    made_by: str
    made_at: dt.datetime
    undone_by: str = ""
    undone_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An editor's word that an edition may leave."""

    approved_by: str
    approved_at: dt.datetime
