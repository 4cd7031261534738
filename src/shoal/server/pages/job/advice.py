"""What to do about a job that ended badly, by what it ended of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ADVICE = {
    "timeout": "Look in the log where it stands still, or run it again with a longer timeout.",
    "memory": "Run it again with a higher memory limit, or with less data at once.",
    "lost": "Its worker died or was not heard of. Run it again; if that happens again, look at the worker.",
    "exit": "The end of its log says most.",
    "dependency": "Run that job again first; this one then waits for it.",
    "output": "Write less, or run it again with a higher output limit.",
    "deadline": "Run it again without the deadline, or with a later one.",
}


def advice_of(error: Mapping[str, Any] | None) -> str:
    """Return what somebody may do about an error; the error's own hint goes first."""
    if not error:
        return ""
    return str(error.get("hint") or ADVICE.get(str(error.get("kind")), ""))
