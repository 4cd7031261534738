"""User data within the limits of clouds."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from types import MappingProxyType

from shoal.infra.faults import Fault, refuse

# Bytes before base64: what the documentation of each provider says.
LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "ec2": 16384,
        "nova": 65535 * 3 // 4,
        "azure_vm": 65535 * 3 // 4,
        "cloudsigma": 32768 * 3 // 4,
        "cloudbroker": 65535 * 3 // 4,
    }
)
# Providers whose machines read their user data themselves.
READERS = frozenset({*LIMITS, "simulated"})


def user_data(text: str, provider: str) -> bytes:
    """Return a text's bytes, compressed when a provider takes no more: cloud-init sees that by itself.

    Raises:
        BadDescription: it is too long even so.
    """
    content = text.encode()
    limit = LIMITS.get(provider)
    if limit is None or len(content) <= limit:
        return content
    packed = gzip.compress(content, 9, mtime=0)
    if len(packed) > limit:
        message = (
            f"The user data are {len(content)} bytes, {len(packed)} compressed; {provider} takes {limit}."
        )
        advice = "Let the machine fetch what is large (in `runcmd`), or put it into its image."
        refuse([Fault(message, advice, "contextualisation/context_template")])
    return packed
