"""The moments that feeds write. Every readable case is one of two moments, so that a wrong hour shows."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.dates import parse_date

#: 13 February 2026, 20:00 in Riyadh.
EVENING = dt.datetime(2026, 2, 13, 17, 0, tzinfo=dt.UTC)
#: 13 February 2026, 08:00 in Riyadh.
MORNING = dt.datetime(2026, 2, 13, 5, 0, tzinfo=dt.UTC)
#: 13 February 2026, the day's beginning in Riyadh.
MIDNIGHT = dt.datetime(2026, 2, 12, 21, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # Arabic, in the source's zone.
        pytest.param("13 فبراير 2026 20:00", EVENING, id="egypt"),
        pytest.param("13 شباط 2026 20:00", EVENING, id="levant"),
        pytest.param("13 فيفري 2026 20:00", EVENING, id="tunisia"),
        pytest.param("13 فبراير (شباط) 2026 20:00", EVENING, id="both-in-brackets"),
        pytest.param("13 شباط (فبراير) 2026 20:00", EVENING, id="both-in-brackets-levant-first"),
        pytest.param("13 شباط/فبراير 2026 20:00", EVENING, id="both-with-slash"),
        pytest.param("13 شباط / فبراير 2026 20:00", EVENING, id="both-with-spaced-slash"),
        pytest.param("13 شباط - فبراير 2026 20:00", EVENING, id="both-with-dash"),
        pytest.param("١٣ فبراير ٢٠٢٦ ٢٠:٠٠", EVENING, id="arabic-digits"),
        pytest.param("۱۳ فبراير ۲۰۲۶ ۲۰:۰۰", EVENING, id="persian-digits"),
        pytest.param("\u200f13 فبراير\u200e 2026\u200f 20:00", EVENING, id="bidi-marks"),
        pytest.param(
            "\u202b13\u00a0فبراير\u00a02026 20:00\u202c", EVENING, id="embedding-and-no-break-spaces"
        ),
        pytest.param("الجمعة، 13 فبراير 2026 - 20:00", EVENING, id="weekday-and-dash"),
        pytest.param("13 فبراير، 2026 - 20:00", EVENING, id="arabic-comma"),
        pytest.param("فبراير 13, 2026 20:00", EVENING, id="month-first"),
        pytest.param("13 فبراير 2026 الساعة 20:00", EVENING, id="the-hour-in-words"),
        pytest.param("13 فبراير 2026 20:00:00", EVENING, id="with-seconds"),
        pytest.param("13 فبراير 2026 8:00 مساءً", EVENING, id="evening-with-tanween"),
        pytest.param("13 فبراير 2026 8:00 مساء", EVENING, id="evening"),
        pytest.param("13 فبراير 2026 08:00 م", EVENING, id="evening-letter"),
        pytest.param("13 فبراير 2026 8:00 PM", EVENING, id="evening-in-english"),
        pytest.param("13 فبراير 2026 8:00 صباحاً", MORNING, id="morning"),
        pytest.param("13 فبراير 2026 08:00 ص", MORNING, id="morning-letter"),
        pytest.param("13 فبراير 2026 12:00 صباحاً", MIDNIGHT, id="twelve-in-the-morning"),
        pytest.param("13 فبراير 2026", MIDNIGHT, id="no-clock"),
        pytest.param("13 فبراير 2026 م", MIDNIGHT, id="the-letter-of-the-christian-era-is-no-evening"),
        pytest.param("20:00 13 فبراير 2026", EVENING, id="clock-first"),
        pytest.param("08:00 م | الجمعة 13 فبراير 2026", EVENING, id="evening-clock-first"),
        pytest.param("نُشر: 20:00-13 فبراير 2026 م ـ 25 شعبان 1447 هـ", EVENING, id="with-hijri-date"),
        # Arabic with a zone of its own.
        pytest.param("13 فبراير 2026 19:00 GMT+2", EVENING, id="gmt+2"),
        pytest.param("13 فبراير 2026 20:00 GMT+3", EVENING, id="gmt+3"),
        pytest.param("13 فبراير 2026 20:00 (GMT+3)", EVENING, id="gmt+3-in-brackets"),
        pytest.param("13 فبراير 2026 21:00 +04:00", EVENING, id="offset"),
        pytest.param("13 فبراير 2026 12:00 -0500", EVENING, id="offset-west"),
        pytest.param("13 فبراير 2026 17:00 GMT", EVENING, id="gmt"),
        pytest.param("13 فبراير 2026 17:00 بتوقيت غرينتش", EVENING, id="gmt-in-arabic"),
        # RFC 822 and its misspellings.
        pytest.param("Fri, 13 Feb 2026 20:00:00 +0300", EVENING, id="rfc822"),
        pytest.param("Fri, 13 Feb 2026 17:00:00 GMT", EVENING, id="rfc822-gmt"),
        pytest.param("Fri, 13 Feb 2026 17:00:00 UT", EVENING, id="rfc822-ut"),
        pytest.param("Fri, 13 Feb 2026 17:00:00 Z", EVENING, id="rfc822-z"),
        pytest.param("Fri, 13 Feb 2026 17:00:00 -0000", EVENING, id="rfc822-unknown-zone-is-utc"),
        pytest.param("Fri, 13 Feb 2026 12:00:00 EST", EVENING, id="rfc822-est"),
        pytest.param("Fri, 13 Feb 2026 20:00:00 AST", EVENING, id="arabia-not-the-atlantic"),
        pytest.param("Fri, 13 Feb 2026 20:00:00 KSA", EVENING, id="ksa"),
        pytest.param("Fri, 13 Feb 2026 19:00:00 EET", EVENING, id="eet"),
        pytest.param("Fri, 13 Feb 2026 21:00:00 GST", EVENING, id="gulf-standard-time"),
        pytest.param("Fri, 13 Feb 2026 20:00:00", EVENING, id="rfc822-without-zone"),
        pytest.param("13 Feb 2026 20:00", EVENING, id="rfc822-short"),
        pytest.param("13 Feb 26 20:00:00 +0300", EVENING, id="rfc822-two-digits"),
        pytest.param("Fri, 13 Feb 2026 20:00:00 GMT+3", EVENING, id="rfc822-gmt+3"),
        pytest.param("Fri, 13 Feb 2026 20:00:00 GMT+0300", EVENING, id="rfc822-gmt+0300"),
        pytest.param("Fri, 13 Feb 2026 20:00:00 +3", EVENING, id="rfc822-one-digit-offset"),
        pytest.param("Fri, 13 Feb 2026 22:30:00 +0530", EVENING, id="rfc822-half-hour"),
        pytest.param("Fri, 13 Feb 2026 8:00 PM +0300", EVENING, id="rfc822-pm"),
        pytest.param("Fri, 13 Feb 2026 8:00 p.m.", EVENING, id="rfc822-pm-with-stops"),
        pytest.param("Fri, 13 Feb 2026 8:00 am", MORNING, id="rfc822-am"),
        pytest.param("Friday, 13 February 2026 20:00", EVENING, id="long-names"),
        pytest.param("13-Feb-2026 20:00", EVENING, id="hyphens"),
        pytest.param("Feb 13, 2026 8:00 PM", EVENING, id="american"),
        pytest.param("February 13, 2026", MIDNIGHT, id="american-without-clock"),
        pytest.param("Fri Feb 13 20:00:00 2026", EVENING, id="asctime"),
        pytest.param("Fri Feb 13 17:00:00 +0000 2026", EVENING, id="zone-before-the-year"),
        pytest.param("Fri Feb 13 2026 20:00:00 GMT+0300 (Arabian Standard Time)", EVENING, id="javascript"),
        # ISO 8601 and numbers.
        pytest.param("2026-02-13T20:00:00+03:00", EVENING, id="iso"),
        pytest.param("2026-02-13T17:00:00Z", EVENING, id="iso-z"),
        pytest.param("2026-02-13T17:00:00.000Z", EVENING, id="iso-milliseconds"),
        pytest.param("2026-02-13T20:00:00+0300", EVENING, id="iso-offset-without-colon"),
        pytest.param("2026-02-13 20:00:00 +0300", EVENING, id="iso-with-spaces"),
        pytest.param("2026-02-13 17:00:00 UTC", EVENING, id="iso-utc"),
        pytest.param("2026-02-13T20:00:00+03:00[Asia/Riyadh]", EVENING, id="iso-with-zone-name"),
        pytest.param("2026-02-13T20:00", EVENING, id="iso-without-zone"),
        pytest.param("٢٠٢٦-٠٢-١٣ ٢٠:٠٠", EVENING, id="iso-arabic-digits"),
        pytest.param("2026-02-13 8:00", MORNING, id="iso-one-digit-hour"),
        pytest.param("2026-02-13", MIDNIGHT, id="iso-day"),
        pytest.param("2026/2/13 20:00", EVENING, id="slashes-year-first"),
        pytest.param("13/02/2026 20:00", EVENING, id="slashes-day-first"),
        pytest.param("20:00 13-02-2026", EVENING, id="hyphens-after-the-clock"),
        pytest.param("13.2.2026 20:00", EVENING, id="stops"),
    ],
)
def test_a_date_that_can_be_read(text: str, moment: dt.datetime) -> None:
    assert parse_date(text, "Asia/Riyadh") == moment


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \u200f ", id="blank"),
        pytest.param("أمس", id="yesterday"),
        pytest.param("منذ 3 ساعات", id="hours-ago"),
        pytest.param("hello", id="word"),
        pytest.param("1 2", id="numbers"),
        pytest.param("20:00", id="clock-only"),
        pytest.param("1770969600", id="epoch"),
        pytest.param("0000-00-00 00:00:00", id="zeros"),
        pytest.param("0001-01-01T00:00:00Z", id="year-1"),
        pytest.param("9999-12-31T23:59:59-12:00", id="year-9999"),
        pytest.param("25 شعبان 1447", id="hijri"),
        pytest.param("25/08/1447", id="hijri-in-numbers"),
        pytest.param("113 فبراير 2026", id="three-digit-day"),
        pytest.param("30 فبراير 2026 08:00", id="no-such-day-arabic"),
        pytest.param("Mon, 30 Feb 2026 08:00:00 GMT", id="no-such-day"),
        pytest.param("2026-02-30T08:00:00Z", id="no-such-day-iso"),
        pytest.param("02/13/2026", id="no-such-month"),
        pytest.param("13 فبراير 2026 25:00", id="no-such-hour"),
        pytest.param("13 فبراير 2026 08:61", id="no-such-minute"),
        pytest.param("13 فبراير 2026 08:00 +99", id="no-such-offset"),
        pytest.param("13 فبرايرات 2026", id="no-such-month-name"),
    ],
)
def test_a_date_that_is_none(text: str) -> None:
    assert parse_date(text, "Asia/Riyadh") is None


@pytest.mark.parametrize(
    ("names", "month"),
    [
        pytest.param(("يناير", "كانون الثاني", "جانفي", "January"), 1, id="january"),
        pytest.param(("فبراير", "شباط", "فيفري", "February"), 2, id="february"),
        pytest.param(("مارس", "آذار", "اذار", "March"), 3, id="march"),
        pytest.param(("أبريل", "إبريل", "ابريل", "نيسان", "أفريل", "April"), 4, id="april"),
        pytest.param(("مايو", "أيار", "ايار", "ماي", "May"), 5, id="may"),
        pytest.param(("يونيو", "يونية", "حزيران", "جوان", "June"), 6, id="june"),
        pytest.param(("يوليو", "يولية", "تموز", "جويلية", "يوليوز", "July"), 7, id="july"),
        pytest.param(("أغسطس", "اغسطس", "آب", "أوت", "غشت", "August"), 8, id="august"),
        pytest.param(("سبتمبر", "أيلول", "شتنبر", "September", "Sept."), 9, id="september"),
        pytest.param(("أكتوبر", "تشرين الأول", "October"), 10, id="october"),
        pytest.param(("نوفمبر", "تشرين الثاني", "نونبر", "November"), 11, id="november"),
        pytest.param(("ديسمبر", "كانون الأول", "دجنبر", "December"), 12, id="december"),
    ],
)
def test_every_month_has_its_names(names: tuple[str, ...], month: int) -> None:
    expected = dt.datetime(2026, month, 7, 8, 0, tzinfo=dt.UTC)
    assert {name: parse_date(f"7 {name} 2026 08:00") for name in names} == dict.fromkeys(names, expected)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        pytest.param(None, 8, id="utc-where-none-is-given"),
        pytest.param("Asia/Riyadh", 5, id="riyadh"),
        pytest.param("Africa/Casablanca", 7, id="casablanca"),
        pytest.param("Asia/Tehran", 4, id="tehran"),
        pytest.param("America/New_York", 12, id="new-york-in-summer"),
    ],
)
def test_the_sources_zone_holds_for_dates_that_carry_none(zone: str | None, hour: int) -> None:
    texts = ("22 يوليو 2026 08:00", "Wed, 22 Jul 2026 08:00:00", "2026-07-22T08:00:00", "22/7/2026 08:00")
    found = {parse_date(text, zone) for text in texts}
    assert {(moment.hour, moment.utcoffset()) for moment in found if moment} == {(hour, dt.timedelta())}


@given(st.text(alphabet="0123456789 +-:/.()[]gmtutcfebapz,صم فبراير٠١٩شباط\u200f"))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    moment = parse_date(text, "Asia/Riyadh")
    assert moment is None or moment.tzinfo is dt.UTC


@given(st.integers(min_value=0, max_value=60 * 24 * 365 * 100))
def test_every_minute_comes_back_as_it_was_written(minutes: int) -> None:
    minute = dt.datetime(1991, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    digits = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    assert parse_date(minute.isoformat()) == minute
    assert parse_date(f"{minute:%d/%m/%Y %H:%M}") == minute
    assert parse_date(f"{minute:%a, %d %b %Y %H:%M:%S} +0000") == minute
    assert parse_date(f"{minute:%Y-%m-%d %H:%M}".translate(digits)) == minute
