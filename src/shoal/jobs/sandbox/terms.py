"""What a worker is told of the programs it may run: where they work, what confines and what bounds them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.base.errors import InvalidSetting

if TYPE_CHECKING:
    from shoal.base.settings import Execution


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of execution, plain enough to be sent as JSON.

    `nest` is the folder below which each job has its own, `hidden` what no program may see (the home).
    `sandbox` is a mode's name or `auto`; `memory`, `output` and `files_size` are bytes.
    """

    nest: str
    hidden: tuple[str, ...] = ()
    sandbox: str = "auto"
    scripts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    commands: bool = True
    eval: bool = False
    memory: int = 4 << 30
    output: int = 50 << 20
    processes: int = 256
    files_size: int = 4 << 30

    def plain(self) -> dict[str, Any]:
        """Return the terms as JSON-able values."""
        return asdict(self)


def of(execution: Execution, home: Path) -> Terms:
    """Return the terms that the settings of a home mean."""
    return Terms(
        nest=str(nest_of(home, execution.scratch)),
        hidden=(str(home.resolve()),),
        sandbox=execution.sandbox,
        scripts=execution.scripts,
        files=tuple(str(path) for path in execution.files),
        commands=execution.commands,
        eval=execution.eval,
        memory=execution.memory,
        output=execution.output,
        processes=execution.processes,
        files_size=execution.files_size,
    )


def read(plain: Mapping[str, Any]) -> Terms:
    """Return the terms that were sent; lists become tuples, and what is unknown is passed over."""
    known = {each.name for each in fields(Terms)}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name in known
    }
    return Terms(**({"nest": str(Path(tempfile.gettempdir()).resolve() / f"shoal-{os.geteuid()}")} | given))


def nest_of(home: Path, scratch: Path | None) -> Path:
    """Return the folder for working files of one home's jobs.

    Raises:
        InvalidSetting: it would lie inside the home.
    """
    mark = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    nest = (scratch or Path(tempfile.gettempdir())).resolve() / f"shoal-{os.geteuid()}-{mark}"
    if nest.is_relative_to(home.resolve()):
        raise InvalidSetting(
            f"execution.scratch is {scratch}, which lies inside the home.",
            hint="Programs may see nothing of the home: name another folder.",
        )
    return nest
