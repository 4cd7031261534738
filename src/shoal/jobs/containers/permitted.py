"""What a container may be given of its machine: what the admin's settings list, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.base.errors import Forbidden, InvalidInput
from shoal.base.settings import Containers

OWN_NETWORKS = frozenset({"", "default", "bridge", "none"})
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}")
IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_./:@-]{0,254}")
PULLS = ("missing", "always", "never")


def check(wanted: Mapping[str, Any], allowed: Containers) -> dict[str, Any]:
    """Return the part of a request that is about its container, as a runner reads it.

    `wanted` has any of image, container_name, pull, network, user, mounts ("PATH:PLACE" or
    "PATH:PLACE:ro") and devices ("PATH" or "PATH:PLACE").

    Raises:
        InvalidInput: the image, the name or something else cannot be one.
        Forbidden: what is asked for is on no list of the settings.
    """
    return {
        "image": _text(wanted, "image", IMAGE),
        "container_name": _text(wanted, "container_name", NAME) if wanted.get("container_name") else "",
        "pull": _pull(wanted.get("pull") or allowed.pull),
        "network": _listed("network", wanted.get("network") or "", {*OWN_NETWORKS, *allowed.networks}),
        "user": _listed("user", wanted.get("user") or "", {"", *allowed.users}),
        "mounts": [_mount(each, allowed.mounts) for each in wanted.get("mounts") or ()],
        "devices": [_device(each, allowed.devices) for each in wanted.get("devices") or ()],
    }


def _text(wanted: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    text = wanted.get(name) or ""
    if not (isinstance(text, str) and shape.fullmatch(text)):
        raise InvalidInput(
            f"{name} is {text!r:.200}; that cannot be one." if text else f"{name} is missing.",
            hint="Like ubuntu or registry.example.org/team/tool:1.4." if name == "image" else "Like sweep-4.",
            errors={name: "This cannot be used."},
        )
    return text


def _pull(policy: str) -> str:
    if policy not in PULLS:
        raise InvalidInput(f"pull is {policy!r:.200}; it can be {', '.join(PULLS)}.", errors={"pull": "?"})
    return policy


def _listed(what: str, wanted: str, listed: set[str]) -> str:
    if wanted not in listed:
        raise _forbidden(what, wanted)
    return wanted


def _mount(wanted: Any, allowed: Sequence[str]) -> str:
    source, place, mode = _parts("mounts", wanted, 3)
    if mode not in ("", "rw", "ro") or not place.startswith("/"):
        raise InvalidInput(f"{wanted!r:.200} is no mount.", hint="Write PATH:PLACE or PATH:PLACE:ro.")
    real = os.path.realpath(source)
    for entry in allowed:
        folder, _, only = entry.partition(":")
        if is_below(real, os.path.realpath(folder)) and (mode == "ro" or only != "ro"):
            return f"{real}:{place}:{mode or 'rw'}"
    raise _forbidden("mount", wanted)


def _device(wanted: Any, allowed: Sequence[str]) -> str:
    source, place, _ = _parts("devices", wanted, 2)
    real = os.path.normpath(source)
    if not any(is_below(real, os.path.normpath(entry)) for entry in allowed):
        raise _forbidden("device", wanted)
    return f"{real}:{place or real}"


def _parts(name: str, text: Any, most: int) -> tuple[str, str, str]:
    parts = text.split(":") if isinstance(text, str) else []
    if not 1 <= len(parts) <= most or not parts[0].startswith("/") or "\0" in text:
        raise InvalidInput(f"{text!r:.200} in {name} is no absolute path.", errors={name: "No such path."})
    source, place, mode = [*parts, "", ""][:3]
    return source, place, mode


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is a folder or in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _forbidden(what: str, wanted: str) -> Forbidden:
    return Forbidden(
        f"Containers may not be given the {what} {wanted!r:.200}.",
        hint=f"Who runs this server can allow it: the setting containers.{what}s.",
        code="not_permitted",
    )
