"""What a cloud-config may say, and what is not done for those that say more."""

from __future__ import annotations

FAILURES = ("stop", "continue")
