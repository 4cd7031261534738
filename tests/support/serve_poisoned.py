"""A server whose workers have loaded `tests.support.poisoned`: run like `tests.support.serve_home`."""

from __future__ import annotations

import json
import sys

from shoal.base.settings import load_settings
from shoal.jobs.workers.nursery import PRELOAD, Nursery
from shoal.server.house import House
from shoal.server.serve import serve


def main(flags: str) -> None:
    with House(load_settings(json.loads(flags))) as house:
        house.start_workers(Nursery((*PRELOAD, "tests.support.poisoned")))
        serve(house, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main(sys.argv[1])
