"""What can go wrong with infrastructures."""

from __future__ import annotations

from shoal.base.errors import Conflict, InvalidInput, Unavailable


class BadDescription(InvalidInput):
    """Say that a description or a node definition cannot be used; `faults` are all that was found.

    Each fault has `file`, `line` (None where the text is not known), `pointer`, `message` and `advice`.
    """

    code = "bad_description"


class BadTemplate(BadDescription):
    """Say that a template cannot be filled in; `faults` are as those of BadDescription."""

    code = "bad_template"


class NoCapacity(Unavailable):
    """Say that a provider has no room or quota for a machine now; another implementation may have."""

    code = "no_capacity"


class Refused(InvalidInput):
    """Say that a provider will not do what it was asked, however often."""

    code = "provider_refused"


class StalePlan(Conflict):
    """Say that a plan was made of something that has changed since; nothing was done."""

    code = "stale_plan"


class Destroyed(Conflict):
    """Say that the infrastructure is destroyed, or is being destroyed."""

    code = "infrastructure_destroyed"
