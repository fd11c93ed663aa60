"""The nearest thing to the image on a machine without Docker: the wheel in a prefix of its own, run by somebody else.

Its home cannot be written but for var/, nor, where this machine lets us make it so, anything else but /tmp.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.running import subscribe, write_sources
from tests.conftest import REPOSITORY
from tests.worker.processes import due_newsletter

#: The Dockerfile's own user.
_USER = 10001
_READ_ONLY = """
mount --make-rprivate / && mount --bind "$1" "$1" && mount --bind "$2" "$2" && mount -o remount,bind,ro / || exit
shift 2 && exec "$@"
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """The prefix that the program is installed in, and its home."""

    prefix: pathlib.Path
    home: pathlib.Path
    #: What /tmp is in the image.
    tmp: pathlib.Path

    def words(self, *words: str) -> list[str]:
        """Return the command that runs these words of `digest` as in the image."""
        plain = [sys.executable, str(self.prefix / "bin" / "digest"), *words]
        if os.getuid():
            return plain
        ids = ["--reuid", str(_USER), "--regid", str(_USER), "--clear-groups"]
        as_somebody = ["setpriv", *ids, "--no-new-privs", "--bounding-set=-all", "--", *plain]
        if not _can_unshare():
            return as_somebody
        writable = str(self.home / "var"), str(self.tmp)
        return ["unshare", "--mount", "sh", "-c", _READ_ONLY, "sh", *writable, *as_somebody]

    @property
    def environment(self) -> dict[str, str]:
        """Return what the image sets, and what an operator does."""
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.tmp),
            "PYTHONPATH": str(self.prefix),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DIGEST_HOME": str(self.home),
            "DIGEST_SECRET_KEY": "a key that signs nothing but the links of this test",
        }

    def run(self, *words: str) -> str:
        """Run a command to its end; return what it said."""
        done = subprocess.run(
            self.words(*words),
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Give a command that runs while the context lasts."""
        process = subprocess.Popen(
            self.words(*words),
            env=self.environment,
            cwd=self.home,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def _can_unshare() -> bool:
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -o remount,bind,ro /"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Place]:
    """The wheel, built and installed as the Dockerfile does it, with the dependencies of this environment."""
    built = tmp_path_factory.mktemp("dist")
    hatch = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    subprocess.run(hatch, cwd=REPOSITORY, check=True, capture_output=True)
    # Not below pytest's own folder, which nobody else may enter.
    folder = pathlib.Path(built.parts[0], *built.parts[1:2]) / f"mujaz-image-{os.getpid()}"
    prefix, home = folder / "opt", folder / "home"
    [wheel] = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", "--target", prefix, wheel], check=True, capture_output=True
    )
    (home / "var").mkdir(parents=True)
    tmp = folder / "tmp"
    tmp.mkdir()
    tmp.chmod(0o1777)
    yield _Place(prefix, home, tmp)
    shutil.rmtree(folder)


def _closed(place: _Place) -> None:
    """Have the home belong to root, and var/ to the program's user."""
    if os.getuid():
        (place.home / "config").chmod(0o555)
        place.home.chmod(0o555)
        return
    for path in [place.home / "var", *(place.home / "var").rglob("*")]:
        os.chown(path, _USER, _USER)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answer(url: str, process: subprocess.Popen[str]) -> str:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
    raise TimeoutError(url)


def _end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def test_the_processes_of_the_image_run_as_somebody_who_may_write_nothing_but_var(place: _Place) -> None:
    due_newsletter(place.home)
    write_sources(place.home, {})
    subscribe(place.home, "layla@example.org")
    _closed(place)
    try:
        with pytest.raises(AssertionError, match=r"denied|Read-only"):
            place.run("demo", "--to", str(place.home / "elsewhere"))
        assert "digest.db" in place.run("migrate")
        port = _free_port()
        with place.running("web", "--port", str(port)) as web, place.running("worker") as worker:
            assert _answer(f"http://127.0.0.1:{port}/readyz", web) == "ok\n"
            lines = iter(worker.stdout or ())
            # SIGTERM reaches the program itself, and both end in order.
            assert any("worker started" in line for line in lines)
            _end(worker)
            said = _end(web).splitlines()
    finally:
        place.home.chmod(0o755)
    # One object a line, gunicorn's own lines among them; before it starts, a line for a person.
    lines_of_web = [json.loads(line) for line in said if not line.startswith("Serving on")]
    assert {"gunicorn.error"} <= {line["logger"] for line in lines_of_web}
    owners = {path.stat().st_uid for path in (place.home / "var").rglob("*")}
    assert owners == {os.getuid() or _USER}
    assert not (place.home / "elsewhere").exists()
