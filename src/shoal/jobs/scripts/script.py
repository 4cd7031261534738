"""What is known of a function that may be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Script:
    """A function that may be run, as its source describes it. JSON-able.

    Args:
        name: what it is run by: the function's name, or `module.name` when another came first.
        source: where it comes from; `calling.load` takes it.
        module: the module that offers it.
        function: its own name; `calling.call` takes it, with `module` when two of a source share it.
        summary: the docstring's first paragraph.
        doc: the whole docstring.
        parameters: `name`, `kind` (as in `inspect`), `type`, `needed`, `help`, `default` of each.
        schema: JSON Schema of the named arguments; the data is no part of it.
        form: what a form asks for; see `form.form_of`.
        data_parameter: the parameter that takes the data, None without one.
        code_hash: SHA-256 over the source's files.
        version: of the package, "" without one.
    """

    name: str
    source: str
    module: str
    function: str
    summary: str
    doc: str
    parameters: list[dict[str, Any]]
    schema: dict[str, Any]
    form: dict[str, Any]
    data_parameter: str | None
    code_hash: str
    version: str

    @property
    def call_name(self) -> str:
        """Return the name that finds it in its source whatever else is there."""
        return f"{self.module}.{self.function}"

    @property
    def example(self) -> dict[str, Any]:
        """Return a job request to start from; what it needs stands there to be replaced."""
        needed = {one["field"]: "..." for one in self.form["fields"] if one["needed"]}
        request: dict[str, Any] = {"runner": "function", "script": self.name}
        if self.form["data"] is not None:
            request["data"] = {"type": "datafile", "name": "yourfile.csv"}
        return request | ({"kwargs": needed} if needed else {})

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Script:
        """Read what `as_json` returned."""
        return cls(**content)
