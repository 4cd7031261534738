"""Occopus' programs and requests, as their users call them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import Ran, environment
from tests.support.inside import inside
from tests.support.waiting import wait_until

MODULES = {
    "import": "importing",
    "build": "building",
    "destroy": "destroying",
    "maintain": "maintaining",
    "scale": "scaling",
    "rest-service": "rest_service",
}
CLOSING = re.compile(r"    (\S+) \(([0-9a-z-]+)\)")


def words_of(program: str, *words: object) -> list[str]:
    """Return a program of Occopus, as it is installed beside this Python, with its arguments."""
    return [str(Path(sys.executable).with_name(f"occopus-{program}")), *map(str, words)]


def occopus(program: str, *words: object, url: str, cwd: Path) -> Ran:
    """Run a program of Occopus against a server to its end, inside of this process."""
    main: Callable[[list[str]], int] = import_module(f"shoal.cli.occopus.{MODULES[program]}").main
    return inside(lambda: main([str(word) for word in words]), cwd=cwd, env=told(url, cwd))


def apart(program: str, *words: object, url: str, cwd: Path, timeout: float = 60) -> Ran:
    """Run a program of Occopus, as it is installed, against a server to its end."""
    done = subprocess.run(
        words_of(program, *words),
        cwd=cwd,
        env=told(url, cwd),
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def told(url: str, cwd: Path) -> dict[str, str]:
    """Return the environment of a program that talks to a server."""
    return environment(cwd / "home") | {"SHOAL_SERVER": url}


@contextmanager
def started(program: str, *words: object, url: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program of Occopus and end it with the block, if it has not ended."""
    process = subprocess.Popen(
        words_of(program, *words),
        cwd=cwd,
        env=told(url, cwd),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def closing(out: str) -> tuple[dict[str, list[tuple[str, str]]], str]:
    """Return what a build closes with: addresses and ids by node, and the infrastructure's id."""
    head, *lines, last = out.splitlines()
    assert head == "List of nodes/ip addresses:"
    nodes: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        if (found := CLOSING.fullmatch(line)) is not None:
            nodes[next(reversed(nodes))].append((found[1], found[2]))
        else:
            assert line.endswith(":"), line
            nodes[line.removesuffix(":")] = []
    return nodes, last


def looked(http: httpx.Client, infra: str) -> dict[str, Any]:
    """Return what a GET of an infrastructure answers."""
    answer = http.get(f"/infrastructures/{infra}")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def states(view: dict[str, Any], node: str) -> list[str]:
    """Return the states of a node's machines, sorted."""
    return sorted(each["state"] for each in view[node]["instances"].values())


def until(
    http: httpx.Client, infra: str, is_so: Callable[[dict[str, Any]], bool], timeout: float = 60
) -> dict[str, Any]:
    """Return what a GET answers once that is so."""
    seen: list[dict[str, Any]] = []

    def look() -> bool:
        seen[:] = [looked(http, infra)]
        return is_so(seen[0])

    wait_until(look, timeout=timeout, on_timeout=lambda: str(seen))
    return seen[0]
