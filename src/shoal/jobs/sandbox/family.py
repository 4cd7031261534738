"""Who descends from a process, by what the kernel tells below /proc."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """Return the children of a process, none when it is gone."""
    try:
        lists = [(task / "children").read_bytes() for task in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:
        return [] if _HAS_LISTS else _searched(pid)
    except (ProcessLookupError, PermissionError):
        return []
    return [int(word) for words in lists for word in words.split()]


def descendants(pid: int) -> Iterator[int]:
    """Yield the descendants of a process, parents first."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def memory(pids: Iterable[int]) -> int:
    """Return the bytes of memory that processes have for themselves.

    What children share with the parent that they were forked from counts once for each: an upper bound.
    """
    total = 0
    for pid in pids:
        with suppress(OSError):
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
            total += int(resident) - int(shared)
    return total * _PAGE


def shared_out(pids: Iterable[int]) -> int:
    """Return the bytes of memory of processes, with what is shared divided by those that share it (slow)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
            total += sum(
                int(line.split()[1]) for line in lines if line.startswith((b"Pss_Anon:", b"Pss_Shmem:"))
            )
    return total * 1024


def signal_all(pids: Iterable[int], number: signal.Signals) -> int:
    """Send a signal to each process and return how many there were."""
    sent = 0
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            sent += 1
    return sent


def _searched(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        with suppress(OSError):
            _, _, after = (path / "stat").read_bytes().rpartition(b") ")
            if path.name.isdigit() and int(after.split()[1]) == parent:
                found.append(int(path.name))
    return found


_HAS_LISTS = Path(f"/proc/self/task/{os.getpid()}/children").exists()
