"""Infrastructures as plain JSON: one form in rows, in jobs and in answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from shoal.infra.model import (
    Database,
    Description,
    Edge,
    Health,
    Implementation,
    Infrastructure,
    Instance,
    Node,
    Policy,
)
from shoal.infra.states import Phase, State


def plain(value: Any) -> Any:
    """Return a value of the model, or of a plan, as JSON values: mappings by the names of its fields."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(below) for name, below in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(below) for below in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value.value if isinstance(value, Enum) else value


def description_of(given: Mapping[str, Any]) -> Description:
    """Return the description that a plain form stands for."""
    definitions = given.get("definitions", {}).items()
    return Description(
        given["name"],
        given["user_id"],
        tuple(Node(**node) for node in given["nodes"]),
        tuple(Edge(**{**edge, "mappings": tuple(edge["mappings"])}) for edge in given["edges"]),
        {kind: tuple(implementation_of(one) for one in several) for kind, several in definitions},
        Policy(**given.get("policy", {})),
    )


def implementation_of(given: Mapping[str, Any]) -> Implementation:
    """Return the implementation that a plain form stands for."""
    health = {**given["health"]}
    for name in ("ports", "urls"):
        health[name] = tuple(health[name])
    health["mysqldbs"] = tuple(Database(**one) for one in health["mysqldbs"])
    return Implementation(**{**given, "health": Health(**health), "publish": tuple(given["publish"])})


def instance_of(given: Mapping[str, Any]) -> Instance:
    """Return the instance that a plain form stands for."""
    return Instance(**{**given, "state": State(given["state"]), "addresses": tuple(given["addresses"])})


def infrastructure_of(given: Mapping[str, Any]) -> Infrastructure:
    """Return the infrastructure that a plain form stands for."""
    return Infrastructure(**{**given, "phase": Phase(given["phase"]), "condemned": tuple(given["condemned"])})
