"""The document that creates a container: closed by default, bounded, and labelled as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOG = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}}
JOB, ATTEMPT = "shoal.job", "shoal.attempt"
HOME, PROCESS = "shoal.home", "shoal.process"
BILLION = 1_000_000_000  # NanoCpus of one core


def document(spec: Mapping[str, Any], labels: Mapping[str, str], processes: int) -> dict[str, Any]:
    """Return the body of a create request for the spec of a job.

    Its log at the engine is capped; no privilege can be gained; PID 1 is the engine's init, which reaps
    and passes signals on.
    """
    return {
        "Image": spec["image"],
        "Cmd": list(spec.get("cmd") or ()) or None,
        "Env": [f"{name}={value}" for name, value in (spec.get("env") or {}).items()],
        "User": spec.get("user") or "",
        "Labels": dict(labels),
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": _host(spec, processes),
    }


def _host(spec: Mapping[str, Any], processes: int) -> dict[str, Any]:
    limits = spec.get("limits") or {}
    host: dict[str, Any] = {
        "Init": True,
        "LogConfig": LOG,
        "NetworkMode": spec.get("network") or "default",
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": processes,
        "Mounts": [_mount(each) for each in spec.get("mounts") or ()],
        "Devices": [_device(each) for each in spec.get("devices") or ()],
    }
    if memory := limits.get("memory"):
        host |= {"Memory": memory, "MemorySwap": memory}
    if cores := limits.get("cores"):
        host["NanoCpus"] = int(cores * BILLION)
    if seconds := limits.get("cpu_seconds"):
        host["Ulimits"] = [{"Name": "cpu", "Soft": int(seconds), "Hard": int(seconds) + 1}]
    return host


def _mount(mapping: str) -> dict[str, Any]:
    source, place, mode = mapping.split(":")
    # Not among "Binds": there a folder that is not there would be made.
    return {"Type": "bind", "Source": source, "Target": place, "ReadOnly": mode == "ro"}


def _device(mapping: str) -> dict[str, str]:
    source, _, place = mapping.partition(":")
    return {"PathOnHost": source, "PathInContainer": place or source, "CgroupPermissions": "rwm"}
