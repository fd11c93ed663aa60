"""What the core needs from the world. The pipeline owns these; adapters and the tests' fakes fill them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from digest.model import (
    AddOutcome,
    Article,
    Delivery,
    DeliveryState,
    Edition,
    FetchRequest,
    FetchResult,
    FetchState,
    Message,
    PageText,
    ParsedFeed,
    Reader,
    Receipt,
    SaveCounts,
    Slot,
    Source,
    SourceStats,
    Subscriber,
)


class Clock(Protocol):
    """Tells the moment; replaced by a fixed one with `--at` and in tests."""

    def now(self) -> dt.datetime:
        """Return the moment, aware."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class Fetcher(Protocol):
    """Gets feeds and pages from the web, politely."""

    def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
        """Yield one result for each request, in the order in which they come back. Raises nothing."""


class Parser(Protocol):
    """Reads what was fetched, away from the caller's thread and with a deadline.

    A body that cannot be read gives a future with FeedError, which says of what kind the failure is; no body can do
    more harm than that.
    """

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        """Read a feed; entries whose bytes' hash is in `seen` (see ParsedFeed.items) are not read again."""

    def page(self, fetched: FetchResult, article: Article) -> Future[PageText]:
        """Read an article's own page."""

    def close(self) -> None:
        """End what it started, for now or for good."""


class ArticleStore(Protocol):
    """Keeps articles and what we know of their sources."""

    def fetch_states(self) -> Mapping[str, FetchState]:
        """Return what is known of every source that was ever fetched, by its id."""

    def save_state(self, state: FetchState) -> None:
        """Keep what a fetch without new content has taught."""

    def seen_items(self, source_id: str) -> Mapping[str, tuple[str, ...]]:
        """Return the `items` of the source's last stored feed; empty where there is none."""

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        """Store a feed's entries and its new state in one transaction; an entry known by any alias is no new article."""

    def articles(self, since: dt.datetime | None, until: dt.datetime | None) -> list[Article]:
        """Return the articles published after `since` and at or before `until`, oldest first."""

    def newest(self, until: dt.datetime, sources: Sequence[str]) -> dt.datetime | None:
        """Return when the newest article of these sources (all, where none is named) up to `until` was published."""

    def wanting_text(self, sources: Sequence[str], since: dt.datetime, limit: int) -> list[Article]:
        """Return up to `limit` articles of these sources, first seen after `since`, whose pages are still to be read.

        Newest first; a page that was tried often enough in vain is left out.
        """

    def save_text(self, article_id: str, page: PageText | None, now: dt.datetime) -> None:
        """Keep what an article's page says, and count the try; the lede is its summary where the feed gave none.

        None for a page that could not be read.
        """

    def source_stats(self, since: dt.datetime, now: dt.datetime) -> Mapping[str, SourceStats]:
        """Return, by source, what its articles tell; the window is from `since` to now."""


class EditionStore(Protocol):
    """Keeps editions; once in, they do not change."""

    def edition(self, edition_id: str) -> Edition | None:
        """Return an edition, or None."""

    def edition_of(self, slot: Slot) -> Edition | None:
        """Return the slot's edition, or None."""

    def freeze(self, edition: Edition) -> Edition:
        """Store the edition unless its slot has one; return the one that the slot has now."""

    def told_since(self, newsletter_id: str, cohort: str, since: dt.datetime) -> list[Edition]:
        """Return the newsletter's editions for these readers that were composed after `since`, oldest first.

        Only those whose recipients are frozen: one that was composed and never sent has told nobody anything.
        """

    def latest_edition_id(self) -> str | None:
        """Return the id of the edition that was composed last, or None."""


class SubscriberStore(Protocol):
    """Keeps who gets what."""

    def add(self, person: Subscriber, *, source: str, now: dt.datetime) -> AddOutcome:
        """Add or update one subscription, unless the person left; `source` says where the consent came from."""

    def revive(self, person: Subscriber, *, source: str, now: dt.datetime) -> AddOutcome:
        """Subscribe a person who left and asked to come back."""

    def subscribers(self, newsletter_id: str | None = None) -> list[Subscriber]:
        """Return the active subscriptions, by address."""

    def remove(self, email: str, newsletter_id: str | None, *, reason: str, now: dt.datetime) -> int:
        """End the subscriptions of an address and suppress it; return how many ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Deliveries that one worker holds until the lease ends."""

    deliveries: tuple[Delivery, ...]
    #: Proves the claim; a later claim of the same delivery carries another.
    fence: str


class Ledger(Protocol):
    """Which edition went to whom, and how that ended. The only truth about sending."""

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        recipients: Sequence[tuple[Subscriber, str]],
        now: dt.datetime,
    ) -> None:
        """Freeze the messages by variant and the recipients with their variant, in one transaction; once only."""

    def is_open(self, edition_id: str) -> bool:
        """Say whether the edition's recipients are frozen."""

    def messages(self, edition_id: str) -> Mapping[str, Message]:
        """Return the frozen messages by variant."""

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Claim:
        """Claim up to `limit` deliveries that may be sent; suppressed ones are settled instead of claimed."""

    def mark_sending(
        self, claim: Claim, delivery_ids: Sequence[int], now: dt.datetime, lease: dt.timedelta
    ) -> None:
        """Commit that these are about to leave. Raises LeaseLost where the claim is no longer ours."""

    def settle(self, claim: Claim, receipts: Sequence[Receipt], now: dt.datetime) -> None:
        """Commit what became of them. Raises LeaseLost where the claim is no longer ours."""

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """Settle what dead workers left: claims go back to pending, sendings become unknown. Returns the counts."""

    def release(self, claim: Claim, now: dt.datetime) -> None:
        """Give back what is claimed and not yet sending."""

    def unfinished(self) -> list[str]:
        """Return the ids of the editions of which something may still be sent."""

    def counts(self, edition_id: str) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; states without any are left out."""

    def next_due(self, edition_id: str) -> dt.datetime | None:
        """Return when the first lease ends or the first retry is due; None where nothing waits for a moment."""

    def deliveries(self, edition_id: str, state: DeliveryState | None = None) -> Iterable[Delivery]:
        """Yield the deliveries, by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way: what it says, and to whom."""

    message: Message
    reader: Reader
    edition_id: str
    #: Names the message among the edition's.
    variant: str


class Sender(Protocol):
    """Whatever can carry a message: a folder, an SMTP server, SendGrid."""

    #: Messages that one call may hold; more of them share one fate.
    batch: int
    #: Where messages go, for the operator: `outbox var/outbox`, `smtp mail.example.org:587`.
    destination: str

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """Hand the messages, dated `now`, over and return a receipt for each.

        Raises SenderError where the carrier refuses the connection or the sender as a whole, before any left.
        """

    def close(self) -> None:
        """End connections; the sender is not used again."""


class Progress(Protocol):
    """Shows a person how far long work has come."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps are done."""
