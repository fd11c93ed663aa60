"""The composition root: the one place that reads the environment and puts the parts together."""

from __future__ import annotations

import gettext
import io
import os
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.adapters.clock import SystemClock
from digest.config import REGIONS_FILE, SETTINGS_FILE, SOURCES_FILE, load_settings
from digest.errors import ConfigurationError, DatabaseError, Fault, UnknownEdition, UnknownNewsletter
from digest.home import default_home, local_or_shipped, shipped
from digest.model import Delivery, Edition, Message, Newsletter, Reader
from digest.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment, TemplateError
    from sqlalchemy.engine import Connection

    from digest.adapters.links import LinkSigner
    from digest.adapters.smtp import ConnectionPool
    from digest.adapters.store import Store
    from digest.mailer.language import Language
    from digest.mailer.mime import Assembler, Envelope
    from digest.pipeline import Pacer
    from digest.ports import Clock, Fetcher, Parser, Sender, TaskQueue
    from digest.ranker.places import Placer
    from digest.ranker.rank import RankSettings


#: The newsletter id of letters to the operator.
ALERTS = "alerts"
#: What one command would keep, and the next one not know.
_IN_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:", "sqlite:///"})
#: Characters below which a key that signs readers' links is refused; `digest doctor` asks for more.
_SHORTEST_KEY = 16


