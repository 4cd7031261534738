"""Shoal finds how many clusters your data has, and keeps the work durable while it does.

`shoal.study(df)` is the whole of it in one call; it is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoal.studies.notebook import StudyResult, study

__version__ = "0.1.0"
__all__ = ["StudyResult", "__version__", "study"]


def __getattr__(name: str) -> Any:
    if name not in ("StudyResult", "study"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from shoal.studies import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted(__all__)
