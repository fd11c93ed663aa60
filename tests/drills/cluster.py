"""A PostgreSQL of a drill's own, that can be stopped and started again."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.conftest import _postgresql_programs, _wait_until_open


@dataclass(slots=True)
class Cluster:
    """A server on loopback."""

    programs: pathlib.Path
    folder: pathlib.Path
    port: int
    #: Who runs it: it refuses to run as root.
    user: str | None
    server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The database that every cluster has."""
        return f"postgresql://mujaz@127.0.0.1:{self.port}/postgres"

    @property
    def is_up(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self.server is not None

    def create(self) -> None:
        """Make its files."""
        words = ["-D", str(self.folder / "data"), "-A", "trust", "-U", "mujaz", "-E", "UTF8", "--no-sync"]
        initdb = [str(self.programs / "initdb"), *words]
        subprocess.run(initdb, user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port)]
        self.server = subprocess.Popen(
            [str(self.programs / "postgres"), *words, "-k", str(self.folder), "-F"],
            user=self.user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_until_open(self.url, self.server)

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(timeout=20)
            self.server = None


def is_installed() -> bool:
    """Say whether PostgreSQL is on this machine."""
    return _postgresql_programs() is not None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a running cluster while the context lasts."""
    programs = _postgresql_programs()
    assert programs is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = None if os.getuid() else "postgres" if "postgres" in known else "nobody"
    # A short path: a socket's may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="mujaz-pg-") as name:
        if user:
            shutil.chown(name, user)
        made = Cluster(programs=programs, folder=pathlib.Path(name), port=port, user=user)
        made.create()
        made.start()
        try:
            yield made
        finally:
            made.stop()
