"""Styles into elements, for clients that drop style sheets."""

from __future__ import annotations

import logging

from premailer import Premailer


def inline_styles(html: str) -> str:
    """Return a page with its style sheet inlined; media queries and blocks marked `data-premailer="ignore"` stay.

    premailer's defaults would reach for the network and strip `!important`, on which media queries rest.
    """
    inliner = Premailer(
        html,
        allow_network=False,
        strip_important=False,
        keep_style_tags=False,
        remove_classes=False,
        disable_validation=True,
        disable_leftover_css=False,
        cssutils_logging_level=logging.CRITICAL,
    )
    inlined: str = inliner.transform()
    return inlined
