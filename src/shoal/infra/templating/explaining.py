"""What went wrong with a template, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from types import TracebackType
from typing import Any

from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.filters import FILTERS

from shoal.infra.templating.environment import FUNCTIONS, EmptyValue, Uncalled
from shoal.infra.templating.functions import WrongCall

RAW = "write `{% raw %}` before and `{% endraw %}` after text that is not meant as a template"
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_UNDEFINED = re.compile(r"'([^']+)' is undefined")
_NO_FILTER = re.compile(r"No (?:filter|test) named '([^']+)'")
_MISSING = re.compile(r"has no attribute '?([^']+)'?$")
_SHOWN, _SAID, _SEARCHED = 160, 500, 2000
_LONGEST, _MOST = 80, 2000  # of names that are compared


def explained(error: BaseException, text: str, names: dict[str, Any]) -> dict[str, Any]:
    """Return a fault: its `message`, with the expression that is meant, and `advice`."""
    line = _line(error)
    shown = _shown(text, line, error)
    message, advice = _said(error, shown, names)
    where = f" in `{shown}`" if shown else ""
    at = f" (line {line})" if line is not None and "\n" in text.rstrip("\n") else ""
    return {"message": sentence(f"{_short(message)}{where}{at}"), "advice": sentence(_short(advice))}


def sentence(text: str) -> str:
    """Return a text with a capital letter in front and a full stop behind."""
    text = text.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('?', '!')) else '.'}" if text else ""


def _said(error: BaseException, shown: str, names: dict[str, Any]) -> tuple[str, str]:
    if isinstance(error, WrongCall):
        return error.message, error.advice
    if isinstance(error, EmptyValue):
        return "the value is empty (null)", "give it a value, or write `{{ ... or '' }}` where none is meant"
    if isinstance(error, Uncalled):
        return str(error), "write its parentheses, and between them what it wants"
    if isinstance(error, UndefinedError):
        return _undefined(error, shown, names)
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error, shown)
    if isinstance(error, SecurityError):
        return (
            f"this is not allowed in a template: {str(error).rstrip('.')}",
            "use plain values and the functions only",
        )
    if isinstance(error, MemoryError):
        return "filling it in takes more memory than a template may have", "make the text shorter"
    if isinstance(error, RecursionError):
        return "it is nested too deeply", "make the template simpler"
    return f"it cannot be filled in ({type(error).__name__}: {error})", "mend the expression"


def _undefined(error: UndefinedError, shown: str, names: dict[str, Any]) -> tuple[str, str]:
    said = str(error)
    if found := _UNDEFINED.search(said):
        name = found.group(1)
        return f"there is no `{name}`", instead_of(name, names)
    if found := _MISSING.search(said):
        name = found.group(1)
        inside = _inside(name, names)
        return f"there is no `{name}` there", near(name, inside) or "define it, or write `| default('...')`"
    return said.rstrip("."), "define it, or write `| default('...')`"


def instead_of(name: str, names: dict[str, Any]) -> str:
    """Return what to write instead of a name that is not there."""
    if name == "ip":
        return "write getip('NODE'); only a health check knows the machine's own address as `ip`"
    variables = names.get("variables") or {}
    if name in variables:
        return f"write `variables.{name}`"
    quoted = next((node for node in names if node.startswith(f"{name}-")), None)
    if quoted:
        return f"write the node's name in quotes: '{quoted}'"
    return near(name, [*names, *FUNCTIONS]) or f"define `variables: {{{name}: ...}}`, use `variables.{name}`"


def near(name: str, known: Iterable[str]) -> str:
    """Return advice to write the name that was probably meant, nothing if there is none like it."""
    found = get_close_matches(name, list(islice(known, _MOST)), 1) if len(name) <= _LONGEST else []
    return f"did you mean `{found[0]}`?" if found else ""


def _inside(name: str, names: dict[str, Any]) -> list[str]:
    """Return the keys of every mapping among the names: where it was looked for is not known any more."""
    return [str(key) for value in names.values() if isinstance(value, dict) for key in value]


def _syntax(error: TemplateSyntaxError, shown: str) -> tuple[str, str]:
    said = (error.message or "it is no template").rstrip(".")
    if "{{." in shown or "{{ ." in shown or "unexpected '.'" in said:
        return f"{said}: this looks like a Go template", f"{RAW}: {{% raw %}}{{{{.Name}}}}{{% endraw %}}"
    if "comment" in said or "{#" in shown:
        return f"{said}: `{{#` begins a comment", RAW
    if found := _NO_FILTER.search(said):
        return said, near(found.group(1), FILTERS) or "the filters are Jinja's, b64encode and quote"
    return said, RAW


def _line(error: BaseException) -> int | None:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, step = None, error.__traceback__
    while isinstance(step, TracebackType):
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def _shown(text: str, line: int | None, error: BaseException) -> str:
    """Return the tag that is meant where that can be told, else its line."""
    lines = text.splitlines()
    here = lines[line - 1].strip()[:_SEARCHED] if line is not None and 0 < line <= len(lines) else ""
    tags = _TAG.findall(here)
    words = re.findall(r"'([^']+)'", str(error))
    meant = [tag for tag in tags if any(word in tag for word in words)] or tags
    shown = meant[0] if len(meant) == 1 and not isinstance(error, TemplateSyntaxError) else here
    return _short(shown, _SHOWN)


def _short(text: str, most: int = _SAID) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
