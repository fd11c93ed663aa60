"""The desk's health page: what comes in, what leaves, who reads, and what is wrong."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from digest.adapters.store.figures import DeliveryDay, ReadersDay, SqlFigures
from digest.app import App
from digest.cli.sources import sources_health
from digest.collector.health import HealthState, SourceHealth
from digest.mailer.language import Language
from digest.mailer.view import shown
from digest.model import DeliveryState
from digest.schedule import cohorts_of, next_slot
from digest.studio.proof import editors_language
from digest.web.charts import columns, line
from digest.web.desk_login import editor, signed_in
from digest.web.pages import Pages

_DELIVERY_DAYS = dt.timedelta(days=13)
_READER_DAYS = dt.timedelta(days=89)
_COLLECT_HOURS = 24
#: Workers that were heard of in this time are shown; one without a sign of life for so long is dead.
_SHOWN, _SILENCE = dt.timedelta(days=1), dt.timedelta(minutes=2)
#: The worst is shown first, and the well ones last.
_BY_GRAVITY = {
    state: place
    for place, state in enumerate(
        (
            HealthState.FAILING,
            HealthState.BLOCKED,
            HealthState.RETIRED,
            HealthState.STALE,
            HealthState.WAITING,
            HealthState.NEW,
            HealthState.OK,
            HealthState.DISABLED,
        )
    )
}
#: There is nothing to be done about these.
_QUIET = (HealthState.NEW, HealthState.OK, HealthState.DISABLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """The next edition of one cohort."""

    title: str
    day: dt.date
    due_at: dt.datetime
    timezone: str
    readers: int
    paused: bool


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page."""
    part = Blueprint("desk_health", __name__)

    @part.get("/desk/health")
    @signed_in(app)
    def show() -> Response:
        now = app.clock.now()
        language = editors_language(pages.language(app.newsletter()))
        return pages.page(
            "desk_health.html.j2",
            language=language,
            say=language.say,
            count=language.count,
            editor=editor(),
            said=[],
            now=now,
            moment=moment_words(language),
            timezone=app.newsletter().timezone,
            alerts=app.store.operations.alerts(),
            upcoming=sorted(_upcoming(app, now), key=lambda one: one.due_at),
            workers=app.store.operations.workers(now - _SHOWN),
            dead_before=now - _SILENCE,
            state_words=state_words(language.say),
            source_words=_source_words(language.say),
            letters=_letters(app, language, now),
            readers=_readers(app, language, now),
            news=_news(app, language, now),
        )

    return part


def state_words(say: Callable[[str], str]) -> Mapping[str, str]:
    """Return how the desk says where a delivery stands."""
    return {
        DeliveryState.SENT: say("sent"),
        DeliveryState.PENDING: say("waiting to leave"),
        DeliveryState.CLAIMED: say("in hand"),
        DeliveryState.SENDING: say("leaving now"),
        DeliveryState.FAILED_TEMP: say("to be tried again"),
        DeliveryState.FAILED_PERM: say("refused"),
        DeliveryState.UNKNOWN: say("unknown"),
        DeliveryState.SUPPRESSED: say("not wanted"),
        DeliveryState.EXPIRED: say("given up"),
    }


def _source_words(say: Callable[[str], str]) -> Mapping[str, str]:
    return {
        HealthState.DISABLED: say("switched off"),
        HealthState.RETIRED: say("gone"),
        HealthState.BLOCKED: say("blocks us"),
        HealthState.FAILING: say("fails"),
        HealthState.WAITING: say("waits"),
        HealthState.STALE: say("silent"),
        HealthState.NEW: say("not fetched yet"),
        HealthState.OK: say("well"),
    }


def moment_words(language: Language) -> Callable[[dt.datetime, str], str]:
    """Return what says a moment in a zone: its day and its time."""

    def words(moment: dt.datetime, timezone: str) -> str:
        day = moment.astimezone(ZoneInfo(timezone)).date()
        return language.list([language.short_date(day), language.clock(moment, timezone)])

    return words


