"""Each file of `malformed/` says in its first lines where its one fault is, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import definitions_of, described
from shoal.infra.describing.reading import read_bundle
from shoal.infra.errors import BadDescription

FOLDER = Path(__file__).parent / "malformed"
FILES = sorted(FOLDER.glob("*.yaml"))


def expected(file: Path) -> tuple[str, str, str]:
    at, message, advice = (line.partition(":")[2].strip() for line in file.read_text().splitlines()[:3])
    return at, message, advice


def faults_of(file: Path) -> list[dict[str, object]]:
    with pytest.raises(BadDescription) as raised:
        bundle = bundle_of(read_bundle(file).plain())
        if bundle.description is None:
            definitions_of(bundle)
        else:
            described(bundle, {})
    faults: list[dict[str, object]] = raised.value.details["faults"]
    assert raised.value.message == f"{faults[0]['file']}:{faults[0]['line']}: {faults[0]['message']}"
    assert str(faults[0]["advice"]) in raised.value.hint
    return faults


def test_there_are_many_ways_to_be_wrong() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_malformed_file_gives_the_line_and_what_to_write_instead(file: Path) -> None:
    at, message, advice = expected(file)
    [fault] = faults_of(file)
    path = Path(str(fault["file"])).relative_to(FOLDER)
    assert f"{path}:{fault['line']}" == at
    assert message in str(fault["message"])
    assert fault["advice"] and advice in str(fault["advice"])


def test_all_faults_of_a_description_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "infra.yaml"
    file.write_text(
        "infra_name: my_cluster\nnodes:\n  - {name: a, type: t, scaling: {min: 2, max: 1}}\nvar: 1\n"
    )
    told = {(fault["line"], str(fault["pointer"])) for fault in faults_of(file)}
    assert told == {
        (1, "/description"),
        (1, "/description/infra_name"),
        (3, "/description/nodes/0/scaling/max"),
        (3, "/description/nodes/0/type"),
        (4, "/description/var"),
    }
