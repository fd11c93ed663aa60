"""The letters that every client check reads: each theme's rendering of editions that differ in what is hard."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from functools import cache

import pytest

from digest.app import App
from digest.model import Edition, Message, Newsletter, Story
from tests.cli.running import digest, opened
from tests.conftest import REPOSITORY
from tests.mailer.making import ARABIC, ENGLISH, READER, edition, full_edition, raw, story, update

#: Every folder of templates that a newsletter can name.
THEMES = sorted(path.parent.name for path in (REPOSITORY / "templates").glob("*/edition.txt.j2"))

_BASE_URL = "https://mujaz.example.org"
_READER = replace(READER, preferences_url=f"{_BASE_URL}/preferences?t=a&k=b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One edition as a client gets it; `html` and `text` are cut out of `raw`."""

    theme: str
    name: str
    #: The newsletter's own, `rtl` or `ltr`.
    direction: str
    message: Message
    raw: bytes
    html: str
    text: str
    #: The headlines that it tells.
    headlines: tuple[str, ...]


def _demo() -> tuple[Edition, Newsletter]:
    with tempfile.TemporaryDirectory(prefix="mujaz-letters-") as name:
        home = pathlib.Path(name)
        ran = digest(home, "demo", "--to", str(home))
        assert ran.code == 0, ran.err
        with opened(home) as app:
            latest = app.store.editions.latest_edition_id()
            assert latest is not None
            return app.edition(latest), app.newsletter()


def _full() -> tuple[Edition, Newsletter]:
    return full_edition(), ARABIC


def _short() -> tuple[Edition, Newsletter]:
    return edition([[story(1)]]), ARABIC


def _latin() -> tuple[Edition, Newsletter]:
    summary = (
        "أعلنت Northwind Labs أن إصدار Atlas 4.2 يدعم C++ وPython، وأن سهمها ارتفع 3.2% إلى 118.40 دولار بعد "
        "تراجع بلغ -5 نقاط، فيما فاز فريق Harbor United على Riverside FC بنتيجة 3-1."
    )
    headlines = {
        "americas": ["Northwind Labs تطلق Atlas 4.2 بدعم C++", "Harbor United يهزم Riverside FC 3-1"],
        "europe": ["Alpine Rail and Baltic Freight agree on a merger", "مؤشر EuroBench 50 يصعد 1.7%"],
        "asia": ["شركة Kitsune Motors تستدعي 12,500 سيارة من طراز K-9", "5G يصل إلى 98% من القرى"],
    }
    sections = [
        [
            story(place * 10 + row, region, headline, summary, ("Harbor Post", "شراع", "The Quill 24"))
            for row, headline in enumerate(rows)
        ]
        for place, (region, rows) in enumerate(headlines.items())
    ]
    return edition(sections, [story(90, "world", "WaveLink v2.0 متاح على iOS وAndroid")]), replace(
        ARABIC, regions=tuple(headlines)
    )


def _english() -> tuple[Edition, Newsletter]:
    summary = (
        "Officials said the plan runs for five years, costs 5.4 billion and adds 12% to the first estimate."
    )

    def told(number: int, region: str, headline: str) -> Story:
        return story(number, region, headline, summary, ("Harbor Post", "شراع"))

    sections = [
        [told(1, "gulf", "Duqm opens its new port"), told(2, "gulf", "Gas output rises 3.2%")],
        [story(3, "europe", "برلين تعلن خطة لخفض الانبعاثات"), told(4, "europe", "Rome hosts the summit")],
    ]
    briefs = [told(5, "asia", "Tokyo tests a train"), story(6, "asia", "طوكيو تختبر القطار رقم 9")]
    return edition(sections, briefs), replace(ENGLISH, regions=("gulf", "europe"))


def _pictures() -> tuple[Edition, Newsletter]:
    made = full_edition()
    [first, *rest] = made.sections
    [lead, *others] = first.stories
    shot = replace(
        lead.articles[0],
        image_url="https://news.example.org/pictures/port.jpg",
        image_width=1200,
        image_height=675,
    )
    told = update(replace(lead, articles=(shot, *lead.articles[1:])), "الدقم يستعد لافتتاح مينائه", days=9)
    sections = (replace(first, stories=(told, *others)), *rest)
    newsletter = replace(ARABIC, images="lead", logo=f"{_BASE_URL}/logo.png", logo_width=160, logo_height=48)
    return replace(made, sections=sections), newsletter


_MAKE: dict[str, Callable[[], tuple[Edition, Newsletter]]] = {
    "demo": _demo,
    "full": _full,
    "short": _short,
    "latin": _latin,
    "english": _english,
    "pictures": _pictures,
}
NAMES = tuple(_MAKE)
each_letter = pytest.mark.parametrize(
    ("theme", "name"),
    [pytest.param(theme, name, id=f"{theme}-{name}") for theme in THEMES for name in NAMES],
)

_made = cache(lambda name: _MAKE[name]())


@cache
def letter(theme: str, name: str) -> Letter:
    """Return a letter of the shipped templates, cut out of the very message that goes over the wire."""
    made, newsletter = _made(name)
    app = App(home=pathlib.Path("/nonexistent/home"), environment={"DIGEST_BASE_URL": _BASE_URL})
    message = app.renderer(replace(newsletter, template=theme))(made, newsletter.regions)
    sent = raw(message, _READER)
    parsed = message_from_bytes(sent, policy=policy.default)
    bodies = {kind: parsed.get_body((kind,)) for kind in ("html", "plain")}
    html, text = (body.get_content() if body else "" for body in bodies.values())
    return Letter(
        theme=theme,
        name=name,
        direction=app.language(newsletter.locale).direction,
        message=message,
        raw=sent,
        html=html,
        text=text,
        headlines=tuple(one.headline for one in made.stories()),
    )


def letters() -> Iterator[Letter]:
    """Yield every letter of every theme."""
    return (letter(theme, name) for theme in THEMES for name in NAMES)
