"""Tasks that many workers share, over Procrastinate on PostgreSQL. Implements `ports.TaskQueue`."""

from __future__ import annotations

from digest.adapters.tasks.queue import ProcrastinateQueue
from digest.adapters.tasks.worker import ProcrastinateWorker

__all__ = ["ProcrastinateQueue", "ProcrastinateWorker"]
