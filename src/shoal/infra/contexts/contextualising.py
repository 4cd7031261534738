"""Making of an implementation and an instance's facts what its machine is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoal.infra.contexts.cloud_config import parts, user_text
from shoal.infra.contexts.container import env_and_command
from shoal.infra.contexts.managers import template_part
from shoal.infra.contexts.program import compiled, failures_of, program
from shoal.infra.contexts.user_data import READERS, user_data
from shoal.infra.faults import refuse
from shoal.infra.model import Implementation
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.renderer import Renderer, Saw, merge

_TEMPLATE = "contextualisation/context_template"


@dataclass(frozen=True, slots=True)
class Contextualised:
    """An implementation with all templates filled in.

    `user_data` is for machines that read it themselves, `script` for the others; `env` and `command` are
    those of the contextualisation `docker`, None for any other. `saw` are the instances of other nodes that
    the templates used. The health check is not among these: its templates may use the machine's address, see
    `health_of`.
    """

    resource: Mapping[str, Any]
    user_data: bytes = b""
    script: str = ""
    env: Sequence[str] | None = None
    command: Sequence[str] | None = None
    config_management: Mapping[str, Any] | None = None
    drain: str = ""
    publish: tuple[str, ...] = ()
    saw: Saw = field(default_factory=dict)


def contextualised(implementation: Implementation, facts: Facts, renderer: Renderer) -> Contextualised:
    """Return what the machine of an instance is made of.

    Raises:
        BadTemplate: a template cannot be filled in.
        BadDescription: what it comes to cannot be used: a module is not known, or it is too long.
    """
    saw: Saw = {}

    def filled(value: Any, section: str, known: Facts, *, values: bool = False) -> Any:
        found = renderer.rendered(value, known, section, values=values)
        merge(saw, found.saw)
        return found.value

    resource = filled(implementation.resource, "resource", facts, values=True)
    facts = facts.knowing(resource=resource)
    context = dict(implementation.contextualisation)
    manager = implementation.config_management
    if manager is not None:
        manager = {**manager, **filled(template_part(manager), "config_management", facts, values=True)}
    common = {
        "resource": resource,
        "config_management": manager,
        "drain": filled(implementation.drain, "drain", facts),
        "publish": tuple(filled(list(implementation.publish), "publish", facts)),
        "saw": saw,
    }
    match context.get("type", "basic"):
        case "cloudinit":
            template = filled(context["context_template"], _TEMPLATE, facts)
            return Contextualised(**common, **_cloudinit(template, facts, str(resource.get("type"))))
        case "docker":
            first = filled(
                context.get("context_variables") or {}, "contextualisation/context_variables", facts
            )
            section = {"env": context.get("env"), "command": context.get("command")}
            made = filled(section, "contextualisation", facts.knowing(context_variables=first, **first))
            env, command = env_and_command(made)
            return Contextualised(**common, env=env, command=command)
    return Contextualised(**common)


def _cloudinit(template: Any, facts: Facts, provider: str) -> dict[str, Any]:
    """Return user data for a cloud, whose images read them, and a program for anything else."""
    if provider in READERS:
        return {"user_data": user_data(user_text(template), provider)}
    config, scripts = parts(template)
    instance = str(facts.constants["node_id"])
    sheet = compiled(config, scripts, instance)
    refuse([fault._replace(pointer=f"{_TEMPLATE}{fault.pointer}") for fault in sheet.faults])
    script = program(sheet.steps, instance, failures_of(config))
    return {"user_data": user_text(template).encode(), "script": script}
