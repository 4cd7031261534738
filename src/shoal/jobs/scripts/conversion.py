"""Data as a function asks for it: a path, a data frame, an Arrow table, an array, a dict or a list."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.base.extras import require
from shoal.jobs.scripts.hints import Wanted
from shoal.jobs.scripts.materials import Material

TABLES = ("timeseries", "dataframe")
FILES = ("datafile", "dataset")


def given(material: Material, hint_wants: Wanted, hint: Any, folder: Path) -> Any:
    """Return a call's data as its first parameter asks for it.

    Without a hint it is as in Jobserver: a file's path, an object of numbers as a data frame where pandas is
    there, else as it is stored; raw data and results as they are.

    Raises:
        InvalidInput: the data cannot be given so.
        MissingExtra: a data frame is asked for, and pandas is not there.
    """
    match hint_wants:
        case "path" | "text":
            return _path(material, folder, hint)
        case "frame":
            return _frame(material, folder)
        case "table":
            return _table(material, folder)
        case "array":
            return _array(material, folder)
        case "mapping" | "sequence":
            return _plain(material, folder, hint_wants)
        case _:
            return _as_it_is(material, folder)


def _as_it_is(material: Material, folder: Path) -> Any:
    if material.type == "datafile":
        return str(folder / material.file)
    if material.type == "dataset" or (material.type == "object" and material.datatype in TABLES):
        has_pandas = find_spec("pandas") is not None
        return _frame(material, folder) if has_pandas else _plain(material, folder, "mapping")
    return _value(material, folder)


def _path(material: Material, folder: Path, hint: Any) -> Any:
    kind = str if hint is str else Path
    if material.file:
        return kind(folder / material.file)
    if hint is str and isinstance(material.value, str):
        return material.value
    path = folder / f"{material.name or 'data'}.json"
    path.write_text(json.dumps(material.value), encoding="utf-8")
    return kind(path)


def _frame(material: Material, folder: Path) -> Any:
    pandas = require("pandas", "pandas")
    if _is_table(material):
        return _read(folder / material.file).to_pandas()
    value = _value(material, folder)
    try:
        return pandas.DataFrame(value)
    except (ValueError, TypeError) as error:
        raise _unfit(material, "a data frame", error) from error


def _table(material: Material, folder: Path) -> Any:
    import pyarrow as pa

    if _is_table(material):
        return _read(folder / material.file)
    value = _value(material, folder)
    try:
        return pa.Table.from_pylist(value) if isinstance(value, list) else pa.table(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise _unfit(material, "a table", error) from error


def _array(material: Material, folder: Path) -> Any:
    """Return the numeric columns as one array (rows, columns); raw data as an array of its own shape."""
    import numpy as np
    import pyarrow.types as kinds

    if not _is_table(material):
        return np.asarray(_value(material, folder))
    table = _read(folder / material.file)
    numeric = [one for one in table.columns if kinds.is_integer(one.type) or kinds.is_floating(one.type)]
    if not numeric:
        raise _unfit(material, "an array", ValueError("it has no columns of numbers"))
    return np.column_stack([one.to_numpy() for one in numeric])


def _plain(material: Material, folder: Path, wants: Wanted) -> Any:
    if _is_table(material):
        table = _read(folder / material.file)
        return table.to_pydict() if wants == "mapping" else table.to_pylist()
    value = _value(material, folder)
    if not isinstance(value, dict if wants == "mapping" else list):
        asked = "a JSON object" if wants == "mapping" else "a JSON list"
        raise _unfit(material, asked, TypeError(f"it is {_sort(value)}"))
    return value


def _value(material: Material, folder: Path) -> Any:
    if not material.file:
        return material.value
    try:
        return json.loads((folder / material.file).read_text(encoding="utf-8"))
    except ValueError:
        return str(folder / material.file)


def _is_table(material: Material) -> bool:
    """Say whether the data is a file that holds a table; JSON may hold anything."""
    if not material.file or material.file.lower().endswith(".json"):
        return False
    return material.type in FILES or material.file.endswith(".arrow")


def _read(path: Path) -> Any:
    if path.suffix in (".arrow", ".feather"):
        import pyarrow as pa

        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()
    from shoal.storage.reading import read_table

    return read_table(path, path.name).table


def _unfit(material: Material, asked: str, error: Exception) -> InvalidInput:
    called = material.name or f"The {material.type.replace('_', ' ')}"
    return InvalidInput(f"{called} cannot be given as {asked}: {error}.", code="wrong_data")


def _sort(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")
