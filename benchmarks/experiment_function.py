"""What does a process of its own cost: a registered function that does nothing, beside huey's in a worker?

Ours is planned, queued, and called in the sandbox in a process forked for it, with limits, a folder and a
log; huey calls the function inside its worker. So this is the price of isolation, and no contest.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.experiment_queue import huey
from benchmarks.rounds import Table, compare, options
from benchmarks.served import server, submit, wait

CALLS, WORKERS = 50, 2
SOURCE = '"""Nothing."""\n\n\ndef nothing() -> int:\n    """Do nothing."""\n    return 1\n'


def main() -> None:
    """Print the times of calls at once and one by one."""
    chosen = options(__doc__ or "")
    table = Table(
        f"{CALLS} calls of a function that does nothing, {WORKERS} workers", "huey on SQLite, relaxed"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "functions"
        source.mkdir()
        (source / "empty.py").write_text(SOURCE)
        call = {"runner": "function", "script": "nothing", "relaxed": True}
        with (
            server(workers=WORKERS, execution__scripts=str(source)) as client,
            huey(Path(folder), durable=False) as theirs,
        ):

            def at_once() -> None:
                wait(client, submit(client, call | {"array": f"1-{CALLS}"})[:1])

            def one_by_one() -> None:
                for _ in range(CALLS):
                    wait(client, submit(client, call))

            def peers() -> None:
                for _ in range(CALLS):
                    theirs(1)

            rounds = min(3, chosen.rounds)
            for case, ours, peer in (
                (f"{CALLS} at once", at_once, lambda: theirs(CALLS)),
                (f"{CALLS} one by one", one_by_one, peers),
            ):
                table.add(compare(case, ours, peer, rounds=rounds, clock=time.perf_counter))
    if chosen.json:
        table.write("function")


if __name__ == "__main__":
    main()
