"""Health checks with their templates filled in."""

from __future__ import annotations

from dataclasses import replace

from shoal.infra.model import Database, Health
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.renderer import Renderer


def health_of(health: Health, facts: Facts, renderer: Renderer) -> Health:
    """Return what is checked of a machine; `ip` in its addresses is known once `facts.own` has addresses.

    Raises:
        BadTemplate: a template cannot be filled in.
    """
    databases = [(each.name, each.user, each.password) for each in health.mysqldbs]
    filled = renderer.render({"urls": list(health.urls), "mysqldbs": databases}, facts, "health_check")
    return replace(
        health, urls=tuple(filled["urls"]), mysqldbs=tuple(Database(*each) for each in filled["mysqldbs"])
    )
