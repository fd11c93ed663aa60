"""`digest send` as an operator runs it, against a carrier on loopback, with a disk as small as a test wants it."""

from __future__ import annotations

import pathlib
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from digest.adapters.store import Store
from digest.model import Edition
from tests.cli.running import environment
from tests.mailer.making import full_edition


def real_edition(store: Store) -> Edition:
    """Store an edition with stories for the shipped newsletter."""
    return store.editions.freeze(
        replace(full_edition(), id="mujaz-2026-11-22", newsletter_id="mujaz", cohort="")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`digest send EDITION` in a home of its own."""

    home: pathlib.Path
    database_url: str
    edition_id: str
    settings: Mapping[str, str]

    def start(self, *, most_bytes: int | None = None) -> subprocess.Popen[str]:
        """Start it; with `most_bytes` no file that it writes may grow beyond that, as on a full disk."""

        def limit() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        return subprocess.Popen(
            [sys.executable, "-m", "digest", "send", self.edition_id],
            # A compiled module that the limit cuts short would be in the way of whoever imports it next.
            env=environment(
                self.home,
                {"DATABASE_URL": self.database_url, "PYTHONDONTWRITEBYTECODE": "1"} | dict(self.settings),
            ),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
        )

    def run(self, *, most_bytes: int | None = None) -> tuple[int, str]:
        """Run it to its end; return the exit code, and what it said on standard error."""
        process = self.start(most_bytes=most_bytes)
        _, said = process.communicate(timeout=100)
        return process.returncode, said


def smtp_settings(port: int, connections: int) -> dict[str, str]:
    """Return the settings that send over SMTP to a server on loopback."""
    return {
        "DIGEST_MAIL__TRANSPORT": "smtp",
        "DIGEST_SMTP__HOST": "127.0.0.1",
        "DIGEST_SMTP__PORT": str(port),
        "DIGEST_SMTP__SECURITY": "none",
        "DIGEST_SMTP__CONNECTIONS": str(connections),
        "DIGEST_DELIVERY__LEASE_SECONDS": "1",
    }
