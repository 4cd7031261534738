"""What the house tells its workers of deliveries: where the key is, and which private addresses are open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shoal.jobs.webhooks import signing
from shoal.jobs.webhooks.addresses import Policy

TERMS = "webhooks"


def told(home: Path, policy: Policy) -> dict[str, Any]:
    """Return what workers have to be told to make deliveries."""
    return {TERMS: {"key": str(home / signing.FILE), "private": policy.private, "hosts": list(policy.hosts)}}
