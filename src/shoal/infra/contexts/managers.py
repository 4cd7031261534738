"""Which parts of a `config_management` section are templates of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OTHERS_TEMPLATES = {"ansible": ("playbook", "files")}


def template_part(section: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is filled in here: Ansible has templates of its own, which are left alone."""
    given = section or {}
    left = _OTHERS_TEMPLATES.get(str(given.get("type")), ())
    return {key: value for key, value in given.items() if key not in left}
