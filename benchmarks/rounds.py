"""Time contenders in turn, so that whatever else the machine does falls on all of them alike.

Read ratios, not seconds: a ratio is the median over rounds of the peer's CPU time to ours in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Contender = Callable[[], object]

RESULTS = Path(__file__).parent / "results"
# These pin OpenBLAS to another CPU's code, which would slow the peers down.
UNFAIR = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Line:
    """Hold what one comparison gave: times in milliseconds, the ratio, and what it ought to be."""

    case: str
    ours_ms: float
    peer_ms: float
    ratio: float
    least: float
    most: float
    rounds: int
    target: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def reached(self) -> str:
        """Say in a word which target the ratio reaches."""
        if self.target is None:
            return "-"
        if self.aim is not None and self.ratio >= self.aim:
            return "aim"
        return "target" if self.ratio >= self.target else "MISSED"


@dataclass
class Table:
    """Gather the lines of one experiment, print them as they come, and write them down."""

    question: str
    peer: str
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        _say(f"{self.question}  (peer: {self.peer})")
        _say(
            f"{'case':<34}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}{'range':>14}"
            f"{'target':>8}{'aim':>6}  reached"
        )

    def add(self, line: Line) -> None:
        """Add a line and print it."""
        self.lines.append(line)
        spread = f"{line.least:.1f}-{line.most:.1f}"
        _say(
            f"{line.case:<34}{line.ours_ms:>10.2f}{line.peer_ms:>10.2f}{line.ratio:>8.2f}{spread:>14}"
            f"{line.target or '-':>8}{line.aim or '-':>6}  {line.reached}  {line.note}"
        )

    def write(self, name: str) -> Path:
        """Write the lines with machine, date and commit to `results/NAME.json`."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.json"
        record: dict[str, object] = {"question": self.question, "peer": self.peer}
        record |= circumstances()
        record["lines"] = [asdict(line) | {"reached": line.reached} for line in self.lines]
        path.write_text(json.dumps(record, indent=2) + "\n")
        return path


def _say(text: str) -> None:
    sys.stdout.write(text.rstrip() + "\n")
    sys.stdout.flush()


def fair_process(module: str) -> None:
    """Start this process again with one thread and without settings that hamper the peer, unless it is so."""
    wanted = dict.fromkeys(THREAD_LIMITS, "1")
    unfair = any(name in os.environ for name in UNFAIR)
    if not unfair and all(os.environ.get(name) == value for name, value in wanted.items()):
        return
    environment = {name: value for name, value in os.environ.items() if name not in UNFAIR} | wanted
    os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], environment)


def compare(
    case: str,
    ours: Contender,
    peer: Contender,
    *,
    rounds: int = 5,
    target: float | None = None,
    aim: float | None = None,
    note: str = "",
    clock: Callable[[], float] = time.process_time,
) -> Line:
    """Run both in turn, `rounds` times after one that does not count, and return the medians.

    Who goes first changes from round to round. `clock` gives seconds; the default is this process's CPU time.
    """
    ours(), peer()
    pairs = [_round(ours, peer, clock, swap=number % 2 == 1) for number in range(rounds)]
    ratios = [theirs / mine for mine, theirs in pairs]
    return Line(
        case=case,
        ours_ms=1e3 * statistics.median(mine for mine, _ in pairs),
        peer_ms=1e3 * statistics.median(theirs for _, theirs in pairs),
        ratio=statistics.median(ratios),
        least=min(ratios),
        most=max(ratios),
        rounds=rounds,
        target=target,
        aim=aim,
        note=note,
    )


def _round(ours: Contender, peer: Contender, clock: Callable[[], float], swap: bool) -> tuple[float, float]:
    if swap:
        theirs = _timed(peer, clock)
        return _timed(ours, clock), theirs
    mine = _timed(ours, clock)
    return mine, _timed(peer, clock)


def _timed(contender: Contender, clock: Callable[[], float]) -> float:
    start = clock()
    contender()
    return max(clock() - start, 1e-9)


def circumstances() -> dict[str, object]:
    """Return where, when and of which commit a measurement is."""
    return {
        "machine": {
            "cpu": _cpu_name(),
            "cpus": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def options(description: str, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what every experiment understands: `--json`, `--rounds N`, `--quick`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="write the figures to benchmarks/results/")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds of each comparison")
    parser.add_argument("--quick", action="store_true", help="leave out what takes longest")
    return parser.parse_args(arguments)
