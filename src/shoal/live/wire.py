"""What the office (the server's side) and hosts say to each other over one Unix socket.

A frame is two lengths (u32, little-endian), a header (a JSON object) and a payload of raw bytes. The header's
`op` names the message. A request carries an `id`; its answer is `{"op": "answer", "id", "error"}` and a
payload, where `error` is null or `{"code", "message"}`.

The office says:

- `assign {task, folder, wish, run, state, dim, base, timeout_left, turn}`: follow this task. `folder` is the
  task's own (`log/`, `checkpoint/`, and `import.npz`, an export to begin with when there is no checkpoint);
  `state` is `initializing`, `ready`, `running`, `idle` or `finished` (only to be asked); `base` is the row at
  which this run's counting began; `dim` is null while no row has come. Said again for a task that the host
  has: take what is new.
- `unassign {task}` (a request): checkpoint, forget the task, answer.
- `rows {task, end}`: the log is durable up to row `end`.
- `init {task, run, base}`: begin anew (state `initializing`); said too by `assign` in that state. When it is
  done say `ended` with the state `ready`, or `finished` and an error. The office then says `play` if it was
  for that.
- `play {task, run, timeout, turn}`, `pause {task}`, `stop {task}`, `reconfigure {task, wish}`.
- Requests: `predict {task, n, dim, soft, space, lengths}` with float64 rows, answered by int32 labels and
  float64 distances (soft: n x k shares after the labels; the answer's header says `k`); `lengths` are those
  of series, whose vectors then come one after the other.
  `points {task, since, limit}`: float32 rows, int32 labels, header `{n, first, next, dim}`.
  `labels {task}`: int64 row numbers, int32 labels, header `{n}`. `export {task}`: NPZ.
  `history {task, since, limit, metrics}`: JSON as the payload. `checkpoint {task}`.

A host says:

- `hello {secret, job, pid, number}` first.
- `summary {...}`: a Summary as a dictionary. At most ten a second a task; at once when a run ends.
- `ended {task, run, state, error, turn}`: the run's goal is met (`ready`) or it failed (`finished`, with an
  error `{"code", "message"}`). `turn` is that of the last `play` or `assign`; what is older is ignored.
- `event {task, run, row, kind, detail, at, name}`: `name` is unique in a task, so a replay tells it once.
- `consumed {task, row}`, `checkpointed {task, row}`, `trouble {task, code, message}`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

SOCKET, KEY = "live.sock", "live.key"  # in the home's `run` folder
LARGEST_HEADER = 64 << 20
LARGEST_PAYLOAD = 2 << 30
_LENGTHS = struct.Struct("<II")


class Frame(NamedTuple):
    """One message: its header and its raw bytes."""

    header: dict[str, Any]
    payload: bytes = b""

    @property
    def op(self) -> str:
        """Return what it says."""
        return str(self.header.get("op", ""))


def packed(header: Mapping[str, Any], payload: bytes | memoryview = b"") -> bytes:
    """Return one frame.

    Raises:
        ValueError: it is larger than a frame may be.
    """
    head = orjson.dumps(header, option=orjson.OPT_SERIALIZE_NUMPY)
    if len(head) > LARGEST_HEADER or len(payload) > LARGEST_PAYLOAD:
        raise ValueError(f"a frame of {len(head)} + {len(payload)} bytes is too large")
    return b"".join((_LENGTHS.pack(len(head), len(payload)), head, payload))


class Unpacker:
    """Cut a stream, fed in pieces of any size, into its frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[Frame]:
        """Return the frames that are whole now.

        Raises:
            ValueError: the stream is not ours or is damaged.
        """
        rest = self._rest
        rest += piece
        frames: list[Frame] = []
        at = 0
        while len(rest) - at >= _LENGTHS.size:
            head, payload = _LENGTHS.unpack_from(rest, at)
            if head > LARGEST_HEADER or payload > LARGEST_PAYLOAD:
                raise ValueError("a frame of this size is not ours")
            start, end = at + _LENGTHS.size, at + _LENGTHS.size + head + payload
            if len(rest) < end:
                break
            frames.append(_frame(rest, start, start + head, end))
            at = end
        del rest[:at]
        return frames


def _frame(rest: bytearray, start: int, middle: int, end: int) -> Frame:
    header = orjson.loads(rest[start:middle])
    if not isinstance(header, dict):
        raise ValueError("a header is a JSON object")
    return Frame(header, bytes(memoryview(rest)[middle:end]))
