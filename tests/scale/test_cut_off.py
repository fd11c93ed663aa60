"""Two machines send one edition, and the cable of one of them is pulled for ten seconds."""

from __future__ import annotations

import pathlib
import time

import pytest

from tests.cluster import postgresql_programs, running_cluster
from tests.conftest import require
from tests.scale.arrivals import Arrivals, quick_sink
from tests.scale.machines import SERVICES, can_make_machines, machines
from tests.scale.many import CONNECTIONS, fleet, make_home, many, settings_for

_READERS = 4_500
#: Messages a second of both together, so that there is something left when the cable is back, however long a busy machine
#: needs to notice.
_RATE = 100.0
_CUT_SECONDS = 10.0
#: So that something is on the wire when the cable is pulled.
_LATENCY_SECONDS = 0.04
#: In the middle of the cut what was on the wire has arrived.
_SETTLED_SECONDS = 1.0


def test_a_machine_cut_off_for_ten_seconds(tmp_path: pathlib.Path) -> None:
    require(postgresql_programs() is not None, "PostgreSQL")
    if not can_make_machines():
        # Nothing that could be installed: it is the kernel's leave to give, and CI may not have it.
        pytest.skip("needs root, iproute2 and leave to make network namespaces")
    arrivals = Arrivals(tmp_path / "arrivals")
    arrivals.path.touch()
    with (
        machines(2) as [cut, other],
        running_cluster([SERVICES]) as cluster,
        quick_sink(arrivals, host=SERVICES, latency=_LATENCY_SECONDS) as port,
    ):
        name = cluster.new_database()
        make_home(tmp_path / "home", cluster.url(name), _READERS)
        # Shorter than the cut: what the one machine held is taken over while it still believes that it holds it.
        settings = settings_for(cluster.url(name, SERVICES), SERVICES, port, lease_seconds=3, rate=_RATE)
        with (
            many(cluster.url(name), _READERS, arrivals, 1) as edition,
            fleet(tmp_path / "home", settings) as workers,
        ):
            workers.start(within=cut.within)
            # One that looks before there is an edition looks again only at its next tick.
            workers.wait_until(lambda: arrivals.count() > 0)
            workers.start(within=other.within)
            workers.wait_until(lambda: {one.peer for one in arrivals.all()} == {cut.address, other.address})
            cut.cut()
            cut_at = time.time()
            time.sleep(_CUT_SECONDS)
            healed_at = time.time()
            cut.heal()
            workers.wait_until(
                lambda: cut.address in {one.peer for one in arrivals.all() if one.at > healed_at}
            )
            workers.start_unlimited(within=other.within)
            workers.wait_until(lambda: not edition.left(), seconds=90)
            assert workers.end(*workers.alive) == [0, 0, 0], workers.said()
            edition.check(most_unknown=CONNECTIONS)
        meanwhile = [one.peer for one in arrivals.all() if cut_at + _SETTLED_SECONDS < one.at < healed_at]
        assert set(meanwhile) == {other.address}, "only one of them was to send meanwhile"
