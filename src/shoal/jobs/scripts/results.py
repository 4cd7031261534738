"""What a function returns, as JSON that a person, a program and a search can read. Never a pickle.

`{"value", "type", "artifact"}`: the value, its type in Python, and the file that holds all of it when it is
too large for JSON (`artifacts` names every file that was written into the job's folder, `note` says so).
NaN and infinities are null at their place; `special` names them: {"nan": [pointers], "inf": [], "-inf": []},
or, beside a value that is a file, the file that does.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from shoal.jobs.scripts.plain_values import Plain
from shoal.jobs.scripts.tables import is_table, table_result

VALUE = "value"
SPECIAL = "special.json"
# A longer result would make every look at the job slow; it becomes a file.
LARGEST = 1 << 20
LARGEST_BYTES = 64 << 10


def result_of(value: Any, folder: Path) -> dict[str, Any]:
    """Return a function's result; what is too large is written into the folder."""
    kind = type(value).__name__
    if is_table(value):
        return {"type": kind} | table_result(value, folder)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"type": kind} | _bytes_result(bytes(value), folder)
    plain = Plain()
    made = plain.of(value)
    content, special = orjson.dumps(made), orjson.dumps(plain.special)
    told = {"type": kind} | plain.facts()
    if len(content) + len(special) <= LARGEST:
        return {VALUE: made, "artifact": ""} | told
    note = f"The value is {len(content):,} bytes of JSON: it is in value.json."
    filed = told | _filed("value.json", folder, lambda path: path.write_bytes(content), note)
    if plain.special:
        (folder / SPECIAL).write_bytes(special)
        filed |= {"special": SPECIAL, "artifacts": [*filed["artifacts"], SPECIAL]}
    return filed


def _bytes_result(content: bytes, folder: Path) -> dict[str, Any]:
    if len(content) <= LARGEST_BYTES:
        return {VALUE: base64.b64encode(content).decode(), "artifact": "", "encoding": "base64"}
    note = f"The value is {len(content):,} bytes: it is in value.bin."
    return _filed("value.bin", folder, lambda path: path.write_bytes(content), note)


def _filed(name: str, folder: Path, write: Callable[[Path], object], note: str) -> dict[str, Any]:
    write(folder / name)
    return {VALUE: None, "artifact": name, "artifacts": [name], "note": note}
