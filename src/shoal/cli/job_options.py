"""What can be said about a job on the command line, and the request that it makes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from shoal.base.errors import InvalidInput
from shoal.cli.located import in_place_of

Texts = list[str] | None
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The job's id.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", min=1, help="The jobs' ids.")]
Words = Annotated[Texts, typer.Argument(metavar="[-- CMD...]", help="A program and its arguments.")]

OPTIONS: dict[str, Any] = {
    "script": Annotated[
        str | None, typer.Option("--script", metavar="NAME", help="Run this function; CMD are its arguments.")
    ],
    "file": Annotated[
        str | None, typer.Option("--file", metavar="NAME", help="Run this allowed executable.")
    ],
    "image": Annotated[
        str | None, typer.Option("--image", metavar="IMAGE", help="Run CMD in a container of this image.")
    ],
    "batch": Annotated[
        str | None, typer.Option("--batch", metavar="A-B[:STEP]", help="Run CMD for each number, as one job.")
    ],
    "request": Annotated[
        Path | None, typer.Option("--request", metavar="FILE|-", help="Take the request from JSON.")
    ],
    "data": Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="A file, datafile:NAME, dataset:ID, object:ID, result:JOB, or JSON.",
        ),
    ],
    "set_": Annotated[
        Texts, typer.Option("--set", metavar="NAME=VALUE", help="A named argument of the function.")
    ],
    "env": Annotated[Texts, typer.Option("--env", metavar="NAME=VALUE", help="An environment variable.")],
    "array": Annotated[
        str | None,
        typer.Option("--array", metavar="A-B[:STEP][%N]", help="A job for each number, N of them at once."),
    ],
    "name": Annotated[str | None, typer.Option("--name", help="Call the job so.")],
    "label": Annotated[Texts, typer.Option("--label", metavar="LABEL", help="The worker has to offer it.")],
    "priority": Annotated[int | None, typer.Option("--priority", metavar="N", help="Higher goes first.")],
    "timeout": Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="End an attempt after this.")
    ],
    "attempts": Annotated[int | None, typer.Option("--attempts", metavar="N", help="Try so often.  [1]")],
    "memory": Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="Bytes it may use, like 500M or 2G.")
    ],
    "after": Annotated[Texts, typer.Option("--after", metavar="ID[:any|not_ok]", help="Wait for this job.")],
    "at": Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Not before, like 2030-01-31T12:00Z.")
    ],
    "webhook": Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Tell this address of its end.")
    ],
    "seed": Annotated[int | None, typer.Option("--seed", metavar="N", help="Where chance begins.")],
    "key": Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The same request under one key is done once.")
    ],
    "cache": Annotated[bool, typer.Option("--cache", help="Take the result of an equal job, if there is.")],
}
_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_NAMED_DATA = {"datafile": "name", "dataset": "id", "object": "id"}


def requested(given: dict[str, Any]) -> dict[str, Any]:
    """Return the request that options mean; the words of a program are added by `with_words`.

    Raises:
        InvalidInput: an option cannot be understood.
    """
    said = {name: value for name, value in given.items() if value not in (None, False)}
    request = _read(said.pop("request")) if "request" in said else {}
    turn: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "set_": ("kwargs", lambda pairs: {name: _json(value) for name, value in map(_pair, pairs)}),
        "env": ("env", lambda pairs: dict(map(_pair, pairs))),
        "data": ("data", _data),
        "label": ("labels", list),
        "attempts": ("retry", lambda n: {"max_attempts": n}),
        "memory": ("limits", lambda size: {"memory": _bytes(size)}),
        "after": ("after", lambda jobs: [_after(one) for one in jobs]),
        "at": ("not_before", str),
        "key": ("idempotency_key", str),
        "file": ("script", str),
    }
    for name, value in said.items():
        field, made = turn.get(name, (name, lambda value: value))
        if name != "batch":
            request[field] = made(value)
    return request | _runner(said, request)


def with_words(request: dict[str, Any], words: list[str] | None) -> dict[str, Any]:
    """Return a request with the words behind `--`: a program, or the arguments of a function or file.

    Raises:
        InvalidInput: nothing says what to run.
    """
    if words:
        runner = request.setdefault("runner", "command")
        if runner == "function":
            return request | {"args": [_json(word) for word in words]}
        return request | {"args" if runner == "file" else "cmd": words}
    if "runner" not in request and "steps" not in request:
        raise InvalidInput(
            "Nothing says what to run.",
            hint="Like: shoal job run -- echo hello, or --script NAME, --image IMAGE, --request FILE.",
        )
    return request


def _runner(said: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    named = [name for name in ("script", "file", "image", "batch") if name in said]
    if len(named) > 1:
        raise InvalidInput(f"--{named[0]} and --{named[1]} cannot be said together.")
    if "batch" in said:
        return {"runner": "batch"} | _batch(said["batch"])
    runners = {"script": "function", "file": "file", "image": "container"}
    return {"runner": runners[named[0]]} if named else {}


def _batch(text: str) -> dict[str, int]:
    numbers, _, step = text.partition(":")
    first, _, last = numbers.partition("-")
    if not all(part.isascii() and part.isdecimal() for part in (first, last, step or "1")):
        raise InvalidInput(f"--batch {text} is no range.", hint="Like 1-1000 or 0-99:3.")
    return {"start": int(first), "stop": int(last), "step": int(step or 1)}


def _read(path: Path) -> dict[str, Any]:
    try:
        request = orjson.loads(sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.", code="no_such_file") from error
    except ValueError as error:
        raise InvalidInput(f"{path} is not JSON: {error}.", code="not_json") from error
    if not isinstance(request, dict):
        raise InvalidInput(f"{path} holds no JSON object.", hint='Like {"runner": "command", "cmd": ["ls"]}.')
    return request


def _data(text: str) -> Any:
    kind, colon, name = text.partition(":")
    if colon and kind in _NAMED_DATA:
        return {"type": kind, _NAMED_DATA[kind]: name}
    if colon and kind == "result" and name.isascii() and name.isdecimal():
        return {"type": "result", "job": int(name)}
    if Path(text).is_file():
        return Path(text)
    value = _json(text)
    return value if isinstance(value, dict) and "type" in value else {"type": "raw_data", "data": value}


def _after(text: str) -> dict[str, Any]:
    job, colon, condition = text.partition(":")
    if not (job.isascii() and job.isdecimal()):
        raise InvalidInput(f"--after {text} names no job.", hint="Like 7, 7:any or 7:not_ok.")
    return {"job": int(job)} | ({"condition": condition} if colon else {})


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InvalidInput(f"{text!r} does not look like NAME=VALUE.")
    return name, value


def _json(text: str) -> Any:
    """Return the JSON value that a word is, or the word itself."""
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def _bytes(text: str) -> int:
    number, unit = (text[:-1], text[-1:].upper()) if text[-1:].upper() in _SIZES else (text, "")
    try:
        return round(float(number) * _SIZES.get(unit, 1))
    except (ValueError, OverflowError):
        raise InvalidInput(f"--memory {text} is no size.", hint="Like 500M or 2G.") from None


asked = in_place_of("request", OPTIONS, requested)
