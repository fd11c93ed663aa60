"""What workers on many machines share: tasks that wait in the database until one of them does them.

A task only says that something may be due: whoever does it looks at the store, the only truth, and a task that is
done twice, or not at all, does no harm.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from digest.model import Slot, require_aware

#: What a task is about: nothing that names a reader.
Arguments = Mapping[str, str | int]
#: Does a task; takes its number in the queue and what it is about. Raises PutBack where another worker is to do it.
Handler = Callable[[int, Arguments], None]
#: An open transaction of the store.
Transaction = TypeVar("Transaction", contravariant=True)

#: The names of the tasks.
COLLECT_SHARD, COMPOSE_SLOT, DELIVER_CHUNK, HANDLE_EVENTS = (
    "collect_shard",
    "compose_slot",
    "deliver_chunk",
    "handle_events",
)


class PutBack(Exception):
    """A task that was begun is not done, and waits for another worker again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do."""

    name: str
    arguments: Arguments = field(default_factory=dict)
    #: Of tasks with the same word here only one waits at a time; empty for any number.
    once: str = ""
    #: Done before those that wait already.
    urgent: bool = False
    #: None for at once.
    not_before: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.not_before is not None:
            require_aware(self.not_before)


class TaskQueue(Protocol[Transaction]):
    """Keeps tasks until they are done."""

    def defer(self, transaction: Transaction, tasks: Sequence[Task]) -> int:
        """Keep tasks, once the transaction is committed; return how many were not waiting already.

        Raises DatabaseFailed.
        """

    def worker(self, handlers: Mapping[str, Handler], concurrency: int) -> TaskWorker:
        """Return what does the queue's tasks in this process, so many at a time."""


class TaskWorker(Protocol):
    """Does tasks, each in a thread of its own, and those of workers that have died."""

    def run(self) -> None:
        """Do tasks until `stop`, through any trouble with the database."""

    def run_dry(self) -> None:
        """Do tasks until none waits, or until `stop`."""

    def stop(self) -> None:
        """Begin nothing more, from any thread; `run` returns when what is in hand has come to its end."""


def collect_shard(number: int, of: int, begun: dt.datetime) -> Task:
    """Return the task to collect one of so many shards of the sources, of the collect that began then."""
    arguments: Arguments = {"number": number, "of": of, "begun": begun.isoformat()}
    return Task(name=COLLECT_SHARD, arguments=arguments, once=f"collect {begun.isoformat()} {number}")


def compose_slot(slot: Slot) -> Task:
    """Return the task to bring a slot on its way: compose it, or open it when it is due."""
    date = slot.local_date.isoformat()
    arguments: Arguments = {"newsletter": slot.newsletter_id, "date": date, "cohort": slot.cohort}
    once = f"compose {slot.newsletter_id} {date} {slot.cohort}".rstrip()
    return Task(name=COMPOSE_SLOT, arguments=arguments, once=once, urgent=True)


def deliver_chunk(
    edition_id: str, place: str, *, tries: int = 0, not_before: dt.datetime | None = None
) -> Task:
    """Return the task to deliver an edition for a while; of each place among its deliverers one waits at a time.

    `tries` counts the workers that could not take it, for they deliver the edition already.
    """
    arguments: Arguments = {"edition": edition_id, "place": place, "tries": tries}
    return Task(
        name=DELIVER_CHUNK,
        arguments=arguments,
        once=f"deliver {edition_id} {place}",
        not_before=not_before,
    )


def handle_events(batch_id: int, not_before: dt.datetime | None = None) -> Task:
    """Return the task to let a batch of a provider's events have its effects."""
    once = f"events {batch_id}"
    return Task(name=HANDLE_EVENTS, arguments={"batch": batch_id}, once=once, not_before=not_before)
