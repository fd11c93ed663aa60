"""Colours that can be read: contrast after WCAG 2.2, and the nearest colour that has enough of it. Pure."""

from __future__ import annotations

import colorsys

#: WCAG's least contrast of text (1.4.3), for level AA.
READABLE = 4.5
#: The darkest ground that a shipped theme sets the accent on by day, and the lightest by night.
PAPER, NIGHT = "#f7f2e7", "#26231d"
# Paler than by day: a strong colour glares on black.
_MOST_SATURATION_BY_NIGHT = 0.75
_BY_NIGHT = 7.0
_STEPS = 200


def _channels(colour: str) -> tuple[float, float, float]:
    """Return red, green and blue of `#rrggbb`, each from 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours `#rrggbb`, from 1 (the same) to 21 (black on white).

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _of_its_hue(colour: str, ground: str, least: float, towards: float, most_saturation: float) -> str:
    """Return the colour, moved towards a lightness (0 black, 1 white) until it can be read on the ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    found = colour
    for step in range(_STEPS + 1):
        shade = lightness + (towards - lightness) * step / _STEPS
        parts = colorsys.hls_to_rgb(hue, shade, min(saturation, most_saturation))
        found = "#{:02x}{:02x}{:02x}".format(*(round(part * 255) for part in parts))
        if contrast(found, ground) >= least:
            break
    return found


def readable_by_day(colour: str) -> str:
    """Return the colour itself where it can be read on paper, else the nearest darker one of its hue that can.

    >>> readable_by_day("#8c2f1b"), readable_by_day("#ffcc00")
    ('#8c2f1b', '#876c00')
    """
    if contrast(colour, PAPER) >= READABLE:
        return colour
    return _of_its_hue(colour, PAPER, READABLE, towards=0.0, most_saturation=1.0)


def readable_by_night(colour: str) -> str:
    """Return the colour for a dark sheet: its hue, paler, and light enough to be read there with ease."""
    return _of_its_hue(colour, NIGHT, _BY_NIGHT, towards=1.0, most_saturation=_MOST_SATURATION_BY_NIGHT)
