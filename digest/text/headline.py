"""Where a headline may be cut: at a word's end that leaves a whole phrase, never inside a name or a quotation. Pure.

There is no grammar here, only what the words themselves show: Arabic phrases begin with a preposition or a
conjunction, so the words before one are whole; a word with the article belongs to the word before it; a title, a
first name or بن wants the next word.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from digest.text.arabic import normalise
from digest.text.bidi import split_runs
from digest.text.stop_words import LINKING_WORDS, word_set
from digest.text.tidy import shorten

#: A cut that leaves less than this part of the room is not worth its good place.
_LEAST_KEPT = 0.5

_CLAUSE_ENDS = "،؛:.!?؟…,;—–"
_TRIMMED = " ،؛:.,;!-–—…"
# Comparison form, as in digest.text.stop_words. Titles, with or without the article; a name comes behind them.
_TITLES = word_set(
    """
    ملك ملكه امير اميره سلطان رييس رييسه وزير وزيره ولي شيخ شيخه سيد سيده سفير سفيره نايب نايبه لواء عميد عقيد فريق
    جنرال مشير مدرب مدربه لاعب لاعبه فنان فنانه ممثل ممثله مطرب مطربه مخرج كاتب كاتبه شاعر روايي دكتور دكتوره بابا
    امام اعلامي اعلاميه صحافي صحافيه صحفي صحفيه مهندس قاضي مستشار مستشاره قايد قايده مدير مديره امين زعيم زعيمه
    مبعوث مرشد متحدث متحدثه محامي محاميه ناشط ناشطه معارض معارضه مغني مغنيه مهاجم حارس نجم نجمه
    president king queen prince princess minister premier chancellor judge general sir lord lady pope dr mr mrs ms
    """
)
# Words that want the one behind them: measures, parts of names, and the first names and places one reads most.
_HALVES = word_set(
    """
    بن ابن بنت ابو ابي ابا ام ال عبد ذو ذات بشان رغم وسط بدون سوى الا مثل قرب ازاء تجاه اول ثاني ثالث احد احدي عدد
    عده اكثر اقل اكبر اصغر اعلي ادني مليون مليار تريليون الف الاف ملايين مليارات
    مدينه دوله سلطنه مملكه جمهوريه ولايه محافظه منطقه بلده قريه شركه بنك نادي حزب حركه صحيفه قناه وكاله جامعه مطار
    ميناء سد نهر بحر جبل جزيره راس كاس تل سان سانت نيو لوس لاس بوركينا سيرا كوستا بورت كوريا جنوب شمال شرق غرب
    محمد احمد علي محمود مصطفي حسن حسين ابراهيم يوسف خالد عمر سعيد سلمان فيصل فهد تركي طارق كريم سامي هشام ياسر
    حسني بشار صدام معمر ناصر جمال انور سعد رفيق ميشال جبران دونالد باراك جورج بيل هيلاري جو كامالا فلاديمير فيكتور
    سيرغي ديمتري ايمانويل انغيلا انجيلا اولاف تيريزا بوريس ريشي كير ديفيد طوني جون جيمس مايك مايكل روبرت وليام
    ريكس رجب طيب بنيامين شي كيم ناريندرا عمران شهباز جاستن لويس بابلو خوان خوسيه ماريا كريستيانو ليونيل
    new san los saint st
    """
)
# Words that begin a phrase: what stands before one is whole.
_BEGINS_PHRASE = word_set(
    """
    في من علي الي عن مع بعد قبل بين حتي منذ خلال عند لدي حول ضد دون تحت فوق امام خلف عبر نحو ثم او لكن لان كما
    حيث وفق بشان بسبب اثر اثناء ضمن وسط رغم بينما فيما قرب ازاء تجاه وقد ومن وفي وعلي والي عقب لدى مقابل
    in on at to for and or but with from by after before over under into amid against as while during since until
    because who which that between through despite without
    """
)
_TELLS_WHEN = word_set("بعد قبل اثر عقب رغم بسبب خلال منذ after before over during since despite")
_PREFIXED = re.compile(r"(?:وال|بال|لل|فال|كال|ولل|وبال)\w{2}")
_NAME_GOES_ON = word_set("بن ابن بنت ال ابو عبد")
# Who does what comes behind: "والفلسطينيون يردون".
_AND_SUBJECT = re.compile(r"وال\w{3,}ون")
# The first half of "the two ministries of", without the article.
_DUAL_CONSTRUCT = re.compile(
    r"[وفبلك]?(?:(?:وزار|شرك|مدين|دول|محافظ|سفار|حكوم|ولاي|منطق|عملي|قضي|وكال|جامع|غار|مبارا|قنا|صحيف|جزير|حرك)تي"
    r"|رييسي|وزيري|زعيمي|نايبي|مديري|منتخبي|فريقي|جيشي|حزبي)"
)
_PAIRS = {"«": "»", "“": "”", '"': '"', "(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class _Word:
    #: As it stands in the text, its marks included.
    shown: str
    #: Where its last letter ends.
    end: int

    @property
    def folded(self) -> str:
        return normalise(self.shown.strip(f"{_TRIMMED}»)]”'’%"))

    @property
    def definite(self) -> bool:
        # Not ألكسندر: there the alif has its hamza.
        return self.shown.lstrip("«“\"'([").startswith("ال") and len(self.folded) > 3

    @property
    def stems(self) -> frozenset[str]:
        """The word, and what it may be without the article and a particle: لرئيس, والوزير, بمدينة."""
        inner = self.folded[1:] if self.folded[:1] in "وفبلك" and len(self.folded) > 4 else self.folded
        return frozenset(word.removeprefix("ال") for word in (self.folded, inner)) | {self.folded}


def _words(text: str) -> list[_Word]:
    return [_Word(shown=found.group(), end=found.end()) for found in re.finditer(r"\S+", text)]


def _quoted(text: str) -> frozenset[int]:
    """Return the places inside a quotation or brackets."""
    inside: set[int] = set()
    waited_for: list[str] = []
    for at, char in enumerate(text):
        if waited_for and char == waited_for[-1]:
            waited_for.pop()
        elif char in _PAIRS:
            waited_for.append(_PAIRS[char])
        if waited_for:
            inside.add(at + 1)
    return frozenset(inside)


def _in_runs(text: str, around: str) -> frozenset[int]:
    """Return the places inside a run of the other direction: a name of two Latin words is one."""
    inside: set[int] = set()
    start = 0
    for piece, against in split_runs(text, around):
        if against:
            inside.update(range(start + 1, start + len(piece)))
        start += len(piece)
    return frozenset(inside)


def _wants_more(word: _Word) -> bool:
    folded = word.folded
    return bool(word.stems & (_TITLES | _HALVES)) or not {
        folded,
        folded[1:] if folded[:1] in "وف" else "",
    }.isdisjoint(LINKING_WORDS)


def _dangles(words: list[_Word], last: int) -> bool:
    """Say whether the text up to this word ends in one that wants another."""
    between = any(earlier.folded == "بين" for earlier in words[max(last - 2, 0) : last])
    if between or _wants_more(words[last]) or words[last].folded.isdecimal():
        return True
    # رئيس الوزراء السابق: a title and what the article ties to it.
    for place in range(last, max(last - 3, 0), -1):
        if not words[place].definite:
            break
        if words[place - 1].stems & _TITLES:
            return True
    return False


def _is_name(word: _Word) -> bool:
    return word.shown.strip("\"'“‘(")[:1].isupper()


def _begins_phrase(word: _Word) -> bool:
    return word.folded in _BEGINS_PHRASE or bool(_PREFIXED.match(word.folded))


def _hangs(words: list[_Word], last: int) -> bool:
    """Say whether the last word leads to one behind it that no phrase's beginning shows: a verb, a dual's second half."""
    here, after = words[last].folded, words[last + 1]
    if _AND_SUBJECT.fullmatch(here):
        return True
    if _DUAL_CONSTRUCT.fullmatch(here):
        return not _begins_phrase(after)
    # وزارتي الدفاع والداخلية
    return (
        last > 0 and after.folded.startswith("و") and bool(_DUAL_CONSTRUCT.fullmatch(words[last - 1].folded))
    )


def _cost(words: list[_Word], last: int) -> float | None:
    """Return how bad a cut behind this word is, in characters one would give for a better one; None: not there."""
    here, after = words[last], words[last + 1]
    dangles = _dangles(words, last)
    if here.shown[-1] in _CLAUSE_ENDS:
        return 0 if not dangles or here.shown[-1] in ".!?؟،:" else None
    if here.folded in LINKING_WORDS or after.folded in _NAME_GOES_ON or _hangs(words, last):
        return None
    if _begins_phrase(after):
        # "after its loss …" wants to be told against whom.
        began_just_now = last and words[last - 1].folded in _TELLS_WHEN
        return 14 if began_just_now or _wants_more(here) else 3
    if dangles or after.definite or (_is_name(here) and _is_name(after)):
        return None
    if after.folded[:1].isdecimal():
        return 30
    return 12 if here.definite else 45


def cut_headline(text: str, most: int, around: str = "rtl") -> str:
    """Return at most `most` characters of a headline, cut where a phrase ends and closed with an ellipsis.

    >>> cut_headline("الأمم المتحدة تدعو إلى هدنة في شمال البلاد", 26)
    'الأمم المتحدة تدعو…'
    """
    if len(text) <= most:
        return text
    words, quoted, in_runs = _words(text), _quoted(text), _in_runs(text, around)
    for least in (most * _LEAST_KEPT, 0):
        for inside in (quoted | in_runs, in_runs):
            end = _best_end(words, inside, least, most)
            if end:
                return _closed(text[:end])
    # No good place at all: behind any word, so long as it parts no run.
    anywhere = [word.end for word in words if word.end <= most - 2 and word.end not in in_runs]
    return _closed(text[: anywhere[-1]] if anywhere else shorten(text, most - 1))


def _best_end(words: list[_Word], inside: frozenset[int], least: float, most: int) -> int:
    """Return where the best cut is that leaves at least so much; 0 where there is none."""
    best: tuple[float, int] = (math.inf, 0)
    for last, word in enumerate(words[:-1]):
        # An ellipsis and, at times, a closing mark come behind it.
        if word.end > most - 2:
            break
        if word.end in inside or word.end < least:
            continue
        cost = _cost(words, last)
        if cost is not None:
            best = min(best, (cost - word.end, word.end))
    return best[1]


def _closed(kept: str) -> str:
    """Return what is kept with an ellipsis; a quotation that is cut is closed behind it."""
    kept = kept.removesuffix("…").rstrip(_TRIMMED)
    quoted = _quoted(kept)
    opening = next(
        (kept[at - 1] for at in range(len(kept), 0, -1) if at in quoted and at - 1 not in quoted), ""
    )
    return f"{kept}…{_PAIRS[opening] if len(kept) in quoted else ''}"
