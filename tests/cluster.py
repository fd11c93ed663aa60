"""A PostgreSQL server of one's own, which may be crashed and started again."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

_QUIET = subprocess.DEVNULL
_LOOPBACK = "127.0.0.1"
#: Who may come in without a password besides loopback: the addresses of networks under test (RFC 2544).
_ALSO_TRUSTED = "host all all 198.18.0.0/15 trust\n"


def postgresql_programs() -> pathlib.Path | None:
    """Return the folder of initdb and postgres, the newest version first; None where there is none."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    candidates = [*folders, pathlib.Path(found).parent] if found else folders
    return next((folder for folder in candidates if (folder / "postgres").exists()), None)


def _user() -> str | None:
    """Return whom to run it as: it refuses to run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return None if os.getuid() else "postgres" if "postgres" in known else "nobody"


def free_port() -> int:
    """Return a port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A server that does not wait for the disk: what it has committed outlives its own death, not the machine's."""

    def __init__(self, folder: pathlib.Path, hosts: Sequence[str] = (), settings: Sequence[str] = ()) -> None:
        programs = postgresql_programs()
        assert programs is not None
        self._programs = programs
        self._folder = folder
        self._user = _user()
        self._port = free_port()
        self._hosts = ",".join([_LOOPBACK, *hosts])
        self._settings = [word for one in settings for word in ("-c", one)]
        self._server: subprocess.Popen[bytes] | None = None

    def url(self, database: str, host: str = _LOOPBACK) -> str:
        """Return a database's URL as it is seen from a place that knows the server by this address."""
        return f"postgresql://mujaz@{host}:{self._port}/{database}"

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._server is not None and self._server.poll() is None

    def create(self) -> None:
        """Make it, and let it serve."""
        if self._user:
            shutil.chown(self._folder, self._user)
        words = ["-A", "trust", "-U", "mujaz", "-E", "UTF8", "--no-sync"]
        command = [str(self._programs / "initdb"), "-D", str(self._data), *words]
        subprocess.run(command, user=self._user, cwd=self._folder, check=True, stdout=_QUIET)
        with (self._data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(_ALSO_TRUSTED)
        self.start()

    def start(self) -> None:
        """Let it serve, and return when it answers."""
        words = [
            "-D",
            str(self._data),
            "-h",
            self._hosts,
            "-p",
            str(self._port),
            "-k",
            str(self._folder),
            "-F",
        ]
        self._server = subprocess.Popen(
            [str(self._programs / "postgres"), *words, *self._settings],
            user=self._user,
            cwd=self._folder,
            stdout=_QUIET,
            stderr=_QUIET,
        )
        self._wait_until_open(self._server)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT ends its clients' sessions, SIGQUIT leaves all as it lies, as a crash does."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(timeout=30)

    def restart(self) -> None:
        """Have it die as in a crash, and come back from its log (`pg_ctl restart -m immediate`)."""
        self.stop(signal.SIGQUIT)
        self.start()

    def new_database(self) -> str:
        """Make an empty database; return its name."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    @property
    def _data(self) -> pathlib.Path:
        return self._folder / "cluster"

    def _wait_until_open(self, server: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=1).close()
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return


@contextmanager
def running_cluster(hosts: Sequence[str] = (), settings: Sequence[str] = ()) -> Iterator[Cluster]:
    """Give a new one that serves while the context lasts, on these addresses besides loopback."""
    # A short path of its own: a socket's may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="mujaz-pg-") as name:
        cluster = Cluster(pathlib.Path(name), hosts, settings)
        cluster.create()
        try:
            yield cluster
        finally:
            cluster.stop()
