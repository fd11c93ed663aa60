"""What publishing systems put around the news, told from the news. Pure functions on tidy plain text.

Whatever is not surely boilerplate stays: a caption in a summary is a blemish, a sentence that is missing is a
fault. So phrases go only where they end a paragraph or are one, and captions only where a paragraph remains.
"""

from __future__ import annotations

import re

from digest.collector.captions import after_captions_label, is_caption, is_credit
from digest.collector.datelines import split_dateline
from digest.collector.endings import ENDINGS, LONGEST_ENDING, PIECES, SEND_OFF
from digest.collector.phrases import ALSO, READ, WATCH, holds_any, one_of

__all__ = [
    "is_caption",
    "is_player_mark",
    "is_related_heading",
    "split_dateline",
    "tells_of",
    "without_boilerplate",
]


# Editors' initials and the agencies after the last sentence: "أ.ب/ ج.د (رويترز، أ ف ب)".
_SIGNED = re.compile(
    r"(?<=[.!؟?…»”\"])\s*(?:(?:[^\W\d_] ?\. ?[^\W\d_]\.?[ /،]*){1,3})?[(\[] ?(?P<credit>[^()\[\]]{2,60}) ?[)\]]$"
)
_DATE = (
    r"(?:[^\W\d_]+[،,]? )?(?:\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?\d{2,4}|\d{4}-\d{1,2}-\d{1,2}"
    r"|\d{1,2} [^\W\d_]+(?: ?[/(] ?[^\W\d_]+ ?\)?)?[،,]? \d{4})"
)
_CLOCK = (
    r"(?:[\s،,|–-]*(?:الساعة )?\d{1,2}:\d{2}(?::\d{2})?"
    r"(?: ?(?:صباحا\u064b?|مساء\u064b?|[صم]|(?i:[ap]\.?m\.?|GMT|UTC)|بتوقيت [^\W\d_]+)(?!\w))*)?"
)
_STAMP = (
    r"(?:(?:تم ال)?نشرت?(?: في| بتاريخ| يوم)? ?: ?|تاريخ النشر ?:? ?|[آا]خر تحديث ?:? ?|تم التحديث ?: ?"
    rf"|(?i:published|posted|updated|last updated)(?: on)?: ?){_DATE}{_CLOCK}"
)
_STAMPS = re.compile(rf"(?:{_STAMP}[\s|•·.،–-]*)+")
_STAMP_LINE = re.compile(rf"(?:(?:{_STAMP}|{_DATE}{_CLOCK})[\s|•·،–-]*)+")
_PLAYER = re.compile(
    one_of(
        r"""
        TT
        (?:مشغل|تشغيل|مشاهدة|تحميل) (?:ال)?(?:فيديو|صوت|مقطع)
        مشغل|تشغيل|فيديو|صوت|[إا]يقاف(?: مؤقت)?|كتم(?: الصوت)?
        [اإ]ستمع(?: إلى (?:المقال|الخبر)| للمقال| للخبر)?
        جار[يٍ]? (?:ال)?تحميل
        (?:تعذ\u0651?ر|لا يمكن) تشغيل (?:ال)?(?:فيديو|مقطع|صوت).{0,80}
        (?:هذا )?(?:ال)?متصفحك? لا يدعم.{0,80}
        \d{1,2}:\d{2}(?::\d{2})?(?: ?[/|] ?\d{1,2}:\d{2}(?::\d{2})?)?
        (?i:(?:video|audio) player|(?:play|watch)(?: the| this)?(?: video)?|pause|(?:un)?mute|video|audio|listen|loading)
        (?i:your browser does not support|use up/down arrow keys).{0,80}
        """
    )
    + r"[.…]*"
)
_RELATED = re.compile(
    one_of(
        rf"""
        (?:{READ}|{WATCH}|تابع(?:وا)?) (?:{ALSO}|المزيد)(?: (?:عن|حول) .{{1,60}})?
        (?:مقالات|موضوعات|مواضيع|[أا]خبار|مواد|قصص|تقارير|روابط|ملفات) (?:ذات صلة|ذات علاقة|متعلقة|مرتبطة|مشابهة|أخرى|مقترحة|(?:قد )?تهمك)
        (?:ال)?(?:مقالات|موضوعات|مواضيع|أخبار) (?:ال)?ذات (?:ال)?صلة|خبر ذو صلة|ترشيحاتنا(?: لكم?)?
        المقال (?:التالي|السابق)|التعليقات|(?:اترك|أضف) تعليقا\u064b?|[أا]حدث (?:ال[أا]خبار|المقالات)
        (?:ال)?(?:مقالات|موضوعات|مواضيع|أخبار) (?:ال)?(?:متعلقة|مرتبطة|مشابهة|مقترحة)
        (?:قد |ربما )?[يت](?:عجب|هم)(?:ك|كم)(?: {ALSO})?
        (?:ال[أا]خبار )?الأكثر (?:قراءة|مشاهدة|تداولا\u064b?)
        ذات صلة|للمزيد|لقراءة المزيد|المزيد من الأخبار|المزيد حول هذه القصة|[آا]خر الأخبار|اخترنا (?:لكم?|لك)
        (?i:related(?: (?:articles?|stor(?:y|ies)|posts?|news|topics|links|content))?|most (?:read|viewed))
        (?i:more (?:news|from .{{1,40}})|latest news|comments|leave a (?:comment|reply))
        (?i:(?:read|see|watch) (?:more|also)|also read|more on this(?: story)?|you (?:may|might) also like)
        (?i:recommended(?: for you| stories)?|(?:à )?lire aussi|voir aussi|articles liés)
        """
    )
    + r"\s*[:：.…»›>⬇\u2193👇-]*"
)
_SHARE_WORD = one_of(
    r"""
    شارك(?:ها)?(?: (?:الخبر|المقال|هذا الخبر|هذا المقال|على))?
    مشاركة|طباعة|حفظ|نسخ الرابط|تم نسخ الرابط|إعلان|حجم الخط
    فيسبوك|تويتر|واتساب|تلي?غرام|لينكد ?إن|بريد إلكتروني|Facebook|Twitter|WhatsApp|Telegram|LinkedIn|Pinterest
    (?i:share(?: this)?(?: on)?|tweet|print|email|advertisement|copy link)
    """
)
_SHARE_LINE = re.compile(rf"{_SHARE_WORD}(?:[\s|•·،,]+{_SHARE_WORD})*")
_FURNITURE = re.compile("|".join(f"(?:{line.pattern})" for line in (_PLAYER, _SHARE_LINE, _STAMP_LINE)))
_CREDIT_THEN_PLAYER = re.compile(r"(?P<caption>.{1,250}?[)\]]) TT(?= |$)")
_PLAYER_FIRST = re.compile(r"(?:TT )+")

