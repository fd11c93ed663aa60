"""Styles into elements, for clients that drop style sheets."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from premailer import Premailer

#: premailer's defaults would reach for the network and strip `!important`, on which media queries rest.
_OPTIONS: dict[str, Any] = {
    "allow_network": False,
    "strip_important": False,
    "keep_style_tags": False,
    "remove_classes": False,
    "disable_validation": True,
    "disable_leftover_css": False,
    "cssutils_logging_level": logging.CRITICAL,
}


def inline_styles(html: str) -> str:
    """Return a page with its style sheet inlined; media queries and blocks marked `data-premailer="ignore"` stay."""
    inliner = Premailer(html, **_OPTIONS)
    # It keeps a sheet that it parsed, but would write the rules out anew for each page. All variants of a newsletter
    # have the same sheet: that would be a quarter of the work.
    inliner._parse_style_rules = _style_rules
    inlined: str = inliner.transform()
    return inlined


@lru_cache(maxsize=16)
def _style_rules(css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
    found: tuple[list[Any], list[Any]] = Premailer(**_OPTIONS)._parse_style_rules(css_body, ruleset_index)
    return found
