"""What can be said about a live task on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.cli.located import in_place_of

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.live_task import LiveTask

Task = Annotated[str, typer.Argument(metavar="TASK", help="Its id, its name, or `last` for the newest.")]
Names = str | None
Number = int | None


def _option(*words: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(*words, metavar=metavar, help=help)


OPTIONS: dict[str, Any] = {
    "file": Annotated[
        Path | None, _option("--file", metavar="FILE", help="Take the wish from JSON; options go before it.")
    ],
    "algorithm": Annotated[Names, _option("--algorithm", metavar="NAME", help="mcmc, kmeans or streaming.")],
    "k": Annotated[Number, _option("--k", metavar="N", help="Clusters of kmeans.")],
    "init_k": Annotated[Number, _option("--init-k", metavar="N", help="Clusters that mcmc begins with.")],
    "max_k": Annotated[Number, _option("--max-k", metavar="N", help="Clusters at most.")],
    "init": Annotated[Names, _option("--init", metavar="NAME", help="kmeans_pp, random or given.")],
    "space": Annotated[Names, _option("--space", metavar="NAME", help="euclid, cosinus, complex, series.")],
    "frame_size": Annotated[
        Number, _option("--frame-size", metavar="ROWS", help="Only the newest rows count.")
    ],
    "half_life": Annotated[
        float | None, _option("--half-life", metavar="ROWS", help="After so many a row counts half.")
    ],
    "scale": Annotated[Names, _option("--scale", metavar="NAME", help="none, std or robust.")],
    "random_state": Annotated[Number, _option("--seed", metavar="N", help="Where chance begins.")],
    "iter": Annotated[Number, _option("--iter", metavar="N", help="End a run after so many iterations.")],
    "iter_per_data": Annotated[
        Number, _option("--iter-per-data", metavar="N", help="So many more for each row.")
    ],
    "data_per_iter": Annotated[
        Number, _option("--data-per-iter", metavar="ROWS", help="Play again after so many rows.")
    ],
    "iter_freq": Annotated[
        float | None, _option("--iter-freq", metavar="N", help="Iterations a second at most.")
    ],
    "timeout": Annotated[
        float | None, _option("--timeout", metavar="SECONDS", help="End a run after this time.")
    ],
    "until": Annotated[
        Names,
        _option("--until", metavar="CONDITION", help="End a run when so: `rows >= 99 or settled`."),
    ],
    "columns": Annotated[Names, _option("--columns", metavar="A,B", help="What rows consist of.")],
    "variables": Annotated[Names, _option("--variables", metavar="A,B", help="Columns to cluster by.")],
    "dataset": Annotated[Names, _option("--dataset", metavar="ID", help="Its rows go ahead.")],
    "shards": Annotated[Number, _option("--shards", metavar="N", help="Spread it over so many hosts.")],
    "set_": Annotated[
        list[str] | None, _option("--set", metavar="NAME=VALUE", help="Any other option, like amp=0.5.")
    ],
}
_LISTS = ("columns", "variables")


def wished(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options by name, as the Python client takes them.

    Raises:
        InvalidInput: an option cannot be understood.
    """
    said = {name: value for name, value in given.items() if value is not None}
    options = _flat(said.pop("file")) if "file" in said else {}
    options |= dict(_pair(pair) for pair in said.pop("set_", ()))
    lists = {name: said[name].split(",") for name in _LISTS if name in said}
    return options | said | lists


as_wished = in_place_of("options", OPTIONS, wished)


def found(client: Client, word: str) -> LiveTask:
    """Return a task by its id, else by its name.

    Raises:
        NotFound: there is none.
        Conflict: several have this name.
    """
    try:
        return client.live.get(word)
    except NotFound:
        named = [task for task in client.live.find(q=word) if task.facts["name"] == word]
    if not named:
        raise NotFound(f"There is no live task {word}.", hint=f"Make one: shoal live create {word}")
    if len(named) > 1:
        ids = ", ".join(task.id for task in named)
        raise Conflict(f"{len(named)} live tasks are called {word}.", hint=f"Name one by its id: {ids}")
    return client.live.get(named[0].id)


def _flat(file: Path) -> dict[str, Any]:
    """Return a wish from a file, in the form that requests have, as options by name."""
    try:
        wish = orjson.loads(file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}.", code="no_such_file") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from error
    if not isinstance(wish, dict):
        raise InvalidInput(f"{file} does not hold a JSON object.", hint='Like {"algorithm": {"k": 3}}.')
    return {name: value for name, value in wish.items() if name != "pace"} | dict(wish.get("pace") or {})


def _pair(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--set")
    try:
        return name, orjson.loads(value)
    except ValueError:
        return name, value
