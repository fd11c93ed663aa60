"""Where a report was filed, as newspapers say it before the first sentence: `موسكو – رويترز: قال الوزير`.

A place and a colon alone are news (`لبنان: مقتل ثلاثة`): a dateline names the agency or the outlet as well.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from digest.collector.phrases import AGENCIES, one_of

# Names that are words as well, or the names of outlets: the mark that closes a dateline must follow.
_NAMES = one_of(
    """
    قنا
    كونا
    بنا
    بترا
    واع
    نينا
    وفا
    معا
    سونا
    وات
    وال
    وأج
    واج
    و ?م ?ع
    إرنا
    فارس
    تسنيم
    مهر
    تاس
    إفي
    آكي
    أنسا
    كيودو
    العُ?مانية
    سبأ
    صفا
    و?(?:ال)?وكالات
    الشرق الأوسط
    القدس العربي
    العربي الجديد
    """
)
_WORD = r"[^\W\d_](?:[^\W\d_]|[\u064b-\u0652\u0670'’])*"
_WORD_BEGINS, _WORD_ENDS = r"(?<![^\W\d_])", r"(?![^\W\d_])"
_PLACE = rf"{_WORD}(?: {_WORD}){{0,3}}"
_PLACES = rf"{_PLACE}(?: ?[،,/] ?{_PLACE}){{0,3}}"
# The lengthened hyphen ـ serves as a dash where spaces part it from the words.
_DASH = r"(?: ?[-–—]{1,3} ?| ـ+ )"
_DAY = (
    r"(?:في )?\d{1,2}(?: ?[-/] ?\d{1,2}(?: ?[-/] ?\d{2,4})?|(?: [^\W\d_]+){1,3}(?:[ ،]+\d{4})?)"
    r"(?: ?هـ?,?)?(?: ?الموافق \d{1,2} [^\W\d_]+(?: \d{4})?)?(?: ?م(?= ))?"
)
# What closes a dateline; the line's end does so as well.
_CLOSED = r"(?: ?[-–—]{1,3}| ـ+(?= )| ?:| ?$)"
_CLOSED_OR_STOPPED = r"(?: ?[-–—]{1,3}| ـ+(?= )| ?:|\.(?= |$)| ?$)"
# Who reports or did something, not where: such an opening is a sentence's.
_NO_PLACE = re.compile(
    one_of(
        r"""
        و?(?:قال|أعلن|أكد|ذكر|أفاد|أضاف|أوضح|كشف|نقل|نشر|صرح|أشار|بث|نسب)ت?\b
        (?:بحسب|وفق|وفقا|حسب|عن|في|من|إلى|على|بعد|قبل|خلال)\b
        (?:ال)?(?:رئيسة?|وزيرة?|ملك|أميرة?|جنديا?|مقاتل)\b
        .*\b(?:ال)?(?:وكالة|وكالات|صحيفة|قناة|موقع|شبكة|استطلاع|مصدر|مصادر)\b
        """
    )
)
# Datelines that name no place.
_EVERYWHERE = re.compile(r"(?:ال)?عواصم(?: .*)?|(?:ال)?وكالات|متابع(?:ة|ات)|خاص|وطنية")
_LEFT_OVER = " :.-–—ـ/،"
#: Characters: no dateline is longer.
_LONGEST = 150

# Stands for a name of the text's own outlet, so that the patterns below serve every outlet.
_OWN_NAME = "\ue000"
_NAME = rf"(?:{_WORD_BEGINS}(?:{AGENCIES}|{_NAMES}){_WORD_ENDS}|{_OWN_NAME})"
_QUOTED = rf'[«"“] ?{_NAME} ?[»"”]'
_MAY_BE_QUOTED = rf"(?:{_QUOTED}|{_NAME})"
_SEVERAL = rf'{_MAY_BE_QUOTED}(?: ?(?:[-–—/،,+|]|و(?=[«"“])) ?{_MAY_BE_QUOTED}| {_MAY_BE_QUOTED})*'
# Needs no mark that closes it.
_CERTAIN = rf'(?:[«"“] ?(?:{AGENCIES}|{_OWN_NAME}) ?[»"”]|{_WORD_BEGINS}(?:{AGENCIES})(?= |$|[:.،,-]))'
_AUTHOR = rf"(?:{_PLACE}{_DASH})?"


@functools.cache
def _forms() -> tuple[re.Pattern[str], ...]:
    # Compiled when a dateline is first looked for: a twentieth of a second, which commands that read none are spared.
    return tuple(
        re.compile(form)
        for form in (
            # القاهرة (رويترز) - ; برلين 23 نوفمبر (د ب أ) – ; (CNN)--
            rf"(?P<place>{_PLACES})?[ ،]*(?:{_DASH}?{_DAY})?{_DASH}? ?[(\[] ?{_SEVERAL} ?[)\]] ?(?:[-–—]{{1,3}}|ـ(?= )|:)",
            # أبوظبي في 12 مارس / وام / ; المنامة /بنا/
            rf"(?P<place>{_PLACES}?)(?: {_DAY})? ?/ ?{_SEVERAL} ?/",
            # إسطنبول/ كاتب الخبر/ الأناضول
            rf"(?P<place>{_PLACE}) ?/ ?(?:{_PLACE} ?/ ?){{0,2}}{_CERTAIN}",
            # القدس المحتلة/ صفا - ; غزة/ كاتب الخبر/ صفا:
            rf"(?P<place>{_PLACE}) ?/ ?(?:{_PLACE} ?/ ?)?{_SEVERAL} ?(?:[-–—]{{1,3}}|ـ(?= )|:)",
            # موسكو – رويترز: ; دبي - كاتب الخبر - العربية.نت ; غزة ـ «القدس العربي»:
            rf"(?P<place>{_PLACES}){_DASH}{_AUTHOR}(?:{_DAY}{_DASH})?{_SEVERAL}{_CLOSED_OR_STOPPED}",
            rf"(?P<place>{_PLACES}){_DASH}{_AUTHOR}{_CERTAIN}",
            # القاهرة: «الشرق الأوسط»
            rf"(?P<place>{_PLACES}) ?: ?{_SEVERAL} ?(?:[-–—]{{1,3}}|:)",
            rf"(?P<place>{_PLACES}) ?: ?{_QUOTED}(?:[ ،,و]*{_SEVERAL})?{_CLOSED}",
            rf'(?P<place>{_PLACES}) ?: ?[«"“] ?{_OWN_NAME} ?[»"”]',
            # «الشرق الأوسط» (موسكو)
            rf"(?:{_QUOTED}|{AGENCIES}) ?\( ?(?P<place>{_PLACES}) ?\)",
            rf"{_NAME} ?\( ?(?P<place>{_PLACES}) ?\){_CLOSED}",
            # واس - الرياض ; وكالات - عواصم:
            rf"{_SEVERAL}{_DASH}(?P<place>{_PLACE}) ?(?:[-–—]{{1,3}} |$)",
            rf"(?:(?:ال)?وكالات|{_OWN_NAME}){_DASH}(?P<place>{_PLACE}) ?:",
            # رام الله 3-3-2026 وفا-
            rf"(?P<place>{_PLACE}) {_DAY} ?{_SEVERAL}{_CLOSED}",
            rf"(?P<place>{_PLACE}) {_DAY} ?{_CERTAIN}",
            # The outlet's own name and a dash.
            rf'(?P<place>)[«"“]?{_OWN_NAME}[»"”]? ?[-–—]{{1,3}} ',
        )
    )


# Without any of these there is no dateline; most texts end here.
_MARK = re.compile(r"[-–—ـ:/()]")


def split_dateline(text: str, outlet_names: Sequence[str] = ()) -> tuple[str, str]:
    """Return the place of a text's dateline and the text after it.

    The place is "" where there is no dateline, or one that names an agency only; the rest is "" where the
    dateline is all there is. `outlet_names` are those of the text's own outlet. Text is tidy: single spaces.

    >>> split_dateline("موسكو – رويترز: قال الوزير إن المحادثات انتهت.")
    ('موسكو', 'قال الوزير إن المحادثات انتهت.')
    >>> split_dateline("لبنان: مقتل ثلاثة في انهيار مبنى")
    ('', 'لبنان: مقتل ثلاثة في انهيار مبنى')
    """
    # Plainly first: an outlet may be named after its city.
    found = _dateline(text)
    for name in outlet_names:
        if found is None and name and name in text[:_LONGEST] and _OWN_NAME not in text:
            found = _dateline(text.replace(name, _OWN_NAME, 1))
            found = found and (found[0], found[1].replace(_OWN_NAME, name))
    return found or ("", text)


def _dateline(text: str) -> tuple[str, str] | None:
    if not _MARK.search(text, 0, _LONGEST):
        return None
    for form in _forms():
        found = form.match(text, 0, _LONGEST)
        place = (found["place"] or "").removesuffix(" في") if found else ""
        if found and not _NO_PLACE.match(place):
            return "" if _EVERYWHERE.fullmatch(place) else place, text[found.end() :].lstrip(_LEFT_OVER)
    return None
