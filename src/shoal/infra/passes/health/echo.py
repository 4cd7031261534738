"""Whether a host answers: an echo request of our own, else the program `ping`, else whether a port does."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from contextlib import suppress
from functools import cache
from time import monotonic

_REQUEST, _REPLY = 8, 0  # types of ICMP messages
_REFUSES = (ConnectionRefusedError, ConnectionResetError)
_ANY_PORT = 22


def answers(address: str, seconds: float = 1.0, tries: int = 3) -> bool:
    """Say whether a host answers an echo request within some seconds, in so many tries at most."""
    return any(_answers(address, seconds) for _ in range(tries))


def _answers(address: str, seconds: float) -> bool:
    try:
        family, *_, target = socket.getaddrinfo(address, None, type=socket.SOCK_DGRAM)[0]
    except (OSError, ValueError):  # ValueError: it is no address.
        return False
    if family is socket.AF_INET and (kind := _kind()) is not None:
        with suppress(OSError):
            return _echoed(str(target[0]), kind, seconds)
        return False
    if shutil.which("ping"):
        command = ["ping", "-c", "1", "-W", str(max(1, round(seconds))), "-n", "--", str(target[0])]
        return subprocess.run(command, capture_output=True, timeout=seconds + 5).returncode == 0
    return _touched(str(target[0]), seconds)


@cache
def _kind() -> socket.SocketKind | None:
    """Return the kind of socket with which this process may send echo requests, None when it may not."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return kind
    return None


def _echoed(address: str, kind: socket.SocketKind, seconds: float) -> bool:
    payload, end = os.urandom(16), monotonic() + seconds
    with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP) as echo:
        echo.connect((address, 0))
        echo.send(_message(payload))
        while (left := end - monotonic()) > 0:
            echo.settimeout(left)
            try:
                packet = echo.recv(2048)
            except TimeoutError:
                return False
            # A raw socket hears all replies, with their IP headers; ours ends with what only we know.
            header = (packet[0] & 15) * 4 if kind is socket.SOCK_RAW else 0
            if packet[header] == _REPLY and packet.endswith(payload):
                return True
    return False


def _message(payload: bytes) -> bytes:
    head = struct.pack("!BBHHH", _REQUEST, 0, 0, os.getpid() & 0xFFFF, 1)
    return head[:2] + struct.pack("!H", _checksum(head + payload)) + head[4:] + payload


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _touched(address: str, seconds: float) -> bool:
    try:
        socket.create_connection((address, _ANY_PORT), seconds).close()
    except _REFUSES:
        return True
    except OSError:
        return False
    return True
