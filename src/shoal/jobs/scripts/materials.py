"""The data of a call: what a job was bound to, put where its function can reach it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shoal.base.errors import NotFound
from shoal.jobs.scripts.source import code_files, read_source
from shoal.storage.backend import Storage

NONE = "none"
CODE_FOLDER = ".code"


@dataclass(frozen=True, slots=True)
class Material:
    """The data of a call. JSON-able, and the same wherever the job's folder is mounted.

    Args:
        type: `datafile`, `object`, `raw_data`, `dataset` or `result`; `none` without data.
        name: what it is called; "" for raw data.
        file: its file's name in the job's folder; "" when `value` is the data.
        datatype: an object's: `timeseries`, `dataframe` or "".
        value: the data itself, when there is no file.
    """

    type: str = NONE
    name: str = ""
    file: str = ""
    datatype: str = ""
    value: Any = None

    def __bool__(self) -> bool:
        return self.type != NONE

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Material:
        """Read what `as_json` returned."""
        return cls(**content)


def prepare(bound: Mapping[str, Any] | None, files: Storage, folder: Path) -> Material:
    """Copy a job's data into its folder, under its own name, and return what a call needs of it.

    It is a copy and no link: a link would let the job change what is stored.

    Raises:
        NotFound: the stored file is gone.
        OSError: there is no room for the copy.
    """
    if not bound:
        return Material()
    name, datatype = str(bound.get("name") or ""), str(bound.get("datatype") or "")
    if not (key := bound.get("key")):
        value = bound.get("data", bound.get("value"))
        return Material(str(bound["type"]), name, datatype=datatype, value=value)
    file = _free_name(folder, _file_name(name, str(key)))
    with files.open(str(key)) as stored, (folder / file).open("xb") as copy:
        shutil.copyfileobj(stored, copy, 1 << 20)
    (folder / file).chmod(0o644)
    return Material(str(bound["type"]), name or file, file, datatype)


def carry_code(source: str, folder: Path) -> str:
    """Copy the code of a folder or file below a job's folder and return the source that it is there.

    A job may not look into the home, where such folders are. Packages are found where they are installed.

    Raises:
        NotFound: the folder is gone.
        OSError: there is no room for the copy.
    """
    path = read_source(source).path
    if path is None:
        return source
    if not path.exists():
        raise NotFound(f"There is no folder or file {path}.", hint="See the setting execution.scripts.")
    for name, file in code_files([path]):
        copy = folder / CODE_FOLDER / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return str(folder / CODE_FOLDER / path.name)


def _file_name(name: str, key: str) -> str:
    """Return a file's own name, with the ending that says what is in it."""
    own = Path(name.replace("\\", "/")).name.lstrip(".")
    stored = Path(key).name
    if not own:
        return stored
    ending = Path(stored).suffix
    is_table = ending == ".arrow" and not own.endswith(ending)
    return f"{Path(own).stem}{ending}" if is_table else own


def _free_name(folder: Path, name: str) -> str:
    """Return the name, or one beside it when the folder has a file of that name already."""
    taken = (folder / name).exists()
    return f"data-{name}" if taken else name
