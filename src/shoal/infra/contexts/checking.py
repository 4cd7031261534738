"""What is wrong with an implementation's templates and modules, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from shoal.infra.contexts.cloud_config import HEADER, parts
from shoal.infra.contexts.known import ALL, MODULES, misspelt
from shoal.infra.contexts.managers import template_part
from shoal.infra.contexts.program import compiled
from shoal.infra.contexts.user_data import READERS
from shoal.infra.errors import BadDescription
from shoal.infra.model import Implementation
from shoal.infra.templating.check import Scope, Wrong, wrong_in
from shoal.infra.templating.explaining import sentence
from shoal.infra.templating.leaves import Path, is_template

# Source: cloud-init's documentation, "User data formats".
_BEGINNINGS = (
    *(HEADER, "#!", "#include", "#cloud-boothook", "#part-handler", "#upstart-job", "## template:"),
    *("content-type:", "mime-version:"),
)
_TEMPLATE = ("contextualisation", "context_template")


def wrong_in_implementation(made: Implementation, scope: Scope) -> list[Wrong]:
    """Return every fault with its path, which begins with the name of a section as it is in the file."""
    found = [
        each
        for section, value in _sections(made).items()
        for each in wrong_in({section: value}, _knowing(made, scope, section))
    ]
    return found + list(_modules(made))


def _sections(made: Implementation) -> dict[str, Any]:
    databases = [{"name": one.name, "user": one.user, "pass": one.password} for one in made.health.mysqldbs]
    return {
        "resource": made.resource,
        "contextualisation": made.contextualisation,
        "config_management": template_part(made.config_management),
        "health_check": {"urls": list(made.health.urls), "mysqldbs": databases},
        "drain": made.drain,
        "publish": list(made.publish),
    }


def _knowing(made: Implementation, scope: Scope, section: str) -> Scope:
    """Return a scope with what only one section knows: the machine's address, or Docker's own variables."""
    own = made.contextualisation.get("context_variables")
    if section == "health_check":
        names = ["ip"]
    elif section == "contextualisation" and isinstance(own, Mapping):
        names = [*own, "context_variables"]
    else:
        return scope
    return replace(scope, keys={**(scope.keys or {}), **dict.fromkeys(names)})


def _modules(made: Implementation) -> Iterator[Wrong]:
    """Yield what is wrong with a cloud-config, of a text only when it has nothing to fill in."""
    template = made.contextualisation.get("context_template")
    if made.contextualisation.get("type") != "cloudinit" or template is None:
        return
    if isinstance(template, str) and made.resource.get("type") in READERS:
        yield from _unread(template)
        return
    if isinstance(template, str) and is_template(template):
        return
    try:
        config, scripts = parts(template)
    except BadDescription as error:
        for fault in error.details["faults"]:
            yield Wrong(_TEMPLATE, fault["line"] or 1, fault["message"], fault["advice"])
        return
    if made.resource.get("type") in READERS:
        yield from _misspelt(config)
    else:
        for fault in compiled(config, scripts, None).faults:
            yield Wrong(_path(fault.pointer), 1, fault.message, fault.advice)


def _unread(text: str) -> Iterator[Wrong]:
    """Yield what a cloud's machine would pass over: cloud-init tells what a text is by how it begins."""
    if not text.lower().startswith(_BEGINNINGS) and not is_template(text.partition("\n")[0]):
        message = sentence("cloud-init passes over a text that does not say what it is")
        yield Wrong(
            _TEMPLATE, 1, message, sentence(f"begin it with `{HEADER}`, or with `#!` if it is a script")
        )


def _misspelt(config: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield names that no cloud-init knows, where one that it does know is like it."""
    for name in islice(config, MODULES):
        if name not in ALL and (near := misspelt(name)):
            message = sentence(f"cloud-init has no module `{name}`")
            yield Wrong((*_TEMPLATE, name), 1, message, sentence(f"did you mean `{near}`?"))


def _path(pointer: str) -> Path:
    keys = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return (*_TEMPLATE, *(int(key) if key.isdigit() else key for key in keys))
