"""A worker elsewhere that knows the tests' kinds, too: `python -m tests.support.run_node FLAGS`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from shoal.base.errors import ShoalError
from shoal.base.home import Home
from shoal.jobs.nodes.agent import Agent, Equipment
from shoal.jobs.nodes.line import Line
from shoal.studies.kinds import register_kinds as register_studies
from tests.support.house import register_kinds


def main(flags: str) -> None:
    given = json.loads(flags)
    register_kinds()
    register_studies()
    ca = Path(given["ca"]) if given.get("ca") else None
    home = Home.open(Path(given["spool"]))
    try:
        line = Line(given["server"], given["token"], ca)
        kit = Equipment(given["workers"], given["labels"], preload=(), lease_seconds=given["lease_seconds"])
        agent = Agent(line, home, kit, lambda said: print(said, flush=True))
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: agent.stop())
        agent.run()
    except ShoalError as error:
        sys.exit(f"error: {error}")
    finally:
        home.close()


if __name__ == "__main__":
    main(sys.argv[1])
