"""What goes wrong in a simulated cloud, when it is told to.

A fault is a mapping, in a resource's `faults` or in the cloud's control file (`simulated-faults.json`):
`call` (create, drop, machines), `what`, and, where wanted, `nth` (the first call that it strikes, 1), `times`
(how many it strikes from there on, 1; 0: all) and `node` (only machines of this node).

| call | what | then |
|---|---|---|
| create, drop, machines | before | it does not answer, and nothing was done |
| create, drop, machines | throttled | it wants fewer requests, and nothing was done |
| create, drop | after | it does not answer, but it was done |
| drop | ignored | it agrees, and nothing was done |
| create | no_capacity, refused, unreachable | it says so |
| create | stuck | the machine never leaves pending |
| create | dies, vanishes, ill, stops | the machine does so `after` seconds (0) after it was ready |
| create | late | the machine is shown only `after` seconds after it was made |
| machines | empty | the answer holds nothing |
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.errors import NoCapacity, Refused, Throttled, Unreachable

CONTROL = "simulated-faults.json"
Fault = Mapping[str, Any]


def controlled(folder: Path) -> Sequence[Fault]:
    """Return the faults of the control file."""
    try:
        return list(json.loads((folder / CONTROL).read_bytes()))
    except FileNotFoundError:
        return []


def registered(connection: sqlite3.Connection) -> Sequence[Fault]:
    """Return the faults that resources have brought with them."""
    return [json.loads(text) for (text,) in connection.execute("SELECT fault FROM faults")]


def register(connection: sqlite3.Connection, faults: Any) -> None:
    """Keep the faults of a resource; those that are known keep their count."""
    for fault in faults if isinstance(faults, list | tuple) else [faults] if faults else []:
        connection.execute("INSERT OR IGNORE INTO faults VALUES (?)", (_text(fault),))


def struck(
    connection: sqlite3.Connection, faults: Sequence[Fault], call: str, node: str | None
) -> dict[str, float]:
    """Count a call, and return what goes wrong in it, each with its number of seconds (`after`)."""
    found: dict[str, float] = {}
    for fault in faults:
        if fault.get("call") == call and fault.get("node") in (None, node) and _strikes(connection, fault):
            found[str(fault.get("what"))] = float(fault.get("after") or 0.0)
    return found


def error_of(what: Mapping[str, float], call: str) -> ShoalError | None:
    """Return the error that a call ends with."""
    if "no_capacity" in what:
        return NoCapacity("The simulated cloud has no room now.")
    if "refused" in what:
        return Refused("The simulated cloud refuses the order.")
    if "unreachable" in what:
        return Unreachable("The simulated cloud is not there.")
    if "throttled" in what:
        return Throttled("The simulated cloud wants fewer requests.")
    return (
        Unavailable(f"The simulated cloud did not answer ({call}).")
        if {"before", "after"} & {*what}
        else None
    )


def _strikes(connection: sqlite3.Connection, fault: Fault) -> bool:
    key = sha256(_text(fault).encode()).hexdigest()
    count = "INSERT INTO counts VALUES (?, 1) ON CONFLICT (fault) DO UPDATE SET n = n + 1 RETURNING n"
    ((n,),) = connection.execute(count, (key,)).fetchall()
    first, times = int(fault.get("nth") or 1), int(fault.get("times", 1))
    return bool(n >= first and (times == 0 or n < first + times))


def _text(fault: Fault) -> str:
    return json.dumps(fault, sort_keys=True)
