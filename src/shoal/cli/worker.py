"""`shoal worker`: this machine does jobs of a server elsewhere."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from shoal.base.errors import InvalidSetting
from shoal.cli.options import Config, Workers
from shoal.cli.output import say

if TYPE_CHECKING:
    from shoal.base.settings import Settings
    from shoal.jobs.nodes.agent import Agent

To = Annotated[
    str, typer.Option("--server", envvar="SHOAL_SERVER", metavar="URL", help="The server to work for.")
]
TokenFile = Annotated[
    Path, typer.Option("--token-file", metavar="FILE", help="Holds the token from `shoal node token NAME`.")
]
Labels = Annotated[
    str, typer.Option("--labels", metavar="A,B", help="What this machine offers to jobs that ask for it.")
]
Batch = Annotated[bool, typer.Option("--batch", help="Also offer the label batch.")]
Ca = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="Trust these certificates (PEM) and no others.")
]
Spool = Annotated[
    Path | None, typer.Option("--spool", metavar="DIR", help="Folder for inputs and unsent results.")
]


def worker(
    server: To,
    token_file: TokenFile,
    labels: Labels = "",
    workers: Workers = None,
    batch: Batch = False,
    ca: Ca = None,
    spool: Spool = None,
    config: Config = None,
) -> None:
    """Do jobs for a server on another machine, until Ctrl-C.

    Ctrl-C lets running jobs end first; a second one gives them back to the server.
    """
    from shoal.access.node_tokens import parse
    from shoal.base.home import Home
    from shoal.base.settings import load_settings
    from shoal.jobs.nodes.agent import BATCH, Agent, Equipment
    from shoal.jobs.nodes.line import Line
    from shoal.jobs.runners.kinds import register_kinds as register_runners
    from shoal.studies.kinds import register_kinds as register_studies

    token = _token(token_file)
    if (found := parse(token)) is None or found.use != "node":
        raise InvalidSetting(
            f"{token_file} does not hold the token of a node.",
            hint="Make one at the server: shoal node token NAME",
        )
    settings = load_settings({"workers": workers}, config)
    if settings.workers == 0:
        raise InvalidSetting("A node without workers would do nothing.", hint="Say how many: --workers 2")
    offered = [
        *settings.labels,
        *(label for label in labels.split(",") if label),
        *([BATCH] if batch else []),
    ]
    register_studies()
    register_runners()
    line = Line(_checked(server), token, ca or settings.server_ca)
    home = Home.open(spool or _default_spool(found.name))
    try:
        kit = Equipment(settings.workers, tuple(dict.fromkeys(offered)), terms=_terms(settings, home.path))
        agent = Agent(line, home, kit, say)
        with _stopped_by_signals(agent):
            agent.run()
    finally:
        home.close()


def _checked(url: str) -> str:
    from shoal.server.listener import is_loopback

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSetting(f"{url!r} is not the address of a server.", hint="Like https://example.org:8002")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidSetting(
            f"{url} would send tokens and data for everybody to read.",
            hint=f"Use https://{parts.netloc}; http is only for this machine itself.",
            code="https_needed",
        )
    return url


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        raise InvalidSetting(f"The token file {file} cannot be read.", hint=str(error)) from error


def _terms(settings: Settings, home: Path) -> dict[str, Any]:
    """Return what this machine's own settings let programs do, and end what an earlier worker left."""
    from shoal.jobs.containers.finding import ENGINE
    from shoal.jobs.sandbox import leftovers
    from shoal.jobs.sandbox.terms import of

    terms = of(settings.execution, home)
    leftovers.end(Path(terms.nest))
    return terms.plain() | {ENGINE: settings.containers.engine}


def _default_spool(name: str) -> Path:
    import os

    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "shoal" / "nodes" / name


@contextmanager
def _stopped_by_signals(agent: Agent) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: agent.stop()) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
