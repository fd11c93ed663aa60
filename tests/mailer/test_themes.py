"""What every theme that ships keeps to, in every locale: structure, direction, dark rules, size, footer."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import lxml.html
import pytest

from digest.mailer.render import TEMPLATES
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN, view_edition
from digest.model import Edition, Message, Newsletter
from tests.mailer.making import (
    ARABIC,
    app,
    edition,
    full_edition,
    page,
    rendered,
    seen,
    seen_page,
    story,
    update,
)
from tests.mailer.newsletters import BOTH_WAYS, FRENCH, HEBREW, NEWSLETTERS, THEMES

_BASE = "https://mujaz.example"
_LOGO = "https://mujaz.example/logo.png"
_OUTLETS = ("شراع", "النخلة", "الورّاق", "صدف الخليج", "أفق", "المشربية")


def _pictured(
    width: int | None = 1200, height: int | None = 675, url: str = "https://a.example/p.jpg"
) -> Edition:
    """Return the full edition; its lead's second article has a picture."""
    made = full_edition()
    first, *rest = made.sections[0].stories
    plain, other = first.articles
    told = replace(
        first, articles=(plain, replace(other, image_url=url, image_width=width, image_height=height))
    )
    return replace(made, sections=(replace(made.sections[0], stories=(told, *rest)), *made.sections[1:]))


def _with_logo(newsletter: Newsletter) -> Newsletter:
    return replace(newsletter, logo=_LOGO, logo_width=180, logo_height=60)


def _of_a_usual_day() -> Edition:
    """Return an edition of twenty stories, six of them in brief, as long as real ones and as widely told."""
    headline = "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة بعد 5 أعوام من العمل"
    summary = (
        "قال مسؤولون في Oman Ports إن الخطوة تأتي ضمن برنامج يمتد خمسة أعوام، وإن كلفتها تبلغ 5.4 مليار دولار. "
        * 3
    )
    regions = list(app().settings.regions)[:7]
    sections = [
        [story(place * 2 + row, region, headline, summary, outlets=_OUTLETS) for row in (0, 1)]
        for place, region in enumerate(regions)
    ]
    return edition(sections, [story(50 + n, "asia", headline, summary, outlets=_OUTLETS) for n in range(6)])


def _parts(
    made: Edition, newsletter: Newsletter, base_url: str = _BASE, shortened: bool = False
) -> tuple[str, str]:
    """Return HTML and text as the templates make them where there are pages on the web."""
    language = app().language(newsletter.locale)
    view = view_edition(made, newsletter, newsletter.regions, app().settings.regions, language, base_url)
    values = {
        "edition": replace(view, shortened=shortened),
        "say": language.say,
        "count": language.count,
        "subject": "",
        "preheader": "",
    }
    html, text = (
        app().templates.get_template(f"{newsletter.template}/{name}").render(values) for name in TEMPLATES
    )
    return html, text


@pytest.fixture(scope="module", params=NEWSLETTERS)
def newsletter(request: pytest.FixtureRequest) -> Newsletter:
    """Each theme in each locale."""
    made: Newsletter = request.param
    return made


@pytest.fixture(scope="module")
def message(newsletter: Newsletter) -> Message:
    """The full edition, with a picture and a logo."""
    return rendered(_pictured(), replace(_with_logo(newsletter), images="lead"))


@pytest.fixture(scope="module")
def root(message: Message) -> lxml.html.HtmlElement:
    """Its page."""
    return page(message.html)


# --------------------------------------------------------------------------- structure and direction


def test_html_body_and_wrapper_say_language_and_direction(
    newsletter: Newsletter, root: lxml.html.HtmlElement
) -> None:
    body = root.find("body")
    expected = (newsletter.locale, app().language(newsletter.locale).direction)
    assert [(one.get("lang"), one.get("dir")) for one in (root, body, body[0])] == [expected] * 3
    assert seen(body.text_content()) == seen(body[0].text_content())


