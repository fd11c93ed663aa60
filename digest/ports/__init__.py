"""What the core needs from the world. The pipeline owns these; adapters and the tests' fakes fill them."""

from __future__ import annotations

from digest.ports.collecting import ArticleStore, Fetcher, Parser
from digest.ports.common import Clock, Progress
from digest.ports.delivering import Ledger, Outgoing, PaceStore, Sender, SharedLanes
from digest.ports.desk import DeskStore
from digest.ports.editions import EditionStore
from digest.ports.operating import OperationsStore
from digest.ports.subscribers import SubscriberStore

__all__ = [
    "ArticleStore",
    "Clock",
    "DeskStore",
    "EditionStore",
    "Fetcher",
    "Ledger",
    "OperationsStore",
    "Outgoing",
    "PaceStore",
    "Parser",
    "Progress",
    "Sender",
    "SharedLanes",
    "SubscriberStore",
]
