"""The functions that templates may call."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from shoal.infra.templating.environment import FUNCTIONS

COMMAND_SECONDS = 10.0
_COMMAND_OUTPUT = 1 << 20
_LONGEST_NAME = 200  # of a secret


class WrongCall(Exception):
    """Say that a template calls a function wrongly; `advice` is what to write."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class Functions:
    """The functions over one instance's facts; `saw` are the instances whose facts were given away.

    Args:
        nodes: the ready instances of each node, the oldest first.
        ask: gets a secret: its name, its kind, and whether its public half is meant.
        commands: whether `cmd` may run programs of the machine that this process runs on.
    """

    def __init__(
        self,
        nodes: Mapping[str, Sequence[Mapping[str, Any]]],
        ask: Callable[[str, str, bool], str],
        commands: bool,
    ) -> None:
        self._nodes = nodes
        self._ask = ask
        self._commands = commands
        self.saw: dict[str, list[str]] = {}

    def all(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by the names that templates have for them."""
        return {name: getattr(self, name) for name in FUNCTIONS} | {"ibget": ibget}

    def getip(self, node: Any) -> str:
        """Return the first address of a node's oldest ready instance."""
        return self._address(self._first(node), node)

    def getprivip(self, node: Any) -> str:
        """Return the private address of a node's oldest ready instance, its first one where it has none."""
        first = self._first(node)
        return str(first.get("private") or self._address(first, node))

    def getipall(self, node: Any) -> list[str]:
        """Return the first address of every ready instance of a node, the oldest's first."""
        return [self._address(each, node) for each in self._ready(node)]

    def find_node_id(self, node: Any) -> dict[str, Any]:
        """Return what is known of a node's oldest ready instance."""
        return dict(self._first(node))

    def cut(self, text: Any, start: int, end: int) -> str:
        """Return a part of a text."""
        return str(text)[start:end]

    def secret(self, name: Any, kind: str = "text") -> str:
        """Return a secret of this infrastructure, which is made when it is first asked for."""
        return self._ask(_secret_name(name), str(kind), False)

    def public_key(self, name: Any, kind: str = "ed25519") -> str:
        """Return the public half of a secret: a line for authorized_keys, or a certificate."""
        return self._ask(_secret_name(name), str(kind), True)

    def cmd(self, command: Any) -> str:
        """Run a program on this machine, without a shell, and return what it prints as `$(...)` does."""
        if not self._commands:
            raise WrongCall(
                "`cmd` runs programs on the server, which is not allowed here",
                "put the value into `variables`, or set `infra.commands` if you trust every template",
            )
        return _printed(str(command))

    def _ready(self, node: Any) -> Sequence[Mapping[str, Any]]:
        name = str(node)
        if name not in self._nodes:
            near = get_close_matches(name, self._nodes, 1)
            known = ", ".join(self._nodes) or "none"
            raise WrongCall(
                f"there is no node {name!r}", f"write {near[0]!r}" if near else f"the nodes are: {known}"
            )
        found = self._nodes[name]
        self.saw[name] = list(dict.fromkeys([*self.saw.get(name, []), *(each["id"] for each in found)]))
        return found

    def _first(self, node: Any) -> Mapping[str, Any]:
        before = list(self.saw.get(str(node), []))
        found = self._ready(node)
        if not found:
            raise WrongCall(
                f"no instance of {str(node)!r} is ready yet",
                f"add the dependency [this node, {node}], so that it is there first",
            )
        self.saw[str(node)] = list(dict.fromkeys([*before, found[0]["id"]]))
        return found[0]

    def _address(self, instance: Mapping[str, Any], node: Any) -> str:
        if not instance["addresses"]:
            raise WrongCall(f"instance {instance['id']} of {node} has no address", "wait until it has one")
        return str(instance["addresses"][0])


def _secret_name(name: Any) -> str:
    if not 0 < len(str(name)) <= _LONGEST_NAME:
        message = f"a secret's name has 1 to {_LONGEST_NAME} characters, not {len(str(name))}"
        raise WrongCall(message, "write secret('NAME')")
    return str(name)


def ibget(*_: Any) -> Any:
    """Say what to write instead of the older system's queries."""
    raise WrongCall(
        "`ibget` is not supported", "write getip('NODE'), getipall('NODE') or find_node_id('NODE')"
    )


def _printed(command: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, stdin=subprocess.DEVNULL, timeout=COMMAND_SECONDS
        )
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise WrongCall(
            f"cmd({command!r}) could not be run: {error}", "name a program and its words"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise WrongCall(
            f"cmd({command!r}) ended with exit code {done.returncode}: {said}", "mend the command"
        )
    return done.stdout[:_COMMAND_OUTPUT].decode(errors="replace").rstrip("\n")
