"""What publishing systems write after the news: buttons, invitations, where a report appeared first, counts.

Patterns for tidy plain text; `boilerplate` decides what goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.collector.phrases import ALSO, FIRST, LATIN, READ, WATCH, holds_any, one_of


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


_SENTENCE_BEGINS = r"(?:^|(?<=[.!؟?…»”\")\]|•–—-] ))"
# "The post X appeared first on Y", which WordPress appends in the language of the site.
_APPEARED_FIRST = re.compile(
    r"(?:^|(?<=\s))"
    + one_of(
        rf"""
        The (?:post|article|entry) .{{1,400}}? (?:appeared first|first appeared) on
        ظهرت? (?:هذ[اه] )?(?:المقالة?|التدوينة|الموضوع|المنشور|المشاركة) .{{1,400}}? {FIRST} (?:على|في)
        (?:المقالة|التدوينة) .{{1,400}}? ظهرت {FIRST} (?:على|في)
        {_SENTENCE_BEGINS}(?:المقالة|التدوينة) (?!التي ).{{1,400}}?(?<! قد) نشرت {FIRST} (?:على|في)
        هذا (?:المقال|الموضوع|المنشور) (?!الذي ).{{1,400}}?(?<! قد) (?:ظهر|نشر|تم نشره) {FIRST} (?:على|في)
        {_SENTENCE_BEGINS}هذا (?:المحتوى|الخبر|التقرير) (?!الذي ).{{1,400}}?(?<! قد) (?:ظهر|نشر|تم نشره) {FIRST} (?:على|في)
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
_APPEARED_FIRST_PIECES = (*LATIN, " أولا", " اولا", "ول\u064bا", "لمرة الأولى", "اولین بار در")
# After the end of a sentence, or at the beginning.
_APART = r"(?:^|(?<=[.!؟?…»”\")\]|•–—-])\s+)"
# What a button under a teaser says. It has no full stop; "يشجعون على قراءة المزيد." is a sentence's end.
_BUTTON = re.compile(
    r"(?:\s*(?:\[(?:…|\.{2,3})\]|\(more…\))|"
    # Some themes write no space between the dots of a cut sentence and the button.
    r"(?:^|(?<=[\s\].…]))(?:[اإ]قر[أا](?:وا)? المزيد|Read more|READ MORE|Continue reading|Lire la suite)"
    rf"|(?:{_APART}|(?<=\.\.)|(?<=…))(?:"
    rf"(?:{READ}|لقراءة|قراءة|تابع|متابعة|[أا]كمل|شاهد(?:وا)?|لمشاهدة|مشاهدة) (?:المزيد|القراءة|الخبر|المقال|التقرير|الفيديو)"
    r"(?: كاملا?\u064b?ا?)?|المزيد|Read More|Continue Reading)"
    r")(?:\.{2,}|[\s»›>→←…])*$"
)
_BUTTON_PIECES = (*LATIN, "]", "المزيد", "القراءة", "الخبر", "المقال", "التقرير", "الفيديو")
_PLATFORM = (
    r"(?:[جغ]و[جغ]ل|تي?لي?[جغ]رام|واتس ?[اآ]ب|فيسبوك|تويتر|إكس|يوتيوب|[إا]نستغرام|قناتنا|صفحتنا|موقعنا|تطبيقنا"
    r"|(?i:google|telegram|whatsapp|facebook|twitter|x))(?!\w)"
)
# "To follow the news …" is one of the outlet's own calls only where it says what to press or to join.
_PURPOSE = r"و?(?:لمتابعة|للاشتراك|للانضمام|للحصول على|للاطلاع على|لمعرفة|لتلقي|لتحميل|للتواصل)"
_CALL = (
    r"(?:[اإ]شترك(?:وا)? (?:الآن|في (?:قناتنا|قناة|نشرتنا|خدمة))|[اإ]نضم(?:وا)? إلى (?:قناتنا|قناة|مجموعتنا)|تابعونا"
    r"|(?:[اإ]ضغط|[اإ]نقر)(?:وا)? (?:هنا|على (?:هذا )?(?:ال)?رابط)|تابع(?:وا)? (?:قناتنا|صفحتنا))(?!\w)"
)
# What stands in the place of a text that is to be paid for.
_SUBSCRIBERS_ONLY = one_of(
    r"""
    هذ[اه] (?:المحتوى|المقالة?|الخبر|المادة|التقرير|الموضوع|الصفحة)(?: (?:متاحة?|متوفرة?|مخصصة?|حصرية?))?(?: فقط)? (?:للمشتركين|لمشتركي|للأعضاء|للمسجلين)(?!\w)
    (?:سجل(?:وا)?|قم بتسجيل|(?:يرجى|الرجاء) تسجيل) الدخول(?: (?:[أا]و [اإ]شترك|[أا]و الاشتراك|[أا]و [أا]نش[ئى]|لقراءة|لمتابعة القراءة|للاطلاع|إلى حسابك)|$)
    (?:[اإ]شترك(?:وا)?|(?:(?:يرجى|الرجاء) )?الاشتراك)(?: الآن)? (?:لقراءة|لمتابعة القراءة|للاطلاع على|لمواصلة القراءة)(?: (?:ال(?:مقالة?|خبر|تقرير|مزيد|موضوع|محتوى|نص)|هذ[اه]|باقي|بقية|كامل)(?!\w)|\.?$)
    (?i:(?:this|the) (?:content|article|story|page) is (?:only )?(?:available )?(?:only )?(?:for|to) (?:\w+ )?subscribers(?: only)?\.?$)
    (?i:(?:subscribe|log ?in|sign in|register)(?: now)?(?: or (?:subscribe|register|sign up))? to (?:read|continue|keep) (?:the full|this|reading))
    (?i:already a subscriber\?)
    """
)
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
        المزيد من (?:الأخبار|المقالات|التقارير|المواضيع|الموضوعات) ?:
        تابع(?:وا)? (?:[آا]خر|[أا]حدث|[أا]هم|[أا]برز|كل|جميع) (?:ال)?[أا]خبار(?: \S+){{0,3}} (?:عبر|على) {_PLATFORM}(?: \S+){{0,3}}$
        {_PURPOSE} [^.!؟?…]{{1,100}}? {_CALL}
        (?:جميع|كافة|كل) (?:ال)?حقوق(?: النشر| الطبع)? محفوظة(?= ?(?:©|\(c\)|\d|[-–|.،:]|$|ل(?:موقع|صحيفة|وكالة|شبكة|قناة)))
        (?i:all rights reserved)(?!\w)
        {_SUBSCRIBERS_ONLY}
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
    *(
        "هذا المحتوى",
        "المنشورة على الصفحة",
        "الفيديو",
        "التقرير",
        "الصور",
        "أخبار",
        "اخبار",
        "قناتنا",
        "صفحتنا",
    ),
    *("محفوظة", "الدخول", "للأعضاء", "للمسجلين"),
)
_COUNT = r"(?:\d+|لا [تي]وجد|No) (?:تعليق(?:ات)?|مشارك(?:ة|ات)|مشاهد(?:ة|ات)|(?i:comments?|shares?|views?|likes?))(?!\w)"
_COUNTS = re.compile(
    rf"(?:{_APART}{_COUNT}|\s0 (?:تعليق(?:ات)?|comments?|shares?))(?:[\s|•·،-]+{_COUNT})*[.\s]*$"
)
_COUNTS_PIECES = (*LATIN, "تعليق", "مشارك", "مشاهد")

#: What a paragraph ends with, if anything.
ENDINGS = (
    Ending(_APPEARED_FIRST, _APPEARED_FIRST_PIECES, 700),
    Ending(_BUTTON, _BUTTON_PIECES, 60),
    Ending(_COUNTS, _COUNTS_PIECES, 100),
)
SEND_OFF = Ending(_SEND_OFF, _SEND_OFF_PIECES, 300)
# Most paragraphs have none of these, and so no ending.
PIECES = tuple(dict.fromkeys(piece for ending in (*ENDINGS, SEND_OFF) for piece in ending.pieces))
#: Characters before a paragraph's end in which any of them may begin.
LONGEST_ENDING = max(ending.longest for ending in (*ENDINGS, SEND_OFF))
