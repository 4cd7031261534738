"""What Occopus' programs have in common: two options, a log on standard error, honest exit codes.

Exit 0: done. 1: failed. 2: wrong usage. 130: stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shoal.base.errors import ShoalError
from shoal.cli.connection import Where, serving
from shoal.cli.output import say
from shoal.cli.telling import error_lines

if TYPE_CHECKING:
    from shoal.client import Client

FAILED, STOPPED = 1, 130
SETTINGS = ".toml"


def parser(name: str, about: str, *, asks: bool = True) -> ArgumentParser:
    """Return a parser with the options of every program; `asks` adds where credentials are."""
    made = ArgumentParser(prog=name, description=about)
    made.add_argument("--cfg", metavar="PATH", type=Path, help="a settings file of Shoal (shoal.toml)")
    if asks:
        made.add_argument("--auth_data_path", metavar="PATH", type=Path, help="said to the server instead")
    return made


def run(asked: Namespace, act: Callable[[Namespace], None]) -> int:
    """Do what was asked and return the exit code; what goes wrong is told on standard error."""
    try:
        act(asked)
        sys.stdout.flush()
    except ShoalError as error:
        for line in error_lines(error):
            say(line)
        return FAILED
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


def log(message: str) -> None:
    """Write a line of the log, as these programs do, but to standard error."""
    say(f"** {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}\t{message}")


@contextmanager
def server(asked: Namespace) -> Iterator[Client]:
    """Give a client of the server that `$SHOAL_SERVER`, the home or the default address names.

    Raises:
        Unavailable: none answers.
    """
    if asked.auth_data_path is not None:
        log(f"{asked.auth_data_path} is not read here: the server's setting infra.credentials names its own.")
    with serving(Where(config=settings_of(asked), server=os.environ.get("SHOAL_SERVER"))) as client:
        yield client


def settings_of(asked: Namespace) -> Path | None:
    """Return the settings file that was named, None for a configuration of Occopus, which is not needed."""
    if asked.cfg is None or asked.cfg.suffix == SETTINGS:
        return asked.cfg if asked.cfg is None else Path(asked.cfg)
    log(f"{asked.cfg} is a configuration of Occopus and is not read: Redis and plugins are built in.")
    return None
