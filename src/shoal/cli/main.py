"""The entry of `shoal`: finds the command, and turns errors into sentences and exit codes.

Exit 0: done. 1: failed. 2: wrong usage (`infra plan`: there are changes). 130: stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from shoal import __version__
from shoal.base.errors import ShoalError, Unavailable
from shoal.cli import (
    dataset,
    demo,
    doctor,
    infra,
    job,
    live,
    maintenance,
    node,
    ready,
    script,
    serve,
    study,
    worker,
)
from shoal.cli.telling import error_lines

# Of these 2 says that there is something to do.
TWO_MEANS_CHANGES = (" infra plan", " infra drift")
app = typer.Typer(
    name="shoal",
    epilog="Start with: shoal study run yourfile.csv     Every command takes --help and --debug.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(study.app, name="study")
app.add_typer(dataset.app, name="dataset")
app.add_typer(job.app, name="job")
app.add_typer(live.app, name="live")
app.add_typer(infra.app, name="infra")
app.add_typer(script.app, name="script")
app.add_typer(node.app, name="node")
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("ready")(ready.ready)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("backup")(maintenance.backup)
app.command("restore")(maintenance.restore)
app.command("gc")(maintenance.gc)
app.command("upgrade")(maintenance.upgrade)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]


@app.callback()
def shoal(version: Version = False) -> None:
    """Find how many clusters your data has, follow rows as they come, run jobs, build clusters."""


def main() -> None:
    """Run the command line of this process."""
    code = run(sys.argv[1:])
    gc.freeze()  # Looking through everything for cycles once more, at the end, takes half a second.
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; a traceback is printed only with `--debug`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]  # What follows `--` are the words of somebody's program.
    ours = [word for word in arguments[:end] if word != "--debug"]
    try:
        result = app(args=[*ours, *arguments[end:]], standalone_mode=False)
        print(end="", flush=True)
    except TyperException as misuse:
        return _wrong_usage(misuse)
    except (KeyboardInterrupt, Abort):
        return 130
    except BrokenPipeError:
        return _reader_left()
    except ShoalError as error:
        if debug:
            traceback.print_exc()
        return _failed(error)
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        _let_go_of_output()
        return _failed(Unavailable(f"The answer cannot be written: {error.strerror}."))
    return result if isinstance(result, int) else 0


def _wrong_usage(misuse: TyperException) -> int:
    message = misuse.format_message()
    if message.startswith("Usage: "):  # A noun without a verb: this is its help.
        typer.echo(message, err=True)
        return 2
    typer.echo(f"error: {message}", err=True)
    command = getattr(getattr(misuse, "ctx", None), "command_path", "shoal")
    typer.echo(f"  See: {command} --help", err=True)
    return 1 if command.endswith(TWO_MEANS_CHANGES) else 2


def _failed(error: ShoalError) -> int:
    for line in error_lines(error):
        typer.echo(line, err=True)
    return 1


def _reader_left() -> int:
    # `shoal job list | head` closed the pipe: that is no failure.
    _let_go_of_output()
    return 0


def _let_go_of_output() -> None:
    # Python writes what is left when it ends, and would complain.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


if __name__ == "__main__":
    main()
