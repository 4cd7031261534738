#!/usr/bin/env python3
"""Write the pages of docs/reference/ that the program itself knows: commands, settings, fault points.

`--check` writes nothing; it names the pages that are not as they would be written, and exits with 1.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel

import shoal
from shoal.base.faults import registered
from shoal.base.settings import NOT_SETTINGS, Settings
from shoal.cli.main import app
from shoal.infra.describing import attributes, sections

PAGES = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Written by scripts/write_reference.py: change the program, then run it. -->"
# What means the same everywhere is explained once.
SHARED = ("--output", "--home", "--config", "--database", "--workers", "--server")
NOT_ON_EVERY_MACHINE = {"home": "`~/.local/share/shoal`", "workers": "one for each processor"}
VARIABLES = {
    "SHOAL_CONFIG": "the settings file; `--config` wins",
    "SHOAL_SERVER": "the server that commands and the client talk to; `--server` wins",
    "SHOAL_CACHE_DIR": "where compiled kernels are kept; else below `~/.cache/shoal`",
    "SHOAL_FAULT": "die at a fault point: `NAME:before` or `NAME:after`, `:NTH`, `:tree` or `:others`",
    "SHOAL_FAULT_ONCE": "a file that is made when that happens; while it is there it does not happen again",
}


ABOUT_COMMANDS = """\
`shoal NOUN VERB`. Answers go to standard output, progress and notes to standard error. Exit codes: 0 done,
1 failed, 2 wrong usage, 130 stopped by Ctrl-C. `--debug` with any command prints the traceback of an error.
What stands in square brackets is the default."""
ABOUT_SETTINGS = """\
One tree: a flag wins over the environment, the environment over the file `shoal.toml`, the file over the
default. How to write them: [look after a home](../how-to/operate.md#settings). What they are now, and where
each comes from: `shoal doctor`."""
ABOUT_FAULT_POINTS = """\
Each durable step passes one. `SHOAL_FAULT=NAME:before` kills the process before the step is durable,
`NAME:after` right after it: [pull the plug yourself](../how-to/operate.md#pull-the-plug-yourself)."""


ABOUT_DESCRIPTIONS = """\
What `shoal infra` reads: the files of Occopus, and a little more. How to use them: [build a cluster of
machines](../how-to/infra.md). `shoal infra validate FILE` names every fault with its file, its line and
what to write instead.

**Files.** A description has the keys below. Keys that begin with `node_def:` define a type: a list of ways
to make a node of it, tried in turn. Both may be in one file. `!yaml_import {url: file://NAME}` takes in
another file as YAML, `!text_import` as text, relative to the file that imports; only what lies in the
folder of the first file, or below it, and is no larger than 1 MiB. No other tag is known, a name that is
written twice is an error, and everything together, with aliases written out, is at most 4 MiB.

**Values.** A number is one only as it reads back: `1.20`, `0644`, `12:30` and `2026-01-01` are texts.
`yes`, `no`, `on` and `off` are texts, too, but for keys that are true or false, and in a
`context_template`, which cloud-init reads so. An empty value counts as left out; an empty text, too, where
one is needed. No text holds a NUL. Texts in sections are [templates](../how-to/infra-templates.md); in a
`resource` a text with `{{ }}` fits any kind of value, only `type` and `price` are written out. In variables,
blank lines inside PEM blocks (keys, certificates) are dropped, for files written for Occopus have them.
Nothing is built while `replace_with_...` stands anywhere in what would be used.

**Credentials.** `infra.credentials` names the file, else `OCCOPUS_AUTH_DATA_PATH`, else `auth_data.yaml` in
`~/.occopus`, here, or in `/etc/occopus`. It has the lists `resource` and `config_management`; an entry
applies when all it names, but for `auth_data`, equals the section. A value may be `env:NAME` or `@FILE`;
`text:...` is a text that begins like one of these. A file with secrets in it must be readable by its owner
only."""


def main() -> int:
    """Write the pages, or with `--check` compare them."""
    made = pages()
    stale = [name for name, text in made.items() if _present(name) != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"docs/reference/{name} is not current; run: python scripts/write_reference.py")
        return int(bool(stale))
    for name in stale:
        (PAGES / name).write_text(made[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def pages() -> Mapping[str, str]:
    """Return the text of each page by its name."""
    return {
        "cli.md": "\n".join(commands_page()),
        "settings.md": "\n".join(settings_page()),
        "fault-points.md": "\n".join(fault_points_page()),
        "infrastructures.md": "\n".join(descriptions_page()),
    }


def _present(name: str) -> str:
    page = PAGES / name
    return page.read_text(encoding="utf-8") if page.exists() else ""


def commands_page() -> Iterator[str]:
    """Yield the lines of the page of commands."""
    commands = list(_commands(typer.main.get_command(app), "shoal"))
    yield from (MADE, "# The command line", "")
    yield ABOUT_COMMANDS
    yield from ("", "## Options of most commands", "")
    shared = {option.opts[0]: option for _, command in commands for option in command.params}
    yield from _table(shared[name] for name in SHARED)
    for path, command in commands:
        yield from _command(path, command)
    yield ""


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from _commands(below, f"{path} {name}")


def _command(path: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if not each.opts[0].startswith("--")]
    own = [each for each in command.params if each not in arguments and each.opts[0] not in SHARED]
    also = [each.opts[0] for each in command.params if each.opts[0] in SHARED]
    usage = " ".join(_shown(argument) for argument in arguments)
    yield from ("", f"## {path}", "", f"`{f'{path} {usage}'.strip()}`", "", " ".join(command.help.split()))
    if told := [each for each in (*arguments, *own) if each.help]:
        yield ""
        yield from _table(told)
    if also:
        yield from ("", f"Also: {', '.join(f'`{name}`' for name in also)}.")


def _table(parameters: Any) -> Iterator[str]:
    yield from ("| option | meaning |", "| --- | --- |")
    for each in parameters:
        default = f"  [{_default(each)}]" if each.default not in (None, False) else ""
        yield f"| `{_shown(each)}` | {_escaped(f'{each.help}{default}'.replace('  [', ' ['))} |"


def _shown(parameter: Any) -> str:
    if not parameter.opts[0].startswith("--"):
        name = (parameter.metavar or parameter.name).upper().strip("[]")
        return name if parameter.required else f"[{name}]"
    return _escaped(" ".join(part for part in (parameter.opts[0], _value(parameter)) if part))


def _value(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    if parameter.metavar or kind is bool:
        return str(parameter.metavar or "")
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(choice.value for choice in kind)
    return "N" if kind is int or int in get_args(kind) else "TEXT"


def _default(parameter: Any) -> Any:
    return parameter.default.value if isinstance(parameter.default, Enum) else parameter.default


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def settings_page() -> Iterator[str]:
    """Yield the lines of the page of settings."""
    yield from (MADE, "# Settings", "")
    yield ABOUT_SETTINGS
    yield from ("", "| setting | in the environment | default | meaning |", "| --- | --- | --- | --- |")
    for name, field in _fields(Settings):
        variable = "SHOAL_" + name.upper().replace(".", "__")
        meaning = _escaped(field.description or "")
        yield f"| `{name}` | `{variable}` | {_as_default(name, field)} | {meaning} |"
    yield from ("", "Variables that are no settings, because they are read before there are any:", "")
    yield from ("| variable | meaning |", "| --- | --- |")
    yield from (f"| `{name}` | {VARIABLES[name]} |" for name in sorted(NOT_SETTINGS))
    yield ""


def _fields(branch: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in branch.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _as_default(name: str, field: Any) -> str:
    if name in NOT_ON_EVERY_MACHINE:
        return NOT_ON_EVERY_MACHINE[name]
    value = field.default
    if value in (None, "", ()):
        return "-"
    return f"`{' '.join(value) if isinstance(value, tuple) else value}`"


def fault_points_page() -> Iterator[str]:
    """Yield the lines of the page of fault points."""
    for module in pkgutil.walk_packages(shoal.__path__, "shoal."):
        if ".migrations.versions" not in module.name:
            import_module(module.name)
    yield from (MADE, "# Fault points", "")
    yield ABOUT_FAULT_POINTS
    yield from ("", "| name | what is durable after it |", "| --- | --- |")
    yield from (f"| `{name}` | {point.doc} |" for name, point in sorted(registered().items()))
    yield ""


def descriptions_page() -> Iterator[str]:
    """Yield the lines of the page of descriptions and node definitions."""
    yield from (MADE, "# Descriptions of infrastructures", "")
    yield ABOUT_DESCRIPTIONS
    parts = {
        "A description": sections.DESCRIPTION,
        "A node (`nodes`)": sections.NODE,
        "`scaling` of a node": sections.SCALING,
        "A dependency, unless it is a pair `[dependent, dependee]`": sections.EDGE,
        "A mapping of a dependency, unless it is a pair": sections.MAPPING,
        "`policy`": sections.POLICY,
        "A way to make a node (`node_def:TYPE`)": sections.IMPLEMENTATION,
        "`health_check`": sections.HEALTH,
        "`resource` of any type": attributes.COMMON,
        **{f"`resource` of type `{kind}`{_later(kind)}": keys for kind, keys in _resources()},
        **{f"`contextualisation` of type `{kind}`": keys for kind, keys in sections.CONTEXTS.items()},
        **{
            f"`config_management` of type `{kind}`{_later(kind)}": keys
            for kind, keys in sections.MANAGERS.items()
        },
    }
    for title, keys in parts.items():
        yield from ("", f"## {title}", "", "| key | value | needed | like |", "| --- | --- | --- | --- |")
        yield from map(_key, keys)
    yield ""


def _resources() -> Iterator[tuple[str, Sequence[attributes.Key]]]:
    for kind, keys in attributes.RESOURCES.items():
        inside = (key for (of, _), below in attributes.INSIDE.items() if of == kind for key in below)
        named = next((f"{name}." for of, name in attributes.INSIDE if of == kind), "")
        own = attributes.SIMULATION if kind == "simulated" else keys
        yield kind, [*own, *(key._replace(name=f"{named}{key.name}") for key in inside)]


def _later(kind: str) -> str:
    return "" if kind in attributes.BUILT | sections.MANAGERS_BUILT else ": planned here, built later"


def _key(key: attributes.Key) -> str:
    value = " or ".join(key.choices) or {"whole": "whole number", "any": ""}.get(key.kind, key.kind)
    like = f"`{key.example}`" if key.example else ""
    return f"| `{key.name}` | {value} | {'yes' if key.required else ''} | {like} |"


if __name__ == "__main__":
    sys.exit(main())
