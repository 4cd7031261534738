"""What is known about each column of a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

Kind = Literal["number", "integer", "text", "date", "boolean", "empty", "other"]
Role = Literal["spatial", "id"]

PLACES = ("longitude", "latitude")
# More different values than this are not counted.
MANY = 10_000
_PEEK = 50_000
_ID = re.compile(
    r"(.*[_\s.-])?(id|ids|uid|uuid|key|pk)|.*[a-z](Id|ID)"
    r"|index|idx|rows?|rownames|row_?(names?|number|nr)|no\.?|nr\.?|#|number|record|serial|seq|unnamed: ?\d+"
)
_TRUTHS = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
_DATE = (
    r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$"
    r"|^\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)?$"
    r"|^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?$"
)


@dataclass(frozen=True, slots=True)
class Column:
    """Describe a column.

    Args:
        name: how it is called here: the header trimmed, and different from every other name.
        header: the header as it stands in the file.
        kind: number, integer, text, date, boolean, empty, or other (lists, bytes, ...).
        missing: rows without a value (infinite values count as missing).
        constant: no two values differ.
        distinct: different values; None when there are more than 10,000.
        role: `spatial` for longitude and latitude, `id` for numbers that only name their row.
        min, max, mean, sd: of the values there are, for numbers only; sd divides by n - 1.
    """

    name: str
    header: str
    kind: Kind
    missing: int
    constant: bool
    distinct: int | None
    role: Role | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    sd: float | None = None

    @property
    def is_number(self) -> bool:
        """Say whether the column holds numbers."""
        return self.kind in ("number", "integer")

    def as_json(self) -> dict[str, Any]:
        """Return the column as a JSON object; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Column:
        """Read what `as_json` returned."""
        return cls(**content)


def describe(table: Any, headers: Sequence[str], codes: Collection[str] = ()) -> tuple[Column, ...]:
    """Describe each column of a table; `codes` names those whose numbers are codes."""
    return tuple(
        _described(name, header, column, name in codes)
        for name, header, column in zip(table.column_names, headers, table.columns, strict=True)
    )


def _described(name: str, header: str, values: Any, code: bool) -> Column:
    missing, kind = values.null_count, _kind(values)
    distinct = _distinct(values, kind)
    facts = _moments(values) if kind in ("number", "integer") else {}
    constant = distinct is not None and distinct <= 1
    role = _role(name, header, kind, values, code)
    return Column(name, header, kind, missing, constant, distinct, role, **facts)


def _kind(values: Any) -> Kind:
    kind = values.type
    if kinds.is_null(kind) or values.null_count == len(values):
        return "empty"
    if kinds.is_integer(kind):
        return "integer"
    if kinds.is_floating(kind) or kinds.is_decimal(kind):
        return "number"
    if kinds.is_boolean(kind):
        return "boolean"
    if kinds.is_temporal(kind):
        return "date"
    return _kind_of_text(values) if _is_text(kind) else "other"


def _kind_of_text(values: Any) -> Kind:
    if kinds.is_dictionary(values.type):
        values = values.cast(pa.string())
    head = pc.utf8_trim_whitespace(values.drop_null().slice(0, 100))
    if pc.all(pc.match_substring_regex(head, _DATE)).as_py():
        trimmed = pc.utf8_trim_whitespace(values)
        return "date" if pc.all(pc.match_substring_regex(trimmed, _DATE)).as_py() else "text"
    words = set(pc.unique(pc.utf8_lower(head)).to_pylist())
    if any(words <= truths for truths in _TRUTHS):
        words = set(pc.unique(pc.utf8_lower(pc.utf8_trim_whitespace(values))).to_pylist()) - {None}
        return "boolean" if any(words <= truths for truths in _TRUTHS) else "text"
    return "text"


def _is_text(kind: Any) -> bool:
    if kinds.is_dictionary(kind):
        kind = kind.value_type
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind))


def _distinct(values: Any, kind: Kind) -> int | None:
    if kind in ("empty", "other"):
        return 0 if kind == "empty" else None
    if kinds.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    for part in (values.slice(0, _PEEK), values):
        found = pc.count_distinct(part, mode="only_valid").as_py()
        if found > MANY:
            return None
    return cast(int, found)


def _moments(values: Any) -> dict[str, float]:
    numbers = values.cast(pa.float64(), safe=False)
    span = pc.min_max(numbers)
    sd = pc.stddev(numbers, ddof=1).as_py()
    return {
        "min": span["min"].as_py(),
        "max": span["max"].as_py(),
        "mean": pc.mean(numbers).as_py(),
        "sd": 0.0 if sd is None else sd,
    }


def _role(name: str, header: str, kind: Kind, values: Any, code: bool) -> Role | None:
    if name.lower() in PLACES:
        return "spatial"
    if code:
        return "id"
    if kind != "integer" or values.null_count or len(values) < 2:
        return None
    named = _ID.fullmatch(header.strip()) or _ID.fullmatch(header.strip().lower())
    if header.strip() and not named:
        return None
    unique = pc.count_distinct(values).as_py() == len(values)
    return "id" if unique and (named or _is_sequence(values)) else None


def _is_sequence(values: Any) -> bool:
    span = pc.min_max(values)
    return bool(span["max"].as_py() - span["min"].as_py() == len(values) - 1)
