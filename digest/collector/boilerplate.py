"""What publishing systems put around the news, told from the news. Pure functions on tidy plain text.

Whatever is not surely boilerplate stays: a caption in a summary is a blemish, a sentence that is missing is a
fault. So phrases go only where they end a paragraph or are one, and captions only where a paragraph remains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.collector.captions import is_caption, is_credit
from digest.collector.datelines import split_dateline
from digest.collector.phrases import ALSO, FIRST, LATIN, READ, WATCH, holds_any, one_of

__all__ = ["is_caption", "is_player_mark", "is_related_heading", "split_dateline", "without_boilerplate"]


@dataclass(frozen=True, slots=True)
class Ending:
    """What may follow the last sentence of a paragraph, and how to see at little cost that nothing does."""

    pattern: re.Pattern[str]
    #: Whatever the pattern matches holds one of these.
    pieces: tuple[str, ...]
    #: Characters before the paragraph's end in which it may begin.
    longest: int

    def find_all(self, line: str) -> Iterator[re.Match[str]]:
        """Yield the matches near the paragraph's end."""
        if holds_any(line[-self.longest :], self.pieces):
            yield from self.pattern.finditer(line, max(0, len(line) - self.longest))


# "The post X appeared first on Y", which WordPress appends in the language of the site.
_APPEARED_FIRST = re.compile(
    r"(?:^|(?<=\s))"
    + one_of(
        rf"""
        The (?:post|article|entry) .{{1,400}}? (?:appeared first|first appeared) on
        ظهرت? (?:هذ[اه] )?(?:المقالة?|التدوينة|الموضوع|المنشور|المشاركة) .{{1,400}}? {FIRST} (?:على|في)
        (?:المقالة|التدوينة) .{{1,400}}? ظهرت {FIRST} (?:على|في)
        هذا (?:المقال|الموضوع|المنشور) .{{1,400}}? (?:ظهر|نشر|تم نشره) {FIRST} (?:على|في)
        Cet article .{{1,400}}? est apparu en premier sur
        L[’'´]article .{{1,400}}? est apparu en premier sur
        Der Beitrag .{{1,400}}? erschien zuerst auf
        La entrada .{{1,400}}? (?:se public[óo]|aparece|apareci[óo]) primero en
        L[’'´]articolo .{{1,400}}? (?:proviene da|sembra essere il primo su)
        O post .{{1,400}}? apareceu primeiro em
        Het bericht .{{1,400}}? verscheen eerst op
        نوشته .{{1,400}}? اولین بار در
        """
    )
    + r"(?!\w).{0,200}$"
)
_APPEARED_FIRST_PIECES = (*LATIN, "ظهر", "هذا الم", "اولین بار در")
# After the end of a sentence, or at the beginning.
_APART = r"(?:^|(?<=[.!؟?…»”\")\]|•–—-])\s+)"
# What a button under a teaser says. It has no full stop; "يشجعون على قراءة المزيد." is a sentence's end.
_BUTTON = re.compile(
    r"(?:\s*(?:\[(?:…|\.{2,3})\]|\(more…\))|"
    r"(?:^|(?<=[\s\]]))(?:[اإ]قر[أا](?:وا)? المزيد|Read more|READ MORE|Continue reading|Lire la suite)"
    rf"|{_APART}(?:"
    rf"(?:{READ}|لقراءة|قراءة|تابع|متابعة|[أا]كمل|شاهد(?:وا)?|لمشاهدة|مشاهدة) (?:المزيد|القراءة|الخبر|المقال|التقرير|الفيديو)"
    r"(?: كاملا?\u064b?ا?)?|المزيد|Read More|Continue Reading)"
    r")(?:\.{2,}|[\s»›>→←…])*$"
)
_BUTTON_PIECES = (*LATIN, "]", "المزيد", "القراءة", "الخبر", "المقال", "التقرير", "الفيديو")
# Sentences that send the reader elsewhere.
_SEND_OFF = re.compile(
    _APART
    + one_of(
        rf"""
        {READ} (?:{ALSO}|المزيد)(?![\w\u064b])
        (?:{WATCH}|تابع(?:وا)?) (?:{ALSO}|المزيد) ?[:.…]
        للمزيد ?[:،.…]
        للمزيد (?:[اإ]ضغط|[اإ]نقر|تابع|زوروا|{READ}|شاهد|من (?:الأخبار|التفاصيل|المعلومات|المقالات|التقارير|الفيديوهات|الصور))
        لقراءة (?:المزيد|المقال|الخبر|النص|التقرير)(?!\w)
        لمشاهدة (?:المزيد|الفيديو|الصور|التقرير)(?!\w)
        (?:[اإ]ضغط|[اإ]نقر)(?:وا)? (?:هنا|على الرابط)
        [اإ]شترك(?:وا)? (?:الآن|في (?:قناتنا|نشرتنا|نشرة|خدمة|القائمة))
        [اإ]نضم(?:وا)? إلى (?:قناتنا|قنواتنا|مجموعتنا)
        تابعونا(?!\w)
        هذا المحتوى من [«"“]
        الأخبار المنشورة على الصفحة الرسمية لوكالة الأناضول
        This (?:post|article|story) (?:was )?(?:originally|first) (?:published|appeared) (?:on|in|at)(?!\w)
        (?i:(?:read (?:more|also)|see also|also read) ?:|read (?:more (?:about|on|at|here)|the full))(?!\w)
        (?i:continue reading|click here|follow us)(?!\w)
        (?i:subscribe to our|sign up for our|(?:à )?lire aussi|voir aussi)(?!\w)
        """
    )
    # Only after a sentence: these may be all the news there is. The plural at the head of a sentence is an
    # imperative: a verb before its subject stands in the singular.
    + rf"|(?<=[.!؟?…])\s+(?:تابعوا(?!\w)|{WATCH} (?:الفيديو|التقرير|الصور) ?(?::|(?:هنا|أعلاه|أدناه|التالي|من هنا)(?!\w)))"
)
_SEND_OFF_PIECES = (
    *(*LATIN, "أيض", "ايض", "كذلك", "لمزيد", "لقراءة", "لمشاهدة", "ضغط", "نقر", "شترك", "نضم", "تابعو"),
    *("هذا المحتوى", "المنشورة على الصفحة", "الفيديو", "التقرير", "الصور"),
)
_COUNT = r"(?:\d+|لا [تي]وجد|No) (?:تعليق(?:ات)?|مشارك(?:ة|ات)|مشاهد(?:ة|ات)|(?i:comments?|shares?|views?|likes?))(?!\w)"
_COUNTS = re.compile(
    rf"(?:{_APART}{_COUNT}|\s0 (?:تعليق(?:ات)?|comments?|shares?))(?:[\s|•·،-]+{_COUNT})*[.\s]*$"
)
_COUNTS_PIECES = (*LATIN, "تعليق", "مشارك", "مشاهد")
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

