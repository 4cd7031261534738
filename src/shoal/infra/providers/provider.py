"""The port behind which machines are made: what every provider does, and what it says of a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Standing(StrEnum):
    """What a provider says of a machine, in Occopus' words."""

    PENDING = "pending"
    READY = "ready"
    SHUTDOWN = "shutdown"
    AILING = "temp_failed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Machine(NamedTuple):
    """A machine as its provider shows it now; `instance` is the id that it was tagged with."""

    ref: str
    instance: str
    standing: Standing
    addresses: tuple[str, ...] = ()
    private: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What a provider needs to make a machine. It tags it with `infra` and `instance`.

    `resource` is the rendered section; `user_data` is for clouds whose images read it; `env` and `command`
    are those of the contextualisation `docker`, None where there is none.
    """

    infra: str
    infra_name: str
    instance: str
    node: str
    name: str
    resource: Mapping[str, Any]
    user_data: bytes = b""
    env: Sequence[str] | None = None
    command: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What a provider works with: its folder on this machine, and what the credentials file holds for it.

    `engine` is the container engine that is used where a section names none; None for the first that answers.
    """

    folder: str
    credentials: Mapping[str, Any] = field(default_factory=dict)
    engine: str | None = None


class Provider(Protocol):
    """Make, show and drop machines; threads share it. Every call returns or raises within its time limit.

    `create` may return before the machine runs, and makes no second machine for the same instance; a call
    that failed may yet have made one, which `machines` then shows, though perhaps only some seconds later.
    `drop` of what is not there does nothing. What `machines` does not show is not proof that it is gone.

    Raises:
        NoCapacity: there is no room or quota for a machine now; another implementation may be tried.
        Refused: the order is wrong, or credentials are; trying again is of no use.
        Throttled: the provider wants fewer requests; nothing was done.
        Unreachable: the provider could not be asked for a machine; nothing was done.
        Unavailable: the provider does not answer; whether the order was done is not known.
    """

    def create(self, order: Order) -> str:
        """Make the machine of an instance, or find it, and return the provider's reference to it."""

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return every machine that is tagged with an infrastructure, also the stopped ones."""

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """End a machine and remove what was made with it; returns when that was accepted."""

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Run a POSIX shell script as root in a machine, tell its output, and return its exit code.

        It reads nothing; when it takes longer than `timeout` seconds it is killed, and ends with 124. What it
        leaves running in the background is not waited for.

        Raises NotImplementedError where the machine does that itself from its user data (`contextualises`).
        """

    @property
    def contextualises(self) -> bool:
        """Say whether machines read their user data themselves (clouds), so that nothing is to be run."""

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what such a machine costs an hour, None when that is not known."""

    def clean(self, infra: str) -> None:
        """Leave nothing of what was destroyed: networks, folders, machines that came late; idempotent.

        Raises Unavailable while something does not go; it is asked again then.
        """
