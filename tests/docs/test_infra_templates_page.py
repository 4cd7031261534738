"""The page on templates names all that there is, and its examples hold."""

from __future__ import annotations

import re

import pytest
import yaml

from shoal.infra.contexts.checking import wrong_in_implementation
from shoal.infra.contexts.known import DONE
from shoal.infra.model import Implementation
from shoal.infra.templating.check import Scope
from shoal.infra.templating.environment import FUNCTIONS
from shoal.infra.templating.facts import CONSTANTS
from tests.support.command import ROOT

PAGE = (ROOT / "docs" / "how-to" / "infra-templates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("name", sorted({*DONE, *FUNCTIONS, *CONSTANTS}))
def test_every_module_function_and_name_is_there(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}\b", PAGE)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_are_right(example: str) -> None:
    written = yaml.safe_load(example)
    manager = written.pop("config_management", None)
    context = {"type": "cloudinit", "context_template": written} if written else {"type": "basic"}
    scope = Scope("worker", {}, frozenset({"worker", "master"}), frozenset({"master"}))
    made = Implementation({"type": "docker"}, context, manager)
    assert wrong_in_implementation(made, scope) == []
