"""Bundles as descriptions, and plans: made of what is there, and done only while that is so."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from shoal.base.errors import InvalidInput
from shoal.base.settings import Infra as Settings
from shoal.base.transaction import now
from shoal.infra.deciding.plan import Plan, plan
from shoal.infra.describing.buildable import check_buildable
from shoal.infra.describing.bundle import Bundle, bundle_of
from shoal.infra.describing.descriptions import definitions_of, described
from shoal.infra.errors import BundleTooLarge, StalePlan, TooManyMachines
from shoal.infra.model import Description
from shoal.infra.plain import description_of, plain
from shoal.infra.states import Phase
from shoal.infra.store import reading, wishing


class Made(NamedTuple):
    """A plan, the version of the infrastructure that it was made of, and a hash of what was wished."""

    plan: Plan
    version: int
    digest: str


class Asked(NamedTuple):
    """What somebody asks for with a plan: which it is, and the bundle that it was made of."""

    infra: str | None
    fingerprint: str
    digest: str
    bundle: Mapping[str, Any]


def definitions_in(bundle: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Return the node definitions of a bundle, checked; raises BadDescription, BundleTooLarge."""
    return definitions_of(_bounded(bundle, limit))


def described_by(
    bundle: Mapping[str, Any], known: Mapping[str, Any], settings: Settings, *, building: bool = False
) -> Description:
    """Return what a bundle describes with known definitions; who is `building` is told what comes later.

    Raises:
        BadDescription: it cannot be used.
        BundleTooLarge, TooManyMachines: it is larger than this server takes.
    """
    read = _bounded(bundle, settings.bundle)
    found = described(read, known, commands=settings.commands)
    if (number := sum(node.least for node in found.nodes)) > settings.machines:
        raise TooManyMachines(number, settings.machines)
    if building:
        check_buildable(found, read)
    return found


def made(conn: Connection, infra: str | None, description: Description | None = None) -> Made:
    """Return the plan that makes an infrastructure (None: a new one) like a description (None: its own).

    Raises:
        NotFound: there is no such infrastructure; Destroyed: it can be like no other description any more.
    """
    if infra is None:
        if description is None:
            raise InvalidInput("A plan is of an infrastructure, of a description, or of both.")
        return Made(plan(None, description, [], now(conn)), 0, digest_of(description))
    found, there = reading.get(conn, infra), reading.machines(conn, infra)
    if description is not None:
        wishing.check_stands(found)
    wished = description_of(found.description) if description is None else description
    gone = found.phase is Phase.DESTROYED
    return Made(plan(found, wished, there, now(conn), destroying=gone), found.version, digest_of(wished))


def check_same(asked: Asked, again: Made) -> None:
    """Pass when making a plan again gives the same.

    Raises:
        StalePlan: the infrastructure, its machines or node definitions have changed.
    """
    if (asked.fingerprint, asked.digest) != (again.plan.fingerprint, again.digest):
        what = "the infrastructure" if asked.digest == again.digest else "a node definition"
        raise StalePlan(
            f"Since the plan was made, {what} has changed; nothing was done.", hint="Make another plan."
        )


def digest_of(description: Description) -> str:
    """Return a hash of everything that a description says."""
    return sha256(_written(plain(description))).hexdigest()


def _bounded(bundle: Mapping[str, Any], limit: int) -> Bundle:
    size = len(_written([bundle.get("description"), bundle.get("definitions")]))
    if size > limit:
        raise BundleTooLarge(size, limit)
    return bundle_of(bundle)


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:  # A number of more than 64 bits, say.
        raise InvalidInput(f"This cannot be kept as JSON: {error}.") from error
