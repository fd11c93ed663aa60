"""Editions made by hand, and what renders them, for the mailer's tests."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import lxml.html

from digest.app import App
from digest.mailer.mime import Assembler, Envelope
from digest.mailer.render import render
from digest.mailer.view import EditionView, view_edition
from digest.model import Article, Edition, Message, Newsletter, Reader, Section, Story, Told

DATE = dt.date(2026, 11, 22)
#: 06:30 in Riyadh.
COMPOSED = dt.datetime(2026, 11, 22, 3, 30, tzinfo=dt.UTC)
READER = Reader(
    delivery_id=7, email="layla@example.org", name="ليلى", unsubscribe_url="https://example.org/u?t=a&k=b"
)
ENVELOPE = Envelope(
    from_name="موجز",
    from_address="mujaz@example.org",
    newsletter_id="daily",
    unsubscribe_address="leave@example.org",
)
#: Marks that show nothing.
ISOLATES = (
    "\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"
)
_UNSEEN = re.compile(f"[{ISOLATES}\N{RIGHT-TO-LEFT MARK}\N{WORD JOINER}]")

ARABIC = Newsletter(
    id="daily",
    title="موجز",
    tagline="أخبار اليوم من المصادر العربية",
    locale="ar",
    timezone="Asia/Riyadh",
    send_at=dt.time(6, 30),
    late_minutes=180,
    regions=("gulf", "europe", "americas"),
    stories_per_region=3,
    brief_stories=3,
    postal_address="شارع النشر 7، القاهرة",
)
ENGLISH = replace(ARABIC, title="Mujaz", tagline="The day from Arabic sources", locale="en")

_HEADLINES = {
    "gulf": ["سلطنة عُمان تفتتح ميناء الدقم الجديد", "قطر ترفع إنتاج الغاز 3.2% في الربع الثالث", "الكويت تقر موازنة العام المقبل"],
    "europe": ["برلين تعلن خطة لخفض الانبعاثات", "البرلمان الفرنسي يناقش قانون المعاشات", "روما تستضيف قمة المناخ"],
    "americas": ["فوز البرازيل على الأرجنتين 3-1 في نهائي الكأس", "شركة Microsoft تعلن نتائجها", "كندا تستقبل وفداً عربياً"],
}  # fmt: skip
_COUNTRIES = {"gulf": ("OM", "QA", "KW"), "europe": ("DE", "FR", "IT"), "americas": ("BR", "US", "CA")}
_SUMMARY = "قال مسؤولون إن الخطوة تأتي ضمن برنامج يمتد خمسة أعوام، وإن كلفتها تبلغ 5.4 مليار دولار بزيادة 12% عن التقدير الأول."


def article(number: int, outlet: str = "شراع", title: str = "عنوان", hours: float = 2.0) -> Article:
    """Return an article of some hours before the edition."""
    return Article(
        id=f"a{number}",
        outlet=outlet,
        title=title,
        url=f"https://news.example.org/{number}?a=1&b=2",
        published=COMPOSED - dt.timedelta(hours=hours),
    )


def story(
    number: int,
    region: str = "gulf",
    headline: str = "سلطنة عُمان تفتتح ميناء الدقم الجديد",
    summary: str = _SUMMARY,
    outlets: Sequence[str] = ("شراع", "النخلة"),
    countries: tuple[str, ...] = ("OM",),
    hours: float = 2.0,
    score: float = 1.0,
) -> Story:
    """Return a story with one article of each outlet, the newest so many hours old."""
    articles = tuple(
        article(number * 100 + place, outlet, headline, hours + place) for place, outlet in enumerate(outlets)
    )
    return Story(
        id=f"{number:012x}",
        headline=headline,
        summary=summary,
        articles=articles,
        region=region,
        countries=countries,
        evidence=(),
        score=score,
        score_parts={"outlets": score},
    )


def edition(sections: Sequence[Sequence[Story]], briefs: Sequence[Story] = (), lead: str = "") -> Edition:
    """Return an edition of these stories; the first one leads unless `lead` names another."""
    return Edition(
        id="daily-2026-11-22",
        newsletter_id="daily",
        local_date=DATE,
        cohort="Asia/Riyadh",
        composed_at=COMPOSED,
        sections=tuple(Section(region=stories[0].region, stories=tuple(stories)) for stories in sections),
        briefs=tuple(briefs),
        lead_id=lead or sections[0][0].id,
        articles_read=50,
        stories_found=20,
    )


def full_edition() -> Edition:
    """Return an edition of three sections and three briefs, with all that a usual one has; two are updates."""
    sections = []
    for place, (region, headlines) in enumerate(_HEADLINES.items()):
        rows = zip(headlines, _COUNTRIES[region], strict=True)
        sections.append(
            [
                story(place * 10 + row, region, headline, countries=(country,), score=9.0 - place - row / 10)
                for row, (headline, country) in enumerate(rows)
            ]
        )
    briefs = [
        story(
            90 + row, "asia", f"طوكيو تختبر القطار رقم {row}", countries=("JP",), score=0.5, outlets=outlets
        )
        for row, outlets in enumerate([("شراع",), ("النخلة", "الورّاق"), tuple("أبتثجحخد")])
    ]
    sections[1][1] = update(sections[1][1], "البرلمان الفرنسي يحدد موعد نقاش المعاشات")
    briefs[0] = update(briefs[0], "طوكيو تعرض قطارها الجديد")
    return edition(sections, briefs)


def update(of: Story, then: str, days: int = 1) -> Story:
    """Return a story as the update of what was told some days before."""
    told = Told(
        edition_id="daily-2026-11-21",
        story_id="0a1b",
        local_date=DATE - dt.timedelta(days=days),
        headline=then,
    )
    return replace(of, update_of=told)


@cache
def app() -> App:
    """Return the shipped configuration, whatever the tester's home holds."""
    return App(home=pathlib.Path("/nonexistent/home"), environment={})


def rendered(made: Edition, newsletter: Newsletter = ARABIC, regions: Sequence[str] = ()) -> Message:
    """Return the message of an edition, the shipped templates' work."""
    return render(
        made,
        newsletter,
        regions or newsletter.regions,
        app().settings.regions,
        app().language(newsletter.locale),
        app().templates,
    )


def viewed(made: Edition, newsletter: Newsletter = ARABIC, regions: Sequence[str] = ()) -> EditionView:
    """Return what the template gets."""
    return view_edition(
        made,
        newsletter,
        regions or newsletter.regions,
        app().settings.regions,
        app().language(newsletter.locale),
    )


def raw(message: Message, reader: Reader = READER) -> bytes:
    """Return a message as it goes over the wire."""
    return Assembler(ENVELOPE).raw(message, reader, "daily-2026-11-22", "default", COMPOSED)


def page(html: str) -> lxml.html.HtmlElement:
    """Return a parsed page."""
    return lxml.html.document_fromstring(html)


def seen(text: str) -> str:
    """Return text as a reader sees it: no marks, one kind of space."""
    return " ".join(_UNSEEN.sub("", text).split())


def seen_page(html: str) -> str:
    """Return what a page's body says; the pieces of a word in spans join."""
    return seen(page(html).find("body").text_content())
