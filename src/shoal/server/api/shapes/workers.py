"""The bodies that tell of workers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shoal.server.api.shapes.bodies import Shape


class RunningShape(Shape):
    """A job that runs, since when (UTC microseconds)."""

    job: int
    kind: str
    name: str
    owner: str
    since: int


class WorkerShape(Shape):
    """A pool of worker processes: a server's own, or a node's."""

    name: str
    node: bool = Field(description="whether it is on another machine, joined by a token")
    host: str
    state: Literal["idle", "busy", "draining", "gone"]
    draining: bool
    labels: list[str]
    resources: dict[str, float] = Field(description="what it last had free")
    workers: int | None = Field(description="processes of a node")
    version: str
    seen: int | None
    joined: int | None
    running: list[RunningShape]
    ahead: int = Field(description="jobs it was given and has not begun")


class WorkerList(Shape):
    """Every pool and node."""

    workers: list[WorkerShape]


class NewNode(BaseModel):
    """The name of a node."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")


class NodeShape(Shape):
    """A node's token, shown this once."""

    name: str
    token: str
