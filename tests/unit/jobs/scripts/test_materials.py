"""A job's data is put into its folder as a copy, under its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.base.errors import NotFound
from shoal.jobs.scripts.calling import load
from shoal.jobs.scripts.materials import Material, carry_code, prepare
from shoal.jobs.scripts.source import code_hash
from shoal.storage.files import FileStorage
from tests.support.scripts import written


@pytest.fixture
def files(tmp_path: Path) -> FileStorage:
    storage = FileStorage(tmp_path / "files")
    storage.put("datafiles/abc.csv", [b"a\n1\n"])
    storage.put("datasets/x/table.arrow", [b"arrow"])
    return storage


@pytest.mark.parametrize(
    ("name", "key", "file"),
    [
        ("my data.csv", "datafiles/abc.csv", "my data.csv"),
        ("../../up.csv", "datafiles/abc.csv", "up.csv"),
        ("/etc/passwd", "datafiles/abc.csv", "passwd"),
        ("..\\up.csv", "datafiles/abc.csv", "up.csv"),
        (".hidden.csv", "datafiles/abc.csv", "hidden.csv"),
        ("", "datafiles/abc.csv", "abc.csv"),
        ("birds.csv", "datasets/x/table.arrow", "birds.arrow"),
    ],
)
def test_a_file_is_copied_under_its_own_name(
    files: FileStorage, tmp_path: Path, name: str, key: str, file: str
) -> None:
    job = tmp_path / "job"
    job.mkdir()
    material = prepare({"type": "datafile", "name": name, "key": key}, files, job)
    assert material.file == file and [one.name for one in job.iterdir()] == [file]
    assert Material.from_json(material.as_json()) == material
    (job / file).write_bytes(b"changed")
    assert files.path(key).read_bytes() != b"changed"


def test_nothing_is_overwritten_and_what_is_gone_is_said(files: FileStorage, tmp_path: Path) -> None:
    job = tmp_path / "job"
    job.mkdir()
    (job / "a.csv").write_text("own")
    bound = {"type": "datafile", "name": "a.csv", "key": "datafiles/abc.csv"}
    assert prepare(bound, files, job).file == "data-a.csv"
    with pytest.raises(NotFound):
        prepare(bound | {"key": "datafiles/gone.csv"}, files, job)


def test_values_and_nothing_need_no_file(files: FileStorage, tmp_path: Path) -> None:
    assert not prepare(None, files, tmp_path)
    for bound in (
        {"type": "raw_data", "data": [1]},
        {"type": "result", "job": 3, "value": [1]},
        {"type": "object", "name": "o", "datatype": "raw", "data": [1]},
    ):
        material = prepare(bound, files, tmp_path)
        assert material and material.value == [1] and material.type == bound["type"]


def test_carried_code_is_the_same_code_elsewhere(tmp_path: Path) -> None:
    code = written(tmp_path / "code", one="import two\ndef first(): return two.N", two="N = 5")
    written(code / "below", __init__="")
    (tmp_path / "job").mkdir()
    carried = carry_code(str(code), tmp_path / "job")
    assert Path(carried).is_relative_to(tmp_path / "job")
    load.cache_clear()
    assert load(carried).function("first")() == 5
    assert load(carried).code_hash == code_hash([code])
    assert carry_code("shoal.samples", tmp_path) == "shoal.samples"
    single = carry_code(str(code / "two.py"), tmp_path / "other")
    assert Path(single).read_text() == "N = 5"
    with pytest.raises(NotFound):
        carry_code(str(tmp_path / "nowhere"), tmp_path)
