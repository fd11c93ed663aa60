"""What the operator reads at three in the morning: what, since when, what to do. Pure."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence

from digest.adapters.store.operating import TELL_AGAIN
from digest.model import Alert, Message


def is_untold(alert: Alert, now: dt.datetime) -> bool:
    """Say whether the operator must be told of a standing alert: not yet, or long ago and it has come back."""
    if alert.mailed_at is None:
        return True
    return alert.mailed_at < alert.raised_at and alert.mailed_at <= now - TELL_AGAIN


def letter(alerts: Sequence[Alert], newsletter_titles: str) -> Message:
    """Return the mail that tells of these, the first one in its subject."""
    first = alerts[0].text.partition("\n")[0]
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    parts = [_part(one) for one in alerts]
    footer = (
        f"This is the worker of {newsletter_titles}. `digest status` shows what stands now. "
        "You are told of each trouble once."
    )
    text = "\n\n\n".join("\n".join(lines) for lines in parts) + f"\n\n--\n{footer}\n"
    shown = "".join(_shown(lines) for lines in parts)
    return Message(
        subject=f"[Mujaz] {first}{more}",
        html=f'<!DOCTYPE html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>{html.escape(first)}'
        f'</title></head><body style="font-family:sans-serif">{shown}<p>{html.escape(footer)}</p></body></html>',
        text=text,
    )


def _part(alert: Alert) -> list[str]:
    first, *others = alert.text.splitlines()
    return [first, f"Since {alert.raised_at:%Y-%m-%d %H:%M} UTC.", *others]


def _shown(lines: Sequence[str]) -> str:
    heading, *others = (html.escape(line) for line in lines)
    return f"<h2>{heading}</h2>" + "".join(f"<p>{line}</p>" for line in others)
