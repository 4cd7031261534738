"""Optional dependencies, imported where they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from shoal.base.errors import MissingExtra


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module.

    Raises:
        MissingExtra: the module is not installed; the error names the extra that brings it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name != module.partition(".")[0]:
            raise
        raise MissingExtra(module.partition(".")[0], extra) from missing
