"""What can go wrong with infrastructures."""

from __future__ import annotations

from shoal.base.errors import Conflict, InvalidInput, TooLarge, TooManyRequests, Unavailable


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


class Throttled(Unavailable):
    """Say that a provider wants fewer requests; what was asked was not done, and may be asked again later."""

    code = "provider_throttles"


class Unreachable(Unavailable):
    """Say that nobody is there who could be asked for a machine: nothing was asked, so nothing was made."""

    code = "provider_unreachable"


class Refused(InvalidInput):
    """Say that a provider will not do what it was asked, however often."""

    code = "provider_refused"


class BadCredentials(Refused):
    """Say that the credentials file cannot be used, or has nothing for a provider that needs it."""

    code = "bad_credentials"


class StalePlan(Conflict):
    """Say that a plan was made of something that has changed since; nothing was done."""

    code = "stale_plan"


class Destroyed(Conflict):
    """Say that the infrastructure is destroyed, or is being destroyed."""

    code = "infrastructure_destroyed"


class PassEnded(Unavailable):
    """Say that the job that worked on an infrastructure ended before it said what was reached."""

    code = "pass_ended"


class PassStumbled(Unavailable):
    """Say that the job that works on an infrastructure failed and will be tried again by itself."""

    code = "pass_stumbled"


class TooManyInfrastructures(TooManyRequests):
    """Say that an owner has as many infrastructures as there may be."""

    code = "too_many_infrastructures"

    def __init__(self, owner: str, limit: int) -> None:
        super().__init__(
            f"{owner} has {limit} infrastructures, which is the limit.",
            hint="Destroy one, or raise infra.per_owner.",
            limit=limit,
        )


class TooManyMachines(InvalidInput):
    """Say that an infrastructure would have more machines than one may have."""

    code = "too_many_machines"

    def __init__(self, number: int, limit: int) -> None:
        super().__init__(
            f"It would have {number:,} machines; one infrastructure may have {limit:,}.",
            hint="Ask for fewer, or raise infra.machines.",
            limit=limit,
        )


class BundleTooLarge(TooLarge):
    """Say that a description with its definitions is larger than the server takes."""

    code = "bundle_too_large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The description with its definitions has {size:,} bytes; at most {limit:,} are taken.",
            hint="Move large files to where machines can fetch them, or raise infra.bundle.",
            limit=limit,
        )


class Braked(Conflict):
    """Say that so many machines of a node fail at once that a person must allow their replacement."""

    code = "brake"


class OverBudget(Conflict):
    """Say that more machines would cost more than the budget of their infrastructure."""

    code = "over_budget"


class Degraded(Unavailable):
    """Say that an infrastructure is not as it is wanted, and that nothing can be done about it now."""

    code = "degraded"
