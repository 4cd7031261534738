"""A server as a program of its own: `python -m tests.support.serve_home '{"home": ..., ...}'`."""

from __future__ import annotations

import json
import sys

from shoal.base.settings import load_settings
from shoal.server.house import House
from shoal.server.serve import serve


def main(flags: str) -> None:
    settings = load_settings(json.loads(flags))
    with House(settings) as house:
        house.start_workers()
        serve(house, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main(sys.argv[1])
