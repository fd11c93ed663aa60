"""Four workers deliver one edition, one of them is killed every second, and the database crashes in the middle."""

from __future__ import annotations

import os
import pathlib
import time

from tests.cluster import Cluster, postgresql_programs, running_cluster
from tests.conftest import require
from tests.scale.arrivals import Arrivals, quick_sink
from tests.scale.many import CONNECTIONS, Fleet, Many, fleet, make_home, many, settings_for

_WORKERS = 4
_READERS = int(os.environ.get("DIGEST_SCALE_READERS", "20000"))
_SEED = int(os.environ.get("DIGEST_TEST_SEED", "20261122"))
_BETWEEN_KILLS_SECONDS = 1.0
#: A test that hangs is to fail, not to hold up all others.
_MOST_SECONDS = 200.0


def test_killed_every_second_and_the_database_once(tmp_path: pathlib.Path) -> None:
    require(postgresql_programs() is not None, "PostgreSQL")
    arrivals = Arrivals(tmp_path / "arrivals")
    arrivals.path.touch()
    with running_cluster() as cluster, quick_sink(arrivals) as port:
        url = cluster.url(cluster.new_database())
        make_home(tmp_path / "home", url, _READERS)
        settings = settings_for(url, "127.0.0.1", port, lease_seconds=3)
        with many(url, _READERS, arrivals, _SEED) as edition, fleet(tmp_path / "home", settings) as workers:
            for _ in range(_WORKERS):
                workers.start()
            workers.wait_until(lambda: arrivals.count() > 0)
            kills = _kill_until_done(edition, workers, cluster)
            workers.wait_until_started()
            assert workers.end(*workers.alive) == [0] * _WORKERS, workers.said()
            print(f"{kills} workers killed; {dict(edition.states())}\n{workers.said()}")
            # Each process that died, and each at the database's death, had so many on the wire at most.
            edition.check(most_unknown=(kills + _WORKERS) * CONNECTIONS)


def _kill_until_done(edition: Many, workers: Fleet, cluster: Cluster) -> int:
    """Kill a worker every second and start another at once, until all is done; return how many were killed."""
    kills, crashed, begin = 0, False, time.monotonic()
    while edition.left():
        assert time.monotonic() < begin + _MOST_SECONDS, f"{edition.states()}\n{workers.said()}"
        time.sleep(_BETWEEN_KILLS_SECONDS)
        workers.replace_ended()
        workers.kill(edition.chance.choice(list(workers.alive)))
        workers.start()
        kills += 1
        if not crashed and edition.arrivals.count() > edition.readers / 2:
            cluster.restart()
            crashed = True
    assert crashed, "all was done before the database could die"
    return kills