#: What a paragraph ends with, if anything.
ENDINGS = (
    Ending(_APPEARED_FIRST, _APPEARED_FIRST_PIECES, 700),
    Ending(_BUTTON, _BUTTON_PIECES, 60),
    Ending(_COUNTS, _COUNTS_PIECES, 100),
)
SEND_OFF = Ending(_SEND_OFF, _SEND_OFF_PIECES, 300)
# Most paragraphs have none of these, and so no ending.
_PIECES = tuple(dict.fromkeys(piece for ending in (*ENDINGS, SEND_OFF) for piece in ending.pieces))
_LONGEST_ENDING = max(ending.longest for ending in (*ENDINGS, SEND_OFF))
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
    return _said_once(line)


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
    if not in_brackets and not holds_any(line[-_LONGEST_ENDING:], _PIECES):
        return line
    for ending in ENDINGS:
        if found := next(ending.find_all(line), None):
            return line[: found.start()].rstrip(_LEFT_BEFORE_ENDING)
    if in_brackets:
        signed = _SIGNED.search(line, max(0, len(line) - _LONGEST_CREDIT))
        if signed and is_credit(signed["credit"]):
            return line[: signed.start()]
    for found in SEND_OFF.find_all(line):
        if not _STOP.search(line[found.end() :]):
            return line[: found.start()].rstrip(_LEFT_BEFORE_ENDING)
    return line