# "Read more about the new law, which …" may tell what the law does.
_READ_MORE_ABOUT = re.compile(rf"(?:{READ} المزيد (?:عن|حول)|(?i:read more (?:about|on))) (?P<told>.+)")
#: Words that tell something; fewer only name it.
_FEWEST_TELLING = 5
#: Characters of a credit with its initials, of a related headline, and of an opening that is said twice.
_LONGEST_CREDIT, _LONGEST_HEADLINE, _LONGEST_OPENING = 300, 120, 300
#: Words of a repeated opening; fewer may be a figure of speech.
_FEWEST_REPEATED = 3
_STOP = re.compile(r"(?<!\.)\. ")
_LEFT_BEFORE_ENDING = " |•–—-*"


def is_player_mark(line: str) -> bool:
    """Tell whether a whole line is what a video or audio player leaves in a text, such as TT."""
    return _PLAYER.fullmatch(line) is not None


def is_related_heading(line: str) -> bool:
    """Tell whether a whole line announces other articles: مقالات ذات صلة, اقرأ أيضاً, Related.

    A line that names the other article too (اقرأ أيضاً: عنوانه) is none; `without_boilerplate` empties it.
    """
    return _RELATED.fullmatch(line) is not None


def tells_of(line: str) -> str:
    """Return what a whole line invites to read more about where it tells that too, else "".

    >>> tells_of("اقرأ المزيد عن القانون الذي أقره البرلمان أمس: خفض السن")
    'القانون الذي أقره البرلمان أمس: خفض السن'
    >>> tells_of("اقرأ المزيد عن الميناء")
    ''
    """
    found = _READ_MORE_ABOUT.fullmatch(line)
    return found["told"] if found and found["told"].count(" ") + 1 >= _FEWEST_TELLING else ""


