"""publication(): an article without a date, with one, and with one that has not come yet."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.moments import FUTURE_SLACK, publication
from tests.conftest import NOW

_SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        pytest.param(None, (NOW, False), id="none: first seen, and said so"),
        pytest.param(NOW - dt.timedelta(days=9), (NOW - dt.timedelta(days=9), True), id="long ago"),
        pytest.param(NOW - _SECOND, (NOW - _SECOND, True), id="a second ago"),
        pytest.param(NOW, (NOW, True), id="now"),
        pytest.param(NOW + _SECOND, (NOW, True), id="a second ahead"),
        pytest.param(NOW + dt.timedelta(minutes=29), (NOW, True), id="29 minutes ahead: a fast clock"),
        pytest.param(NOW + dt.timedelta(minutes=30), (NOW, True), id="30 minutes ahead: still one"),
        pytest.param(
            NOW + dt.timedelta(minutes=30, seconds=1),
            (NOW + dt.timedelta(minutes=30, seconds=1), True),
            id="a second beyond the slack: held back",
        ),
        pytest.param(
            NOW + dt.timedelta(minutes=31), (NOW + dt.timedelta(minutes=31), True), id="31 minutes ahead"
        ),
        pytest.param(NOW + dt.timedelta(days=400), (NOW + dt.timedelta(days=400), True), id="next year"),
    ],
)
def test_an_article_counts_as_published(
    published: dt.datetime | None, expected: tuple[dt.datetime, bool]
) -> None:
    assert publication(published, NOW) == expected


@pytest.mark.parametrize("hours", [pytest.param(3, id="east"), pytest.param(-5, id="west")])
def test_the_zone_of_a_date_makes_no_difference(hours: int) -> None:
    there = dt.timezone(dt.timedelta(hours=hours))
    for minutes in (-31, -1, 0, 29, 31):
        moment = NOW + dt.timedelta(minutes=minutes)
        assert publication(moment.astimezone(there), NOW) == publication(moment, NOW)


@given(
    st.timedeltas(-dt.timedelta(days=9000), dt.timedelta(days=9000))
    | st.timedeltas(-FUTURE_SLACK, 2 * FUTURE_SLACK)
)
def test_a_date_is_never_made_newer_and_never_now_beyond_the_slack(ahead: dt.timedelta) -> None:
    published = NOW + ahead
    moment, dated = publication(published, NOW)
    assert dated
    assert moment <= published
    assert moment == published or NOW == moment >= published - FUTURE_SLACK
