"""`shoal script`: functions that may be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.base.errors import InvalidInput
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table
from shoal.jobs.scripts.form import filled

app = typer.Typer(help="See which functions may be run, and what they take.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The script's name.")]
Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="PARAMETER=VALUE", help="What the script is called with.")
]
Data = Annotated[Path | None, typer.Option("--data", metavar="FILE", help="The file it works on.")]
Timeout = Annotated[float | None, typer.Option("--timeout", min=0, help="Seconds it may take.")]


@app.command("list")
@located
def list_scripts(where: Where, output: Output = Format.TABLE) -> None:
    """List the functions that may be run."""
    with connected(where) as client:
        found, errors = client.scripts.find(), client.scripts.errors()
    for error in errors:
        say(f"{error['source']}: {error['message']}")
    head = ["NAME", "WHAT IT DOES", "MODULE", "VERSION"]
    rows = [(one["name"], one["summary"] or None, one["module"], one["version"] or None) for one in found]
    empty = "No scripts. Put functions into the folder scripts of the home, or name a package."
    quiet = "\n".join(one["name"] for one in found)
    answer(found, output, text=table(head, rows) if rows else empty, quiet=quiet)


@app.command()
@located
def show(where: Where, name: Name, output: Output = Format.TABLE) -> None:
    """Say what a function does, what it takes, and how to run it."""
    with connected(where) as client:
        facts = client.scripts.get(name)
    answer(facts, output, text=_described(facts), quiet=facts["code_hash"])


@app.command()
@located
def run(
    where: Where,
    name: Name,
    arguments: Arguments = None,
    data: Data = None,
    timeout: Timeout = None,
    output: Output = Format.TABLE,
) -> None:
    """Run a function, wait for it, and print what it returns."""
    request = {} if timeout is None else {"timeout": timeout}
    with connected(where, work=True) as client:
        facts = client.scripts.get(name)
        kwargs = _arguments(facts, arguments or [])
        future = client.submit(facts["name"], data=data, job=request, **kwargs)
        value = future.result()
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    answer({"job": future.id, "result": value}, output, text=text, quiet=str(future.id))


def _arguments(facts: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """Return the arguments that NAME=VALUE words mean; raises InvalidInput."""
    given: dict[str, list[str]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InvalidInput(f"{word} is no argument.", hint="Say NAME=VALUE.")
        given.setdefault(name, []).append(text)
    known = {one["field"]: one for one in facts["form"]["fields"]}
    if (wrong := set(given) - set(known)) and not facts["schema"]["additionalProperties"]:
        hint = f"It takes {', '.join(known)}." if known else "It takes no arguments."
        raise InvalidInput(f"{facts['name']} has no parameter {min(wrong)}.", hint=hint)
    arguments, faults = filled({"fields": [known[name] for name in given if name in known]}, given)
    if faults:
        name, fault = next(iter(faults.items()))
        raise InvalidInput(f"{name}: {fault}")
    return arguments | {name: texts[-1] for name, texts in given.items() if name not in known}


def _described(facts: dict[str, Any]) -> str:
    lines = [f"{facts['name']}  {facts['summary']}".rstrip()]
    rows = [_parameter(one, facts["data_parameter"]) for one in facts["parameters"]]
    if rows:
        lines += ["", table(["PARAMETER", "TYPE", "DEFAULT", "MEANING"], rows)]
    lines += ["", "Run it:", f"  {_command(facts)}", "", f"Code {facts['code_hash'][:12]}"]
    return "\n".join(lines)


def _parameter(one: dict[str, Any], data: str | None) -> tuple[Any, ...]:
    default = "(data)" if one["name"] == data else "(needed)" if one["needed"] else repr(one.get("default"))
    return one["name"], one["type"] or "any", default, one["help"] or None


def _command(facts: dict[str, Any]) -> str:
    data = " --data yourfile.csv" if facts["data_parameter"] else ""
    needed = "".join(f" {one['field']}=..." for one in facts["form"]["fields"] if one["needed"])
    return f"shoal script run {facts['name']}{data}{needed}"
