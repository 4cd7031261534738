"""What a proxy says about where a request came from."""

from __future__ import annotations

from starlette.datastructures import Headers

from shoal.base.errors import Unauthenticated
from shoal.server.listener import is_loopback

FORWARDED = ("x-forwarded-for", "x-real-ip", "forwarded")


def check_forwarded(headers: Headers) -> None:
    """Pass what no proxy passed on from another machine; raises Unauthenticated."""
    if any(names_outsider(headers.get(name)) for name in FORWARDED):
        raise Unauthenticated(
            "A proxy passed this on from another machine.",
            hint="Let the proxy send the server token: Authorization: Bearer TOKEN.",
        )


def names_outsider(forwarded: str | None) -> bool:
    """Say whether a proxy's header names a hop that is not this machine."""
    hops = (forwarded or "").lower().split(",")
    return any(not is_loopback(_hop(hop.strip())) for hop in hops if hop.strip())


def _hop(written: str) -> str:
    pairs = (part.strip().partition("=") for part in written.split(";"))
    node = next((value for name, _, value in pairs if name == "for"), written).strip('"')
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node
