"""A module that a fork server takes a minute to load."""

from __future__ import annotations

import threading

threading.Event().wait(60)
