"""A job's result for people: a table where it is one, else JSON, cut where it is long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

ROWS, COLUMNS, CHARACTERS = 50, 20, 24_000
LONGEST_CELL = 120


class Grid(NamedTuple):
    """The first cells of a table of `rows` x `columns`; numbers stand right."""

    names: list[str]
    lines: list[list[str]]
    numeric: list[bool]
    rows: int
    columns: int


class ResultView(NamedTuple):
    """What is shown of a result: a table or JSON; `cut` counts what is not, `exit_code` is of a program."""

    grid: Grid | None
    json: str
    cut: int
    exit_code: int | None = None


def result_view(result: Any) -> ResultView:
    """Return how a result looks on a page; what a program wrote stands in its log already."""
    if not isinstance(result, Mapping):
        return _json_view(result, grid_of(result))
    if "exit_code" in result and "stdout" in result:
        code = result["exit_code"]
        return ResultView(None, "", 0, code if isinstance(code, int) else None)
    rest = {name: inner for name, inner in result.items() if name not in ("stdout", "stderr")}
    return _json_view(rest, grid_of(result.get("value", result)))


def _json_view(value: Any, grid: Grid | None) -> ResultView:
    pretty = pretty_json(value)
    return ResultView(grid, pretty[:CHARACTERS], max(0, len(pretty) - CHARACTERS))


def pretty_json(value: Any) -> str:
    """Return JSON with indents."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def grid_of(value: Any) -> Grid | None:
    """Return a value as a table: columns of one length, or a list of objects; None when it is none."""
    columns = _columns(value)
    if columns is None or not columns:
        return None
    rows = len(next(iter(columns.values())))
    shown = dict(list(columns.items())[:COLUMNS])
    cells = [list(cells[:ROWS]) for cells in shown.values()]
    return Grid(
        list(shown),
        [[_cell(one) for one in line] for line in zip(*cells, strict=True)],
        [_is_numeric(each) for each in cells],
        rows,
        len(columns),
    )


def _columns(value: Any) -> dict[str, Sequence[Any]] | None:
    if isinstance(value, Mapping) and value:
        lists = list(value.values())
        if all(isinstance(one, list) and one and len(one) == len(lists[0]) for one in lists):
            return {str(name): one for name, one in value.items()} if _is_flat(lists) else None
        if all(isinstance(one, Mapping) and one for one in lists):
            return _of_objects([{"": name, **one} for name, one in value.items()])
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and one for one in value):
        return _of_objects(value)
    return None


def _of_objects(objects: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]] | None:
    names = dict.fromkeys(str(name) for one in objects[:ROWS] for name in one)
    columns: dict[str, Sequence[Any]] = {name: [one.get(name) for one in objects] for name in names}
    return columns if _is_flat(list(columns.values())) else None


def _is_flat(columns: Sequence[Sequence[Any]]) -> bool:
    return not any(isinstance(one, Mapping | list) for column in columns for one in column[:ROWS])


def _is_numeric(column: Sequence[Any]) -> bool:
    return any(_is_number(one) for one in column) and not any(isinstance(one, str) for one in column)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}")
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"
