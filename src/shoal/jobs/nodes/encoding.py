"""Leases and outcomes as JSON, for both ends of the line between a node and its server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.jobs.model import Lease, Outcome
from shoal.jobs.states import BY_NAME


def lease_as_json(lease: Lease) -> dict[str, Any]:
    """Return a lease as JSON."""
    return lease._asdict()


def lease_from_json(given: Mapping[str, Any], skew: int) -> Lease:
    """Return a lease in the times of a clock that is `skew` microseconds ahead of the server's."""
    deadline = given["deadline"]
    times = {
        "deadline": None if deadline is None else deadline + skew,
        "expires": given["expires"] + skew,
        "labels": tuple(given["labels"]),
    }
    return Lease(**{**given, **times})


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON."""
    return outcome._asdict()


def outcome_from_json(given: Mapping[str, Any]) -> Outcome:
    """Return an outcome.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return Outcome(**{**given, "state": BY_NAME[given["state"]]})
    except (KeyError, TypeError) as error:
        raise InvalidInput("This is not the outcome of an attempt.", hint=str(error)) from error
