"""What stands where on the screen: Chromium lays each text out, and its letters are read off from left to right."""

from __future__ import annotations

import gzip
import json
import pathlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mailer.render import bidi_html
from digest.text.bidi import isolate_plain, lead_rtl, split_runs
from digest.text.tidy import tidy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Every character that has a width, from left to right.
_READ = """(texts) => texts.map(([html, dir]) => {
  const line = document.createElement('div');
  line.style.whiteSpace = 'pre'; line.style.position = 'absolute';
  line.setAttribute('dir', dir); line.innerHTML = html;
  document.body.replaceChildren(line);
  const seen = [], walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    for (let at = 0; at < text.data.length; at++) {
      const range = document.createRange();
      range.setStart(text, at); range.setEnd(text, at + 1);
      const box = range.getBoundingClientRect();
      if (box.width > 0.01) seen.push([box.left, text.data[at]]);
    }
  }
  return seen.sort((one, other) => one[0] - other[0]).map(([, letter]) => letter).join('');
})"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """A page of Chromium, for all tests of this module."""
    return browser.new_page()


@pytest.fixture(scope="module")
def real_headlines(shared: pathlib.Path) -> list[str]:
    """Headlines of real days that hold a run."""
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = {tidy(json.loads(line)["title"] or "") for line in lines}
    return sorted(title for title in titles if any(ltr for _, ltr in split_runs(title)))[:600]


def _both(tab: Page, text: str, around: str = "rtl") -> tuple[str, str]:
    """Return what is seen of a text, as HTML with spans and as plain text with isolates."""
    plain = isolate_plain(text, around).replace("&", "&amp;").replace("<", "&lt;")
    html, as_text = tab.evaluate(_READ, [[str(bidi_html(text, around)), around], [plain, around]])
    return html, as_text


def _from_right(*parts: str) -> str:
    """Return what parts look like that follow one another from right to left; Arabic ones are mirrored."""
    shown = [part if part.isascii() or part[0] in "€£−±" else part[::-1] for part in parts]
    return "".join(reversed(shown))


_HELD = [
    pytest.param("ارتفع 3.2% اليوم", ["3.2%"], id="a percentage"),
    pytest.param("ارتفع 3.2٪ اليوم", ["3.2٪"], id="an Arabic percent sign"),
    pytest.param("نسبة 50 % اليوم", ["50 %"], id="a percentage with a space"),
    pytest.param("تراجع -5% أمس", ["-5%"], id="a negative percentage"),
    pytest.param("الحرارة −5 فجراً", ["−5"], id="a true minus"),
    pytest.param("بهامش ±2 نقطة", ["±2"], id="plus or minus"),
    pytest.param("نمو +7 نقاط", ["+7"], id="a plus"),
    pytest.param("فوز 3-1 مستحق", ["3-1"], id="a score"),
    pytest.param("بين 2015-2026 هناك", ["2015-2026"], id="a range of years"),
    pytest.param("بين 10–20 قتيلاً", ["10–20"], id="a range with a dash"),
    pytest.param("الساعة 14:30 مساء", ["14:30"], id="a time"),
    pytest.param("يوم 13/02/2026 مساء", ["13/02/2026"], id="a date"),
    pytest.param("بقيمة $1,250.50 نقداً", ["$1,250.50"], id="dollars before"),
    pytest.param("بقيمة 20€ نقداً", ["20€"], id="euros behind"),
    pytest.param("بقيمة 20 € نقداً", ["20 €"], id="euros behind a space"),
    pytest.param("من 12 000 شخص", ["12 000"], id="thousands parted by a space"),
    pytest.param("اتصل على +966 11 123 4567 فقط", ["+966 11 123 4567"], id="a phone number"),
    pytest.param("أو (02) 2345-6789 فقط", ["(02) 2345-6789"], id="a phone number with brackets"),
    pytest.param("لغة C++ وC# أسرع", ["C++", "C#"], id="marks behind a letter"),
    pytest.param("منصة .NET هنا", [".NET"], id="a full stop before a name"),
    pytest.param("قمة COP-31 للمناخ", ["COP-31"], id="a hyphen and a number"),
    pytest.param("مقاتلة F-16 وأخرى", ["F-16"], id="a letter and a number"),
    pytest.param("قمة G7 اليوم", ["G7"], id="a letter and a digit"),
    pytest.param("هاتف iPhone 17 الجديد", ["iPhone 17"], id="a name and its number"),
    pytest.param("طائرة Boeing 737-800 سقطت", ["Boeing 737-800"], id="a model of two numbers"),
    pytest.param("نظام iOS 11.3 صدر", ["iOS 11.3"], id="a version"),
    pytest.param("منصة Disney+ وCanal+ معاً", ["Disney+", "Canal+"], id="a plus behind a name"),
    pytest.param("شركة AT&T قالت", ["AT&T"], id="an ampersand"),
    pytest.param("قال Dr. John Smith إن", ["Dr. John Smith"], id="a title with a full stop"),
    pytest.param("جيش U.S. Army هنا", ["U.S. Army"], id="an abbreviation"),
    pytest.param("فيلم «Top Gun: Maverick» يعود", ["Top Gun: Maverick"], id="a title with a colon"),
    pytest.param("عبر https://a.example/x?b=1&c=2#d إذن", ["https://a.example/x?b=1&c=2#d"], id="a URL"),
    pytest.param("موقع www.a.example/x/ هنا", ["www.a.example/x/"], id="a URL without its scheme"),
    pytest.param("راسلوا news@a.example الآن", ["news@a.example"], id="an e-mail address"),
    pytest.param("وسم #COP31 و@mujaz_news", ["#COP31", "@mujaz_news"], id="a hashtag and a name"),
    pytest.param("مجلة Élan-Vital! قالت", ["Élan-Vital"], id="accents"),
    pytest.param("جريدة Правда-24 كتبت", ["Правда-24"], id="Cyrillic"),
    pytest.param("حرارة 25° اليوم", ["25°"], id="degrees"),
    pytest.param("أكثر من 50+ موقعاً", ["50+"], id="a plus behind a number"),
]


@pytest.mark.parametrize(("text", "runs"), _HELD)
def test_a_run_shows_as_it_was_written(tab: Page, text: str, runs: list[str]) -> None:
    for seen in _both(tab, text):
        assert [run for run in runs if run not in seen] == []
        # Its neighbours stay on their sides: the first word is on the right.
        assert seen.endswith(text.split()[0][::-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("لقاح كوفيد-19 متاح", _from_right("كوفيد", "-", "19"), id="a hyphen behind Arabic letters"),
        pytest.param("مقاتلات إف-16 هنا", _from_right("إف", "-", "16"), id="an aircraft in Arabic letters"),
        pytest.param("فوز صفر-1 أمس", _from_right("صفر", "-", "1"), id="a score with a word"),
        pytest.param("بقيمة 5 مليارات $ نقداً", _from_right("5", " ", "مليارات", " ", "$"), id="a sign behind words"),
        pytest.param("بقيمة $5 مليارات نقداً", _from_right("$5", " ", "مليارات"), id="a sign before a number"),
        pytest.param("الأهلي 3 - 1 الزمالك", _from_right("الأهلي", " ", "3", " - ", "1", " ", "الزمالك"), id="each figure beside its team"),
        pytest.param("في 2026 Apple هناك", _from_right("في", " ", "2026", " ", "Apple"), id="a number before a name"),
        pytest.param("سهم Apple 3.2% اليوم", _from_right("Apple", " ", "3.2%"), id="a figure behind a name"),
        pytest.param("فوز Orbita 3-1 أمس", _from_right("Orbita", " ", "3-1"), id="a score behind a name"),
        pytest.param("بين BBC وCNN اليوم", _from_right("BBC", " ", "و", "CNN"), id="two names and a particle"),
        pytest.param("قالت Reuters.", _from_right("قالت", " ", "Reuters", "."), id="a stop behind a name"),
        pytest.param("(Orbita) ترسو", _from_right("(", "Orbita", ")"), id="brackets, seen mirrored"),
        # The sign on the right, ٪ on the left: CLDR for Arabic with its own digits.
        pytest.param("ارتفع ٣٫٢٪ اليوم", "٪٣٫٢", id="a percentage in Arabic digits"),
        pytest.param("الحرارة -٥ فجراً", "٥-", id="a negative number in Arabic digits"),
        pytest.param("فوز ٣-١ مستحق", "١-٣", id="a score in Arabic digits, read from the right"),
        pytest.param("يوم ١٣/٠٢/٢٠٢٦ مساء", "١٣/٠٢/٢٠٢٦", id="a date in Arabic digits"),
        pytest.param("الساعة ١٤:٣٠ مساء", "١٤:٣٠", id="a time in Arabic digits"),
    ],
)  # fmt: skip
def test_what_goes_from_right_to_left_does(tab: Page, text: str, expected: str) -> None:
    html, plain = _both(tab, text)
    assert expected in html
    assert html == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Al-Ahram (الأهرام) says", "Al-Ahram (مارهألا) says", id="a name in brackets"),
        pytest.param("He said «نعم»: no", "He said «معن»: no", id="a quotation"),
        pytest.param("The كوفيد-19 wave", "The 19-ديفوك wave", id="a name with a number"),
        pytest.param("Up ٣٫٢٪ today", "Up ٪٣٫٢ today", id="a percentage in Arabic digits"),
        pytest.param("Won ٣-١ at home", "Won ١-٣ at home", id="a score in Arabic digits"),
        pytest.param("Both شراع, صدف: two", "Both فدص ,عارش: two", id="two names"),
        pytest.param("Fell -5% to $3.2", "Fell -5% to $3.2", id="nothing to hold"),
        pytest.param("شراع 3-1 C++", "C++ 3-1 عارش", id="Arabic first: all of it"),
    ],
)
def test_arabic_is_held_together_in_left_to_right_text(tab: Page, text: str, expected: str) -> None:
    html, plain = _both(tab, text, "ltr")
    assert (html, plain) == (expected, expected)


def test_without_isolates_the_runs_break(tab: Page) -> None:
    broken = tab.evaluate(
        _READ, [["لغة C++ هنا", "rtl"], ["ارتفع 3.2% اليوم", "rtl"], ["فوز 3-1 مستحق", "rtl"]]
    )
    assert ["++C" in broken[0], "%3.2" in broken[1], "1-3" in broken[2]] == [True, True, True]


@pytest.mark.parametrize(
    "text", ["Apple تعلن أرباحها", "3.2% نمو", "😀 خبر", "🇪🇬 مصر", "«Orbita» ترسو", "- خبر"]
)
def test_a_led_text_runs_from_right_to_left_where_the_client_decides(tab: Page, text: str) -> None:
    led, asked = tab.evaluate(_READ, [[lead_rtl(isolate_plain(text)), "auto"], [isolate_plain(text), "rtl"]])
    assert led == asked


_RUNS = ["3.2%", "-5", "±2", "3-1", "C++", "G7", "F-16", "iPhone", "AT&T", "$5", "20€", "14:30", "@mujaz", "#COP31", "a@b.example", "+966 11 123 4567"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["قمة", "في", "«نعم»", "الرياض،", "(غداً)", "2026"]), st.sampled_from(_RUNS)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_in_any_sentence_words_and_runs_follow_one_another_from_the_right(
    tab: Page, pairs: list[tuple[str, str]]
) -> None:
    # An Arabic word stands between two runs: what follows a Latin word may belong to it.
    text = " ".join(f"ثم {word} و {run} ثم" for word, run in pairs)
    for seen in _both(tab, text):
        place = len(seen)
        for _, run in pairs:
            place = seen.rfind(run, 0, place)
            assert place >= 0, (text, seen)


def test_real_headlines_keep_every_run_whole(tab: Page, real_headlines: list[str]) -> None:
    runs = [[piece for piece, ltr in split_runs(text) if ltr] for text in real_headlines]
    seen = tab.evaluate(_READ, [[str(bidi_html(text)), "rtl"] for text in real_headlines])
    assert sum(map(len, runs)) > 100
    broken = [
        text
        for text, held, shown in zip(real_headlines, runs, seen, strict=True)
        if [run for run in held if " ".join(run.split()) not in shown]
    ]
    assert broken == []
