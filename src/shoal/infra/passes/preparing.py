"""What an instance is made of: its implementation with the templates filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shoal.infra.contexts.contextualising import Contextualised, contextualised
from shoal.infra.contexts.health import health_of
from shoal.infra.model import Description, Health, Implementation, Instance
from shoal.infra.templating.facts import Facts, facts_for
from shoal.infra.templating.renderer import Renderer


class Preparer(Protocol):
    """Fill in templates for an instance; threads share it. Raises ShoalError when one is wrong."""

    def made_of(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Contextualised:
        """Return what a machine is made of."""

    def health(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Health:
        """Return what is checked of a machine."""

    def facts(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Facts:
        """Return what templates may use."""


class Templates:
    """Fill in templates by a renderer."""

    def __init__(self, infra: str, renderer: Renderer) -> None:
        self._infra = infra
        self._renderer = renderer

    def made_of(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Contextualised:
        """Return what a machine is made of; raises BadTemplate, BadDescription."""
        return contextualised(made, self.facts(description, made, instance, all_), self._renderer)

    def health(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Health:
        """Return what is checked of a machine; raises BadTemplate."""
        if not (made.health.urls or made.health.mysqldbs):
            return made.health
        return health_of(made.health, self.facts(description, made, instance, all_), self._renderer)

    def facts(
        self, description: Description, made: Implementation, instance: Instance, all_: Iterable[Instance]
    ) -> Facts:
        """Return what templates may use."""
        return facts_for(self._infra, description, made, instance, all_)
