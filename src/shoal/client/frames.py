"""CSV of a study as a pandas data frame."""

from __future__ import annotations

import io
from typing import Any

from shoal.base.extras import require

LABEL = "Label"


def frame_of(content: bytes) -> Any:
    """Return `labels.csv` as a data frame; `Label` holds whole numbers, and nothing for rows left out.

    Raises:
        MissingExtra: pandas is not installed.
    """
    pandas = require("pandas", "pandas")
    head = content.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    mark = head.removesuffix(LABEL)[-1:] or ","

    def read(decimal: str) -> Any:
        return pandas.read_csv(io.BytesIO(content), sep=mark, decimal=decimal, dtype={LABEL: "Int64"})

    frame = read(".")
    if mark != ";":
        return frame
    # Where values stand between semicolons, numbers may have a decimal comma.
    comma = read(",")
    return max(frame, comma, key=lambda one: len(one.select_dtypes("number").columns))
