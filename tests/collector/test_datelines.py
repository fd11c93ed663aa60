"""Where a report was filed: the forms of the Arabic press, and the sentences that only look like one."""

from __future__ import annotations

import gzip
import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.boilerplate import split_dateline
from digest.text.tidy import tidy_paragraph
from tests.text.alphabets import anything

OWN = ("صوت الواحة", "waha.example")
NEWS = "قال الوزير سالم الراوي إن الميناء سيفتح غداً."


@pytest.mark.parametrize(
    ("dateline", "place"),
    [
        pytest.param("موسكو – رويترز:", "موسكو", id="dash-and-colon"),
        pytest.param("موسكو - رويترز", "موسكو", id="dash-alone"),
        pytest.param("واشنطن - أ ف ب", "واشنطن", id="afp"),
        pytest.param("واشنطن – أ.ف.ب:", "واشنطن", id="afp-with-stops"),
        pytest.param("رام الله - وفا -", "رام الله", id="two-words"),
        pytest.param("دمشق-سانا", "دمشق", id="no-spaces"),
        pytest.param("القاهرة (رويترز) -", "القاهرة", id="reuters"),
        pytest.param("باريس (أ ف ب) –", "باريس", id="afp-in-brackets"),
        pytest.param("(رويترز) -", "", id="agency-only"),
        pytest.param("(CNN)--", "", id="cnn"),
        pytest.param(
            "دبي، الإمارات العربية المتحدة (CNN)—", "دبي، الإمارات العربية المتحدة", id="cnn-with-place"
        ),
        pytest.param("دبي - العربية.نت", "دبي", id="alarabiya"),
        pytest.param("دبي – العربية نت:", "دبي", id="alarabiya-without-stop"),
        pytest.param("دبي - سالم الراوي - العربية.نت", "دبي", id="with-the-author"),
        pytest.param("بغداد/الأناضول", "بغداد", id="anadolu"),
        pytest.param("إسطنبول / الأناضول", "إسطنبول", id="anadolu-with-spaces"),
        pytest.param("القدس المحتلة/ صفا -", "القدس المحتلة", id="slash-and-dash"),
        pytest.param("غزة/ سالم الراوي/ صفا:", "غزة", id="slash-and-colon-with-the-author"),
        pytest.param("إسطنبول/ سالم الراوي/ الأناضول", "إسطنبول", id="anadolu-with-the-author"),
        pytest.param('غزة - "القدس العربي":', "غزة", id="quoted"),
        pytest.param("لندن ـ «القدس العربي»:", "لندن", id="tatweel-for-a-dash"),
        pytest.param("القاهرة: «الشرق الأوسط»:", "القاهرة", id="colon-and-quoted"),
        pytest.param("القاهرة: «صوت الواحة»", "القاهرة", id="colon-and-own-name"),
        pytest.param("القاهرة - صوت الواحة:", "القاهرة", id="own-name"),
        pytest.param("«الشرق الأوسط» (موسكو)", "موسكو", id="place-in-brackets"),
        pytest.param("«صوت الواحة» (القاهرة)", "القاهرة", id="own-name-and-place-in-brackets"),
        pytest.param("صوت الواحة -", "", id="own-name-alone"),
        pytest.param("لندن، باريس - رويترز، أ ف ب:", "لندن، باريس", id="two-places-two-agencies"),
        pytest.param("بيروت - «صوت الواحة» ووكالات:", "بيروت", id="outlet-and-agencies"),
        pytest.param("عواصم - وكالات:", "", id="capitals"),
        pytest.param("وكالات - عواصم:", "", id="agencies-first"),
        pytest.param("واس - الرياض -", "الرياض", id="agency-first"),
        pytest.param("موسكو - سبوتنيك.", "موسكو", id="sputnik"),
        pytest.param("برلين 23 نوفمبر (د ب أ) –", "برلين", id="with-a-date"),
        pytest.param("الكويت - 12 - 3 (كونا) --", "الكويت", id="with-day-and-month"),
        pytest.param("أبوظبي في 12 مارس / وام /", "أبوظبي", id="between-slashes"),
        pytest.param("المنامة /بنا/", "المنامة", id="between-slashes-without-a-date"),
        pytest.param("تونس ٣ مارس ٢٠٢٦ (وات) -", "تونس", id="arabic-digits"),
        pytest.param("عمان 12 آذار (بترا)-", "عمان", id="levantine-month"),
        pytest.param("الخرطوم 3-3-2026 (سونا)-", "الخرطوم", id="with-a-whole-date"),
        pytest.param("رام الله 3-3-2026 وفا-", "رام الله", id="no-brackets"),
        pytest.param(
            "الرياض 12 جمادى الأولى 1447 هـ الموافق 3 نوفمبر 2025 م واس", "الرياض", id="hijri-and-gregorian"
        ),
        pytest.param("الرباط – و م ع:", "الرباط", id="map"),
        pytest.param("طرابلس - (وال) -", "طرابلس", id="dash-and-brackets"),
        pytest.param("القاهرة - أ ش أ:", "القاهرة", id="mena"),
        pytest.param("New York - AFP:", "New York", id="latin"),
    ],
)
def test_a_dateline_is_cut(dateline: str, place: str) -> None:
    assert split_dateline(f"{dateline} {NEWS}", OWN) == (place, NEWS)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        pytest.param("القاهرة: «الشرق الأوسط»", "القاهرة", id="colon"),
        pytest.param("دبي - العربية.نت", "دبي", id="dash"),
        pytest.param("«الشرق الأوسط» (موسكو)", "موسكو", id="brackets"),
        pytest.param("واس - الرياض", "الرياض", id="agency-first"),
        pytest.param("عواصم - وكالات", "", id="capitals"),
    ],
)
def test_a_dateline_may_be_all_of_a_line(line: str, place: str) -> None:
    assert split_dateline(line, OWN) == (place, "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(NEWS, id="a-sentence"),
        pytest.param("لبنان: مقتل ثلاثة في انهيار مبنى", id="a-place-and-a-colon"),
        pytest.param("موسكو: سنرد على العقوبات", id="who-says-it"),
        pytest.param("رويترز: الحلف يدرس الانسحاب", id="the-agency-says-it"),
        pytest.param("روسيا - أوكرانيا: محادثات جديدة", id="two-countries"),
        pytest.param("مكة المكرمة - توقيع اتفاقية جديدة", id="a-place-and-a-dash"),
        pytest.param("القاهرة: رويترز تنقل مكتبها إلى الجيزة", id="an-agency-does-something"),
        pytest.param("موسكو تعلن: رويترز", id="a-sentence-and-an-agency"),
        pytest.param("إيران: «الشرق الأوسط» الجديد وهم", id="the-middle-east"),
        pytest.param("أعلن البيت الأبيض (رويترز) - قال", id="a-verb-first"),
        pytest.param("نقلت وكالة الأنباء (رويترز) عن مصدر", id="the-agency-reports"),
        pytest.param("واشنطن تدرس (رويترز) خياراتها", id="no-closing-mark"),
        pytest.param("القاهرة 12 مارس ومع اقتراب العيد", id="a-word-like-an-agency"),
        pytest.param("الرباط - ومع اقتراب العيد", id="a-word-like-an-agency-after-a-dash"),
        pytest.param("طهران - فارس يفوز بالكأس", id="a-name-like-an-agency"),
        pytest.param("مرة كل 4 أعوام، يقوم الاتحاد (فيفا) بجولة", id="an-agency-inside-a-word"),
        pytest.param("الوزير سالم الراوي (إ.ب.أ)", id="a-caption"),
        pytest.param("الخليج - العربي: قمة جديدة", id="half-of-a-name"),
    ],
)
def test_news_is_no_dateline(text: str) -> None:
    assert split_dateline(text, OWN) == ("", text)


def test_an_outlet_may_be_named_after_its_city() -> None:
    assert split_dateline(f"الرياض - واس: {NEWS}", ("الرياض",)) == ("الرياض", NEWS)


@given(anything, st.lists(anything, max_size=3))
def test_the_rest_is_the_end_of_the_text(text: str, names: list[str]) -> None:
    place, rest = split_dateline(text, names)
    assert text.endswith(rest)
    assert place in text


def test_real_headlines_have_none(shared: pathlib.Path) -> None:
    """Of 20,690 headlines none begins with a dateline; of the articles' own texts those of one outlet do."""
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    titles = [tidy_paragraph(item["title"]) for item in items]
    assert not [title for title in titles if split_dateline(title) != ("", title)]
    texts = [
        (item["outlet"], tidy_paragraph(item["text"].split("\n")[0])) for item in items if item.get("text")
    ]
    filed = [outlet for outlet, text in texts if split_dateline(text)[1] != text]
    assert len(filed) > 80
    assert set(filed) == {"cnn"}
