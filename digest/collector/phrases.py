"""Words of the trade as newspapers spell them, as pieces of patterns."""

from __future__ import annotations

from collections.abc import Iterable


def one_of(phrases: str) -> str:
    """Return the pattern that matches any of these phrases: one a line, each a pattern itself."""
    return "(?:" + "|".join(line.strip() for line in phrases.strip().splitlines()) + ")"


def holds_any(text: str, pieces: Iterable[str]) -> bool:
    """Tell whether any of these pieces stands in a text.

    To look for some plain pieces costs a tenth of looking for a pattern of which each match holds one of them.
    """
    return any(piece in text for piece in pieces)


#: Each phrase in Latin letters that is looked for here has one of these; few Arabic texts do.
LATIN = ("e", "o", "E", "O")

#: Agencies whose names mean nothing else; photographs are credited to them too.
AGENCIES = one_of(
    r"""
    رويترز
    [أا] ?\.? ?ف ?\.? ?ب\.?
    د ?\.? ?ب ?\.? ?[أا]\.?
    [إأا] ?\. ?ب ?\. ?[أا]\.?
    [إأ] ب [أا]
    [أا] ?\. ?ب\.?
    أ ب
    [أا] ?\.? ?ش ?\.? ?[أا]\.?
    (?:وكالة )?(?:فرانس برس|الصحافة الفرنسية|الأناضول|الأنباء الألمانية)
    [أا]سوش(?:ي|يي)تد ?برس
    سبوتنيك
    نوفوستي
    إنترفاكس
    شينخوا
    بلومبي?ر[غج]
    واس
    وام
    سانا
    سبأنت
    شفق نيوز
    (?:العربية|الجزيرة)[. ]نت
    (?i:reuters|A\.?F\.?P\.?|DPA|EPA|Anadolu|Bloomberg|Xinhua|CNN|AP)(?![A-Za-z])
    """
)

#: اقرأ, the imperative, as it is spelt and misspelt.
READ = "[اإأ]قر(?:[أا](?:وا)?|ؤوا|ءوا|أي)"
WATCH = "(?:شاهد(?:وا)?|طالع(?:وا)?|[اأ]نظر(?:وا)?)"
ALSO = "(?:[أا]يض(?:ا\u064b?|\u064bا)|كذلك)"
FIRST = "(?:[أا]ول(?:ا\u064b?|\u064bا)|للمرة الأولى)"
