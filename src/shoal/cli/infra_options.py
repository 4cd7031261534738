"""What `shoal infra` is told: which infrastructure, which files, and the server it asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoal.base.errors import Conflict, NotFound

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.infrastructure import Infrastructure

Infra = Annotated[str, typer.Argument(metavar="INFRA", help="Its id, its name, or `last` for the newest.")]
NodeName = Annotated[str, typer.Argument(metavar="NODE", help="The node's name in the description.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The description: infra-NAME.yaml.")]
Definitions = Annotated[
    list[Path] | None,
    typer.Option(
        "--definitions",
        metavar="FILE",
        help="Node definitions; repeatable.  [nodes/node_definitions.yaml beside it, else what was imported]",
    ),
]
Of = Annotated[
    str | None, typer.Option("--id", metavar="INFRA", help="Change this infrastructure into what FILE says.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once; the server goes on.")]
Timeout = Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", help="Wait no longer.")]
BESIDE = Path("nodes") / "node_definitions.yaml"


def bundle_from(file: Path, definitions: list[Path] | None) -> dict[str, Any]:
    """Return a description with the definitions that are named, or that lie beside it.

    Raises:
        BadDescription: a file is not what it should be; `details["faults"]` tells of each fault.
        InvalidInput: a file is not there.
    """
    from shoal.infra.describing.reading import read_bundle

    beside = [path for path in [file.parent / BESIDE] if path.is_file()]
    return dict(read_bundle(file, *(definitions if definitions is not None else beside)).plain())


def found(client: Client, word: str) -> Infrastructure:
    """Return an infrastructure by its id, else by its name.

    Raises:
        NotFound: there is none.
        Conflict: several have this name.
    """
    try:
        return client.infra.get(word)
    except NotFound:
        named = [one for one in client.infra.find(q=word) if one.name == word]
    if not named:
        raise NotFound(f"There is no infrastructure {word}.", hint="See: shoal infra list")
    if len(named) > 1:
        ids = ", ".join(one.id for one in named)
        raise Conflict(f"{len(named)} infrastructures are called {word}.", hint=f"Name one by its id: {ids}")
    return client.infra.get(named[0].id)
