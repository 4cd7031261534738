"""Keeping what is heavy and never needed out of the server's memory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa


def without_pandas() -> None:
    """Have pyarrow settle, for the life of this process, that there is no pandas.

    Where pandas is installed, pyarrow imports it (half a second, 60 MB) to see whether a list that becomes an
    array is one of its own. It asks once and remembers, so it is asked while pandas cannot be found.
    """
    if "pandas" in sys.modules:
        return
    refusing = _NoPandas()
    sys.meta_path.insert(0, refusing)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(refusing)


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is kept out", name=fullname)
