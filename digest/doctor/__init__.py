"""What may be wrong with an installation, and what to do about it.

Each check is a pure function of what was found to findings; `digest.cli.doctoring` gathers what they look at.
"""

from __future__ import annotations

from digest.doctor.clock import ClockFacts, carrier_clock_findings, clock_findings
from digest.doctor.database import DatabaseFacts, ServerFacts, database_findings
from digest.doctor.findings import Finding, Level, hushed
from digest.doctor.ledger import EditionFigures, ledger_findings
from digest.doctor.place import DiskFacts, HomeFacts, disk_findings, home_findings
from digest.doctor.running import (
    NewsletterFacts,
    TaskFacts,
    alert_findings,
    newsletter_findings,
    orphan_findings,
    secret_findings,
    task_findings,
    worker_findings,
)
from digest.doctor.sources import SourceFacts, source_findings
from digest.doctor.unwise import SettingFacts, unwise_findings

__all__ = [
    "ClockFacts",
    "DatabaseFacts",
    "DiskFacts",
    "EditionFigures",
    "Finding",
    "HomeFacts",
    "Level",
    "NewsletterFacts",
    "ServerFacts",
    "SettingFacts",
    "SourceFacts",
    "TaskFacts",
    "alert_findings",
    "carrier_clock_findings",
    "clock_findings",
    "database_findings",
    "disk_findings",
    "home_findings",
    "hushed",
    "ledger_findings",
    "newsletter_findings",
    "orphan_findings",
    "secret_findings",
    "source_findings",
    "task_findings",
    "unwise_findings",
    "worker_findings",
]
