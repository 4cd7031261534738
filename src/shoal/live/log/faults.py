"""The moments at which a log becomes durable."""

from __future__ import annotations

from shoal.base.faults import fault_point

ROWS = fault_point("live.rows", "Pushed rows are on the disk.")
KEYS = fault_point("live.keys", "The keys of senders in a log's full files are kept beside them.")
