"""The only place where the core meets the ports.

collect:  due sources | fetch | parse | save
compose:  articles of the window | rank | pick | freeze
deliver:  edition | render variants | freeze recipients | claim | mark sending | send | settle
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from digest.collector.parse import parse_feed
from digest.errors import FeedError, LeaseLost, NothingToSay, SenderError
from digest.model import (
    Article,
    Delivery,
    Edition,
    FetchRequest,
    FetchResult,
    FetchState,
    FetchStatus,
    Message,
    Newsletter,
    Reader,
    Receipt,
    ReceiptStatus,
    SaveCounts,
    Slot,
    Source,
    Subscriber,
)
from digest.ports import ArticleStore, Claim, Clock, EditionStore, Fetcher, Ledger, Outgoing, Progress, Sender
from digest.ranker.pick import pick
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings, rank

_log = logging.getLogger("digest")

#: The variant of readers who chose no regions of their own.
DEFAULT_VARIANT = "default"
#: Deliveries claimed at a time: few enough that a lease covers them, many enough that claiming costs nothing.
_CLAIM = 500


def no_progress(label: str, done: int, total: int) -> None:
    """Show nothing: for work that nobody watches."""


# --------------------------------------------------------------------------- collect


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """What one source's fetch came to."""

    source: Source
    status: FetchStatus
    counts: SaveCounts = field(default_factory=SaveCounts)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """What a collect came to, by source."""

    outcomes: tuple[SourceOutcome, ...]
    #: Sources whose server asked us to stay away for now.
    waiting: tuple[Source, ...] = ()

    def count(self, status: FetchStatus) -> int:
        """How many sources ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)

    @property
    def new(self) -> int:
        """Articles that were not known before."""
        return sum(outcome.counts.new for outcome in self.outcomes)

    @property
    def updated(self) -> int:
        """Articles whose headline or summary was edited."""
        return sum(outcome.counts.updated for outcome in self.outcomes)

    @property
    def failed(self) -> list[SourceOutcome]:
        """The sources that failed, with their reasons."""
        return [outcome for outcome in self.outcomes if outcome.status is FetchStatus.FAILED]


def collect(
    sources: Sequence[Source], fetcher: Fetcher, store: ArticleStore, now: dt.datetime, progress: Progress
) -> CollectReport:
    """Fetch every enabled source that may be fetched, and store what is new; one failing feed stops no other."""
    known = store.fetch_states()
    enabled = [source for source in sources if source.enabled]
    states = {source.id: _state_of(source, known.get(source.id)) for source in enabled}
    waiting = tuple(source for source in enabled if _must_wait(states[source.id], now))
    due = {source.id: source for source in enabled if source not in waiting}
    requests = [_request(source, states[source.id]) for source in due.values()]
    outcomes = []
    progress("collect", 0, len(requests))
    for result in fetcher.fetch(requests):
        source = due[result.source_id]
        try:
            outcome = _take_in(source, result, states[source.id], store, now)
        except Exception as error:
            # A feed that cannot be stored is one failed feed; the others are fetched already.
            _log.exception("source %s cannot be stored", source.id)
            reason = f"cannot be stored: {type(error).__name__}: {error}"
            outcome = SourceOutcome(source=source, status=FetchStatus.FAILED, error=reason)
        outcomes.append(outcome)
        progress("collect", len(outcomes), len(requests))
    return CollectReport(outcomes=tuple(outcomes), waiting=waiting)


def _state_of(source: Source, known: FetchState | None) -> FetchState:
    # A new address is a new feed: what the old one's server said of its versions means nothing there.
    return known if known and known.url == source.url else FetchState(source_id=source.id, url=source.url)


def _must_wait(state: FetchState, now: dt.datetime) -> bool:
    return state.retry_at is not None and state.retry_at > now


def _request(source: Source, state: FetchState) -> FetchRequest:
    return FetchRequest(
        source_id=source.id, url=source.url, etag=state.etag, last_modified=state.last_modified
    )


def _take_in(
    source: Source, result: FetchResult, state: FetchState, store: ArticleStore, now: dt.datetime
) -> SourceOutcome:
    checked = replace(state, checked_at=now, retry_at=None)
    if result.status is FetchStatus.FAILED:
        return _failed(source, checked, result.error, store, now, result.retry_after)
    well = replace(checked, succeeded_at=now, error=None, failures=0)
    body_hash = hashlib.sha256(result.body).hexdigest()
    seen = replace(well, etag=result.etag, last_modified=result.last_modified, body_hash=body_hash)
    if result.status is FetchStatus.UNCHANGED or body_hash == state.body_hash:
        store.save_state(well if result.status is FetchStatus.UNCHANGED else seen)
        return SourceOutcome(source=source, status=FetchStatus.UNCHANGED)
    try:
        drafts = parse_feed(source, result)
    except FeedError as error:
        return _failed(source, checked, str(error), store, now)
    except Exception as error:
        # Whatever a feed does to the parser, it is that feed's failure and no other's.
        _log.exception("source %s breaks the parser", source.id)
        return _failed(source, checked, f"cannot be parsed: {type(error).__name__}: {error}", store, now)
    counts = store.save_feed(source, drafts, seen, now)
    return SourceOutcome(source=source, status=FetchStatus.FETCHED, counts=counts)


def _failed(
    source: Source,
    state: FetchState,
    error: str,
    store: ArticleStore,
    now: dt.datetime,
    retry_after: float | None = None,
) -> SourceOutcome:
    retry_at = now + dt.timedelta(seconds=retry_after) if retry_after else None
    store.save_state(replace(state, error=error, failures=state.failures + 1, retry_at=retry_at))
    return SourceOutcome(source=source, status=FetchStatus.FAILED, error=error)


# --------------------------------------------------------------------------- compose


def draft_edition(
    newsletter: Newsletter,
    slot: Slot,
    store: ArticleStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> Edition:
    """Return the edition that the slot would have now; nothing is frozen.

    Raises NothingToSay where no article or no story is there for it, and says why.
    """
    since = now - dt.timedelta(hours=settings.window_hours)
    articles = _of_newsletter(newsletter, store.articles(since, now))
    if not articles:
        raise NothingToSay(_why_nothing(newsletter, store, since, now))
    stories = rank(articles, placer, settings, now)
    choice = pick(stories, newsletter)
    if not choice.sections:
        regions = ", ".join(sorted({story.region for story in stories}))
        raise NothingToSay(
            f"Nothing to say in {newsletter.id}: {len(articles)} articles, but none in its regions (found: {regions})."
        )
    return Edition(
        id=edition_id(slot),
        newsletter_id=newsletter.id,
        local_date=slot.local_date,
        cohort=slot.cohort,
        composed_at=now,
        sections=choice.sections,
        briefs=choice.briefs,
        lead_id=choice.lead_id,
        articles_read=len(articles),
        stories_found=len(stories),
    )


def edition_id(slot: Slot) -> str:
    """Return the id of a slot's edition: newsletter and date, and the zone where it is not the newsletter's own."""
    return f"{slot.newsletter_id}-{slot.local_date}" + (
        f"-{slot.cohort.replace('/', '-').lower()}" if slot.cohort else ""
    )


def _of_newsletter(newsletter: Newsletter, articles: Sequence[Article]) -> list[Article]:
    return [one for one in articles if not newsletter.sources or one.source in newsletter.sources]


def _why_nothing(newsletter: Newsletter, store: ArticleStore, since: dt.datetime, now: dt.datetime) -> str:
    newest = store.newest(now, newsletter.sources)
    if newest is None:
        of_what = " of its sources" if newsletter.sources else ""
        return f"Nothing to say in {newsletter.id}: no articles{of_what} are stored yet. Run `digest collect` first."
    return (
        f"Nothing to say in {newsletter.id}: no articles since {since:%Y-%m-%d %H:%M} UTC; "
        f"the newest is of {newest:%Y-%m-%d %H:%M} UTC. Run `digest collect`, and see whether the sources still bring news."
    )


def compose(
    newsletter: Newsletter,
    slot: Slot,
    articles: ArticleStore,
    editions: EditionStore,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
) -> Edition:
    """Return the slot's edition: the frozen one, or a new one, frozen now. Raises NothingToSay."""
    return editions.edition_of(slot) or editions.freeze(
        draft_edition(newsletter, slot, articles, placer, settings, now)
    )


