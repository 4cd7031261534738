"""From a description to a picture, by a process of its own.

vl-convert holds a whole JavaScript engine: in a child it takes memory only while figures are drawn, starts
while the worker still loads Altair, and can be ended when it takes too long.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Any, Self

import orjson

from shoal.base.errors import Unavailable

PATIENCE = 60.0  # seconds for one picture
# A page asks for several pictures one after the other: the next one finds the engine warm.
REST = 10.0
_HEAD = struct.Struct("<?Q")


class Renderer:
    """Draw Vega-Lite descriptions; use it as a context manager. It starts at once, in the background."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._child = subprocess.Popen(
            [sys.executable, "-m", "shoal.studies.figures.engraver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def is_alive(self) -> bool:
        """Say whether the child still runs."""
        return self._child.poll() is None

    def draw(self, spec: dict[str, Any], form: str, scale: float = 1.0) -> bytes:
        """Return a description with its data as svg, png or pdf.

        Raises:
            Unavailable: it cannot be drawn, or not in time.
        """
        wish = orjson.dumps({"spec": orjson.dumps(spec).decode(), "format": form, "scale": scale})
        timer = Timer(self._patience, self._child.kill)
        timer.start()
        try:
            worked, content = self._ask(wish)
        except (OSError, ValueError, struct.error):  # A closed pipe is a ValueError.
            raise Unavailable("The figure could not be drawn: its program ended.") from None
        finally:
            timer.cancel()
        if not worked:
            raise Unavailable(f"The figure could not be drawn: {content.decode(errors='replace')[:300]}")
        return content

    def _ask(self, wish: bytes) -> tuple[bool, bytes]:
        inward, outward = self._child.stdin, self._child.stdout
        if inward is None or outward is None:
            raise OSError("closed")
        inward.write(struct.pack("<Q", len(wish)) + wish)
        inward.flush()
        worked, size = _HEAD.unpack(outward.read(_HEAD.size))
        content = outward.read(size)
        if len(content) < size:
            raise OSError("ended")
        return worked, content

    def close(self) -> None:
        """End the child."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._child.kill()
        self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Shelf:
    """Keep a renderer between jobs for a while, and end it when nobody came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Renderer | None = None
        self._timer: Timer | None = None

    def take(self) -> Renderer:
        with self._lock:
            kept, self._kept = self._kept, None
            if self._timer is not None:
                self._timer.cancel()
        if kept is not None and kept.is_alive:
            return kept
        if kept is not None:
            kept.close()
        return Renderer()

    def put_back(self, renderer: Renderer) -> None:
        with self._lock:
            former, self._kept = self._kept, renderer
            self._timer = Timer(REST, self._tidy, [renderer])
            self._timer.daemon = True
            self._timer.start()
        if former is not None:
            former.close()

    def _tidy(self, renderer: Renderer) -> None:
        with self._lock:
            mine = self._kept is renderer
            if mine:
                self._kept = None
        if mine:
            renderer.close()


_shelf = _Shelf()


@contextmanager
def lent() -> Iterator[Renderer]:
    """Lend a renderer that may be warm from the job before; one that failed is not lent again."""
    renderer = _shelf.take()
    try:
        yield renderer
    except BaseException:
        renderer.close()
        raise
    _shelf.put_back(renderer)
