"""A module for the fork server to load: it marks that it was warmed, and where."""

from __future__ import annotations

import os

warmed_in: list[int] = []


def warm() -> None:
    """Mark the process."""
    warmed_in.append(os.getpid())