# --------------------------------------------------------------------------- deliver

#: Renders a message for a choice of regions.
Renderer = Callable[[Edition, Sequence[str]], Message]
#: Gives a delivery's reader, with the links that are the reader's own.
ReaderOf = Callable[[Delivery], Reader]


def variant_of(subscriber: Subscriber, newsletter: Newsletter) -> str:
    """Return the name of the variant that a subscriber gets: the regions chosen, in their order."""
    chosen = [region for region in dict.fromkeys(subscriber.regions) if region in newsletter.regions]
    return ",".join(chosen) if chosen and tuple(chosen) != newsletter.regions else DEFAULT_VARIANT


def regions_of(variant: str, newsletter: Newsletter) -> Sequence[str]:
    """Return the regions of a variant, in their order."""
    return newsletter.regions if variant == DEFAULT_VARIANT else variant.split(",")


def open_edition(
    edition: Edition,
    newsletter: Newsletter,
    subscribers: Sequence[Subscriber],
    ledger: Ledger,
    render: Renderer,
    now: dt.datetime,
) -> None:
    """Freeze what is sent and to whom, before anything leaves; later calls change nothing.

    Without any recipient nothing is frozen.
    """
    if ledger.is_open(edition.id):
        return
    recipients = [(person, variant_of(person, newsletter)) for person in subscribers if person.confirmed]
    if not recipients:
        # Frozen with nobody in it, the edition would be closed to whoever subscribes in the next hour.
        return
    variants = sorted({DEFAULT_VARIANT, *(variant for _, variant in recipients)})
    messages = {variant: render(edition, regions_of(variant, newsletter)) for variant in variants}
    ledger.open(edition.id, messages, recipients, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """What one run of sending came to."""

    #: Receipts of this run, by status.
    receipts: Mapping[ReceiptStatus, int]
    #: Why the run stopped early, in words; empty where it came to its end.
    stopped: str = ""


def deliver(
    edition: Edition,
    ledger: Ledger,
    sender: Sender,
    reader_of: ReaderOf,
    clock: Clock,
    lease: dt.timedelta,
    pace: Callable[[int], None],
    progress: Progress,
) -> DeliverReport:
    """Send all that may be sent now, and return when nothing is left to claim.

    `pace` is called before each batch with its size, and holds it back as the rate demands.
    """
    messages = ledger.messages(edition.id)
    total = sum(ledger.counts(edition.id).values())
    receipts: Counter[ReceiptStatus] = Counter()
    while True:
        ledger.recover(edition.id, clock.now())
        claim = ledger.claim(edition.id, _CLAIM, clock.now(), lease)
        if not claim.deliveries:
            return DeliverReport(receipts=receipts)
        try:
            for batch in _batches(claim.deliveries, sender.batch):
                pace(len(batch))
                outgoing = [_outgoing(edition, messages, held, reader_of(held)) for held in batch]
                done = _send_batch(claim, outgoing, ledger, sender, clock, lease)
                receipts.update(receipt.status for receipt in done)
                progress("send", receipts[ReceiptStatus.SENT], total)
                returned = next((one for one in done if one.status is ReceiptStatus.RETURNED), None)
                if returned:
                    return DeliverReport(receipts=receipts, stopped=returned.detail)
        except LeaseLost as error:
            _log.warning("edition %s: %s", edition.id, error)
        except SenderError as error:
            return DeliverReport(receipts=receipts, stopped=str(error))
        finally:
            ledger.release(claim, clock.now())


def _batches(deliveries: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(deliveries), size):
        yield deliveries[start : start + size]


def _outgoing(edition: Edition, messages: Mapping[str, Message], held: Delivery, reader: Reader) -> Outgoing:
    return Outgoing(
        message=messages[held.variant], reader=reader, edition_id=edition.id, variant=held.variant
    )


def _send_batch(
    claim: Claim, batch: Sequence[Outgoing], ledger: Ledger, sender: Sender, clock: Clock, lease: dt.timedelta
) -> list[Receipt]:
    ids = [outgoing.reader.delivery_id for outgoing in batch]
    ledger.mark_sending(claim, ids, clock.now(), lease)
    try:
        receipts = sender.send(batch, clock.now())
    except SenderError:
        back = [Receipt(delivery_id=delivery_id, status=ReceiptStatus.RETURNED) for delivery_id in ids]
        ledger.settle(claim, back, clock.now())
        raise
    ledger.settle(claim, receipts, clock.now())
    return receipts


def outlet_weights(sources: Sequence[Source]) -> dict[str, float]:
    """Return each outlet's weight: that of its heaviest source."""
    weights: dict[str, float] = {}
    for source in sources:
        weights[source.outlet] = max(source.weight, weights.get(source.outlet, 0.0))
    return weights
