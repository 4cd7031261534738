"""Run experiments: `python -m benchmarks [NAME ...] [--json] [--quick]`; all of them without a name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PREFIX = "experiment_"


def experiments() -> list[str]:
    """Return the names of the experiments in this folder."""
    return sorted(path.stem.removeprefix(PREFIX) for path in Path(__file__).parent.glob(f"{PREFIX}*.py"))


def main() -> int:
    """Run each experiment in a process of its own; return 1 if one fails, 2 for a name there is not."""
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    settings = [word for word in sys.argv[1:] if word.startswith("-")]
    if unknown := sorted(set(names) - set(experiments())):
        sys.stderr.write(f"No experiment {', '.join(unknown)}. There are: {', '.join(experiments())}.\n")
        return 2
    codes = [
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.{PREFIX}{name}", *settings], check=False
        ).returncode
        for name in names or experiments()
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
