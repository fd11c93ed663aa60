"""What kind of article it is, told from its address, its section and its headline.

Outlets file a video, a column or a horoscope under its own folder, or write a mark before the headline
(رأي:, شاهد.., Opinion |). A mark counts where something parts it from the headline: شاهد.. announces a film,
شاهد عيان is a witness.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import unquote

from digest.model import Article
from digest.text.arabic import normalise, word_set


class Kind(StrEnum):
    """What readers find behind a headline."""

    NEWS = "news"
    #: Explains, asks or tells a background: analyses, questions, portraits, reportages.
    ANALYSIS = "analysis"
    OPINION = "opinion"
    INTERVIEW = "interview"
    PRESS_REVIEW = "press review"
    VIDEO = "video"
    GALLERY = "gallery"
    #: A broadcast or one of its parts.
    PROGRAMME = "programme"
    #: A page that grows while the event lasts.
    LIVE = "live"
    #: Lists, tips, tests, cartoons, and headlines that withhold what they are about.
    SOFT = "soft"
    HOROSCOPE = "horoscope"
    #: Prayer times, today's weather, tables of prices, where to watch a match.
    SERVICE = "service"


def _by_word(table: Mapping[Kind, str]) -> dict[str, Kind]:
    return {
        word.strip(): kind
        for kind, words in table.items()
        for word in normalise(words).split(",")
        if word.strip()
    }


# Whole folders of an address, and sections as feeds name them. In comparison form, with hyphens.
_FOLDERS = _by_word(
    {
        Kind.OPINION: "opinion, opinions, blogs, columns, columnists, column, editorial, editorials, "
        "commentisfree, op-ed, oped,"
        "op-eds, commentary, idees, tribunes, tribune, chroniques, editos, debats, letters, views, "
        "opinions-articles,"
        "رأي, الرأي, آراء, مقالات, مقال, مقالات-رأي, مقالات-الرأي, كتاب-وآراء, مدونات, المدونات, "
        "افتتاحية, أعمدة",
        Kind.ANALYSIS: "analysis, analyses, explainers, explainer, explained, in-depth, indepth, "
        "features, feature, longreads,"
        "long-reads, longform, decryptage, decryptages, infographic, infographics, newsfeatures, reportages,"
        "تحليل, تحليلات, تحليلات-إخبارية, إنفوغراف, انفوجرافيك, إنفوغرافيك",
        Kind.INTERVIEW: "interviews, interview, entretiens, entretien, حوارات, حوار, مقابلات",
        Kind.PRESS_REVIEW: "press-review, press-reviews, inthepress, in-the-press, revue-de-presse, "
        "the-papers, صحافة-اليوم",
        Kind.VIDEO: "video, videos, av, reels, shorts, videographics, فيديو, فيديوهات, الفيديو",
        Kind.GALLERY: "gallery, galleries, photos, photo, pictures, photo-gallery, photogallery, "
        "in-pictures, slideshow,"
        "slideshows, diaporama, diaporamas, portfolio, صور, ألبومات, معرض-الصور",
        Kind.PROGRAMME: "program, programs, programme, programmes, show, shows, tv-shows, podcast, "
        "podcasts, episode, episodes,"
        "emission, emissions, replay, audio, radio-shows, برامج, البرامج, بودكاست",
        Kind.LIVE: "live, liveblog, live-blog, liveblogs, live-updates, live-news, live-story, "
        "livestory, livestream, en-direct,"
        "مباشر, تغطية-مباشرة",
        Kind.SOFT: "quiz, quizzes, puzzles, crosswords, cartoon, cartoons, caricature, caricatures, "
        "كاريكاتير, تسالي",
        Kind.HOROSCOPE: "horoscope, horoscopes, zodiac, abraj, astrology, أبراج, الأبراج, حظك-اليوم",
        Kind.SERVICE: "prayer-times, weather-forecast, currency-rates, مواقيت-الصلاة",
    }
)

# Marks before a headline, parted from it by a colon, a bar, two dots.
_MARKS = _by_word(
    {
        Kind.OPINION: "رأي, مقال, مقال رأي, رأي حر, افتتاحية, وجهة نظر, عمود, opinion, op-ed, oped, "
        "editorial, comment, commentary,"
        "view, viewpoint, letters, tribune, édito, edito, éditorial, chronique, point de vue",
        Kind.ANALYSIS: "تحليل, تحليل إخباري, تحليل سياسي, قراءة, قراءة تحليلية, بورتريه, ريبورتاج, "
        "إنفوغرافيك, انفوغرافيك,"
        "انفوجرافيك, إنفوجراف, إنفوغراف, بالأرقام, بالخريطة, خريطة, شرح, تقدير موقف, سؤال وجواب, "
        "أسئلة وأجوبة, س وج,"
        "خلفيات, تسلسل زمني, analysis, explainer, explained, factbox, timeline, profile, feature, "
        "in depth, fact check,"
        "analyse, décryptage, reportage, portrait, infographie, eclairage, éclairage, explications",
        Kind.INTERVIEW: "حوار, مقابلة, مقابلة خاصة, مقابلة حصرية, حوار خاص, حوار حصري, لقاء خاص, "
        "interview, entretien,"
        "exclusive interview, grand entretien",
        Kind.PRESS_REVIEW: "في الصحف, صحف اليوم, الصحافة اليوم, جولة الصحافة, جولة الصحف, أقوال الصحف, "
        "عناوين الصحف,"
        "press review, the papers, revue de presse, papers",
        Kind.VIDEO: "شاهد, شاهدوا, شاهد بالفيديو, بالفيديو, فيديو, الفيديو, بالفيديو والصور, "
        "بالصوت والصورة, فيديو خاص,"
        "watch, video, videos, vidéo, en vidéo, regardez",
        Kind.GALLERY: "بالصور, صور, شاهد بالصور, بالصور والفيديو, ألبوم صور, صورة اليوم, صور اليوم, "
        "in pictures, pictures, photos,"
        "gallery, en images, images, diaporama, photo gallery",
        Kind.PROGRAMME: "بودكاست, برنامج, حلقة اليوم, النشرة, نشرة الأخبار, موجز الأخبار, موجز الأنباء, "
        "podcast, listen, écoutez,"
        "full episode, newscast",
        Kind.LIVE: "مباشر, بث مباشر, البث المباشر, تغطية مباشرة, تغطية مستمرة, تغطية خاصة, لحظة بلحظة, "
        "مباشرة, live, live updates,"
        "live blog, liveblog, watch live, en direct, direct, suivez en direct",
        Kind.SOFT: "كاريكاتير, اختبر نفسك, كلمات متقاطعة, quiz, cartoon, crossword",
        Kind.HOROSCOPE: "حظك اليوم, برجك, horoscope, horoscopes",
        Kind.SERVICE: "طقس, الطقس, حالة الطقس, مواقيت الصلاة, weather, météo",
    }
)
# Marks behind a headline. A film that stands behind it comes with the news: سقوط الجسر (فيديو) is news.
_END_MARKS = {
    mark: kind
    for mark, kind in _MARKS.items()
    if kind in {Kind.OPINION, Kind.ANALYSIS, Kind.PRESS_REVIEW, Kind.LIVE, Kind.PROGRAMME}
} | _by_word(
    {
        Kind.LIVE: "as it happened, as it happens",
        Kind.VIDEO: "video, video report",
        Kind.GALLERY: "in pictures, photos",
    }
)
# A hyphen between letters makes one word of two: "Live-fire drills" are no live page.
_PARTED = r"(?:[:|•،…!/»\])–—]|-(?![a-z\u00df-\u024f])|\.\.)"
_OPENING_MARK = re.compile(rf"[\[(«\"#| ]*([^\W\d_]+(?:[ _-][^\W\d_]+){{0,2}})\s*{_PARTED}")
_ENDING_MARK = re.compile(r"(?:[|(\[–—]|\.\.| -)\s*([^\W\d_]+(?:[ -][^\W\d_]+){0,2})[)\]]?$")

# Headlines that show their kind by how they begin or what they hold, in comparison form; the first counts.
_SHAPES: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Kind.HOROSCOPE, r"حظك اليوم|توقعات (?:ال)?ابراج|الابراج اليوم|^برج ال\w+ اليوم|\bhoroscopes?\b"),
        (
            Kind.SERVICE,
            (
                r"(?:مواقيت|مواعيد) الصلاه|القنوات الناقله|^تردد قن|^(?:حاله )?(?:ال)?طقس (?:اليوم|غدا)|"
                r"^درجات الحراره (?:اليوم|غدا|المتوقعه)|^(?:سعر|اسعار) (?:(?![تي])\S+ ){1,4}اليوم\b|"
                r"^prayer times|\bexchange rates? today\b|^weather forecast"
            ),
        ),
        (
            Kind.PRESS_REVIEW,
            (
                r"^(?:جوله|قراءه) في (?:ال)?صح(?:ف|افه)\b|"
                r"^(?:ابرز )?(?:عناوين|اقوال|مانشيتات|افتتاحيات|ما جاء في|ما تناولته) (?:ال)?صح(?:ف|افه)\b|"
                r"^(?:press review|newspaper headlines|revue de presse)\b"
            ),
        ),
        (Kind.OPINION, r"\b(?:ي|ت)كتب\s*(?:ل\S+\s*)?:|(?:^|[|(–—-]\s*)بقلم\b"),
        (Kind.LIVE, r"^(?:بث مباشر|تغطيه مباشره|live updates|live blog|en direct)\b|\bلحظه بلحظه$"),
        (Kind.GALLERY, r"^(?:شاهد )?بالصور\b|^(?:in pictures|en images)\b"),
        (
            Kind.VIDEO,
            (
                r"^(?:شاهد )?بالفيديو\b(?! كونف)|^فيديو لحظه\b|"
                r"^شاهد(?:وا)?\b(?! (?:عيان|علي|اثبات|نفي|رييسي|من|في|امام|ملك|سابق|جديد|اخر|ي\w+)\b)|"
                r"^watch (?:the|how|as|this|moment|live)\b|^regardez\b"
            ),
        ),
        (
            Kind.INTERVIEW,
            (
                r"^(?:حوار|مقابله|لقاء خاص)(?: (?:خاصه?|حصريه?|شامله?|صحفيه?|تلفزيونيه?))? مع\b|"
                r"^(?:exclusive )?interview (?:with|avec)\b|^entretien avec\b"
            ),
        ),
        (
            Kind.PROGRAMME,
            (
                r"^(?:نشره|موجز) (?:ال)?(?:اخبار|انباء)\b|\bالحلقه (?:\d+|ال\w+ه)\b|^(?:حلقه خاصه"
                r"|بودكاست|podcast)\b|"
                r"\b[eé]pisode \d+"
            ),
        ),
        (
            Kind.SOFT,
            (
                r"^(?:تعرفو?ا? علي|اليكم?|هكذا|هذا ما|هذه|لن تصدقو?ا?|اختبرو?ا?|كاريكاتير|اغرب|اطرف)\b|"
                r"[.،…] ?(?:تعرف عليه\w*|والسبب|لهذا السبب|وهذا السبب|وهذه الاسباب)[!.]*$|"
                r"^\d+ (?:طرق|طريقه|نصايح|نصيحه|اسباب|اسرار|خطوات|خطوه|اشياء|عادات|اطعمه|فوايد|حقايق)\b|"
                r"^(?:quiz|cartoon)\b|^\d+ (?:ways|things|reasons|tips|best|choses|conseils|raisons)\b"
            ),
        ),
        (
            Kind.ANALYSIS,
            (
                r"[؟?]|(?:^|: ?)(?:لماذا|كيف|هل|ماذا|ما (?:هي|هو|الذي|سر)|من (?:هو|هي)|متي"
                r"|why|how|what|who is|pourquoi|comment|qui est)\b|"
                r"^(?:قراءه في|(?:اليك )?كل ما|اسيله و|(?:explainer|everything)\b|"
                r"(?:que sait-on|ce que l.on sait)\b)"
            ),
        ),
    )
)
# Most headlines begin with none of these words and hold none of those below: no pattern need look at them.
_FIRST_WORDS = word_set(
    """
    برج تردد حاله طقس الطقس درجات سعر اسعار prayer weather جوله قراءه ابرز عناوين اقوال مانشيتات افتتاحيات
    press
    newspaper revue بث تغطيه live en شاهد شاهدو شاهدوا بالصور in بالفيديو فيديو watch regardez حوار مقابله
    لقاء
    exclusive interview entretien نشره موجز حلقه بودكاست podcast تعرف تعرفو تعرفوا اليك اليكم هكذا هذا هذه لن
    اختبر اختبرو اختبروا كاريكاتير اغرب اطرف quiz cartoon لماذا كيف هل ماذا ما من متي كل اسيله why how what
    who
    explainer everything pourquoi comment qui que ce
    """
)
_TELLING = (
    "؟", "?", ": ", "كتب", "بقلم", "حظك", "ابراج", "الصلاه", "الناقله", "بلحظه", "الحلقه", "تعرف علي",
    "السبب", "الاسباب",
    "horoscope", "exchange rate", "pisode",
)  # fmt: skip
#: Characters of an address or a section that are read. The time of NFKC grows with the square of the marks in a row.
_LONGEST_ADDRESS = 1000
_NUMBER_AT_END = re.compile(r"[-_]?\d+(?:\.\w+)?$")
_HOSTS = re.compile(r"(?:video|videos|blogs?|opinion|live|podcasts?)(?=\.)")


def _kind_of_title(title: str) -> Kind:
    folded = normalise(title)
    opening = _OPENING_MARK.match(folded)
    if opening and (kind := _MARKS.get(opening[1].replace("_", " "))):
        return kind
    ending = _ENDING_MARK.search(folded)
    if ending and (kind := _END_MARKS.get(ending[1])):
        return kind
    first = folded.partition(" ")[0].rstrip(":؟?!.،")
    if first in _FIRST_WORDS or first.isdecimal() or any(tell in folded for tell in _TELLING):
        for kind, pattern in _SHAPES:
            if pattern.search(folded):
                return kind
    return Kind.NEWS


def _kind_of_address(url: str) -> Kind | None:
    _, _, rest = url.partition("//")
    if "%" in rest:
        rest = unquote(rest, errors="replace")
    host, *folders = rest.partition("?")[0].split("/")
    if (found := _HOSTS.match(host)) and (kind := _FOLDERS.get(found.group().removesuffix("s") + "s")):
        return kind
    for folder in folders:
        if (kind := _FOLDERS.get(_folder_name(folder))) is not None:
            return kind
    return None


def _folder_name(folder: str) -> str:
    """Return a folder as the table has it; media-4321 is the folder media."""
    name = folder.lower() if folder.isascii() else normalise(folder)
    if name[-1:].isdigit():
        name = _NUMBER_AT_END.sub("", name)
    return name.replace(" ", "-").replace("_", "-")


def kind_of(article: Article) -> Kind:
    """Return an article's kind: by its address, else by its section, else by its headline."""
    kind = _kind_of_address(article.url[:_LONGEST_ADDRESS])
    if kind is None and article.section:
        kind = _FOLDERS.get(_folder_name(article.section[:_LONGEST_ADDRESS]))
    return kind or _kind_of_title(article.title)


def is_soft(title: str) -> bool:
    """Say whether a headline announces something other than news: a video, a question, an opinion, a teaser.

    >>> is_soft("شاهد.. لحظة انهيار الجسر"), is_soft("انهيار جسر في المدينة القديمة")
    (True, False)
    """
    return "!" in title or _kind_of_title(title) is not Kind.NEWS
