from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from shoal.storage.arrow_values import floats, null, numbers, string, strings

PENGUINS = Path(__file__).parents[3] / "examples" / "penguins.csv"
PROGRAM = """
import io, sys
from pathlib import Path
import numpy as np
from shoal.storage import datasets, export
from shoal.storage.matrix import matrix
from shoal.storage.reading import read_table
from shoal.storage.writing import write_csv
read = read_table(Path(sys.argv[1]))
rows = matrix(read.table, ["bill_length_mm"], "drop")
labels = rows.spread(np.zeros(len(rows.rows), int))
write_csv(io.BytesIO(), [c.header for c in read.columns], read.table.to_batches(), {"Label": labels})
print(sorted({"pandas", "numba", "sklearn"} & set(sys.modules)))
"""


def test_values_are_those_that_arrow_makes() -> None:
    assert strings(["a", None, "", "é"]).equals(pa.array(["a", None, "", "é"]))
    assert strings([]).equals(pa.array([], pa.string()))
    assert string("x") == pa.scalar("x")
    assert null(pa.int64()) == pa.scalar(None, pa.int64())
    missing = np.array([False, True, False])
    assert numbers(np.array([1, 2, 3]), missing).equals(pa.array([1, None, 3]))
    assert numbers(np.array([1.5, 2.5])).equals(pa.array([1.5, 2.5]))
    column = pa.chunked_array([[1, None], [3]]).slice(1)
    np.testing.assert_array_equal(floats(column), [np.nan, 3.0])


def test_reading_and_writing_import_no_pandas() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(PENGUINS)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
