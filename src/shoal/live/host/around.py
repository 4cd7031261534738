"""What a followed task may use of its host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Around:
    """`tell` sends a header to the office, `write` runs a function where waiting for a disk harms nobody.

    `log` is the host's own log; `checkpoint` is the seconds between two checkpoints of a task. `crowd` tells
    how many tasks have work to do, so that what each tells and measures stays a small part of all.
    """

    tell: Callable[[Mapping[str, Any]], None]
    write: Callable[[Callable[[], None]], None]
    log: Callable[[str], None]
    checkpoint: float = 10.0
    crowd: Callable[[], int] = lambda: 1
