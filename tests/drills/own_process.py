"""A worker in a process of its own, on a clock that is set: to be killed, or to be given a small disk.

`python -m tests.drills.own_process HOME MOMENT` does what is due in the home at that moment, logs to standard output,
and says on standard error how much memory it took at most, in megabytes.
"""

from __future__ import annotations

import datetime as dt
import pathlib
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from digest.adapters.clock import SetClock
from digest.app import App
from digest.errors import DigestError
from digest.worker import Worker
from tests.cli.running import environment
from tests.conftest import REPOSITORY


@contextmanager
def own_worker(
    home: pathlib.Path,
    moment: dt.datetime,
    *,
    most_bytes: int | None = None,
    started: Callable[[subprocess.Popen[str]], None] = lambda process: None,
) -> Iterator[subprocess.Popen[str]]:
    """Give a worker that does what is due; with `most_bytes` no file may grow beyond, as on a full disk.

    `started` gets it as soon as it is there.
    """

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    process = subprocess.Popen(
        [sys.executable, "-m", "tests.drills.own_process", str(home), moment.isoformat()],
        # A compiled module that the limit cuts short would be in the way of whoever imports it next.
        env=environment(home, {"PYTHONDONTWRITEBYTECODE": "1"}),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )
    try:
        started(process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def main(home: str, moment: str) -> None:
    """Do what is due."""
    clock = SetClock(dt.datetime.fromisoformat(moment))
    app = App(home=pathlib.Path(home), environment={}, clock=clock)
    try:
        Worker(app).run_once()
    except DigestError as error:
        print(error, file=sys.stderr)
    else:
        print(_most_memory(), file=sys.stderr)
    finally:
        app.close()


def _most_memory() -> int:
    """Return the most memory that this process had, in MB. getrusage counts what it was forked from as well."""
    [line] = [one for one in pathlib.Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
