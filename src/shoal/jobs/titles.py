"""What a job is called when nobody gave it a name: by what it runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

TOLD_BY = ("script", "cmd", "image")  # the parts of a spec that say it, the first that is there
LONGEST = 80


def title_of(spec: Mapping[str, Any]) -> str:
    """Return the function, the command or the image that a job runs, in one line; empty if it runs none."""
    for part in TOLD_BY:
        if told := spec.get(part):
            text = " ".join((told if isinstance(told, str) else shlex.join(map(str, told))).split())
            return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return ""
