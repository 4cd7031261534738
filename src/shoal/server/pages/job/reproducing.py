"""A job as lines to copy: with curl, on the command line, in Python."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

import orjson

from shoal.server.pages.job.secrets import without_secrets


class Lines(NamedTuple):
    """One way to ask for a job, as text to copy."""

    id: str
    label: str
    text: str


def ways(request: dict[str, Any], server: str) -> list[Lines]:
    """Return how to ask for a request again; what is secret has to be filled in."""
    told = without_secrets(request)
    return [
        Lines("curl", "curl", _curl(told, server)),
        Lines("cli", "Command line", _command(told)),
        Lines("python", "Python", _python(told, server)),
    ]


def _curl(request: dict[str, Any], server: str) -> str:
    body = orjson.dumps(request).decode()
    return (
        f"curl -X POST {shlex.quote(server + '/api/v1/jobs')} \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(body)}"
    )


def _command(request: dict[str, Any]) -> str:
    if set(request) <= {"runner", "cmd", "name"} and request["runner"] == "command":
        name = ["--name", request["name"]] if request.get("name") else []
        return shlex.join(["shoal", "job", "run", *name, "--", *request["cmd"]])
    body = orjson.dumps(request, option=orjson.OPT_INDENT_2).decode()
    return f"shoal job submit --request - <<'REQUEST'\n{body}\nREQUEST"


def _python(request: dict[str, Any], server: str) -> str:
    call = f"job = client.jobs.submit({request!r})"
    return f"from shoal.client import Client\n\nclient = Client({server!r})\n{call}"
