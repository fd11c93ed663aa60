"""Colours that can be read, whatever accent a newsletter has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.colours import NIGHT, PAPER, READABLE, contrast, readable_by_day, readable_by_night

_COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        pytest.param("#000000", "#ffffff", 21.0, id="black on white"),
        pytest.param("#ffffff", "#FFFFFF", 1.0, id="nothing to see"),
        pytest.param("#767676", "#ffffff", 4.54, id="the palest grey of level AA"),
        pytest.param("#777777", "#ffffff", 4.48, id="a shade paler"),
    ],
)
def test_contrast_is_wcags(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(_COLOURS)
def test_a_colour_is_made_readable_by_day_and_night(colour: str) -> None:
    assert contrast(readable_by_day(colour), PAPER) >= READABLE
    assert contrast(readable_by_night(colour), NIGHT) >= READABLE + 2


@given(_COLOURS.filter(lambda colour: contrast(colour, PAPER) >= READABLE))
def test_a_colour_that_can_be_read_stays(colour: str) -> None:
    assert readable_by_day(colour) == colour


@pytest.mark.parametrize("colour", ["#8c2f1b", "#0a5c36", "#1d4ed8"])
def test_the_night_keeps_the_hue(colour: str) -> None:
    strongest = [max(range(3), key=lambda at: int(one[1 + 2 * at : 3 + 2 * at], 16)) for one in (colour, readable_by_night(colour))]  # fmt: skip
    assert strongest[0] == strongest[1]
