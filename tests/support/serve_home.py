"""A server as a program of its own: `python -m tests.support.serve_home '{"home": ..., ...}'`.

Its last line names the heavy modules that it has imported.
"""

from __future__ import annotations

import json
import sys

from shoal.base.errors import ShoalError
from shoal.base.settings import load_settings
from shoal.server.house import House
from shoal.server.serve import serve

HEAVY = ("numba", "sklearn", "pandas", "scipy")


def main(flags: str) -> None:
    settings = load_settings(json.loads(flags))
    try:
        with House(settings) as house:
            serve(house, lambda line: print(line, flush=True))
    except ShoalError as error:
        sys.exit(f"error: {error}")
    print("heavy modules:", json.dumps([name for name in HEAVY if name in sys.modules]))


if __name__ == "__main__":
    main(sys.argv[1])
