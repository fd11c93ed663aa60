"""Sentences of a lede: where they end, which are whole, and which can be told without those before them."""

from __future__ import annotations

import re

from digest.text.arabic import normalise
from digest.text.stop_words import LINKING_WORDS, word_set
from digest.text.tidy import as_prose, tidy_paragraph

#: Characters of an article that are read for its lede.
_LEDE_CHARACTERS = 1200
#: What is kept of a sentence that was cut off has at least this many characters.
_LEAST_KEPT = 70
#: Feeds that cut texts do so between words, this many characters at most below a multiple of fifty.
_CUT_EVERY, _CUT_WITHIN, _CUT_FROM = 50, 12, 188
#: A text without an end that is longer than this was cut off, wherever its feed cuts.
_SURELY_CUT = 400

# Two dots part clauses in Arabic, and end none.
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])(?<!\.\.)[»\"”’')]*\s+(?=\S)")
# An abbreviation's full stop ends no sentence: أ.ف.ب، د. فلان, U.S., Mr. and "M. Untel".
_ABBREVIATION = re.compile(
    r"(?:^|[\s.(])(?:[^\W\d_]|[A-Z][a-z]|Mrs|Mme|Mlle|Gen|Col|Sen|Rep|Gov|Capt|Prof|Sgt|Maj|Adm|Rev"
    r"|Inc|Ltd|Corp|Jan|Feb|Aug|Sept?|Oct|Nov|Dec"
    r"|vs|approx|janv|févr|juill)\.$"
)
_CLOSED = re.compile(r"[.!?؟][»\"”’')]*$|[»\"”)]$")
_CLOSING_DOTS = re.compile(r"\s*[\[(]?(?P<dots>…|(?<!\.)\.{2,})[\])]?\s*$")
# Words that may end a sentence all the same.
_MAY_END = word_set(
    "له لها به بها عنه عنها عليه عليها فيه فيها منه منها ايضا فقط هناك هنا ذلك تلك هذا هذه هو هي هم نحن "
    "انت انا"
)
_WANTS_MORE = (LINKING_WORDS - _MAY_END) | word_set("الا و ف ب ل ك")
# A clause that asks, and whose question mark is not there; "يتساءل هل" does not ask.
_OPEN_QUESTION = re.compile(r"(?:(?:^|[،؛,:.…–—«\"“(-]\s*)هل|(?<!\w)[وف]هل)\s[^؟?]*$")
_QUESTION = re.compile(r"[?؟][»\"”’')]*$")
# An agency or an outlet before the news: "دبي، الإمارات العربية المتحدة (سي إن إن) -- ", "PARIS (AFP) - ".
_AGENCY = (
    r"رويترز|فرانس برس|أ ?\.? ?ف ?\.? ?ب|د ?\.? ?ب ?\.? ?أ|أ ?\.? ?ب|أسوشيتد برس|وكالات|الوكالات"
    r"|سي ?إن ?إن|واس|قنا|وام|بترا|سانا"
    r"|Reuters|AFP|AP|dpa|CNN|UPI|EFE|ANSA|Xinhua|TASS|PA|Bloomberg"
)
_DATELINE = re.compile(rf"[^.:()–—-]{{0,40}}[(\[/-]? ?(?:{_AGENCY})(?!\w) ?[)\]/]? ?(?:[-–—:]+|//) ?")
_BYLINE = re.compile(r"(?:كتبت?|إعداد|تحرير|By|Par)(?!\w) ?:? ?[^.:|–—]{3,40} ?[:|–—] ")
# What outlets ask of readers, and what tells of the page instead of the news.
_NO_NEWS = (
    "للمزيد:", "للمزيد..", "للمزيد عن", "للمزيد حول", "للمزيد على", "للمزيد من التفاصيل",
    "للمزيد من المعلومات", "للمزيد اقرأ", "للمزيد تابع",
    "لمزيد من التفاصيل", "لمزيد من المعلومات", "اقرأ أيض", "إقرأ أيض", "اقرأ المزيد", "اقرأ كذلك",
    "لقراءة المزيد", "لقراءة المقال",
    "لقراءة التفاصيل", "تابعونا", "تابعوا آخر", "تابعوا أخبار", "اشترك في النشرة", "اشترك في نشرت",
    "اشترك في قنا", "اشترك الآن", "اضغط هنا",
    "إضغط هنا", "التفاصيل في التقرير", "التفاصيل في الفيديو", "شاهد أيض", "شاهدوا أيض", "شاهد الفيديو",
    "شاهدوا الفيديو", "شاهد المزيد",
    "شاهد المقطع", "هذه الحلقة", "هذه حلقة", "هذا البرنامج", "هذا الفيديو", "في الفيديو", "Read more",
    "Read also", "Read the full",
    "READ MORE", "READ ALSO", "Click here", "click here", "Subscribe", "Sign up", "Follow us", "Watch the",
    "this episode", "Lire aussi",
    "Lire la suite", "LIRE AUSSI", "Abonnez-vous", "Cliquez", "À lire", "cet épisode",
)  # fmt: skip
_CREDIT = re.compile(r"(?:ريبورتاج|تقرير|تصوير|إعداد|المصدر|Source|Report by|Par)\b[^.]{0,60}\.?$")
# The first word of a sentence that leans on one before it: "and he added", "this", "he". In comparison form.
_LEANING = word_set(
    """
    كما لكن لكنه لكنها غير بيد الا ثم هو هي هم هذا هذه ذلك تلك هولاء وذلك اذ حيث بدوره بدورها كذلك ايضا لذلك
    لهذا عليه
    منه منها كلاهما ذاك مضيفا مشيرا موكدا موضحا مشددا لافتا معتبرا فان فهو فهي اضاف اضافت تابع تابعت
    he she it they this that these those but and his her their its however also meanwhile then so such
    il elle ils elles c ce cela cette ces cet mais et son sa ses leur leurs celui celle toutefois cependant or
    donc
    """
)
_AFTER_FIRST_WORD = re.compile(r"[\s،,:'’]")
# Words that begin with a waw of their own; all others that do begin with "and".
_OWN_WAW = re.compile(
    r"و(?:زير|زار|زرا|اشنطن|كال|كيل|كلا|فا(?:ه|ت)|فد|فر|صل|صول|صف|صي|قع|قف|قود|جه|جد|جود|جب|افق|اصل|اجه"
    r"|اقع|اضح|اسع|احد|ادي|ارسو"
    r"|ايل|يل |يمبلي|فيات|شوم|شم |اتساب|الد(?:ه|ت)?(?:\W|$)|لاي|لي |ليد|لاد|لد|ثاي|ثيق|ثق|رش|رد|رق|رث|ساي|سط|سيط|سع|دع|عد|عود"
    r"|يلز|يلي|يندوز|يكي"
    r"|با|بي|ظ|طن|طني|حد|حش|ضع|س |سم|عي|قت|قايع|قوع|هم|زع|يب|ين|يسترن|اس )"
)


