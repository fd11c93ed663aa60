"""What the core needs from the world. The pipeline owns these; adapters and the tests' fakes fill them."""

from __future__ import annotations

from digest.ports.collecting import ArticleStore, Fetcher, Parser
from digest.ports.common import Clock, Progress
from digest.ports.delivering import Ledger, Outgoing, PaceStore, Sender, SharedLanes
from digest.ports.desk import DeskStore
from digest.ports.editions import EditionStore
from digest.ports.operating import OperationsStore
from digest.ports.subscribers import SubscriberStore
from digest.ports.tasks import Handler, PutBack, Task, TaskQueue, TaskWorker

__all__ = [
    "ArticleStore",
    "Clock",
    "DeskStore",
    "EditionStore",
    "Fetcher",
    "Handler",
    "Ledger",
    "OperationsStore",
    "Outgoing",
    "PaceStore",
    "Parser",
    "Progress",
    "PutBack",
    "Sender",
    "SharedLanes",
    "SubscriberStore",
    "Task",
    "TaskQueue",
    "TaskWorker",
]
