"""Which socket of this machine is at the other end of a TCP connection, and whose it is (Linux).

The kernel is asked for exactly one socket (netlink, sock_diag(7)): that takes microseconds however many
connections there are. Where netlink is not to be had, /proc/net/tcp is read. A socket that its owner has
already closed is listed with user 0 and inode 0, and so is one in TIME_WAIT: inode 0 therefore means
"nobody", never root.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import sys
from pathlib import Path
from typing import NamedTuple

Address = tuple[str, int]

_SOCK_DIAG_BY_FAMILY = 20
_NETLINK_SOCK_DIAG = 4
_NLMSG_ERROR = 2
_NO_COOKIE = struct.pack("=II", 0xFFFFFFFF, 0xFFFFFFFF)
_NLMSGHDR = struct.Struct("=IHHII")
# inet_diag_msg: family, state, timer, retransmits, then inet_diag_sockid (48 bytes), then five numbers.
_NUMBERS = struct.Struct("=IIIII")
_NUMBERS_AT = _NLMSGHDR.size + 4 + 48
AVAILABLE = sys.platform == "linux"


class Peer(NamedTuple):
    """A living socket: the user id that owns it, and its inode, by which processes hold it."""

    uid: int
    inode: int


def peer_socket(peer: Address, server: Address) -> Peer | None:
    """Return the peer's socket, or None when no living socket of this machine is there."""
    try:
        return _ask_kernel(peer, server)
    except OSError:
        return read_proc(peer, server)


def is_of_this_machine(host: str) -> bool:
    """Say whether an address is one of this machine's own: only to those can a socket be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def _ask_kernel(peer: Address, server: Address) -> Peer | None:
    # A client that dialled [::ffff:127.0.0.1] has an IPv6 socket, though the server's end is IPv4.
    for mapped in (False, True):
        if (found := _ask_for(peer, server, mapped)) is not None:
            return found
    return None


def _ask_for(peer: Address, server: Address, mapped: bool) -> Peer | None:
    family, source, target = _packed(peer[0], server[0], mapped)
    ports = struct.pack("!HH", peer[1], server[1])
    identity = ports + source.ljust(16, b"\0") + target.ljust(16, b"\0") + bytes(4) + _NO_COOKIE
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + identity
    header = _NLMSGHDR.pack(_NLMSGHDR.size + len(request), _SOCK_DIAG_BY_FAMILY, 1, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.sendto(header + request, (0, 0))
        return _peer_in(kernel.recv(8192))


def _peer_in(answer: bytes) -> Peer | None:
    _, kind, *_ = _NLMSGHDR.unpack_from(answer)
    if kind == _NLMSG_ERROR:
        code = -struct.unpack_from("=i", answer, _NLMSGHDR.size)[0]
        if code == errno.ENOENT:
            return None
        raise OSError(code, "sock_diag")
    *_, uid, inode = _NUMBERS.unpack_from(answer, _NUMBERS_AT)
    return Peer(int(uid), int(inode)) if inode else None


def _packed(peer: str, server: str, mapped: bool) -> tuple[int, bytes, bytes]:
    ends = [ipaddress.ip_address(host) for host in (peer, server)]
    if ends[0].version == 6:
        return socket.AF_INET6, ends[0].packed, ends[1].packed
    prefix = bytes(10) + b"\xff\xff" if mapped else b""
    return (socket.AF_INET6 if mapped else socket.AF_INET), prefix + ends[0].packed, prefix + ends[1].packed


def read_proc(peer: Address, server: Address) -> Peer | None:
    """Return what `peer_socket` does, from /proc alone: slower, for it lists every connection."""
    wanted = {_proc_ends(peer, server, mapped) for mapped in (False, True)}
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if (fields[1], fields[2]) in wanted and fields[9] != "0":
                return Peer(int(fields[7]), int(fields[9]))
    return None


def _proc_ends(peer: Address, server: Address, mapped: bool) -> tuple[str, str]:
    _, source, target = _packed(peer[0], server[0], mapped)
    return f"{_proc_hex(source)}:{peer[1]:04X}", f"{_proc_hex(target)}:{server[1]:04X}"


def _proc_hex(packed: bytes) -> str:
    # The kernel prints addresses as 32-bit words in the machine's own byte order.
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
