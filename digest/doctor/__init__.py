"""What may be wrong with an installation, and what to do about it.

Each check is a pure function of what was found to findings; `digest.cli.doctoring` gathers what they look at.
"""

from __future__ import annotations

from digest.doctor.findings import Finding, Level, hushed
from digest.doctor.ledger import EditionFigures, ledger_findings
from digest.doctor.place import DatabaseFacts, HomeFacts, clock_findings, database_findings, home_findings
from digest.doctor.running import (
    NewsletterFacts,
    alert_findings,
    newsletter_findings,
    secret_findings,
    worker_findings,
)
from digest.doctor.sources import source_findings

__all__ = [
    "DatabaseFacts",
    "EditionFigures",
    "Finding",
    "HomeFacts",
    "Level",
    "NewsletterFacts",
    "alert_findings",
    "clock_findings",
    "database_findings",
    "home_findings",
    "hushed",
    "ledger_findings",
    "newsletter_findings",
    "secret_findings",
    "source_findings",
    "worker_findings",
]
