"""The samples give pandas' numbers without pandas, and say in words what they cannot do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput
from shoal.samples import cluster, describe_by_group, summary
from shoal.storage.reading import read_table
from tests.support.command import PENGUINS


@pytest.fixture(scope="module")
def penguins() -> Any:
    return read_table(PENGUINS, "penguins.csv").table


def test_a_summary_has_the_numbers_of_pandas(penguins: Any) -> None:
    expected = penguins.to_pandas().describe()
    found = pd.DataFrame(summary(penguins))
    assert list(found.columns) == list(expected.columns)
    assert list(found.index) == list(expected.index)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("values", [[5.0], [], [1, 2, 2, 9], [0.1] * 7, [1e100, -1e100]])
def test_a_summary_of_few_values_is_that_of_pandas(values: list[float]) -> None:
    table = pa.table({"x": pa.array([*values, None], pa.float64())})
    expected = pd.Series([*values, np.nan], dtype=float).describe()
    np.testing.assert_allclose(
        list(summary(table)["x"].values()), expected.to_numpy(), rtol=1e-12, atol=1e-16
    )


def test_a_summary_by_group_has_the_numbers_of_pandas(penguins: Any) -> None:
    found = describe_by_group(penguins, "species", ["body_mass_g"]).to_pandas().set_index("species")
    expected = penguins.to_pandas().groupby("species")["body_mass_g"].describe()
    assert list(found.index) == list(expected.index)
    np.testing.assert_allclose(found[expected.columns].to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_groups_are_found_and_the_number_of_them_too() -> None:
    values = [*np.linspace(0, 1, 40), *np.linspace(50, 51, 40)]
    table = pa.table({"x": [*values, None], "name": ["a"] * 81})
    for k in (2, None):
        found = cluster(table, k=k, max_k=3)
        assert (found["k"], found["sizes"]) == (2, [40, 40])
        assert sorted(round(center, 1) for center in found["centers"]["x"]) == [0.5, 50.5]
        assert found["labels"][80] is None and len(set(found["labels"][:40])) == 1


def test_a_column_that_is_not_there_or_holds_no_numbers_is_refused(penguins: Any) -> None:
    with pytest.raises(InvalidInput, match="There is no column weight"):
        summary(penguins, ["weight"])
    with pytest.raises(InvalidInput, match="Column species holds no numbers"):
        summary(penguins, ["species"])
    with pytest.raises(InvalidInput, match="No column holds numbers"):
        summary(penguins.select(["species"]))


def test_samples_need_no_pandas() -> None:
    program = """
import sys
class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("there is none", name="pandas")
sys.meta_path.insert(0, NoPandas())
import pyarrow as pa
from shoal.samples import summary
assert summary(pa.table({"x": [1, 3]}))["x"]["mean"] == 2
"""
    subprocess.run([sys.executable, "-c", program], check=True)
