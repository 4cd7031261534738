"""How a machine that is a process is told to run a script: frames over a Unix socket in its folder.

The caller sends a JSON line `{"size": bytes}` and the script; the machine answers frames, a byte for the
kind and four for the length: `o` for output, then one `e` whose content is the exit code. A caller that
hangs up has the script killed.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEAD = struct.Struct(">cI")
OUTPUT, END = b"o", b"e"
NAME = "control"


def frame(kind: bytes, content: bytes) -> bytes:
    """Return a piece of an answer."""
    return HEAD.pack(kind, len(content)) + content


@contextmanager
def short_path(folder: Path) -> Iterator[str]:
    """Give a path of the socket in a folder that is short enough for the kernel, however deep the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


def listen(folder: Path) -> socket.socket:
    """Listen in a folder; what an earlier life left there goes."""
    (folder / NAME).unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(folder) as path:
        server.bind(path)
    (folder / NAME).chmod(0o600)
    server.listen(64)
    return server


def connect(folder: Path, timeout: float) -> socket.socket:
    """Connect to the machine of a folder; raises OSError when nobody listens."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout)
    try:
        with short_path(folder) as path:
            client.connect(path)
    except OSError:
        client.close()
        raise
    return client
