"""A worker without a process: the real rounds on a real store, with a clock set by hand and carriers of our own."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from digest.adapters.clock import SetClock
from digest.adapters.store import Store, open_store
from digest.app import App
from digest.model import Consent, FetchState, Newsletter, Subscriber
from digest.ports import Sender
from digest.ranker.places import Placer
from digest.worker import Worker
from tests.conftest import NOW
from tests.fakes import FakeSender
from tests.samples import draft, parsed, source

#: Due at 06:30 in Riyadh.
DUE = NOW.replace(hour=3, minute=30)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
#: What happens in North Africa and the Gulf; two of them, far apart, on each day.
HEADLINES = (
    "حريق كبير في محطة القطار في تونس",
    "الكويت تجري انتخابات برلمانية مبكرة",
    "زلزال يضرب سواحل الجزائر ويوقع جرحى",
    "قطر تعلن ميزانية العام المقبل",
    "إضراب المعلمين يشل المدارس في صفاقس",
    "سيول تجرف طرقا في مسقط",
    "ليبيا تعيد فتح حقل الشرارة النفطي",
    "السعودية توقع عقدا لبناء مصفاة في جدة",
)


class Stage(App):
    """An app whose carriers are fakes, and the worker on it."""

    def __init__(self, home: pathlib.Path, now: dt.datetime, database_url: str = "") -> None:
        environment = {"DATABASE_URL": database_url} if database_url else {}
        self.hand = SetClock(now)
        super().__init__(home=home, environment=environment, clock=self.hand)
        #: By newsletter; what is no carrier is raised.
        self.carriers: dict[str, FakeSender | Exception] = {}
        # Read from the shipped files once for all tests: that is most of what a stage costs.
        self.placer = _placer()
        self.worker = Worker(self)
        self.worker.life.beat()
        # Nobody collects here.
        self.worker.collecting.looked.set()

    def sender(self, newsletter: Newsletter) -> Sender:
        """Return the newsletter's carrier."""
        carrier = self.carriers.setdefault(newsletter.id, FakeSender())
        if isinstance(carrier, Exception):
            raise carrier
        return carrier

    def carrier(self, newsletter_id: str = "daily") -> FakeSender:
        """Return a newsletter's carrier, to look at."""
        carrier = self.carriers.setdefault(newsletter_id, FakeSender())
        assert isinstance(carrier, FakeSender)
        return carrier

    def got(self, newsletter_id: str = "daily") -> list[str]:
        """Return who got something of a newsletter, one address for each message."""
        return sorted(address for address, _ in self.carrier(newsletter_id).arrived)

    def set(self, moment: dt.datetime) -> None:
        """Put the clock."""
        self.hand.moment = moment

    def tick(self, moment: dt.datetime | None = None) -> None:
        """Do what a worker does at a tick, and wait for it."""
        if moment is not None:
            self.set(moment)
        self.worker.life.beat()
        self.worker.slots()
        self.worker.sending.wait()

    def look(self, moment: dt.datetime | None = None) -> dict[str, str]:
        """Look for troubles; return the alerts that stand, by key."""
        if moment is not None:
            self.set(moment)
        self.worker.alerting.look()
        return {one.key: one.text for one in self.store.operations.alerts()}

    def news(self, *headlines: str) -> None:
        """Have news come in."""
        store_news(self.store, self.hand.now(), *headlines)

    def subscribe(
        self, *names: str, newsletter: str = "daily", timezone: str = "", since: dt.timedelta = 30 * DAY
    ) -> None:
        """Have people subscribe, long ago unless told otherwise."""
        for name in names:
            person = Subscriber(
                id=0, email=f"{name}@example.org", newsletter_id=newsletter, timezone=timezone
            )
            consent = Consent(at=self.hand.now() - since, how="a test")
            self.store.subscribers.add(person, consent=consent)

    def states(self, edition_id: str) -> dict[str, int]:
        """Return the edition's deliveries by state."""
        return {str(state): count for state, count in self.store.ledger.counts(edition_id).items()}

    def end(self) -> None:
        """Let go of everything."""
        self.worker.sending.close()
        self.close()


def store_news(store: Store, now: dt.datetime, *headlines: str) -> None:
    """Have an outlet's news come in, of a minute ago."""
    of = source("zaytuna")
    drafts = [
        draft(
            headline,
            guid=f"{headline} {now}",
            url=f"https://{of.id}.example/{number}/{now:%Y%m%d%H%M}",
            summary="",
            published=now - MINUTE,
        )
        for number, headline in enumerate(headlines or HEADLINES[:2])
    ]
    store.articles.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), now)


def write_newsletters(
    home: pathlib.Path,
    *newsletters: dict[str, object],
    alerts_to: str = "",
    webhook: str = "",
    keep_days: int = 0,
) -> None:
    """Write config/digest.toml with these newsletters, each of Riyadh's morning unless it says otherwise."""
    usual = {"title": "موجز", "timezone": "Asia/Riyadh", "send_at": "06:30", "late_minutes": 180}
    told = {"to": alerts_to, "webhook_url": webhook}
    rows = ["[alerts]", *(f'{key} = "{value}"' for key, value in told.items() if value)]
    rows.append(f"[delivery]\nkeep_days = {keep_days}")
    for table in newsletters:
        rows.append("[[newsletter]]")
        rows += [
            f"{key} = {json.dumps(value)}"
            for key, value in (usual | {"regions": ["gulf", "north_africa"]} | table).items()
        ]
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "digest.toml").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (home / "config" / "sources.toml").write_text("", encoding="utf-8")


@cache
def _placer() -> Placer:
    with tempfile.TemporaryDirectory() as home:
        return App(home=pathlib.Path(home), environment={}).placer


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "empty.db"
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()


@contextmanager
def staged(
    home: pathlib.Path,
    *newsletters: dict[str, object],
    now: dt.datetime = DUE - 30 * MINUTE,
    alerts_to: str = "",
    webhook: str = "",
    database_url: str = "",
    keep_days: int = 0,
) -> Iterator[Stage]:
    """Give a stage with these newsletters, `daily` alone by default."""
    write_newsletters(
        home,
        *(newsletters or ({"id": "daily"},)),
        alerts_to=alerts_to,
        webhook=webhook,
        keep_days=keep_days,
    )
    if not database_url:
        (home / "var").mkdir()
        (home / "var" / "digest.db").write_bytes(_empty_database())
    stage = Stage(home, now, database_url)
    try:
        yield stage
    finally:
        stage.end()
