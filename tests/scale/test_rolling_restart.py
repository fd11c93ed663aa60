"""A new version comes: one worker after the other is ended and replaced while an edition leaves."""

from __future__ import annotations

import pathlib
from functools import partial

from tests.cluster import postgresql_programs, running_cluster
from tests.conftest import require
from tests.scale.arrivals import Arrivals, quick_sink
from tests.scale.many import fleet, make_home, many, settings_for

_WORKERS = 3
_READERS = 4_500
#: Messages a second of all together, so that there is something left for the last of the new ones, however long a busy
#: machine needs to start them.
_RATE = 100.0
#: That many more arrive before the next one is ended.
_BETWEEN = 100


def _has_come(arrivals: Arrivals, count: int) -> bool:
    return arrivals.count() >= count


def test_one_worker_after_the_other_is_restarted(tmp_path: pathlib.Path) -> None:
    require(postgresql_programs() is not None, "PostgreSQL")
    arrivals = Arrivals(tmp_path / "arrivals")
    arrivals.path.touch()
    with running_cluster() as cluster, quick_sink(arrivals, latency=0.02) as port:
        url = cluster.url(cluster.new_database())
        make_home(tmp_path / "home", url, _READERS)
        settings = settings_for(url, "127.0.0.1", port, rate=_RATE)
        with many(url, _READERS, arrivals, 1) as edition, fleet(tmp_path / "home", settings) as workers:
            old = [workers.start() for _ in range(_WORKERS)]
            workers.wait_until(lambda: arrivals.count() > 0)
            for worker in old:
                workers.wait_until_started()
                target = arrivals.count() + _BETWEEN
                workers.wait_until(partial(_has_come, arrivals, target))
                assert workers.end(worker) == [0], workers.said()
                workers.start()
            assert edition.left(), "all was done before the last of them was restarted"
            workers.wait_until_started()
            workers.start_unlimited()
            workers.wait_until(lambda: not edition.left())
            workers.wait_until_started()
            assert workers.end(*workers.alive) == [0] * (_WORKERS + 1), workers.said()
            edition.check(most_unknown=0)
            assert workers.said() == ""
