"""What does a container cost here over what the engine itself takes to create it, start it and wait for it?

Both sides speak with the same engine by the same API, in turn: ours is a job from its submission to its
recorded result, with its output in the log and the container removed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.experiment_queue import SUBMIT
from benchmarks.rounds import options
from shoal.base.database import Database, open_database
from shoal.base.errors import ShoalError
from shoal.jobs import waiting
from shoal.jobs.containers.engine import Engine
from shoal.jobs.containers.finding import ENGINE, find
from shoal.jobs.model import NewJob
from shoal.jobs.runners.kinds import CONTAINER, register_kinds
from shoal.jobs.store import submission
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade

IMAGE, RUNS, QUICK, TARGET = "busybox", 30, 5, 0.2
COMMAND = ["echo", "hello"]


def bare(engine: Engine) -> float:
    """Return the seconds in which the engine runs a container."""
    started = time.perf_counter()
    body = {"Image": IMAGE, "Cmd": COMMAND, "HostConfig": {"Init": True}}
    path = f"/containers/{engine.post('/containers/create', body)['Id']}"
    engine.post(f"{path}/start")
    engine.call("POST", f"{path}/wait", timeout=None)
    seconds = time.perf_counter() - started
    engine.call("DELETE", path, query={"force": True})
    return seconds


def ours(database: Database) -> float:
    """Return the seconds from a job's submission to its result."""
    started = time.perf_counter()
    job = NewJob(CONTAINER.name, {"image": IMAGE, "cmd": COMMAND, "pull": "never"})
    ids = database.write(SUBMIT, lambda conn: submission.submit(conn, "local", [job]))
    done = waiting.wait(database, ids)[ids[0]]
    if (done.result or {}).get("stdout") != "hello\n":
        raise AssertionError(f"{done.state}: {done.error}")
    return time.perf_counter() - started


def pair(database: Database, engine: Engine, *, swap: bool) -> tuple[float, float]:
    """Return the seconds of ours and of the engine's own; who goes first changes."""
    if swap:
        theirs = bare(engine)
        return ours(database), theirs
    return ours(database), bare(engine)


def main() -> None:
    """Print both medians and their difference; give another engine by DOCKER_HOST."""
    runs = QUICK if options(__doc__ or "").quick else RUNS
    try:
        engine = find()
        engine.get(f"/images/{IMAGE}/json")
    except ShoalError as error:
        sys.exit(f"Left out: {error} An engine with the image {IMAGE} is needed.")
    register_kinds()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = open_database(f"sqlite:///{folder / 'shoal.db'}")
        upgrade(database)
        terms = {"nest": str(folder / "nest"), ENGINE: f"unix://{engine.path}"}
        workers = Supervisor(database, folder / "files", 1, folder / "logs", preload=(), terms=terms)
        workers.start()
        try:
            ours(database), bare(engine)
            pairs = [pair(database, engine, swap=number % 2 == 1) for number in range(runs)]
        finally:
            workers.stop()
            database.close()
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    over = statistics.median(our - their for our, their in pairs)
    word = "target" if over < TARGET else "MISSED"
    print(
        f"a container of echo, {runs} runs, medians: ours {mine:.3f} s, the engine's own {theirs:.3f} s, "
        f"overhead {over:.3f} s ({word} {TARGET} s)"
    )


if __name__ == "__main__":
    main()
