"""What the words of dates mean: months, zones as a region reads them, summer time; and what holds for any text."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.dates import parse_date

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.mark.parametrize(
    ("names", "month"),
    [
        pytest.param(
            "يناير|كانون الثاني|كانون ثاني|كانون الثانى|جانفي|January|Jan.|janvier", 1, id="january"
        ),
        pytest.param("فبراير|شباط|فيفري|February|FEB|février|févr.|fevrier", 2, id="february"),
        pytest.param("مارس|آذار|أذار|اذار|آذَار|March|mar|mars", 3, id="march"),
        pytest.param("أبريل|إبريل|ابريل|أبريـل|نيسان|أفريل|افريل|April|avril|avr.", 4, id="april"),
        pytest.param("مايو|أيار|ايار|أيّار|مايس|ماي|May|mai", 5, id="may"),
        pytest.param("يونيو|يونيه|يونية|حزيران|جوان|June|juin", 6, id="june"),
        pytest.param("يوليو|يوليه|يولية|تموز|تمّوز|جويلية|يوليوز|July|juillet|juil.", 7, id="july"),
        pytest.param("أغسطس|اغسطس|أغسطوس|آب|اب|أوت|اوت|غشت|أغشت|August|août|aout", 8, id="august"),
        pytest.param("سبتمبر|أيلول|ايلول|شتنبر|شتمبر|September|Sept.|septembre", 9, id="september"),
        pytest.param(
            "أكتوبر|اكتوبر|أوكتوبر|تشرين الأول|تشرين أول|تشرين الاول|October|octobre", 10, id="october"
        ),
        pytest.param("نوفمبر|تشرين الثاني|تشرين ثاني|نونبر|November|novembre", 11, id="november"),
        pytest.param("ديسمبر|كانون الأول|كانون أول|دجنبر|دجمبر|December|décembre|déc.", 12, id="december"),
    ],
)
def test_every_month_has_its_names(names: str, month: int) -> None:
    expected = dt.datetime(2026, month, 7, 8, 0, tzinfo=dt.UTC)
    texts = [
        text
        for name in names.split("|")
        for text in (f"7 {name} 2026 08:00", f"{name} 7, 2026 08:00", f"08:00 7-{name}-2026")
    ]
    assert {text: parse_date(text) for text in texts} == dict.fromkeys(texts, expected)


@pytest.mark.parametrize(
    ("clock", "hour", "minute"),
    [
        pytest.param("12:30 ص", 0, 30, id="past-midnight"),
        pytest.param("12:30 م", 12, 30, id="past-noon-as-programs-write-it"),
        pytest.param("0:30 AM", 0, 30, id="past-midnight-from-zero"),
        pytest.param("4:15 فجراً", 4, 15, id="dawn"),
        pytest.param("10:15 قبل الظهر", 10, 15, id="before-noon"),
        pytest.param("11:45 ظهراً", 11, 45, id="towards-noon"),
        pytest.param("12:45 ظهراً", 12, 45, id="noon"),
        pytest.param("1:45 ظهراً", 13, 45, id="after-noon"),
        pytest.param("1:45 زوالاً", 13, 45, id="after-noon-in-morocco"),
        pytest.param("3 بعد الزوال", 15, 0, id="afternoon-in-morocco"),
        pytest.param("3 بعد الظهر", 15, 0, id="afternoon-hour-alone"),
        pytest.param("4:15 عصراً", 16, 15, id="late-afternoon"),
        pytest.param("6:15 مساءً", 18, 15, id="evening"),
        pytest.param("6:15 مساءًا", 18, 15, id="evening-with-an-alif-too-many"),
        pytest.param("6:15م", 18, 15, id="evening-letter-without-space"),
        pytest.param("11:15 ليلاً", 23, 15, id="before-midnight"),
        pytest.param("12:15 ليلاً", 0, 15, id="midnight-is-the-days-beginning"),
        pytest.param("2:15 ليلاً", 2, 15, id="after-midnight"),
        pytest.param("1:15 بعد منتصف الليل", 1, 15, id="after-midnight-in-full"),
        pytest.param("20:15 مساءً", 20, 15, id="evening-of-24-hours"),
        pytest.param("20:15 AM", 20, 15, id="contradiction-is-of-24-hours"),
        pytest.param("الساعة 9 صباحاً", 9, 0, id="the-hour-alone-in-the-morning"),
        pytest.param("الساعة 21", 21, 0, id="the-hour-alone-of-24"),
        pytest.param("9 a.m.", 9, 0, id="hour-alone"),
        pytest.param("مساء 9:15", 21, 15, id="evening-in-front"),
        pytest.param("9:15 من مساء أمس", 21, 15, id="in-the-evening"),
        pytest.param("9:15", 9, 15, id="none"),
    ],
)
def test_the_parts_of_the_day(clock: str, hour: int, minute: int) -> None:
    expected = dt.datetime(2026, 2, 13, hour, minute, tzinfo=dt.UTC)
    assert parse_date(f"الجمعة 13 فبراير 2026 {clock}") == expected


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        pytest.param(None, 8, id="utc-where-none-is-given"),
        pytest.param("Asia/Riyadh", 5, id="riyadh"),
        pytest.param("Africa/Casablanca", 7, id="casablanca"),
        pytest.param("Asia/Tehran", 4, id="tehran"),
        pytest.param("Africa/Cairo", 5, id="cairo-in-summer"),
        pytest.param("America/New_York", 12, id="new-york-in-summer"),
    ],
)
def test_the_sources_zone_holds_for_dates_that_carry_none(zone: str | None, hour: int) -> None:
    texts = (
        "22 يوليو 2026 08:00",
        "Wed, 22 Jul 2026 08:00:00",
        "2026-07-22T08:00:00",
        "20260722T080000",
        "20260722080000",
        "22/7/2026 08:00",
        "Wed, 22 Jul 2026 08:00:00 LOCAL",
        "22 يوليو 2026 08:00 بالتوقيت المحلي",
    )
    found = {text: parse_date(text, zone) for text in texts}
    minute = 30 if zone == "Asia/Tehran" else 0
    assert found == dict.fromkeys(texts, dt.datetime(2026, 7, 22, hour, minute, tzinfo=dt.UTC))
    assert {moment.tzinfo for moment in found.values() if moment} == {dt.UTC}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        pytest.param("2026-04-24 00:30", 22.5, id="gap-by-the-clock-not-put-forward"),
        pytest.param("2026-04-24", 22, id="a-day-that-begins-in-the-gap"),
        pytest.param("2026-04-24 01:00", 22, id="behind-the-gap"),
        pytest.param("2026-10-29 22:30", 19.5, id="before-the-fold"),
        pytest.param("2026-10-29 23:30", 20.5, id="fold-by-its-first-hour"),
        pytest.param("2026-10-30 00:30", 22.5, id="behind-the-fold"),
    ],
)
def test_cairos_clocks_are_put_forward_and_back_at_midnight(text: str, hours: float) -> None:
    month, day = (4, 23) if "-04-" in text else (10, 29)
    expected = dt.datetime(2026, month, day, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
    assert parse_date(text, "Africa/Cairo") == expected


#: Names of zones, the source's zone, and what 20:00 of that name is in UTC on 13 February and on 22 July 2026.
@pytest.mark.parametrize(
    ("name", "source_zone", "winter", "summer"),
    [
        pytest.param("AST", "Asia/Riyadh", 17, 17, id="ast-for-riyadh"),
        pytest.param("AST", "Asia/Dubai", 17, 17, id="ast-for-the-gulf"),
        pytest.param("AST", "Europe/London", 17, 17, id="ast-for-an-outlet-in-exile"),
        pytest.param("AST", None, 17, 17, id="ast-without-a-zone-is-arabia"),
        pytest.param("AST", "America/New_York", 24, 24, id="ast-for-the-americas"),
        pytest.param("AST", "America/Puerto_Rico", 24, 24, id="ast-for-the-atlantic"),
        # A fixed label behind local time: a program that knew of zones would have written EEST.
        pytest.param("EET", "Africa/Cairo", 18, 17, id="eet-for-cairo-is-the-wall-clock"),
        pytest.param("EEST", "Africa/Cairo", 18, 17, id="eest-for-cairo-is-the-wall-clock"),
        pytest.param("EET", "Asia/Beirut", 18, 17, id="eet-for-beirut-is-the-wall-clock"),
        pytest.param("EET", "Asia/Amman", 17, 17, id="eet-for-amman-that-gave-it-up"),
        pytest.param("EET", "Africa/Tripoli", 18, 18, id="eet-for-tripoli-that-has-no-summer-time"),
        pytest.param("EET", "Asia/Riyadh", 18, 18, id="eet-for-others"),
        pytest.param("EEST", None, 17, 17, id="eest-for-others"),
        pytest.param("CET", "Europe/Paris", 19, 18, id="cet-for-paris-is-the-wall-clock"),
        pytest.param("CET", "Africa/Algiers", 19, 19, id="cet-for-algiers"),
        pytest.param("KSA", "Asia/Riyadh", 17, 17, id="ksa"),
        pytest.param("TRT", "Europe/Istanbul", 17, 17, id="trt"),
        pytest.param("MSK", "Europe/Moscow", 17, 17, id="msk"),
        pytest.param("GST", "Asia/Dubai", 16, 16, id="gst"),
        pytest.param("IRST", "Asia/Tehran", 16.5, 16.5, id="irst"),
        pytest.param("PKT", "Asia/Karachi", 15, 15, id="pkt"),
        pytest.param("IST", "Asia/Kolkata", 14.5, 14.5, id="ist-for-india"),
        pytest.param("IST", "Asia/Jerusalem", 18, 17, id="ist-for-israel"),
        pytest.param("IST", "Asia/Hebron", 18, 17, id="ist-for-palestine"),
        pytest.param("IST", "Europe/Dublin", 20, 19, id="ist-for-ireland"),
        pytest.param("IST", "Asia/Riyadh", 14.5, 14.5, id="ist-for-others"),
        pytest.param("BST", "Europe/London", 20, 19, id="bst-for-london"),
        pytest.param("BST", "Asia/Dhaka", 14, 14, id="bst-for-dhaka"),
        pytest.param("BST", "Asia/Riyadh", 19, 19, id="bst-for-others"),
        pytest.param("CST", "Asia/Shanghai", 12, 12, id="cst-for-china"),
        pytest.param("CST", "America/Havana", 25, 24, id="cst-for-cuba"),
        pytest.param("CST", "Asia/Riyadh", 26, 26, id="cst-for-others-is-rfc822s"),
        pytest.param("EST", None, 25, 25, id="est-is-rfc822s"),
        pytest.param("EDT", "Asia/Riyadh", 24, 24, id="edt-is-rfc822s"),
        pytest.param("PST", "Africa/Cairo", 28, 28, id="pst-is-rfc822s"),
        pytest.param("GMT", "Europe/London", 20, 20, id="gmt-is-no-wall-clock"),
        pytest.param("UTC", "Africa/Cairo", 20, 20, id="utc"),
        pytest.param("XYZT", "Africa/Cairo", 18, 17, id="unknown-is-the-sources"),
        pytest.param("Z", "Africa/Cairo", 20, 20, id="z"),
        pytest.param("Europe/Brussels", "Asia/Riyadh", 19, 18, id="iana"),
        pytest.param("America/Los_Angeles", "Asia/Riyadh", 28, 27, id="iana-of-two-words"),
        pytest.param("Etc/GMT-3", "Africa/Cairo", 17, 17, id="posix-turns-the-sign"),
        pytest.param("Asia/Atlantis", "Africa/Cairo", 18, 17, id="iana-unknown"),
        pytest.param("+3", "Africa/Cairo", 17, 17, id="plus-3"),
        pytest.param("+03", "Africa/Cairo", 17, 17, id="plus-03"),
        pytest.param("+330", "Africa/Cairo", 16.5, 16.5, id="plus-330"),
        pytest.param("-3:30", "Africa/Cairo", 23.5, 23.5, id="minus-3:30"),
        pytest.param("GMT+3:30", "Africa/Cairo", 16.5, 16.5, id="gmt+3:30"),
        pytest.param("UTC + 3", "Africa/Cairo", 17, 17, id="spaced-plus"),
        pytest.param("بتوقيت غرينيتش", "Africa/Cairo", 20, 20, id="greenwich"),
        pytest.param("بالتوقيت العالمي", "Africa/Cairo", 20, 20, id="universal"),
        pytest.param("بتوقيت مكة المكرمة", "Africa/Cairo", 17, 17, id="mecca"),
        pytest.param("بتوقيت السعودية", "Africa/Cairo", 17, 17, id="saudi-arabia"),
        pytest.param("بتوقيت أبو ظبي", "Africa/Cairo", 16, 16, id="abu-dhabi"),
        pytest.param("(بتوقيت القاهرة)", "Asia/Riyadh", 18, 17, id="cairo"),
        pytest.param("بتوقيت عمان", "Asia/Amman", 17, 17, id="amman-or-oman-is-the-sources"),
        pytest.param("بتوقيت عمان", "Asia/Muscat", 16, 16, id="oman-or-amman-is-the-sources"),
        pytest.param("بتوقيت مكة (17:00 بتوقيت غرينتش)", "Africa/Cairo", 17, 17, id="the-first-of-two"),
        pytest.param("| 17:00 GMT", "Africa/Tripoli", 18, 18, id="of-another-clock"),
    ],
)
def test_the_names_of_zones(name: str, source_zone: str | None, winter: float, summer: float) -> None:
    found = (
        parse_date(f"Fri, 13 Feb 2026 20:00:00 {name}", source_zone),
        parse_date(f"22 يوليو 2026 8:00 م {name}", source_zone),
    )
    assert found == (
        dt.datetime(2026, 2, 13, tzinfo=dt.UTC) + dt.timedelta(hours=winter),
        dt.datetime(2026, 7, 22, tzinfo=dt.UTC) + dt.timedelta(hours=summer),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Fri, 13 Feb 2026 20:00:00 +0300" + " " * 100_000, id="blanks-behind"),
        pytest.param("\n" * 100_000 + "2026-02-13T20:00:00+03:00", id="line-ends-in-front"),
        pytest.param("13 فبراير 2026 20:00 بتوقيت مكة " + "أخبار " * 20_000, id="words-behind"),
    ],
)
def test_a_date_in_a_huge_text(text: str) -> None:
    assert parse_date(text) == dt.datetime(2026, 2, 13, 17, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "piece", ["1", "13 ", "فبراير 200 ", "(", "شهر ", "20:0", "1/", "\u200f", "ﷺ", "GMT+", "asia/a"]
)
def test_a_huge_text_without_a_date(piece: str) -> None:
    assert parse_date(piece * 100_000, "Africa/Cairo") is None


def test_real_feeds_are_read_as_the_standard_library_reads_them(shared: pathlib.Path) -> None:
    feeds = (path.read_text("utf-8", "replace") for path in (shared / "data" / "feeds" / "real").iterdir())
    found = {text for feed in feeds for text in re.findall(r"<pubDate>\s*([^<]+?)\s*</pubDate>", feed)}
    # Some feed gives the year 1 to what has no date.
    expected = {text: parsedate_to_datetime(text) for text in found if " 0001 " not in text}
    assert len(expected) > 500
    assert {text: parse_date(text) for text in expected} == expected


ZONES = st.sampled_from([None, "Asia/Riyadh", "Africa/Cairo", "America/New_York"])
PIECES = st.sampled_from(
    re.findall(
        r"\S+|[ \u200f]",
        "13 فبراير شباط كانون الثاني 2026 26 Feb Fri, 20:00 8:00 24:00 :60 T Z م ص ليلا p.m. AST EET GMT Etc/ Asia/ "
        "بتوقيت مكة الساعة 13/ 02- - + ( ) , . ; &nbsp; 0300 ١٣ 1770969600",
    )
)


@given(st.text() | st.text(alphabet="0123456789 +-:/.tzgmt٠١٩صم") | st.lists(PIECES).map("".join), ZONES)
def test_any_text_is_a_moment_in_utc_or_none(text: str, zone: str | None) -> None:
    moment = parse_date(text, zone)
    assert moment is None or (moment.tzinfo is dt.UTC and 1989 <= moment.year <= 2101)


FORMS = st.sampled_from(
    [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%dT%H%M%S",
        "%Y/%m/%d %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d.%m.%y %H:%M:%S",
        "%H:%M:%S - %d-%m-%Y",
        "%d/%m/%Y %I:%M:%S %p",
        "%a, %d %b %Y %H:%M:%S",
        "%d %B %y %H:%M:%S",
        "%A, %B %d, %Y at %I:%M:%S %p",
        "%a %b %d %H:%M:%S %Y",
        "%Y-%b-%d %H:%M:%S",
        "%Hh%M:%S %d %B %Y",
    ]
)
DIGITS = st.sampled_from([{}, ARABIC_DIGITS, PERSIAN_DIGITS])
MARKS = st.sampled_from(["{}", "\u200f{}\u200f", "\u202b{}\u202c", " {}\n", "\u2067{}\u2069"])


@given(st.integers(min_value=0, max_value=50 * 365 * 86_400), FORMS, DIGITS, MARKS, st.booleans())
def test_every_second_comes_back_from_every_form(
    seconds: int, form: str, digits: dict[int, int], marks: str, offset: bool
) -> None:
    second = dt.datetime(2000, 1, 1, tzinfo=ZoneInfo("Asia/Riyadh")) + dt.timedelta(seconds=seconds)
    text = f"{second.strftime(form)}{' +0300' if offset else ''}".translate(digits)
    assert parse_date(marks.format(text), "America/Lima" if offset else "Asia/Riyadh") == second
