"""What of the file system a program needs to run at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
# Not all of /etc: it holds the keys and passwords of the machine, too.
_ETC = (
    *("alternatives", "ca-certificates", "crypto-policies", "fonts", "gai.conf", "group", "host.conf"),
    *("hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf", "localtime"),
    *("magic", "mime.types", "networks", "nsswitch.conf", "os-release", "passwd", "pki", "profile"),
    *("protocols", "python3", "R", "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone"),
)
KERNEL = ("/proc", "/sys")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")


def readable(more: Iterable[str], hidden: Iterable[str]) -> list[str]:
    """Return the paths to read and execute from: the system's, Python's and more.

    A path that holds a hidden one, or lies in it, is left out.
    """
    found = dict.fromkeys([*_SYSTEM, *(f"/etc/{name}" for name in _ETC), *_python(), *more])
    secret = [Path(path).resolve() for path in hidden]
    return [path for path in found if os.path.exists(path) and not _touches(Path(path).resolve(), secret)]  # noqa: PTH110


def _python() -> list[str]:
    return [sys.prefix, sys.exec_prefix, sys.base_prefix, *(path for path in sys.path if os.path.isabs(path))]  # noqa: PTH117


def _touches(path: Path, secret: list[Path]) -> bool:
    return any(each.is_relative_to(path) or path.is_relative_to(each) for each in secret)