def _upcoming(app: App, now: dt.datetime) -> Iterator[Upcoming]:
    pauses = app.store.operations.pauses()
    for newsletter in app.newsletters():
        cohorts = cohorts_of(newsletter, app.store.subscribers.zones(newsletter.id))
        for cohort in dict.fromkeys(["", *cohorts]):
            slot = next_slot(newsletter, cohort, now)
            yield Upcoming(
                title=shown(newsletter.title),
                day=slot.local_date,
                due_at=slot.due_at,
                timezone=cohort or newsletter.timezone,
                readers=cohorts[cohort].count if cohort in cohorts else 0,
                paused=newsletter.id in pauses,
            )


def _letters(app: App, language: Language, now: dt.datetime) -> dict[str, object]:
    today = _today(app, now)
    days = SqlFigures(app.store.engine).delivery_days(today - _DELIVERY_DAYS, today)
    steps = [(f"{language.short_date(one.day)}: {language.number(one.total)}", _parts(one)) for one in days]
    totals: Counter[str] = Counter()
    for one in days:
        totals.update({state: count for state, count in one.states.items() if count})
    return {
        "days": days[::-1],
        "columns": columns(steps, language.direction),
        "totals": {state: totals[state] for state in DeliveryState if totals[state]},
        "most": max(one.total for one in days),
        "bounces": sum(one.bounces for one in days),
    }


def _parts(one: DeliveryDay) -> dict[str, int]:
    """Return a day's column from the ground up: what left, what may have or is still to, what was refused."""
    sent = one.states.get(DeliveryState.SENT, 0)
    refused = one.states.get(DeliveryState.FAILED_PERM, 0)
    return {"sent": sent, "open": one.total - sent - refused, "refused": refused}


def _readers(app: App, language: Language, now: dt.datetime) -> dict[str, object]:
    days = SqlFigures(app.store.engine).reader_days((now - _READER_DAYS).date(), now.date())
    return {
        "now": days[-1].readers,
        "line": line([one.readers for one in days], language.direction),
        "most": max(one.readers for one in days),
        "joined": sum(one.joined for one in days),
        "left": sum(one.left for one in days),
        "weeks": _weekly(days),
        "newsletters": _by_newsletter(app),
    }


def _weekly(days: Sequence[ReadersDay]) -> list[ReadersDay]:
    """Return every seventh day, the last one among them, the newest first: for a table."""
    return list(days[::-1][::7])


def _by_newsletter(app: App) -> list[tuple[str, int, int]]:
    counts = SqlFigures(app.store.engine).subscribers()
    return [
        (shown(one.title), counts.get((one.id, True), 0), counts.get((one.id, False), 0))
        for one in app.newsletters()
    ]


def _news(app: App, language: Language, now: dt.datetime) -> dict[str, object]:
    zone = app.newsletter().timezone
    hours = SqlFigures(app.store.engine).new_articles(now, _COLLECT_HOURS)
    steps = [
        (f"{language.clock(moment, zone)}: {language.number(count)}", {"sent": count})
        for moment, count in hours
    ]
    sources = sorted(sources_health(app, now), key=_gravity)
    return {
        "hours": hours[::-1],
        "columns": columns(steps, language.direction),
        "most": max(count for _, count in hours),
        "articles": sum(count for _, count in hours),
        "collect": app.store.operations.turn("collect"),
        "troubled": [one for one in sources if one.state not in _QUIET],
        "others": [one for one in sources if one.state in _QUIET],
        "all": len(sources),
        "well": sum(one.state is HealthState.OK for one in sources),
    }


def _gravity(one: SourceHealth) -> tuple[int, str]:
    return _BY_GRAVITY[one.state], one.source.id


def _today(app: App, now: dt.datetime) -> dt.date:
    return now.astimezone(ZoneInfo(app.newsletter().timezone)).date()