def without_boilerplate(text: str) -> str:
    """Return paragraphs, parted by newlines, without what a publishing system puts between and around them.

    Doing it twice changes nothing more.

    >>> without_boilerplate("حضر الوزراء الحفل. اقرأ أيضاً: خبر آخر")
    'حضر الوزراء الحفل.'
    """
    while (less := _with_less(text)) != text:
        text = less
    return text


def _with_less(text: str) -> str:
    paragraphs = [line.strip() for line in text.split("\n")]
    paragraphs = _without_related([line for line in paragraphs if line and not _is_furniture(line)])
    paragraphs = _without_captions(paragraphs)
    trimmed = [_without_ending(_without_opening(line)) for line in paragraphs]
    return "\n".join(
        line for line, before in zip(trimmed, ["", *trimmed], strict=False) if line and line != before
    )


def _is_furniture(line: str) -> bool:
    return _FURNITURE.fullmatch(line) is not None


def _without_related(lines: list[str]) -> list[str]:
    """Leave out headings of other articles with the headlines under them; a paragraph ends with a full stop."""
    kept, under_heading = [], False
    for line in lines:
        if is_related_heading(line):
            under_heading = True
        elif not (under_heading and _may_be_headline(line)):
            kept.append(line)
            under_heading = False
    return kept or [line for line in lines if not is_related_heading(line)]


def _may_be_headline(line: str) -> bool:
    return len(line) <= _LONGEST_HEADLINE and not line.rstrip("»”\")'").endswith((".", "…", ":"))


def _without_captions(lines: list[str]) -> list[str]:
    """Leave out captions; where there is nothing else they stay, and only credits go."""
    paragraphs = [line for line in lines if not is_caption(line)]
    return paragraphs or [line for line in lines if not is_credit(line)]


def _without_opening(line: str) -> str:
    """Return a paragraph without stamps, captions, and what is said twice, before its first sentence."""
    found = _CREDIT_THEN_PLAYER.match(line) if " TT" in line else None
    if found and is_caption(found["caption"]):
        line = line[found.end() :].lstrip() or line
    for opening in (_PLAYER_FIRST, _STAMPS):
        found = opening.match(line)
        line = line[found.end() :] if found else line
    return _said_once(after_captions_label(line))


def _said_once(line: str) -> str:
    first_word = line.partition(" ")[0]
    again = line.find(f" {first_word}", 1, _LONGEST_OPENING)
    while again > 0:
        said, rest = line[:again], line[again + 1 :]
        after = rest.removeprefix(said)
        if after != rest and after[:1] in {"", " "}:
            if said.endswith(")") and is_caption(said) and after:
                return after[1:]
            if said.count(" ") + 1 >= _FEWEST_REPEATED:
                return rest
        again = line.find(f" {first_word}", again + 1, _LONGEST_OPENING)
    return line


def _without_ending(line: str) -> str:
    """Return a paragraph without the phrases after its last sentence."""
    in_brackets = line.endswith((")", "]"))
    if not in_brackets and not holds_any(line[-LONGEST_ENDING:], PIECES):
        return line
    for ending in ENDINGS:
        if found := next(ending.find_all(line), None):
            return line[: found.start()].rstrip(_LEFT_BEFORE_ENDING)
    if in_brackets:
        signed = _SIGNED.search(line, max(0, len(line) - _LONGEST_CREDIT))
        if signed and is_credit(f"({signed['credit']})"):
            return line[: signed.start()]
    for found in SEND_OFF.find_all(line):
        if not _STOP.search(line[found.end() :]):
            return line[: found.start()].rstrip(_LEFT_BEFORE_ENDING)
    return line
