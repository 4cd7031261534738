"""The arguments of a script as fields of a form: drawn from what its source says of it, and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.jobs.scripts.form import filled
from shoal.jobs.scripts.script import Script
from shoal.server.pages.job.fields import Field, Widget

PREFIX = "arg-"
_WIDGETS: dict[str, Widget] = {"number": "number", "checkbox": "check", "select": "select", "json": "area"}
_TYPES = {
    "json": "JSON",
    "list": "commas between",
    "column": "a column's name",
    "columns": "columns' names, commas between",
    "date": "like 2030-01-31",
    "datetime": "like 2030-01-31T12:00",
    "time": "like 12:00",
}


def fields_of(script: Script, columns: tuple[str, ...]) -> tuple[Field, ...]:
    """Return the fields for a script's arguments; `columns` are offered where one is asked for."""
    return tuple(_field(one, columns) for one in script.form["fields"])


def arguments_of(script: Script, texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arguments that a form means, and what is wrong by field."""
    given: dict[str, Sequence[str]] = {
        one["field"]: [texts.get(PREFIX + one["field"], "")] for one in script.form["fields"]
    }
    found, wrong = filled(script.form, given)
    for one in script.form["fields"]:
        name = one["field"]
        if name in found and name not in wrong and (words := _out_of_bounds(one, found[name])):
            wrong[name] = words
    usual = {one["field"]: one["default"] for one in script.form["fields"] if not one["needed"]}
    kept = {name: value for name, value in found.items() if name not in usual or value != usual[name]}
    return kept, {PREFIX + name: words for name, words in wrong.items()}


def texts_of(script: Script, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the fields for arguments."""
    return {
        PREFIX + one["field"]: written(one, arguments[one["field"]])
        for one in script.form["fields"]
        if one["field"] in arguments
    }


def written(field: Mapping[str, Any], value: Any) -> str:
    """Return a value as it stands in its field."""
    if value is None:
        return ""
    if field["widget"] == "json":
        return json.dumps(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def bounds(field: Mapping[str, Any]) -> str:
    """Return the bounds of a number: `1 to 100`, `at least 1`, `above 0`, `below 10`."""
    low, high = field.get("min"), field.get("max")
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    words = [
        f"{word} {field[name]:,}"
        for name, word in (("min", "at least"), ("max", "at most"), ("above", "above"), ("below", "below"))
        if field.get(name) is not None
    ]
    return ", ".join(words)


def _field(one: Mapping[str, Any], columns: tuple[str, ...]) -> Field:
    kind = bounds(one) if one["widget"] == "number" else _TYPES.get(one["widget"], "")
    whole = "whole number" if one.get("type") == "integer" and one["widget"] == "number" else ""
    needed = "needed" if one["needed"] and one["widget"] != "checkbox" else ""
    facts = ", ".join(filter(None, (whole, kind, needed)))
    hint = " ".join(filter(None, (one["help"], facts and f"{facts[0].upper()}{facts[1:]}.")))
    return Field(
        PREFIX + one["field"],
        one["label"],
        hint,
        _WIDGETS.get(one["widget"], "text"),
        within=f"kwargs/{one['field']}",
        choices=_choices(one),
        usual=written(one, one["default"]),
        options=columns if one["widget"] == "column" else (),
    )


def _choices(one: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    own = tuple((str(each), str(each)) for each in one.get("choices", ()))
    return own if one["default"] is not None or one["needed"] else (("", "none of them"), *own)


def _out_of_bounds(field: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    outside = (
        ("min" in field and value < field["min"])
        or ("max" in field and value > field["max"])
        or ("above" in field and value <= field["above"])
        or ("below" in field and value >= field["below"])
    )
    return f"It must be {bounds(field)}." if outside else ""
