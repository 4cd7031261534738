"""Which pages may make a browser act here: only our own.

Every browser says where a request that acts comes from, in `Origin` or `Sec-Fetch-Site` (or both);
programs like curl say neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from shoal.server.paths import local_path

READING = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": "80", "https": "443"}
# Answers whether a GET of this path acts, as some documented requests of older systems do.
ActingGet = Callable[[str], bool]


def acts(scope: Scope, acting_get: ActingGet) -> bool:
    """Say whether a request changes something or opens a socket, so that its origin matters."""
    if scope["type"] == "websocket":
        return True
    headers = Headers(scope=scope)
    if "upgrade" in headers.get("connection", "").lower() and "upgrade" in headers:
        return True
    return scope["method"] not in READING or acting_get(local_path(scope))


def is_foreign(headers: Headers, names: Sequence[str] = ()) -> bool:
    """Say whether a browser sent this for a page that is not ours; `names` are other names of this server."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origins = headers.getlist("origin")
    return any(not _is_own(origin, headers.get("host", ""), names) for origin in origins)


def _is_own(origin: str, host: str, names: Sequence[str]) -> bool:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in DEFAULT_PORTS or parts.hostname is None:
        return False
    default = DEFAULT_PORTS[parts.scheme]
    own = host.lower().removesuffix(f":{default}")
    written = parts.netloc.lower().removesuffix(f":{default}")
    return written == own or (port is None and parts.hostname in names)
