"""Requests as documents of older systems write them: by curl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def curl(*arguments: str, folder: Path | None = None) -> Answer:
    """Run `curl` with these arguments and return the last answer that it got."""
    line = [
        "curl",
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--max-time",
        "120",
        "--include",
        *arguments,
    ]
    done = subprocess.run(line, cwd=folder, capture_output=True, check=True, timeout=150)
    rest = done.stdout
    while True:
        head, _, rest = rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        status = int(first.split()[1])
        # What was followed comes before what it led to.
        if not rest.startswith(b"HTTP/1.1 ") and status != 100:
            pairs = (line.partition(":") for line in lines)
            return Answer(status, {name.lower(): value.strip() for name, _, value in pairs}, rest)
