"""What a worker and its launcher say to each other: JSON in frames, with descriptors beside some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.workers import wire

MOST_DESCRIPTORS = 8


def packed(message: Mapping[str, Any]) -> bytes:
    """Return a message as a frame."""
    return wire.packed(json.dumps(message).encode())


def unpacked(frame: bytes) -> dict[str, Any]:
    """Return the message of a frame.

    Raises:
        ValueError: it is none.
    """
    message = json.loads(frame)
    if not isinstance(message, dict):
        raise ValueError("not a message between worker and launcher")
    return message


def start(id_: int, program: Program, descriptors: int, *, host: bool = False) -> bytes:
    """Return the order to start a program with that many descriptors; a host lives on between attempts."""
    about = {"id": id_, "n": descriptors, "host": host}
    return packed({"do": "start", "program": asdict(program)} | about)


def program_of(order: Mapping[str, Any]) -> Program:
    """Return the program that an order names."""
    given = order["program"]
    return Program(**(given | {"limits": Limits(**given["limits"])}))