_LEANING_PHRASE = re.compile(
    r"(?:من|في) (?:جهته|جهتها|جهتهم|جانبه|جانبها|جهه اخري|ناحيته|ناحيتها|ناحيه اخري|المقابل|السياق"
    r"|سياق متصل|الاثناء|غضون ذلك)|الي ذلك|بالمقابل|علي صعيد"
    r"|(?:ي|ت)(?:ذكر ان|شار الي|جدر)|(?:جاءت?|[يت]اتي|[يت]عد|[يت]عتبر) (?:هذا|هذه|ذلك|تلك)\b"
    r"|(?:on the other|in the meantime|at the same time|de son côté|par ailleurs|en revanche)"
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; numbers and abbreviations with a full stop in them stay whole.

    >>> sentences("ارتفع السعر 3.2 في المئة. وقال د. سامي لـ(أ.ف.ب) إنه سيهبط. انتهى")
    ['ارتفع السعر 3.2 في المئة.', 'وقال د. سامي لـ(أ.ف.ب) إنه سيهبط.', 'انتهى']
    """
    parts: list[str] = []
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[max(start, found.start() - 12) : found.start()]):
            continue
        parts.append(text[start : found.end()].strip())
        start = found.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def leans_back(sentence: str) -> bool:
    """Say whether a sentence begins with a connective or a pronoun, whose referent is in another one.

    >>> leans_back("وأضاف الوزير أن العمل بدأ."), leans_back("وزير النقل يفتتح الميناء.")
    (True, False)
    """
    folded = normalise(sentence[:30]).lstrip("«\"“‘' ")
    if _AFTER_FIRST_WORD.split(folded, maxsplit=1)[0] in _LEANING:
        return True
    if _LEANING_PHRASE.match(folded):
        return True
    return _joined(folded)


def begins_with_and(text: str) -> bool:
    """Say whether a text begins with the conjunction و, and not with a word of that first letter.

    >>> begins_with_and("والوزير يغيب"), begins_with_and("وزير النقل يغيب")
    (True, False)
    """
    return _joined(normalise(text[:30]).lstrip("«\"“‘' "))


def _joined(folded: str) -> bool:
    return folded.startswith("و") and not _OWN_WAW.match(folded)


def _balanced(text: str) -> bool:
    pairs = (
        text.count("(") == text.count(")")
        and text.count("«") == text.count("»")
        # Some close with the same mark that they open with.
        and (text.count("“") + text.count("”")) % 2 == 0
    )
    return pairs and text.count('"') % 2 == 0


# How a clause begins that a sentence can do without.
_ADJUNCT = re.compile(
    r"[،,;؛] ?(?=و|مما |ما |حيث|بينما|في (?:حين|وقت|الوقت)|فيما|بعد|وفق|بحسب|حسب|إذ |لكن|غير |رغم|قبل"
    r"|عقب|إثر|كما |خلال|بسبب|منذ"
    r"|م\S+[ًا]ا? |(?:while|after|as|which|but|and|who|according|following|before|despite|tandis|après"
    r"|alors|selon|mais|qui|avant)\b)"
    r"|\s(?=(?:وذلك|حيث|بينما|في حين|في الوقت الذي|فيما|بعدما|بعد أن|قبل أن|عقب|إثر|على الرغم|رغم|بسبب"
    r"|نتيجة|مقارنة|مشيرا|مؤكدا|مضيفا|موضحا|مشددا"
    r"|while|after|because|although|tandis que|après|alors que|parce que)\b)"
)
_COMPLEMENT = re.compile(r"(?:^|\s)[وف]?ب?(?:أن|إن)\w{0,3}\s")


def _may_close(clause: str) -> bool:
    """Say whether a full stop may stand behind these words: none is missing, no mark is open, nothing is asked."""
    last = normalise(clause.split()[-1])
    return last not in _WANTS_MORE and _balanced(clause) and not _OPEN_QUESTION.search(clause)


def clipped(sentence: str, most: int) -> str:
    """Return a sentence up to the end of a clause that can close it, within `most` characters, or ""."""
    for found in reversed(list(_ADJUNCT.finditer(sentence[:most]))):
        kept = sentence[: found.start()].rstrip()
        if len(kept) < _LEAST_KEPT:
            break
        # "The minister said, on Tuesday, that": the clause that matters is behind the comma.
        told = _COMPLEMENT.search(kept) or not _COMPLEMENT.search(sentence[found.start() :])
        if told and _may_close(kept):
            return f"{kept}."
    return ""


def _is_cut(sentence: str, text: str) -> bool:
    """Say whether the last sentence of a text, which has no end, was cut off by its feed."""
    if not _may_close(sentence):
        return True
    length = len(text)
    at_a_limit = length >= _CUT_FROM and (length + _CUT_WITHIN) % _CUT_EVERY <= _CUT_WITHIN + 3
    return at_a_limit or length > _SURELY_CUT


def _closed(sentence: str, text: str, most: int) -> str:
    """Return a text's last sentence with an end, without what was cut off; "" where too little is whole."""
    dots = _CLOSING_DOTS.search(sentence)
    # Two dots are how some end a sentence; three are a feed's.
    marked_cut = dots is not None and dots["dots"] != ".."
    plain = sentence[: dots.start()] if dots else sentence
    bare = plain.rstrip(" ،؛:,;-–—")
    if not bare:
        return ""
    if _CLOSED.search(bare):
        return bare
    if not marked_cut and (bare != plain or not _is_cut(bare, text)):
        return f"{bare}." if _may_close(bare) else ""
    return clipped(bare, most)


def lede_sentences(text: str, most: int) -> list[str]:
    """Return the first sentences of an article, whole and tidy, each of at most `most` characters.

    Datelines, bylines, invitations and what a feed cut off are left out. A question ends the lede, as does
    a sentence that is too long.

    >>> lede_sentences("قال الوزير إن الجسر جاهز بعد عامين من العمل. اقرأ أيضا: جسور أخرى.", 80)
    ['قال الوزير إن الجسر جاهز بعد عامين من العمل.']
    """
    plain = as_prose(tidy_paragraph(text[:_LEDE_CHARACTERS]))
    for opening in (_DATELINE, _BYLINE):
        if found := opening.match(plain):
            plain = plain[found.end() :]
    parts = sentences(plain)
    if any(phrase in plain for phrase in _NO_NEWS):
        parts = [part for part in parts if not any(phrase in part for phrase in _NO_NEWS)]
    whole: list[str] = []
    for part in parts:
        if _CREDIT.match(part):
            continue
        sentence = _whole(part, part is parts[-1], plain, most)
        if not sentence or _QUESTION.search(sentence):
            break
        whole.append(sentence)
    return whole


def _whole(part: str, is_last: bool, text: str, most: int) -> str:
    """Return a sentence of a text with its end and within its limit; "" where that cannot be."""
    if _CLOSED.search(part) and not part.endswith(".."):
        sentence = part
    else:
        sentence = _closed(part, text, most) if is_last else ""
    return sentence if len(sentence) <= most and _balanced(sentence) else clipped(sentence, most)
