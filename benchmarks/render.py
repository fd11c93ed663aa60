"""What an edition costs on its way to its readers: rendering a variant, making it a reader's own, signing it.

Rendering is compared with premailer alone on the same page, each run in a process of its own; a reader's message with
what the standard library takes to build it; signatures with dkimpy's own. All figures are processor time, medians.
What is compared, and a measured table: docs/benchmarks.md.
"""

from __future__ import annotations

import datetime as dt
import email.message
import email.policy
import itertools
import logging
import multiprocessing
import os
import pathlib
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

import dkim
import premailer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from reporting import Findings, Row, benchmark_options, beside, library_versions, limit, print_goals

from digest.app import App
from digest.mailer.mime import Assembler, Envelope
from digest.mailer.signing import DkimSigner, read_key
from digest.mailer.tokens import NAME_PLACE
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Article, Edition, Message, Newsletter, Reader, Section, Story

REGIONS, STORIES, BRIEFS = 8, 32, 8
OUTLETS = 3
#: Bytes of the HTML of the message that is made readers' own, before base64.
MESSAGE_BYTES = 60_000
READERS = 1_000
NOW = dt.datetime(2026, 11, 22, 3, 30, tzinfo=dt.UTC)

_MESSAGES = ("personalise", "library", "signed, Ed25519", "signed, RSA", "signed, dkimpy's RSA")
_WHY_PREMAILER = "Templates, the view and the text twin come on top of the inlining."

_SAID = (
    "أعلنت الوزارة اليوم افتتاح ميناء جديد في المدينة بعد أعمال استمرت ثلاثة أعوام وقال مسؤول إن الخطوة تدعم التجارة "
    "بين البلدين وترفع حركة السفن بنسبة 12% مع شركة Nordwind وبكلفة 3.5 مليار دولار على أن يبدأ العمل خلال أسبوع"
)
_WORDS = _SAID.split()


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def _story(rng: random.Random, number: int, region: str) -> Story:
    articles = tuple(
        Article(
            id=f"{number}-{at}",
            outlet=f"صحيفة {rng.choice(_WORDS)} {at}",
            title=_text(rng, 9),
            url=f"https://news-{at}.example/2026/11/22/{number}?utm_source=rss&utm_medium=feed",
            published=NOW - dt.timedelta(minutes=7 * number + at),
        )
        for at in range(OUTLETS)
    )
    return Story(
        id=f"{number:012x}",
        headline=_text(rng, 9),
        summary=_text(rng, 34),
        articles=articles,
        region=region,
        countries=(),
        evidence=(),
        score=100.0 - number,
        score_parts={},
    )


def make_edition(newsletter: Newsletter, seed: int, stories: int = STORIES, briefs: int = BRIEFS) -> Edition:
    """Return an edition of so many stories in all regions, and so many briefs."""
    rng = random.Random(seed)
    each = stories // len(newsletter.regions)
    numbers = itertools.count(1)
    sections = tuple(
        Section(region=region, stories=tuple(_story(rng, next(numbers), region) for _ in range(each)))
        for region in newsletter.regions
    )
    return Edition(
        id="daily-2026-11-22",
        newsletter_id=newsletter.id,
        local_date=NOW.date(),
        cohort="",
        composed_at=NOW,
        sections=sections,
        briefs=tuple(_story(rng, next(numbers), newsletter.regions[0]) for _ in range(briefs)),
        lead_id=sections[0].stories[0].id,
    )


def _timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds of processor time a piece of work takes."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def alone(page: str) -> str:
    """Return a page as premailer inlines it when it is asked for nothing more."""
    inliner = premailer.Premailer(page, allow_network=False, cssutils_logging_level=logging.CRITICAL)
    inlined: str = inliner.transform()
    return inlined


def _keep_pages() -> list[str]:
    """Return a list that gets every page that premailer is given from now on."""
    pages: list[str] = []
    transform = premailer.Premailer.transform

    def keeping(inliner: premailer.Premailer) -> str:
        pages.append(inliner.html)
        inlined: str = transform(inliner)
        return inlined

    premailer.Premailer.transform = keeping
    return pages


