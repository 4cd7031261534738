"""What runs when all parts of a job have ended: their results become the whole's. Imported by workers."""

from __future__ import annotations

from typing import Any

from shoal.jobs.workers.context import Context, Failed


def run(spec: dict[str, Any], context: Context) -> Any:
    """Return the last step's result, or how the elements of an array ended.

    Raises:
        Failed: elements of the array did not succeed.
    """
    if "elements" not in spec:
        return spec.get("result")
    total, failed = spec["elements"], spec.get("failed", 0)
    result = {"elements": total, "succeeded": total - failed, "failed": failed}
    if failed:
        message = f"{failed} of {total} jobs of the array did not succeed."
        raise Failed({"kind": "array", "message": message, **result}, result)
    return result
