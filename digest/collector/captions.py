"""Photographs' captions and credits, told from paragraphs. Pure functions on tidy plain text."""

from __future__ import annotations

import re

from digest.collector.phrases import AGENCIES, holds_any, one_of

#: Characters; what is longer is a paragraph.
LONGEST_CAPTION = 250

_OTHER_CREDITS = one_of(
    r"""
    [غج]يتي(?: [إا]ي?ماجي?ز| [إا]يمدجز)?
    شاترستوك
    (?:ال)?[أا]رشيفي?ة?
    متداولة
    (?:ال)?[إا]نترنت
    تويتر
    إكس
    فيسبوك
    [إا]نستغرام
    يوتيوب
    تلي?غرام
    تيك توك
    (?:مواقع|وسائل) التواصل(?: الاجتماعي)?
    (?:ال)?وكالات
    الشرق الأوسط
    الجزيرة
    (?i:getty(?: images)?|shutterstock|istock|alamy|unsplash|archives?|file)(?![A-Za-z])
    """
)
_CREDIT = f"(?:{AGENCIES}|{_OTHER_CREDITS})"
_CREDITS = rf"{_CREDIT}(?:(?: ?[-–/،,|+] ?| (?i:via|عبر|من) | ){_CREDIT})*"
# A photographer, an account or a year may stand beside the agency: (سالم الراوي - رويترز).
_BESIDE = r"[^()\[\]]{1,40}"
_IN_BRACKETS = re.compile(
    rf"(?P<shown>.*?) ?[(\[] ?(?:{_BESIDE}(?:[-–/|:©]| via ) ?)?{_CREDITS}(?: ?(?:[-–/|]| via ){_BESIDE})? ?[)\]]"
)
# Fewer words before the dash are a dateline's place.
_AFTER_A_DASH = re.compile(rf"(?P<shown>(?:\S+ ){{4,}}?\S+)(?: [-–—|/] ?| ?[©|] ?){_CREDITS}")
_DASHES = "-–—|/©"
_CREDIT_ALONE = re.compile(
    r"[(\[ ]*"
    + one_of(
        r"""
        (?:[م]?صدر )?الصورة ?[:،,/]?
        صورة ?[:/]?
        المصدر ?:
        تصوير ?[:/]?
        عدسة ?[:/]?
        (?i:photos?|image|picture|credit|source|crédit photo)(?: by| credit)? ?[:/©]?
        """
    )
    + rf"?[(\[© ]*{_CREDITS}[)\] ]*|[(\[] ?(?:تصوير(?: ?[:/] ?| )|ب?عدسة ?[:/] ?)\w[^()\[\]:.،]{{1,40}}[)\]]"
)
# The BBC's pages give their pictures' credits and captions such labels; where a caption ends they do not say.
_LABEL = re.compile(
    rf"[م]?صدر الصورة ?[:،,] ?{_CREDITS}(?!\w)[ ،,.|]*(?:التعليق على الصورة ?[:،,] ?)?|التعليق على الصورة ?[:،,] ?"
)
_NAMES_A_PICTURE = re.compile(
    one_of(
        r"""
        [م]?صدر الصورة
        التعليق على الصورة
        تعليق الصورة
        (?:ال)?صورة ?:
        (?:تصوير|عدسة) ?[:/]
        ©
        (?i:(?:photo|image|picture|photograph)s?(?: credit| courtesy)? ?[:/©])
        (?i:(?:photo|image|picture|photograph) (?:by|courtesy))
        (?i:crédit photo|file photo)
        """
    )
    + r"(?!\w)"
)
# These may begin a sentence as well: صورة من الفضاء تكشف…
_SHOWS_A_PICTURE = re.compile(
    one_of(
        """
        صورة (?:من|أرشيفية|تعبيرية|توضيحية|متداولة|وزعتها|وزعها|نشرتها|نشرها)
        لقطة (?:شاشة|من (?:ال)?فيديو|من مقطع|من شريط)
        [أا]رشيفية
        """
    )
    + r"(?!\w)"
)
# A paragraph may end with its agency in brackets; it reports, where a caption shows.
_REPORTS = re.compile(
    r"[وف]?"
    + one_of(
        """
        (?:قال|أعلن|أكد|ذكر|أفاد|أضاف|أوضح|كشف|نقل|نشر|صرح|أشار|شدد|طالب|توقع|حذر|أدان)(?:ت|وا|ا)?
        (?:قُ?تل|أُ?صيب|وصل|وقع|تابع|كان|رفض|اتهم|وافق|قرر|لفت|يذكر|تجدر|تراجع|ارتفع|انخفض)(?:ت|وا|ا)?
        (?:دعا|دعت|نفى|نفت|قضى|قضت|أبدى|أبدت|يقول|تقول|بحسب|وفقا\u064b?)
        """
    )
    + r"(?!\w)"
)
_CITES = re.compile(r".*(?:وكالة|منصة|موقع|قناة|صحيفة|تطبيق|شبكة|حساب)(?: \S+){0,4}$")
_SENTENCE_ENDS = re.compile(r"[.!؟?…] |[.!؟?…]$")


def is_credit(line: str) -> bool:
    """Tell whether a whole line is a photograph's credit and nothing else.

    >>> is_credit("(أ.ف.ب)"), is_credit("مصدر الصورة: رويترز"), is_credit("صورة قاتمة")
    (True, True, False)
    """
    return _CREDIT_ALONE.fullmatch(line) is not None


def after_captions_label(line: str) -> str:
    """Return a line without the picture's credit and the words "caption of the picture" at its head.

    >>> after_captions_label("مصدر الصورة، Getty Images التعليق على الصورة، سفينة في الميناء")
    'سفينة في الميناء'
    """
    label = _LABEL.match(line)
    return line[label.end() :] if label else line


def is_caption(line: str) -> bool:
    """Tell whether a whole line is a photograph's caption with its credit, or the credit alone.

    >>> is_caption("الوزير سالم الراوي في الميناء (رويترز)")
    True
    >>> is_caption("وأضاف الوزير أن الميناء سيفتح غداً (رويترز)")
    False
    """
    if len(line) > LONGEST_CAPTION:
        return False
    if is_credit(line) or _NAMES_A_PICTURE.match(line):
        return True
    if _SHOWS_A_PICTURE.match(line):
        return not _SENTENCE_ENDS.search(line)
    in_brackets = line.endswith((")", "]"))
    if not in_brackets and not holds_any(line, _DASHES):
        return False
    credited = (_IN_BRACKETS if in_brackets else _AFTER_A_DASH).fullmatch(line)
    return credited is not None and _shows(credited["shown"])


def _shows(text: str) -> bool:
    return not (_SENTENCE_ENDS.search(text) or _REPORTS.match(text) or _CITES.match(text))