def render_all(seed: int) -> tuple[list[float], list[str]]:
    """Return the milliseconds of each variant, and the page that each of them had inlined."""
    app = App(home=pathlib.Path("/nonexistent"), environment={})
    regions = tuple(region for region in app.settings.regions if region != "world")[:REGIONS]
    newsletter = replace(app.newsletter(), regions=regions)
    edition, render = make_edition(newsletter, seed), app.renderer(newsletter)
    given = _keep_pages()
    times, pages = [], []
    for at in range(REGIONS):
        # Another order of the regions is another variant.
        times.append(_timed(partial(render, edition, regions[at:] + regions[:at])))
        pages.append(given[-1])
    return times, pages


def _premailer_all(pages: Sequence[str]) -> list[float]:
    return [_timed(partial(alone, page)) for page in pages]


def measure_rendering(rounds: int) -> dict[str, float]:
    """Return the milliseconds of a first variant and of the next ones, ours and premailer's alone."""
    firsts: dict[str, list[float]] = {"first": [], "next": [], "first alone": [], "next alone": []}
    context = multiprocessing.get_context("spawn")
    for turn in range(rounds):
        # A pool of one for each: nothing that the other has learnt is known to it.
        with context.Pool(1) as pool:
            ours, pages = pool.apply(render_all, (turn,))
        with context.Pool(1) as pool:
            alone = pool.apply(_premailer_all, (pages,))
        firsts["first"].append(ours[0])
        firsts["next"].append(median(ours[1:]))
        firsts["first alone"].append(alone[0])
        firsts["next alone"].append(median(alone[1:]))
    found = {name: median(times) for name, times in firsts.items()}
    return found | {"page": len(pages[0].encode()) / 1000, "variants": len(pages)}


def _message() -> Message:
    rng = random.Random(1)
    words = ""
    while len(words.encode()) < MESSAGE_BYTES - 600:
        words += f"<p>{_text(rng, 40)}</p>\n"
    links = f'<a href="{PREFERENCES_TOKEN}">تفضيلاتك</a> <a href="{UNSUBSCRIBE_TOKEN}">إلغاء الاشتراك</a>'
    text = _text(rng, 1_500).replace(" إن ", "\n")
    return Message(
        subject=f"\N{RIGHT-TO-LEFT MARK}{_text(rng, 9)}",
        html=f'<html dir="rtl"><body><p>صباح الخير {NAME_PLACE}</p>{words}{links}</body></html>',
        text=f"صباح الخير {NAME_PLACE}\n{text}\n{PREFERENCES_TOKEN}\n{UNSUBSCRIBE_TOKEN}\n",
    )


def _readers() -> list[Reader]:
    token = "bWFrZSBpdCBhcyBsb25nIGFzIGEgc2lnbmVkIG9uZQ"
    return [
        Reader(
            delivery_id=number,
            email=f"reader{number:05}@example.org",
            name=f"قارئ {number}",
            unsubscribe_url=f"https://news.example.org/u/{number}.{token}",
            preferences_url=f"https://news.example.org/p/{number}.{token}",
        )
        for number in range(READERS)
    ]


_ENVELOPE = Envelope(
    from_name="موجز",
    from_address="mujaz@example.org",
    newsletter_id="daily",
    unsubscribe_address="u@example.org",
)


def _by_the_library(message: Message, reader: Reader) -> bytes:
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = "موجز <mujaz@example.org>", reader.email, message.subject
    made.set_content(message.text.replace(UNSUBSCRIBE_TOKEN, reader.unsubscribe_url), cte="base64")
    html = message.html.replace(UNSUBSCRIBE_TOKEN, reader.unsubscribe_url)
    made.add_alternative(html, subtype="html", cte="base64")
    return made.as_bytes()


def _microseconds(make: Callable[[Reader], object], readers: Sequence[Reader], rounds: int) -> float:
    """Return the median over the rounds of what one reader takes."""
    make(readers[0])

    def work() -> None:
        for reader in readers:
            make(reader)

    return median(_timed(work) for _ in range(rounds)) * 1000 / len(readers)