def test_no_element_has_both_direction_and_padding(root: lxml.html.HtmlElement) -> None:
    assert len(root.xpath("//*[@dir]")) > 5
    assert root.xpath("//*[@dir][contains(@style, 'padding')]") == []


def test_nothing_is_used_that_large_clients_do_not_know(message: Message) -> None:
    assert not re.search(
        r"<bdi\b|(?:padding|margin)-inline|text-align:\s*(?:start|end)\b|<script|<link|@import|@font-face",
        message.html,
    )


def test_tables_are_for_layout_and_say_so(root: lxml.html.HtmlElement) -> None:
    assert {table.get("role") for table in root.iter("table")} == {"presentation"}


def test_one_first_heading_and_no_level_left_out(newsletter: Newsletter) -> None:
    for made, by in (
        (full_edition(), newsletter),
        (full_edition(), _with_logo(newsletter)),
        (edition([[story(1)]]), newsletter),
    ):
        levels = [
            int(one.tag[1]) for one in page(rendered(made, by).html).iter("h1", "h2", "h3", "h4", "h5", "h6")
        ]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert max(later - earlier for earlier, later in pairwise(levels)) <= 1


def test_blocks_for_outlook_are_balanced_and_name_a_face_for_it(message: Message) -> None:
    opened = re.findall(r"<!--\[if mso\]>", message.html)
    assert len(opened) == len(re.findall(r"<!\[endif\]-->", message.html)) == 3
    within = "".join(re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", message.html, re.DOTALL))
    assert re.search(r"font-family: \"Segoe UI\", Tahoma, Arial", within)
    assert within.count("<table") == within.count("</table>") == 1


def test_the_dark_is_designed_and_survives_inlining(message: Message) -> None:
    dark = message.html.partition("@media (prefers-color-scheme: dark)")[2].partition("</style>")[0]
    assert dark.count("!important") > 5
    for mark in ("[data-ogsc]", "[data-ogsb]"):
        assert f"{mark} ." in dark
    assert "@media (max-width" in message.html


def test_style_blocks_are_smaller_than_gmail_drops(root: lxml.html.HtmlElement) -> None:
    assert 500 < sum(len((style.text or "").encode()) for style in root.iter("style")) < 16_000


def test_a_usual_edition_is_well_under_sixty_kilobytes(newsletter: Newsletter) -> None:
    made = _of_a_usual_day()
    assert len(list(made.stories())) == 20
    wide = replace(newsletter, regions=tuple(app().settings.regions))
    message = rendered(made, wide)
    assert len(page(message.html).xpath("//h3")) >= 19
    assert 20_000 < len(message.html.encode()) < 60_000


def test_every_picture_says_its_size_and_what_it_is(root: lxml.html.HtmlElement) -> None:
    pictures = [(one.get("width"), one.get("height"), bool(one.get("alt"))) for one in root.iter("img")]
    assert pictures == [("180", "60", True), ("528", "297", True)]


# --------------------------------------------------------------------------- words


@pytest.mark.parametrize("newsletter", [case for case in NEWSLETTERS if "en," not in str(case.id)])
def test_a_letter_speaks_its_own_language_only(newsletter: Newsletter) -> None:
    html, text = _parts(full_edition(), newsletter, shortened=True)
    english = ["In this edition", "In brief", "Update", "What is new", "Unsubscribe", "Preferences", "Read in", "outlet", "stories", "minute's", "program chose", "Until", "The rest"]  # fmt: skip
    for told in (seen_page(html), seen(text)):
        assert [words for words in english if words in told] == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_colon_stands_as_the_language_has_it(theme: str) -> None:
    brief = edition([[story(1), update(story(2), "خبر الأمس")]])
    for newsletter, expected in (
        (FRENCH, "samedi : خبر"),
        (HEBREW, "ביום שבת: خبر"),
        (ARABIC, "يوم السبت: خبر"),
    ):
        message = rendered(brief, replace(newsletter, template=theme))
        for told in (seen(message.text), seen_page(message.html)):
            assert expected in told


# --------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("theme", THEMES)
def test_there_are_no_pictures_unless_they_are_wanted(theme: str) -> None:
    html = rendered(_pictured(), replace(ARABIC, template=theme)).html
    assert page(html).xpath("//img") == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_leads_picture_leads_to_its_outlet_and_is_credited(theme: str) -> None:
    made = _pictured()
    message = rendered(made, replace(ARABIC, template=theme, images="lead"))
    [picture] = page(message.html).xpath("//a/img")
    url = made.sections[0].stories[0].articles[1].url
    assert (picture.get("src"), picture.get("alt")) == ("https://a.example/p.jpg", "الصورة: النخلة")
    assert picture.getparent().get("href") == url
    assert url in message.text


@pytest.mark.parametrize(
    ("made", "size"),
    [
        pytest.param(_pictured(528, 300), (528, 300), id="the column's width"),
        pytest.param(_pictured(1056, 1056), (528, 528), id="a square, halved"),
        pytest.param(_pictured(400, 200), (400, 200), id="a small one stays small"),
        pytest.param(_pictured(300, 200), None, id="too small"),
        pytest.param(_pictured(1200, 300), None, id="a banner"),
        pytest.param(_pictured(600, 900), None, id="taller than wide"),
        pytest.param(_pictured(None, None), None, id="of unknown size"),
        pytest.param(_pictured(url="http://a.example/p.jpg"), None, id="over http"),
        pytest.param(_pictured(url="javascript:alert(1)"), None, id="no picture at all"),
    ],
)
def test_a_picture_is_shown_where_it_fits_the_column(made: Edition, size: tuple[int, int] | None) -> None:
    root = page(rendered(made, replace(ARABIC, images="lead")).html)
    shown = [(int(one.get("width")), int(one.get("height"))) for one in root.iter("img")]
    assert shown == ([size] if size else [])


@pytest.mark.parametrize("theme", THEMES)
def test_a_logo_stands_for_the_title_and_says_it(theme: str) -> None:
    root = page(rendered(full_edition(), _with_logo(replace(ARABIC, template=theme))).html)
    [logo] = root.xpath("//h1/img")
    assert (logo.get("src"), logo.get("alt")) == (_LOGO, "موجز")
    assert root.find(".//h1").text_content().strip() == ""


# --------------------------------------------------------------------------- the footer


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
@pytest.mark.parametrize("base_url", ["", _BASE])
def test_the_footer_links_what_there_is(newsletter: Newsletter, base_url: str) -> None:
    html, text = _parts(full_edition(), newsletter, base_url)
    wanted = {PREFERENCES_TOKEN: bool(base_url), f"{_BASE}/editions/daily-2026-11-22": bool(base_url), UNSUBSCRIBE_TOKEN: True}  # fmt: skip
    for url, there in wanted.items():
        assert len(page(html).xpath("//a[@href=$url]", url=url)) == there
        # In the twin alone in its line.
        assert text.splitlines().count(url) == there
    assert newsletter.postal_address in seen_page(html)


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
@pytest.mark.parametrize("base_url", ["", _BASE])
def test_a_shortened_letter_says_so(newsletter: Newsletter, base_url: str) -> None:
    say = app().language(newsletter.locale).say
    told = say("The rest of this edition is in the browser.")
    if not base_url:
        told = say("This edition was longer than a letter may be, and was shortened.")
    for part in _parts(full_edition(), newsletter, base_url, shortened=True):
        assert seen(part).count(told) == 1
    for part in _parts(full_edition(), newsletter, base_url):
        assert told not in seen(part)


@pytest.mark.parametrize("theme", THEMES)
def test_a_name_in_markup_stays_a_name(theme: str) -> None:
    hostile = "<b onclick='x'>موجز</b>"
    newsletter = _with_logo(
        replace(ARABIC, template=theme, title=hostile, tagline=hostile, postal_address=hostile)
    )
    root = page(_parts(full_edition(), newsletter)[0])
    assert root.xpath("//*[@onclick]") == []
    assert root.xpath("//h1/img/@alt") == [hostile]
