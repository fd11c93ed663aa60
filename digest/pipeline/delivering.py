"""deliver: claim | pace | mark sending | send in lanes | settle, until nothing is left to claim.

One thread owns the ledger; each of the sender's lanes is a thread that only sends. What the lanes have brought back,
and what they take next, is committed in one transaction: so each message costs a share of one commit, and no more
than lanes x batch deliveries are ever between `sending` and an answer.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from digest.errors import SenderError
from digest.model import Delivery, Message, Reader, Receipt, ReceiptStatus
from digest.pipeline.pacing import Pacer
from digest.pipeline.telling import until_told
from digest.ports import Clock, Ledger, Outgoing, Progress, Sender, SharedLanes

_log = logging.getLogger("digest")

#: Deliveries claimed at a time at most.
_CLAIM = 500
#: Or this many times what one call of the sender holds, so that most calls of each variant are full. The first claim
#: is for so many calls of each lane: a run that is killed early has little in hand.
_BATCHES_A_CLAIM = 8
#: A claim that has left within this time is followed by one of twice its size.
_QUICK = dt.timedelta(seconds=5)
#: Variants whose messages are kept at hand.
_MOST_MESSAGES = 64
#: The longest wait, in seconds, between two looks at the clock and at whether we are to stop.
_LOOK = 0.5
#: Between two looks, in seconds, at whether another run has given a lane back.
_ASK_AGAIN = 0.005
#: Refusals in a row after which it is not the addresses that are at fault.
_MOST_REFUSALS = 20
#: Calls in a row, of one message each and of many, that ended in doubt, after which the carrier is not asked again.
_MOST_DOUBTS, _MOST_DOUBTED_BATCHES = 10, 4
#: How long sending rests after that.
_REST = dt.timedelta(hours=1)
#: Gives a delivery's reader, with the links that are the reader's own.
ReaderOf = Callable[[Delivery], Reader]
#: A batch, when leave was asked for it, and the moment from which it may leave.
_Admitted = tuple[list[Delivery], dt.datetime, dt.datetime]
#: What a lane brings back: the batch, and its receipts or what went wrong.
_Answer = tuple[list[Delivery], list[Receipt] | Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """What one run of sending came to."""

    #: Receipts of this run, by status.
    receipts: Mapping[ReceiptStatus, int]
    #: Why the run stopped early, in words; empty where it came to its end.
    stopped: str = ""
    #: When it can go on; None where nobody knows.
    retry_at: dt.datetime | None = None


def deliver(
    edition_id: str,
    ledger: Ledger,
    sender: Sender,
    reader_of: ReaderOf,
    clock: Clock,
    lease: dt.timedelta,
    pacer: Pacer,
    stopped: Callable[[], bool],
    progress: Progress,
    shared: SharedLanes | None = None,
) -> DeliverReport:
    """Send all that may be sent now, and return when nothing is left to claim.

    Once `stopped` says so, what is in hand is brought to its end and the rest is given back. Runs that go on side by
    side in one process, for several editions, take their lanes from `shared`: a carrier's limit is for all of them.
    """
    with ThreadPoolExecutor(sender.lanes, thread_name_prefix="lane") as lanes:
        what = (edition_id, ledger, sender, reader_of, clock, lease, pacer, stopped, progress)
        run = _Run(*what, lanes, shared)
        try:
            run.work()
        finally:
            run.finish()
    return run.report()


class _Run:
    """One run of sending: what is claimed, what is on its way, and what came back."""

    def __init__(
        self,
        edition_id: str,
        ledger: Ledger,
        sender: Sender,
        reader_of: ReaderOf,
        clock: Clock,
        lease: dt.timedelta,
        pacer: Pacer,
        stopped: Callable[[], bool],
        progress: Progress,
        lanes: ThreadPoolExecutor,
        shared: SharedLanes | None,
    ) -> None:
        self._edition_id = edition_id
        self._ledger = ledger
        self._sender = sender
        self._reader_of = reader_of
        self._clock = clock
        self._lease = lease
        self._pacer = pacer
        self._stopped = stopped
        self._progress = progress
        self._lanes = lanes
        self._shared = shared
        #: Shared lanes that are ours at the moment.
        self._taken = 0
        self._total = ledger.recipients(edition_id)
        self._messages: dict[str, Message] = {}
        #: Claimed and not yet on their way, those of a variant together.
        self._claimed: deque[Delivery] = deque()
        self._nothing_left = False
        #: The size of the next claim, and when the last one was made.
        self._limit = _BATCHES_A_CLAIM * sender.batch * sender.lanes
        self._claimed_at: dt.datetime | None = None
        #: The next batch, and the moment from which it may leave.
        self._admitted: _Admitted | None = None
        self._on_the_way: dict[int, Delivery] = {}
        self._busy = 0
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._done: list[tuple[Delivery, Receipt]] = []
        self._receipts: Counter[ReceiptStatus] = Counter()
        self._refusals = 0
        self._doubts = 0
        self._renew_at = clock.now() + lease / 3
        self._why = ""
        self._retry_at: dt.datetime | None = None
        self._broken: Exception | None = None

    def work(self) -> None:
        """Send until nothing is left, or until something stops it."""
        while True:
            # Looked at whether or not a lane is free: all of them may hang.
            if not self._why and self._stopped():
                self._stop("by a signal")
            if self._why:
                self._give_back()
            self._commit(self._next_batches())
            if self._busy or self._waiting:
                self._wait()
            elif self._why or self._nothing_left:
                break
        if self._broken is not None:
            raise self._broken

    def report(self) -> DeliverReport:
        """Return what it came to."""
        return DeliverReport(receipts=dict(self._receipts), stopped=self._why, retry_at=self._retry_at)

    def finish(self) -> None:
        """Book what is still on its way, and give the rest back: also where the work broke off."""
        while self._busy:
            self._take_in(*self._answers.get())
        self._give_lanes(self._taken)
        # Until the leases end: a database that starts anew must not make what we know of an unknown.
        until_told(self._book, self._clock, self._renew_at + self._lease * 2 / 3)

    def _book(self) -> None:
        if self._done:
            self._ledger.advance(self._done, [], self._clock.now(), self._lease)
            self._done = []
        self._give_back()

    def _give_back(self) -> None:
        """Let others have what was claimed and has not left."""
        held = [*self._claimed, *self._in_admission()]
        if held:
            self._ledger.release(held, self._clock.now())
        self._claimed.clear()
        self._admitted = None

    @property
    def _waiting(self) -> bool:
        """Whether a batch waits for its moment."""
        return self._admitted is not None and not self._why

    # ----------------------------------------------------------------- what leaves next

    def _next_batches(self) -> list[list[Delivery]]:
        """Return the batches that may leave now, at most one for each lane that is free."""
        batches: list[list[Delivery]] = []
        while self._busy + len(batches) < self._sender.lanes:
            try:
                admitted = None if self._why else self._admission()
            except Exception:
                for batch in batches:
                    self._claimed.extendleft(reversed(batch))
                raise
            # A clock that was set back meanwhile has the moment hours ahead: it is now, then.
            if admitted is None or admitted[1] <= self._clock.now() < admitted[2] or not self._take_lane():
                break
            self._admitted = None
            batches.append(admitted[0])
        return batches

    def _take_lane(self) -> bool:
        free = self._shared is None or self._shared.acquire(blocking=False)
        self._taken += free
        return free

    def _give_lanes(self, count: int) -> None:
        self._taken -= count
        if self._shared is not None:
            for _ in range(count):
                self._shared.release()

    def _admission(self) -> _Admitted | None:
        """Return the next batch and the moment from which it may leave; None where nothing is left."""
        if self._admitted is None:
            batch = self._take_batch()
            if not batch:
                return None
            asked_at = self._clock.now()
            try:
                admission = self._pacer.admit(len(batch))
            except Exception as error:
                self._claimed.extendleft(reversed(batch))
                if not isinstance(error, SenderError):
                    raise
                self._stop(str(error), error.retry_at)
                return None
            self._claimed.extendleft(reversed(batch[admission.count :]))
            self._admitted = (batch[: admission.count], asked_at, admission.at)
        return self._admitted

    def _take_batch(self) -> list[Delivery]:
        """Take up to a batch of one variant off what is claimed, claiming more where nothing is."""
        if not self._claimed and not self._nothing_left:
            self._claim()
        batch: list[Delivery] = []
        while self._claimed and len(batch) < self._sender.batch:
            if batch and self._claimed[0].variant != batch[0].variant:
                break
            batch.append(self._claimed.popleft())
        return batch

    def _claim(self) -> None:
        # First what is ours: after a standstill it must not be taken for a dead worker's, nor after one from here on.
        now = self._clock.now()
        self._commit([])
        self._ledger.recover(self._edition_id, now)
        if self._claimed_at is not None and now - self._claimed_at < _QUICK:
            self._limit *= 2
        self._limit = min(self._limit, max(_CLAIM, _BATCHES_A_CLAIM * self._sender.batch))
        self._claimed_at = now
        limit = self._pacer.most_in_hand(self._limit)
        claimed = self._ledger.claim(self._edition_id, limit, now, self._lease)
        # The sort is stable: within a variant they stay in their order.
        self._claimed.extend(sorted(claimed, key=lambda held: held.variant))
        self._nothing_left = not claimed

    # ----------------------------------------------------------------- the ledger

    def _commit(self, batches: Sequence[list[Delivery]]) -> None:
        """Commit what came back and what leaves, then let it leave."""
        now = self._clock.now()
        sending = [held for batch in batches for held in batch]
        if self._done or sending:
            try:
                # Made before they are marked: what goes wrong here has left nothing in doubt.
                outgoing = {held.id: self._outgoing(held) for held in sending}
                lost = self._ledger.advance(self._done, sending, now, self._lease)
            except Exception:
                # None of them has left: they are given back with the rest.
                self._claimed.extendleft(reversed(sending))
                raise
            self._done = []
            for batch in batches:
                self._start([held for held in batch if held.id not in lost], outgoing, now)
            if lost:
                self._give_up_claim(lost)
        if now >= self._renew_at:
            self._renew_at = now + self._lease / 3
            self._ledger.renew(
                [*self._claimed, *self._on_the_way.values(), *self._in_admission()], now, self._lease
            )

    def _in_admission(self) -> list[Delivery]:
        return self._admitted[0] if self._admitted else []

    def _give_up_claim(self, lost: frozenset[int]) -> None:
        """What was claimed with something that is lost is likely lost as well: it is claimed anew."""
        _log.warning(
            "edition %s: %d deliveries are no longer ours: the lease ran out, or somebody has settled them",
            self._edition_id,
            len(lost),
        )
        self._give_back()
        self._nothing_left = False

    def _start(self, batch: list[Delivery], outgoing: Mapping[int, Outgoing], now: dt.datetime) -> None:
        if not batch:
            self._give_lanes(1)
            return
        self._busy += 1
        self._on_the_way |= {held.id: held for held in batch}
        self._lanes.submit(self._send, batch, [outgoing[held.id] for held in batch], now)

    def _outgoing(self, held: Delivery) -> Outgoing:
        message = self._messages.get(held.variant)
        if message is None:
            if len(self._messages) >= _MOST_MESSAGES:
                del self._messages[next(iter(self._messages))]
            message = self._messages[held.variant] = self._ledger.message(self._edition_id, held.variant)
        return Outgoing(
            message=message, reader=self._reader_of(held), edition_id=self._edition_id, variant=held.variant
        )

    # ----------------------------------------------------------------- the lanes

    def _send(self, batch: list[Delivery], outgoing: list[Outgoing], now: dt.datetime) -> None:
        """In a lane: send a batch. Whatever happens, the thread that owns the ledger hears of it."""
        try:
            self._answers.put((batch, self._sender.send(outgoing, now)))
        except Exception as error:
            self._answers.put((batch, error))

    def _wait(self) -> None:
        """Wait for an answer, or until the next batch may leave."""
        seconds = _LOOK
        if self._admitted is not None and self._waiting:
            until = (self._admitted[2] - self._clock.now()).total_seconds()
            # Its moment has come, and others have all lanes: they are asked again soon.
            seconds = min(max(until, _ASK_AGAIN), _LOOK)
        if not self._busy:
            self._clock.sleep(seconds)
            return
        try:
            self._take_in(*self._answers.get(timeout=seconds))
            while True:
                self._take_in(*self._answers.get_nowait())
        except queue.Empty:
            return

    def _take_in(self, batch: list[Delivery], answer: list[Receipt] | Exception) -> None:
        self._busy -= 1
        self._give_lanes(1)
        for held in batch:
            self._on_the_way.pop(held.id, None)
        receipts = self._receipts_of(batch, answer)
        for held, receipt in zip(batch, receipts, strict=True):
            # Where it is no longer held, `sending` was left; the ledger counts the attempt by itself.
            self._done.append((held, receipt))
            self._receipts[receipt.status] += 1
            self._watch(receipt)
        self._doubt(receipts)
        self._progress("send", self._receipts[ReceiptStatus.SENT], self._total)

    def _receipts_of(self, batch: list[Delivery], answer: list[Receipt] | Exception) -> list[Receipt]:
        if isinstance(answer, SenderError):
            self._stop(str(answer), answer.retry_at)
            return [Receipt(delivery_id=held.id, status=ReceiptStatus.RETURNED) for held in batch]
        if isinstance(answer, Exception):
            # A fault of ours in the middle of sending: what it had done by then nobody knows.
            self._broken = self._broken or answer
            self._stop(f"{type(answer).__name__}: {answer}")
            answer = []
        said = {receipt.delivery_id: receipt for receipt in answer}
        silent = Receipt(delivery_id=0, status=ReceiptStatus.UNKNOWN, detail="the sender said nothing of it")
        return [said.get(held.id) or replace(silent, delivery_id=held.id) for held in batch]

    def _watch(self, receipt: Receipt) -> None:
        """Stop where the carrier has given something back, or refuses everybody."""
        if receipt.status is ReceiptStatus.RETURNED:
            self._stop(receipt.detail or "the carrier gave messages back")
        self._refusals = self._refusals + 1 if receipt.status is ReceiptStatus.REJECTED else 0
        if self._refusals >= _MOST_REFUSALS:
            self._stop(
                f"{self._refusals} messages in a row were refused, the last with: {receipt.detail}. "
                "That is hardly the addresses' fault",
                self._clock.now() + _REST,
            )

    def _doubt(self, receipts: Sequence[Receipt]) -> None:
        """Stop where one call after the other ends in doubt: each of them costs readers their certainty."""
        in_doubt = all(receipt.status is ReceiptStatus.UNKNOWN for receipt in receipts)
        self._doubts = self._doubts + 1 if in_doubt else 0
        if self._doubts >= (_MOST_DOUBTS if self._sender.batch == 1 else _MOST_DOUBTED_BATCHES):
            self._stop(
                f"{self._doubts} calls in a row ended in doubt, the last with: {receipts[-1].detail}",
                self._clock.now() + _REST,
            )

    def _stop(self, why: str, retry_at: dt.datetime | None = None) -> None:
        if not self._why:
            self._why, self._retry_at = why, retry_at
