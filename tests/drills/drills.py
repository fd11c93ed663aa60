"""The list of all drills."""

from __future__ import annotations

from tests.drills import (
    clock_jumps,
    database_down,
    disk_full,
    feeds_down,
    killed,
    poisoned,
    provider_down,
    revoked,
)
from tests.drills.report import Drill

DRILLS = (
    Drill(name="feeds-down", title="No outlet can be reached for two mornings", run=feeds_down.all_down),
    Drill(name="feeds-half-down", title="Half of the outlets cannot be reached", run=feeds_down.half_down),
    Drill(name="database-locked", title="SQLite is locked for minutes", run=database_down.locked),
    Drill(
        name="database-stopped",
        title="PostgreSQL is stopped and started again",
        run=database_down.stopped,
        needs="PostgreSQL",
    ),
    Drill(name="disk-full", title="The disk is full", run=disk_full.full),
    Drill(name="poisoned-feeds", title="Ten feeds are poisoned", run=poisoned.poisoned),
    Drill(name="clock-hours-ahead", title="The clock jumps three hours ahead", run=clock_jumps.forward_hours),
    Drill(name="clock-day-ahead", title="The clock jumps a day ahead and back", run=clock_jumps.forward_day),
    Drill(name="clock-back", title="The clock goes two hours back", run=clock_jumps.backward),
    Drill(name="provider-500", title="SendGrid answers 500 for an hour", run=provider_down.sendgrid_500),
    Drill(name="provider-451", title="The SMTP server answers 451 for an hour", run=provider_down.smtp_451),
    Drill(name="killed", title="The carrier hangs, and the worker is killed", run=killed.killed),
    Drill(name="password-revoked", title="The SMTP password is revoked", run=revoked.password),
    Drill(name="key-revoked", title="SendGrid's key is revoked", run=revoked.key),
)
