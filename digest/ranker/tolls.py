"""How many people died, as headlines and ledes count them: of a story, the latest count stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.model import Article
from digest.text.arabic import normalise

_NUMBERS = {
    word: number
    for number, words in {
        1: "شخص, one, un, une", 2: "شخصين, شخصان, قتيلين, قتيلان, two, deux", 3: "ثلاثه, ثلاث, three, trois",
        4: "اربعه, اربع, four, quatre", 5: "خمسه, خمس, five, cinq", 6: "سته, ست, six",
        7: "سبعه, سبع, seven, sept",
        8: "ثمانيه, ثماني, eight, huit", 9: "تسعه, تسع, nine, neuf", 10: "عشره, عشر, ten, dix",
    }.items()
    for word in words.split(", ")
}  # fmt: skip
_NUMBER = rf"(?P<number>\d{{1,3}}(?:[.,]\d{{3}}){{0,3}}|\d{{1,9}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
# Two persons without a number: جنديان. Only words of persons, for most that end like a dual are none (سكان, رهبان,
# لبنان); in ين only those whose plural is another word. طالبان is left out.
_ANY_CASE = (
    "جندي|رجل|طفل|طفلت|امرات|سيدت|فتات|شاب|شابت|ضابط|عنصر|شقيق|شقيقت|طالبت|مواطنت|فلسطينيت|صحفيت|صحافيت"
)
_NOMINATIVE = (
    "شرطي|مدني|صحفي|صحافي|سايح|متظاهر|عامل|مواطن|مسلح|فلسطيني|اسراييلي|سوري|لبناني|عراقي|اردني|مصري|ليبي|تونسي|جزايري"
    "|مغربي|سوداني|سعودي|يمني|كويتي|ايراني|تركي|كردي|افغاني|باكستاني|هندي|صيني|روسي|اوكراني|اميركي|امريكي|بريطاني"
    "|فرنسي|الماني|ايطالي|اسباني"
)
# "جنديان و8 مسلحين" and "شرطيان ومدني" are more than two.
_AND_MORE = (
    rf"\s+(?:[^\W\d]+\s+){{0,4}}?و(?:\d|(?:{'|'.join(_NUMBERS)})(?!\w)"
    rf"|(?:{_ANY_CASE}|{_NOMINATIVE})(?:ان|ين|ون|ه)?(?!\w))"
)
_DUAL = rf"(?P<dual>(?:(?:{_ANY_CASE})(?:ان|ين)|(?:{_NOMINATIVE})ان)(?!{_AND_MORE}))"
# Words that may stand between the deaths and their number.
_FILLING = (
    r"(?:(?:الي|اكثر|ازيد|من|نحو|حوالي|قرابه|ما|لا|يقل|عن|علي|الاقل|عدد|ضحايا|قتلي|ارتفاع|حصيله|ارتفع"
    r"|ترتفع|فيه|فيها"
    r"|at|least|more|than|about|to|rises|au|moins|plus|de|environ)\s+){0,6}"
)
_DEATHS_FIRST = re.compile(
    rf"(?<!\w)[وبل]?(?:مقتل|مصرع|وفاه|موت|استشهاد|[يت]?قتلت?|لقي|اودت? بحياه|اودي بحياه|(?:عدد "
    rf"|حصيله )(?:ال)?(?:قتلي|ضحايا|وفيات)|القتلي|الوفيات"
    rf"|kills?|killed|death toll|killing|tue|tué|bilan)\s+(?:\w+\s+(?=الي\s))?{_FILLING}(?:{_NUMBER}|{_DUAL})(?!\w"
    rf"|[.,]\d|\s*(?:%|مصابا|جريح))"
)
# "قتلت القوات الإسرائيلية 41": who killed stands before the number, with an adjective or two.
_KILLER = (
    r"(?:ال(?!بالغ)\w{3,}|قوات|غار(?:ه|ات)|طايرات?|ضرب(?:ه|ات)|قصف|هجوم|انفجار|تفجير|انتحاري|مسلح(?:ون)?|زلزال|اعصار"
    r"|فيضانات|حريق|صاروخ|صواريخ|قنبله)"
)
_PERSONS = (
    r"(?:شخص|اشخاص|مواطن|جندي|جنود|عنصر|عناصر|مسلح|مدني|فلسطيني|رجل|رجال|امراه|نساء|طفل|اطفال|شرطي|متظاهر|عامل|عمال"
    r"|طالب|طلاب|ضابط|ضباط|صحفي|صحافي|ارهابي)(?:ا|ين|ون)?(?!\w)"
)
_KILLER_FIRST = re.compile(
    rf"(?<!\w)[وف]?[يت]?قتلت?\s+{_KILLER}\s+(?:(?:ال(?!بالغ)\w{{3,}}|(?!(?:علي|الي|حتي|لدي)\s)\w{{2,}}يه?)\s+){{0,2}}{_NUMBER}"
    rf"(?:\s+{_PERSONS}|(?<!\d{{4}})\s*(?:[،؛:!؟]|\.(?!\d)|$))"
)
_NUMBER_FIRST = re.compile(
    rf"(?<![\w.,]){_NUMBER}(?!\w)\s+(?:[^\W\d]+\s+){{0,3}}?(?:قتلوا|قتيلا?|قتلي|شهيدا?|شهداء|حتفهم|مصرعهم"
    rf"|قضوا|killed|dead|deaths|die|died|morts|tués)(?!\w)"
)


def toll(text: str) -> int | None:
    """Return how many died by a text, None where it does not say.

    >>> toll("مقتل 15 طفلاً في غارة"), toll("ارتفاع حصيلة القتلى إلى 29"), toll("افتتاح ميناء")
    (15, 29, None)
    >>> toll("قتل جنديان في كمين"), toll("قتلت القوات 41 شخصا")
    (2, 41)
    """
    folded = normalise(text)
    found = _DEATHS_FIRST.search(folded) or _KILLER_FIRST.search(folded) or _NUMBER_FIRST.search(folded)
    if found is None:
        return None
    if found.groupdict().get("dual"):
        return 2
    number = found["number"]
    return _NUMBERS.get(number) or int(re.sub(r"\D", "", number))


def latest_toll(articles: Sequence[Article]) -> int | None:
    """Return the count of the newest article that has one, in its headline or in its lede's beginning."""
    for article in sorted(articles, key=lambda article: (article.published, article.id), reverse=True):
        count = toll(article.title)
        if count is None:
            count = toll(article.summary[:200])
        if count is not None:
            return count
    return None