def measure_readers(rounds: int) -> dict[str, float]:
    """Return microseconds for a reader, by what is done; and the kilobytes of what is made."""
    message, readers = _message(), _readers()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pems = {
        "RSA": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        "Ed25519": ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }

    def ours(assembler: Assembler) -> Callable[[Reader], bytes]:
        return lambda reader: assembler.raw(message, reader, "daily-2026-11-22", "default", NOW)

    plain = ours(Assembler(_ENVELOPE))
    found = {
        "personalise": _microseconds(plain, readers, rounds),
        "library": _microseconds(lambda reader: _by_the_library(message, reader), readers[:100], rounds),
    }
    for name, pem in pems.items():
        signer = DkimSigner(domain="example.org", selector="s1", key=read_key(pem))
        found[f"signed, {name}"] = _microseconds(ours(Assembler(_ENVELOPE, signer)), readers[:200], rounds)
    found["signed, dkimpy's RSA"] = _microseconds(
        lambda reader: dkim.sign(
            plain(reader), b"s1", b"example.org", pems["RSA"], canonicalize=(b"relaxed", b"relaxed")
        ),
        readers[:50],
        rounds,
    )
    return found | {"html": len(message.html.encode()) / 1000, "wire": len(plain(readers[0])) / 1000}


def show(rendering: dict[str, float], readers: dict[str, float]) -> None:
    """Print what was measured."""
    print(
        f"\na page of {STORIES + BRIEFS} stories, {rendering['page']:.0f} KB, {rendering['variants']:.0f} variants"
    )
    print(f"{'milliseconds':24}{'Mujaz':>10}{'premailer':>12}{'ratio':>8}")
    for name in ("first", "next"):
        ours, alone = rendering[name], rendering[f"{name} alone"]
        print(f"{name + ' variant':24}{ours:10.1f}{alone:12.1f}{ours / alone:8.2f}")
    print(f"\na message of {readers['html']:.0f} KB of HTML, {readers['wire']:.0f} KB in all as it is sent")
    print(f"{'microseconds a reader':24}{'':>10}{'times personalise':>20}")
    for name in _MESSAGES:
        print(f"{name:24}{readers[name]:10.1f}{readers[name] / readers['personalise']:20.1f}")


def rows_of(rendering: dict[str, float], readers: dict[str, float], rounds: int) -> list[Row]:
    """Return the figures for the page of results, and what was to be reached."""
    ratio = rendering["first"] / rendering["first alone"]
    rows = [
        Row(name=f"{name} variant: {who}", value=rendering[name + key], unit="ms of CPU", rounds=rounds)
        for name in ("first", "next")
        for who, key in (
            ("Mujaz, from the edition to the page and its text", ""),
            ("premailer alone", " alone"),
        )
    ]
    rows += [
        Row(
            name=f"a reader's message: {name}", value=readers[name], unit="microseconds of CPU", rounds=rounds
        )
        for name in _MESSAGES
    ]
    return [
        *rows,
        limit("first variant, ms", rendering["first"], "ms of CPU", 400),
        limit("first variant: times premailer alone", ratio, "times", 1.3, _WHY_PREMAILER),
        limit("next variants: times the first", rendering["next"] / rendering["first"], "times", 1),
        limit("personalise", readers["personalise"], "microseconds of CPU", 20),
        beside(
            "a reader's message: times as fast as the standard library",
            "email.message",
            readers["library"] / readers["personalise"],
        ),
        beside(
            "signing by RSA: times as fast as dkimpy",
            "dkimpy",
            readers["signed, dkimpy's RSA"] / readers["signed, RSA"],
        ),
    ]


def main() -> None:
    """Run everything and print the tables."""
    options = benchmark_options(__doc__)
    options.add_argument("--rounds", type=int, default=7, help="rounds to take the median of (7)")
    chosen = options.parse_args()
    rounds = 1 if chosen.quick else chosen.rounds
    versions = library_versions("premailer", "jinja2", "lxml", "dkimpy")
    print(
        f"{platform.system()} on {os.cpu_count()} processors, Python {platform.python_version()}, "
        + ", ".join(map(" ".join, versions.items()))
    )
    rendering, readers = measure_rendering(rounds), measure_readers(rounds)
    show(rendering, readers)
    rows = rows_of(rendering, readers, rounds)
    print_goals(rows)
    Findings(
        title="Rendering",
        compares=f"A page of {STORIES + BRIEFS} stories in {REGIONS} regions: Mujaz from the edition to the page and "
        "its text twin, premailer alone on the same page; a reader's message beside the standard library, "
        "signatures beside dkimpy.",
        versions=versions,
        rows=rows,
    ).save(chosen.json)


if __name__ == "__main__":
    main()
