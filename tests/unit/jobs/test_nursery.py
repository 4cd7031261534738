"""The house's end of the fork server."""

from __future__ import annotations

from time import monotonic

from shoal.jobs.workers.nursery import Nursery


def test_a_fork_server_that_still_loads_is_not_waited_for() -> None:
    nursery = Nursery(("tests.support.slow_to_load",))
    started = monotonic()
    nursery.close()
    nursery.close()
    assert monotonic() - started < 3.0
