"""The moments at which something about a live task becomes durable."""

from __future__ import annotations

from shoal.base.faults import fault_point

CREATE = fault_point("live.create", "A live task's row is there; its folder is too.")
ACT = fault_point("live.act", "A live task is in another state, or has another wish.")
ENDED = fault_point("live.ended", "What a host said of a run's end is recorded.")
COUNT = fault_point("live.count", "How many rows live tasks have is noted; their logs know it better.")
EVENT = fault_point("live.event", "What happened in live tasks is recorded.")
DELETE = fault_point("live.delete", "A live task's row is gone; its folder may still be there.")