class App:
    """Settings and everything made from them, each part when it is first asked for."""

    def __init__(
        self,
        home: pathlib.Path | None = None,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.environment = dict(os.environ if environment is None else environment)
        self.home = home or default_home(self.environment)
        self.clock: Clock = clock or SystemClock()
        #: Done first when this is closed: what still works with its parts is brought to its end.
        self.before_closing: list[Callable[[], None]] = []

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raises ConfigurationError with every fault."""
        files, unreadable = {}, []
        for name in (SETTINGS_FILE, SOURCES_FILE, REGIONS_FILE):
            path = local_or_shipped(self.home, "config", name)
            place = f"config/{name}" if path.is_relative_to(self.home) else f"the shipped config/{name}"
            try:
                files[name] = (place, path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                fault = Fault(
                    where=place, key="", wrong=f"cannot be read: {error}", right="Mend or remove the file."
                )
                unreadable.append(fault)
        try:
            return load_settings(files, self.environment)
        except ConfigurationError as error:
            raise ConfigurationError([*unreadable, *error.faults]) from error

    @property
    def var(self) -> pathlib.Path:
        """Where the program keeps its own files."""
        return self.home / "var"

    @property
    def database_url(self) -> str:
        """DATABASE_URL, a relative SQLite path taken from the home."""
        url = self.environment.get("DATABASE_URL") or "sqlite:///var/digest.db"
        relative = url.removeprefix("sqlite:///")
        if relative == url or relative.startswith(("/", ":memory:")) or not relative:
            return url
        return f"sqlite:///{self.home / relative}"

    @cached_property
    def store(self) -> Store:
        """The store, its tables up to date. Raises DatabaseError."""
        from digest.adapters.store import open_store

        if self.database_url in _IN_MEMORY:
            raise DatabaseError(
                f"DATABASE_URL is {self.database_url}: a database in memory, which ends with each command. "
                "Use sqlite:///var/digest.db or postgresql://..."
            )
        return open_store(self.database_url, self.settings.delivery.soft_bounces, self._share_out)

    @cached_property
    def tasks(self) -> TaskQueue[Connection] | None:
        """The tasks that all workers share; None on SQLite, where each worker does by itself what is due."""
        if not self.database_url.startswith("postgres"):
            return None
        from digest.adapters.tasks import ProcrastinateQueue

        return ProcrastinateQueue(self.database_url)

    def _share_out(self, transaction: Connection, edition_id: str) -> None:
        """Have an edition that is just being opened delivered by all workers."""
        if self.tasks is None:
            return
        from digest.adapters.store.operating import living_workers
        from digest.ports.tasks import deliver_chunk

        # Where none lives, the first one to start finds it unfinished.
        places = range(living_workers(transaction))
        self.tasks.defer(transaction, [deliver_chunk(edition_id, str(place)) for place in places])

    @cached_property
    def fetcher(self) -> Fetcher:
        """The way to the web."""
        from digest.adapters.fetch import FetchLimits, HttpFetcher

        collect = self.settings.collect
        return HttpFetcher(
            FetchLimits(
                timeout_seconds=collect.timeout_seconds,
                max_bytes=int(collect.max_megabytes * 1_000_000),
                concurrency=collect.concurrency,
                per_host=collect.per_host,
                spacing_seconds=collect.host_spacing_seconds,
                allow_private_addresses=collect.allow_private_addresses,
                contact=collect.contact or f"mailto:{self.settings.mail.from_}",
            )
        )

    @cached_property
    def parser(self) -> Parser:
        """What reads feeds and pages, in processes of its own."""
        from digest.adapters.parser import ProcessParser

        collect = self.settings.collect
        return ProcessParser(processes=collect.parsers, timeout_seconds=collect.parse_seconds)

    @cached_property
    def placer(self) -> Placer:
        """Places stories by config/gazetteer/ and CLDR's names. Raises ConfigurationError."""
        from digest.lexicons import read_gazetteer
        from digest.ranker.places import Placer

        gazetteer = read_gazetteer(self.home, self.settings.region_of)
        hints = {source.id: source.regions for source in self.settings.sources.values() if source.regions}
        return Placer(gazetteer, self.settings.regions.values(), hints)

    @cached_property
    def rank_settings(self) -> RankSettings:
        """What an operator has set of ranking. Raises ConfigurationError."""
        from digest.lexicons import read_gravity
        from digest.pipeline import outlet_weights
        from digest.ranker.rank import RankSettings

        weights = outlet_weights(list(self.settings.sources.values()))
        return RankSettings(
            window_hours=self.settings.rank.window_hours,
            outlet_weights=weights,
            gravity=read_gravity(self.home),
        )

    @cached_property
    def templates(self) -> Environment:
        """The email's templates: the home's own, else the shipped."""
        from jinja2 import ChoiceLoader, FileSystemLoader

        from digest.mailer.render import template_environment

        folders = [self.home / "templates", shipped("templates")]
        return template_environment(ChoiceLoader([FileSystemLoader(folder) for folder in folders]))

    def language(self, locale: str) -> Language:
        """Return a locale with its catalogue, config/locales/<language>.po; English needs none.

        Raises ConfigurationError where the catalogue cannot be read.
        """
        from digest.mailer.language import Language

        for name in (locale.replace("-", "_"), locale.replace("-", "_").partition("_")[0]):
            path = local_or_shipped(self.home, "config", f"locales/{name}.po")
            if path.exists():
                stamp = path.stat()
                return Language(locale, _catalogue(path, stamp.st_mtime_ns, stamp.st_size))
        return Language(locale, gettext.NullTranslations())

    def newsletter(self, newsletter_id: str | None = None) -> Newsletter:
        """Return a newsletter, the first one by default. Raises UnknownNewsletter."""
        newsletters = self.settings.newsletters
        if newsletter_id is None:
            return next(iter(newsletters.values()))
        if newsletter_id not in newsletters:
            raise UnknownNewsletter(newsletter_id, list(newsletters))
        return newsletters[newsletter_id]

    def edition(self, edition_id: str) -> Edition:
        """Return a stored edition. Raises UnknownEdition."""
        edition = self.store.editions.edition(edition_id)
        if edition is None:
            raise UnknownEdition(edition_id, self.store.editions.latest_edition_id())
        return edition

    def renderer(self, newsletter: Newsletter) -> Callable[[Edition, Sequence[str]], Message]:
        """Return what renders the newsletter's editions for a choice of regions.

        Raises ConfigurationError where a template is missing or cannot be read, what it returns where one is at fault.
        """
        from jinja2 import TemplateError

        from digest.mailer.render import TEMPLATES, render

        language = self.language(newsletter.locale)

        try:
            for name in TEMPLATES:
                self.templates.get_template(f"{newsletter.template}/{name}")
            # And those that they import, so that no reader waits for their compiling.
            for name in self.templates.list_templates(("j2",)):
                if name.startswith(f"{newsletter.template}/"):
                    self.templates.get_template(name)
        except TemplateError as error:
            raise ConfigurationError([_template_fault(newsletter, error)]) from error

        def render_one(edition: Edition, regions: Sequence[str]) -> Message:
            try:
                return render(
                    edition,
                    newsletter,
                    regions,
                    self.settings.regions,
                    language,
                    self.templates,
                    self.settings.base_url,
                )
            except TemplateError as error:
                raise ConfigurationError([_template_fault(newsletter, error)]) from error

        return render_one

    def envelope(self, newsletter: Newsletter) -> Envelope:
        """Return what the headers of the newsletter's messages say."""
        from digest.mailer.mime import Envelope
        from digest.mailer.view import shown

        mail = self.settings.mail
        return Envelope(
            from_name=shown(newsletter.title),
            from_address=mail.from_,
            newsletter_id=newsletter.id,
            unsubscribe_address="" if newsletter.id == ALERTS else mail.unsubscribe_to or mail.from_,
        )

    def assembler(self, newsletter: Newsletter) -> Assembler:
        """Return what makes readers' messages of the newsletter."""
        from digest.adapters.dkim import load_signer
        from digest.mailer.mime import Assembler

        signer = load_signer(self.settings.smtp, self.settings.mail.from_, self.home)
        return Assembler(self.envelope(newsletter), signer)

    @cached_property
    def smtp_pool(self) -> ConnectionPool:
        """The connections that all senders of this process share."""
        from digest.adapters.smtp import ConnectionPool
        from digest.senders import smtp_server

        return ConnectionPool(smtp_server(self.settings.smtp))

    def sender(self, newsletter: Newsletter) -> Sender:
        """Return the carrier that is configured. Raises ConfigurationError where it lacks something."""
        from digest.senders import SENDERS

        return SENDERS[self.settings.transport](self, newsletter)

    @cached_property
    def links(self) -> LinkSigner:
        """What signs readers' links. Raises ConfigurationError where DIGEST_SECRET_KEY is not set, or is easily guessed."""
        from digest.adapters.links import LinkSigner

        keys = self.settings.secret_keys
        if not keys or len(keys[0]) < _SHORTEST_KEY:
            lacking = Fault(
                where="DIGEST_SECRET_KEY",
                key="",
                wrong=f"{'is too short' if keys else 'is not set'}, and readers' links are signed with it",
                right="Set it to 32 random characters or more; to change it, put the new one before the old, with a comma.",
            )
            raise ConfigurationError([lacking])
        return LinkSigner(keys)

    def reader_of(self, newsletter: Newsletter) -> Callable[[Delivery], Reader]:
        """Return what gives a delivery's reader, with the reader's own links."""
        address = self.envelope(newsletter).unsubscribe_address
        by_mail = f"mailto:{address}?subject={quote(f'unsubscribe {newsletter.id}')}"
        base_url = self.settings.base_url
        # A page without a key to sign its links with is none.
        links = self.links if base_url and self.settings.secret_keys else None

        def reader(delivery: Delivery) -> Reader:
            who = delivery.subscriber_id, newsletter.id
            # A copy that was sent by hand is nobody's: it has no links that are a reader's own.
            own = links if delivery.subscriber_id else None
            return Reader(
                delivery_id=delivery.id,
                email=delivery.email,
                name=delivery.name,
                unsubscribe_url=f"{base_url}/u/{own.unsubscribe(*who)}" if own else by_mail,
                preferences_url=f"{base_url}/preferences/{own.preferences(*who)}" if own else base_url,
            )

        return reader

    def pacer(self, edition: Edition, newsletter: Newsletter, *, spread: bool = False) -> Pacer:
        """Return what holds the sending of an edition to the rate of all processes, and to its window with `spread`."""
        from digest.pipeline import Pacer

        mail = self.settings.mail
        domain = mail.from_.rpartition("@")[2]
        rates = {f"domain {domain}": mail.rate_per_second} if mail.rate_per_second else {}
        if spread and newsletter.spread_minutes:
            recipients = self.store.ledger.recipients(edition.id)
            rates[f"edition {edition.id}"] = max(recipients, 1) / (newsletter.spread_minutes * 60)
        return Pacer(
            store=self.store.pace, clock=self.clock, rates=rates, warm_up=mail.warm_up, domain=domain
        )

    def close(self) -> None:
        """Let go of what was opened, when nobody works with it any more."""
        while self.before_closing:
            self.before_closing.pop()()
        for name in ("parser", "smtp_pool", "store"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def newsletters(self) -> Iterator[Newsletter]:
        """Yield all newsletters."""
        yield from self.settings.newsletters.values()


@lru_cache(maxsize=16)
def _catalogue(path: pathlib.Path, _modified: int, _size: int) -> gettext.GNUTranslations:
    """Return a catalogue, read once as long as its file does not change: a page asks for it each time."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    compiled = io.BytesIO()
    try:
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, abort_invalid=True))
    except (PoFileError, UnicodeDecodeError) as error:
        where = f"config/locales/{path.name}"
        fault = Fault(where=where, key="", wrong=f"cannot be read: {error}", right="Mend the line.")
        raise ConfigurationError([fault]) from error
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _template_fault(newsletter: Newsletter, error: TemplateError) -> Fault:
    from jinja2 import TemplateNotFound

    name = getattr(error, "name", None) or newsletter.template
    line = getattr(error, "lineno", None)
    if isinstance(error, TemplateNotFound):
        return Fault(
            where=f"templates/{name}",
            key="",
            wrong=f"is not there, and newsletter {newsletter.id!r} is rendered with it",
            right="Add the file, or name another template.",
        )
    return Fault(
        where=f"templates/{name}",
        key=f"line {line}" if line else "",
        wrong=f"cannot be rendered: {error.message}",
        right="Mend the template.",
    )
