"""`shoal live watch`: a task in the terminal as it moves."""

from __future__ import annotations

import os
import select
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from shoal.base.errors import Conflict, NotFound, ShoalError
from shoal.cli.connection import Where, serving
from shoal.cli.interruption import interruption
from shoal.cli.live_options import Task, found
from shoal.cli.live_view import headline
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import print_json, say

if TYPE_CHECKING:
    from shoal.client.live_task import LiveTask
    from shoal.client.live_updates import Update

FRAME = 0.1  # seconds between two pictures
LINE_EVERY = 10.0
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def register(noun: typer.Typer) -> None:
    """Add the command to its noun."""
    noun.command("watch")(watch)


@located
def watch(where: Where, task: Task, output: Output = Format.TABLE) -> None:
    """Draw a task as it moves: its points, clusters, events.

    As JSON: a line for each change.
    """
    with serving(where) as client, interruption():
        target = found(client, task)
        try:
            if output is Format.JSON:
                _json(target)
            elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
                _draw(target)
            else:
                _lines(target)
        except KeyboardInterrupt:
            pass
        except NotFound:
            say(f"Live task {target.id} is deleted.")


def _json(task: LiveTask) -> None:
    for update in task.watch():
        print_json({"task": update.task, "summary": update.summary, "event": update.event})
        sys.stdout.flush()


def _lines(task: LiveTask) -> None:
    """Print a line now and then, as a log has it."""
    said = -LINE_EVERY
    for update in task.watch():
        if time.monotonic() - said >= LINE_EVERY:
            said = time.monotonic()
            typer.echo(headline(update.task | {"summary": update.summary}))


class _Newest:
    """What came last, read in a thread of its own."""

    def __init__(self, task: LiveTask) -> None:
        self.task: dict[str, Any] = task.facts
        self.summary: dict[str, Any] | None = task.summary
        self.events: deque[dict[str, Any]] = deque(task.events(), maxlen=50)
        self.error: ShoalError | None = None
        self.over = False
        threading.Thread(target=self._read, args=(task,), name="watch", daemon=True).start()

    def _read(self, task: LiveTask) -> None:
        try:
            for update in task.watch():
                self._take(update)
        except ShoalError as error:
            self.error = error
        self.over = True

    def _take(self, update: Update) -> None:
        self.task = self.task | update.task
        self.summary = update.summary or self.summary
        if update.event is not None:
            self.events.append(update.event)


def _draw(task: LiveTask) -> None:
    from shoal.cli.live_points import Points
    from shoal.cli.live_screen import Screen
    from shoal.studies.telling.terminal import Look

    newest, points, screen = _Newest(task), Points(task), Screen(Look.of(sys.stdout))
    with _terminal():
        while not newest.over:
            height = shutil.get_terminal_size().lines - 1
            shown = screen.lines(newest.task, newest.summary, points.fetch(), newest.events, height)
            _paint(shown)
            key = _key(FRAME)
            if key == "q":
                return
            _pressed(key, screen, task, newest.task["state"])
    if newest.error is not None:
        raise newest.error
    say(f"Live task {task.id} is deleted.")


def _pressed(key: str, screen: Any, task: LiveTask, state: str) -> None:
    if key == "a":
        screen.turn()
    elif key == "?":
        screen.helping = not screen.helping
    elif key == "p":
        with suppress(Conflict):  # It changed in the same moment.
            task.pause() if state == "running" else task.play()


def _paint(lines: list[str]) -> None:
    sys.stdout.write(HOME + f"{CLEAR_LINE}\n".join(lines) + CLEAR_LINE + CLEAR_BELOW)
    sys.stdout.flush()


def _key(seconds: float) -> str:
    """Return the key that is pressed within some seconds, or nothing."""
    if not sys.stdin.isatty():
        time.sleep(seconds)
        return ""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore") if ready else ""


@contextmanager
def _terminal() -> Iterator[None]:
    """Take the whole screen, with keys as they are pressed; give both back."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    if before is not None:
        tty.setcbreak(sys.stdin)
    sys.stdout.write(ENTER)
    try:
        yield
    finally:
        sys.stdout.write(LEAVE)
        sys.stdout.flush()
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
