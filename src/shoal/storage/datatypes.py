"""What stored data says it is, and whether its JSON can be that."""

from __future__ import annotations

from typing import Any, Literal, get_args

from shoal.base.errors import InvalidInput

Datatype = Literal["timeseries", "dataframe", "raw"]
DATATYPES: tuple[Datatype, ...] = get_args(Datatype)
_AS_TABLE = 'Send columns, {"a": [1, 2], "b": [3, 4]}, or rows, [{"a": 1, "b": 3}, ...].'


def checked(datatype: Any, data: Any) -> Datatype:
    """Return a datatype that data can have.

    A timeseries and a dataframe are tables: an object of columns (lists of one length, or objects from row
    names to values), or a list of rows (objects, or lists of one length). Raw data is any JSON.

    Raises:
        InvalidInput: there is no such datatype, or the data is no table.
    """
    if datatype not in DATATYPES:
        hint = f"There are: {', '.join(DATATYPES)}."
        raise InvalidInput(
            "There is no such datatype.", hint=hint, errors={"datatype": f"This is unknown. {hint}"}
        )
    if datatype != "raw" and (fault := _fault(data)):
        raise InvalidInput(
            f"The data is no {datatype}: {fault}.",
            hint=_AS_TABLE,
            errors={"data": f"It is no table: {fault}."},
        )
    found: Datatype = datatype
    return found


def _fault(data: Any) -> str:
    match data:
        case dict():
            return _fault_of([*data.values()], "columns")
        case list():
            return _fault_of(data, "rows")
        case _:
            return "it is neither an object of columns nor a list of rows"


def _fault_of(parts: list[Any], what: str) -> str:
    if all(isinstance(part, dict) for part in parts):
        return ""
    if not all(isinstance(part, list) for part in parts):
        return f"its {what} are neither all lists nor all objects"
    return "" if len({len(part) for part in parts}) < 2 else f"its {what} differ in length"
