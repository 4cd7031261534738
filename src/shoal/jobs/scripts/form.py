"""A function's parameters as the fields of a form, and a filled form as arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.jobs.scripts.hints import Wanted, is_optional
from shoal.jobs.scripts.signature import MANY, Parameter

# What a file or an object of the server can be given as.
_ACCEPTS: dict[Wanted, tuple[str, ...]] = {
    "path": ("datafile", "dataset", "object", "raw_data"),
    "text": ("datafile", "dataset", "raw_data"),
}
_ACCEPTS_ALL = ("datafile", "dataset", "object", "raw_data")
_PLAIN = {"integer": "number", "number": "number", "boolean": "checkbox", "string": "text"}
_FORMATS = {"date": "date", "date-time": "datetime", "time": "time"}
_BOUNDS = {"minimum": "min", "maximum": "max", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}


def form_of(
    parameters: Sequence[Parameter], data: Parameter | None, schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `{"data": field or None, "fields": [...]}`, in the order of the signature.

    A field has `field`, `label`, `widget`, `needed`, `default`, `help`; `choices` of a select; `type` of the
    numbers or texts of a `number` or `list`; `min`, `max`, `above`, `below`, `step` of a number. Widgets:
    text, number, checkbox, select, column, columns, list, json, date, datetime, time.
    """
    asked = [one for one in parameters if one.kind not in MANY and one != data]
    fields = [_field(one, schema["properties"][one.name], schema.get("$defs", {})) for one in asked]
    return {"data": None if data is None else _data_field(data), "fields": fields}


def filled(
    form: Mapping[str, Any], given: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arguments that a posted form means, and what is wrong by field.

    What was left empty is left out, so that the function's default holds; only the checkbox of a field that
    was shown and not ticked is False.
    """
    arguments: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in form["fields"]:
        texts = [text.strip() for text in given.get(field["field"], ()) if text.strip()]
        if field["widget"] == "checkbox":
            arguments[field["field"]] = bool(texts)
        elif texts:
            try:
                arguments[field["field"]] = _value(field, texts)
            except ValueError as error:
                wrong[field["field"]] = str(error)
        elif field["needed"]:
            wrong[field["field"]] = "This is needed."
    return arguments, wrong


def _data_field(data: Parameter) -> dict[str, Any]:
    accepts = _ACCEPTS.get(data.wants, _ACCEPTS_ALL)
    return {
        "field": data.name,
        "label": _label(data.name),
        "needed": data.needed,
        "help": data.help,
        "accepts": list(accepts),
    }


def _field(parameter: Parameter, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    kind = _resolved(schema, definitions)
    field = {
        "field": parameter.name,
        "label": _label(parameter.name),
        "needed": parameter.needed and not (parameter.default is None and is_optional(parameter.hint)),
        "default": schema.get("default"),
        "help": parameter.help,
    }
    if parameter.names_columns:
        return field | {"widget": "columns" if kind.get("type") == "array" else "column"}
    return field | _widget(kind, definitions)


def _widget(kind: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    if choices := kind.get("enum") or ([kind["const"]] if "const" in kind else []):
        return {"widget": "select", "choices": list(choices)}
    if (widget := _FORMATS.get(kind.get("format", ""))) is not None:
        return {"widget": widget}
    if kind.get("type") == "array":
        return _list_widget(_resolved(kind.get("items", {}), definitions))
    widget = _PLAIN.get(kind.get("type", ""), "json")
    bounds = {_BOUNDS[name]: value for name, value in kind.items() if name in _BOUNDS}
    if widget != "number":
        return {"widget": widget}
    return {
        "widget": widget,
        "type": kind["type"],
        "step": 1 if kind["type"] == "integer" else "any",
    } | bounds


def _list_widget(item: Mapping[str, Any]) -> dict[str, Any]:
    kind = item.get("type", "")
    if kind in ("string", "integer", "number") and "enum" not in item:
        return {"widget": "list", "type": kind}
    return {"widget": "json"}


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema says of a value that is there: without references and without null."""
    if "$ref" in schema:
        return _resolved(definitions.get(str(schema["$ref"]).rpartition("/")[2], {}), definitions)
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        return _resolved(choices[0], definitions)
    # Of several sorts, text can be typed, and becomes the others where it is checked.
    texts = [one for one in choices if one.get("type") == "string"]
    return texts[0] if texts else schema


def _value(field: Mapping[str, Any], texts: Sequence[str]) -> Any:
    match field["widget"]:
        case "number":
            return _number(texts[0], field["type"])
        case "columns":
            return list(texts) if len(texts) > 1 else _listed(texts[0])
        case "list":
            listed = [one for text in texts for one in _listed(text)]
            return listed if field["type"] == "string" else [_number(one, field["type"]) for one in listed]
        case "json":
            return _json(texts[0])
        case "select":
            return next((one for one in field["choices"] if str(one) == texts[0]), texts[0])
        case _:
            return texts[0]


def _number(text: str, kind: str) -> int | float:
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        named = "a whole number" if kind == "integer" else "a number"
        raise ValueError(f"This is not {named}: {text[:40]}") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f'This is not JSON: {error}. Like {{"a": 1}} or [1, 2].') from None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
