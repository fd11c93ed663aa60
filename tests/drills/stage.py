"""A home with readers and an operator, and a worker in it on a clock that is set by hand."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import pathlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from digest.adapters.clock import SetClock
from digest.app import App
from digest.errors import DigestError
from digest.model import Consent, Edition, Subscriber
from digest.worker import Worker
from digest.worker.logs import log_to
from tests.cli.inside import inside
from tests.cli.running import Ran, digest, write_newsletter
from tests.collecting_fakes import InlineParser
from tests.drills.carriers import Carrier
from tests.drills.newsroom import Newsroom, newsroom
from tests.drills.report import Report
from tests.worker.stage import _placer

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
#: The first day's slot: 06:30 in Riyadh.
DUE = dt.datetime(2026, 11, 22, 3, 30, tzinfo=dt.UTC)
OPERATOR = "operator@example.net"
_READERS = 12
#: So old the newest news of an edition may be.
_FRESH = 4 * HOUR
#: What `digest doctor` looks at and a drill has no right one of.
_OF_THE_STAGE = {"settings", "dns"}
#: What the log says from here on concerns an operator.
_LOUD = {"WARNING", "ERROR", "CRITICAL"}


@dataclass(slots=True)
class Stage:
    """One installation, and all that can be seen of it from outside."""

    home: pathlib.Path
    report: Report
    clock: SetClock
    room: Newsroom
    carrier: Carrier
    database_url: str = ""
    #: How far the machine's clock is ahead of the world's.
    ahead: dt.timedelta = dt.timedelta()
    #: How long a feed may take: long enough for a busy machine.
    feed_patience_seconds: float = 20.0
    log: io.StringIO = field(default_factory=io.StringIO)
    #: Letters and mails that were looked at already.
    _looked_at: int = 0
    _app: App | None = None
    _worker: Worker | None = None

    # ----------------------------------------------------------------- the installation

    @property
    def app(self) -> App:
        """The program, on the drill's clock."""
        if self._app is None:
            environment = {"DATABASE_URL": self.database_url} if self.database_url else {}
            self._app = App(home=self.home, environment=environment, clock=self.clock)
            # Starting a process for each collect would be most of what a drill costs; feeds that are dangerous to
            # read come in `own_process`.
            self._app.parser = InlineParser()
            # And reading the gazetteer much of the rest.
            self._app.placer = _placer()
        return self._app

    @property
    def worker(self) -> Worker:
        """The worker; started when it is first asked for."""
        if self._worker is None:
            self._worker = Worker(self.app)
        return self._worker

    def configure(self, **newsletter: object) -> None:
        """Write the configuration anew."""
        write_newsletter(self.home, **({"late_minutes": 180} | newsletter))
        collect = {"allow_private_addresses": True, "host_spacing_seconds": 0, "parsers": 1}
        tables = {
            **self.carrier.tables(),
            "collect": collect | {"timeout_seconds": self.feed_patience_seconds},
            "alerts": {"to": OPERATOR},
        }
        rows = []
        for name, values in tables.items():
            rows += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        with (self.home / "config" / "digest.toml").open("a", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
        self.room.write_sources(self.home)

    def subscribe(self) -> None:
        """Have people subscribe, long ago."""
        consent = Consent(at=DUE - 30 * DAY, how="a drill")
        for address in self.readers:
            person = Subscriber(id=0, email=address, newsletter_id="daily")
            self.app.store.subscribers.add(person, consent=consent)

    @property
    def readers(self) -> list[str]:
        """Who reads the newsletter."""
        return [f"reader{number:02}@example.org" for number in range(1, _READERS + 1)]

    def end(self) -> None:
        """Let go of the program, as a process that has ended would."""
        if self._worker is not None:
            self._worker.life.end()
            self._worker.sending.close()
        if self._app is not None:
            self._app.close()
        self._worker = self._app = None

    # ----------------------------------------------------------------- time

    def live(self, *moments: dt.datetime) -> None:
        """Have the worker live through these moments of the world, and look at what it has said."""
        for moment in moments:
            self.room.now = moment
            self.clock.moment = moment + self.ahead
            try:
                self.worker.do_due()
            except DigestError as error:
                # A process that cannot start says so, and is started again by whatever keeps it.
                self.report.saw("log", f"the worker does not start: {error}")
            self.read_log(self.log.getvalue())
            self.log.seek(0)
            self.log.truncate()
            self._read_mail()

    def morning(self, day: int = 0) -> None:
        """Live through a usual morning: collect, compose, send, look for troubles."""
        due = DUE + day * DAY
        self.live(due - 20 * MINUTE, due - 5 * MINUTE, due, due + 2 * MINUTE)

    # ----------------------------------------------------------------- what the operator sees

    def read_log(self, said: str) -> None:
        """Take in the lines of a worker's log that concern an operator."""
        for line in said.splitlines():
            row = json.loads(line)
            # The servers of a drill are in the same process, and talk as well.
            if row["level"] in _LOUD and row["logger"].startswith("digest"):
                traceback = " (with a traceback)" if "traceback" in row else ""
                self.report.saw("log", f"{row['level']} {row['message']}{traceback}")

    def _read_mail(self) -> None:
        for address, raw in self.carrier.arrived[self._looked_at :]:
            if address == OPERATOR:
                mail = parsed(raw)
                words = text_of(mail).partition("\n\n--\n")[0]
                self.report.saw("mail", f"{mail['Subject']} / {words}")
        self._looked_at = len(self.carrier.arrived)

    def look(self) -> None:
        """Have the operator look: at `digest status` and `digest doctor`."""
        at = ("--at", self.clock.now().isoformat())
        told = self.command("status", *at)
        if told.err:
            self.report.saw("status", told.err.strip())
        _, _, below = told.out.partition("Last editions\n")
        for line in below.splitlines():
            # Of an alert its first line; the rest is in the mail.
            is_first = line.startswith("  ") and not line.startswith("    ")
            if (is_first and line.split()[0] not in {"None", "Done"}) or "left alone until" in line:
                self.report.saw("status", line.strip())
        said = self.command("doctor", "--json", *at)
        for one in json.loads(said.out)["findings"] if said.out else []:
            # The addresses of a drill are examples, and the stand-in for SendGrid knows nothing but sending.
            ours = one["check"] in _OF_THE_STAGE or "as SendGrid never does" in one["says"]
            if one["level"] != "ok" and not ours:
                first = one["says"].partition("\n")[0]
                self.report.saw("doctor", f"{one['level']} {one['check']}: {first}")

    def command(self, *words: str) -> Ran:
        """Run `digest WORDS`."""
        if self.database_url:
            return digest(self.home, *words, extra={"DATABASE_URL": self.database_url})
        return inside(self.home, *words)

    def alerts(self) -> dict[str, str]:
        """Return the alerts that stand, by key."""
        return {one.key: one.text for one in self.app.store.operations.alerts()}

    def mails(self) -> list[str]:
        """Return the subjects of all mails to the operator."""
        return [str(parsed(raw)["Subject"]) for address, raw in self.carrier.arrived if address == OPERATOR]

    # ----------------------------------------------------------------- what becomes of the readers

    def letters(self, begin: int = 0) -> Counter[str]:
        """Return how many letters each reader got, not counting so many messages from the first."""
        return Counter(address for address, _ in self.carrier.arrived[begin:] if address != OPERATOR)

    def edition(self, day: int = 0) -> Edition | None:
        """Return a day's edition."""
        return self.app.store.editions.edition(edition_id(day))

    def states(self, day: int = 0) -> dict[str, int]:
        """Return a day's deliveries by state."""
        return {str(state): count for state, count in self.app.store.ledger.counts(edition_id(day)).items()}

    def expect_states(self, day: int, wanted: dict[str, int], words: str) -> None:
        """Expect a day's deliveries to be so."""
        self.report.expect(self.states(day) == wanted, words, self.states(day))

    def settle(self, day: int) -> None:
        """Do what the operator does about unknown deliveries: ask the carrier's log, which has them all."""
        unknown = self.states(day).get("unknown", 0)
        if not unknown:
            return
        self.report.expect_seen("mail", f"of {edition_id(day)} may or may not have left")
        missing = set(self.readers) - self.letters().keys()
        self.report.expect(
            not missing, f"day {day + 1}: the carrier's log has the {unknown} unknown ones", missing
        )
        self.report.expect(
            self.command("deliveries", "settle", edition_id(day), "--as", "sent").code == 0,
            f"day {day + 1}: the operator settles them with one command",
        )

    def expect_nobody_twice(self) -> None:
        """Expect that no reader got one and the same letter twice, ever."""
        got = Counter(
            (address, str(parsed(raw)["Subject"]))
            for address, raw in self.carrier.arrived
            if address != OPERATOR
        )
        most = max(got.values(), default=0)
        self.report.expect(most <= 1, "no reader has got any edition twice", f"{most} times")

    def expect_right_slot(self, day: int, live: Callable[[int], None] | None = None, known: str = "") -> None:
        """Live through a day's morning, and expect it to be as if nothing had ever been wrong.

        `known` names a fault of the program by which the news are old.
        """
        begin = len(self.carrier.arrived)
        (live or self.morning)(day)
        report, got = self.report, self.letters(begin)
        everybody = dict.fromkeys(self.readers, 1)
        report.expect(
            got == everybody, f"day {day + 1}: each of {_READERS} readers gets one letter", dict(got)
        )
        self._expect_fresh(day, known)
        self.expect_states(day, {"sent": _READERS}, f"day {day + 1}: the ledger says so as well")
        self.expect_nobody_twice()
        report.expect(self.alerts() == {}, "no alert stands any more", self.alerts())

    def _expect_fresh(self, day: int, known: str) -> None:
        edition = self.edition(day)
        if edition is None:
            self.report.expect(False, f"day {day + 1} has an edition")
            return
        earlier = {url for before in range(day) for url in _urls(self.edition(before))}
        # What goes on is told as an update, and says what was told before.
        again = _urls(edition, with_updates=False) & earlier
        count = len(list(edition.stories()))
        self.report.expect(count > 2, f"day {day + 1}: it has more than a story or two", count, known)
        self.report.expect(not again, f"day {day + 1}: it tells nothing that an earlier one told", again)
        newest = max((story.latest for story in edition.stories()), default=DUE - DAY)
        is_new = newest > DUE + day * DAY - _FRESH
        self.report.expect(is_new, f"day {day + 1}: the news of the last hours are in it", newest, known)


def edition_id(day: int) -> str:
    """Return the id of a day's edition."""
    return f"daily-{(DUE + day * DAY).date()}"


def _urls(edition: Edition | None, *, with_updates: bool = True) -> set[str]:
    stories = edition.stories() if edition else ()
    return {
        article.url
        for story in stories
        if with_updates or story.update_of is None
        for article in story.articles
    }


def parsed(raw: bytes) -> EmailMessage:
    """Return a message to look at."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return a message's text, or its `html`."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@contextmanager
def _logged_to(log: io.StringIO) -> Iterator[None]:
    """Have all that is logged go there, as a worker's own log would say it, and nowhere else."""
    loggers = [logging.getLogger(name) for name in ("", "digest", "apscheduler")]
    before = [(one, list(one.handlers), one.level) for one in loggers]
    log_to(log)
    try:
        yield
    finally:
        for one, handlers, level in before:
            one.handlers = handlers
            one.setLevel(level)


@contextmanager
def staged(
    home: pathlib.Path, report: Report, carrier: Carrier, database_url: str = "", **newsletter: object
) -> Iterator[Stage]:
    """Give an installation with readers, ten hours before its first slot."""
    clock = SetClock(DUE - 10 * HOUR)
    # The first day's news are written up to half an hour before its slot.
    with newsroom(DUE - 30 * MINUTE, clock.moment) as room:
        stage = Stage(
            home=home, report=report, clock=clock, room=room, carrier=carrier, database_url=database_url
        )
        stage.configure(**newsletter)
        with _logged_to(stage.log):
            try:
                stage.subscribe()
                yield stage
            finally:
                stage.end()
