"""Sources of functions, and calls of one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.jobs.scripts.calling import call
from shoal.jobs.scripts.loading import load
from shoal.jobs.scripts.materials import Material

CSV = "date,value\n2020-01-01,1.5\n2020-01-02,2.5\n2020-01-03,4.0\n"


def written(folder: Path, **files: str) -> Path:
    """Write Python files into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


def called(
    code: Path,
    name: str,
    material: Material | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    seed: int | None = None,
) -> dict[str, Any]:
    """Call a function of a folder in this process; its job's folder lies beside."""
    load.cache_clear()
    folder = code.parent / "job"
    folder.mkdir(exist_ok=True)
    return call(str(code), name, material or Material(), args, kwargs or {}, folder, seed)


def csv_file(folder: Path, text: str = CSV, name: str = "series.csv") -> Material:
    """Put a data file into the folder of a job."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return Material("datafile", name, name)
