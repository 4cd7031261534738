"""The language of the templates: Jinja's, in its sandbox, without its silent spots."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined, Template, nodes, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

FUNCTIONS = (
    *("getip", "getprivip", "getipall", "find_node_id"),
    *("cut", "cmd", "secret", "public_key"),
)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\r", re.DOTALL)
# Stands for a lone carriage return while a template is filled in; no text has it.
_RETURN = "\U0010fffd\U0010fffc"


class Missing(StrictUndefined):
    """A name that nobody defines, which cannot be printed inside of a list either."""

    __slots__ = ()
    __repr__ = StrictUndefined._fail_with_undefined_error


class Language(ImmutableSandboxedEnvironment):
    """Jinja in which a key of a mapping comes before the mapping's methods, and nothing prints None."""

    def __init__(self, newline: str = "\n") -> None:
        super().__init__(
            undefined=Missing,
            keep_trailing_newline=True,
            newline_sequence=newline,
            finalize=_printable,
            autoescape=False,
        )
        self.filters["b64encode"] = b64encode
        self.filters["b64decode"] = b64decode
        self.filters["quote"] = quote

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a value below another by the name after a dot."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Uncalled(UndefinedError):
    """Say that a function was to be printed."""


class EmptyValue(UndefinedError):
    """Say that a null was to be printed."""


@pass_context  # So that nothing is worked out while a template is only read.
def _printable(_: Context, value: Any) -> Any:
    if value is None:
        raise EmptyValue("the value is null")
    if callable(value) and not isinstance(value, Missing):
        raise Uncalled(f"`{getattr(value, '__name__', 'this')}` is a function")
    return value


def b64encode(value: Any) -> str:
    """Return a text's UTF-8 bytes in base64."""
    return base64.b64encode(str(value).encode()).decode()


def b64decode(value: Any) -> str:
    """Return the text whose UTF-8 bytes are in base64."""
    return base64.b64decode(str(value), validate=True).decode()


def quote(value: Any) -> str:
    """Return a text as one word of a shell."""
    return shlex.quote(str(value))


def native(language: Language, text: str, names: dict[str, Any]) -> Any:
    """Return the value of a template that is one expression and nothing else, None for any other template."""
    if not (text.lstrip().startswith("{{") and text.rstrip().endswith("}}")):
        return None
    body = language.parse(text).body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    if isinstance(body[0].nodes[0], nodes.TemplateData):
        return None
    inner = text.strip().removeprefix("{{").removesuffix("}}").strip("-+")
    return _plain(language.compile_expression(inner, undefined_to_none=False)(**names))


def _plain(value: Any) -> Any:
    """Return a value if JSON has it as something else than a text, else None."""
    return value if isinstance(value, bool | int | float | list | dict) else None


def fill(compiled: Callable[[str, str], Template], text: str, names: dict[str, Any]) -> str:
    """Return a template filled in, with its own line ends: Jinja makes them all alike.

    `compiled` compiles a text for one kind of line end.
    """
    if "\r" not in text:
        return compiled("\n", text).render(names)
    if text.count("\r\n") == text.count("\n") == text.count("\r"):
        return compiled("\r\n", text).render(names)
    kept = _TAG.sub(lambda found: _RETURN if found.group() == "\r" else found.group(), text)
    return compiled("\n", kept).render(names).replace(_RETURN, "\r")
