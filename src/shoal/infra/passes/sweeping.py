"""Look at providers for machines that carry our tag and that no row knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from shoal.base.errors import ShoalError
from shoal.infra.passes.clouds import DROP, LOOK, call
from shoal.infra.passes.passing import providers
from shoal.infra.providers.provider import Machine, Provider
from shoal.jobs.workers.context import Context

AT_ONCE = 8


class Spot(NamedTuple):
    """Where machines of an infrastructure have been: a provider and a place."""

    infra: str
    provider: str
    place: Mapping[str, Any]


class Found(NamedTuple):
    """What a provider shows at a spot, or why it shows nothing."""

    spot: Spot
    machines: tuple[Machine, ...] = ()
    fault: str = ""


def run(spec: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return machines that nobody knows, and providers that could not be asked; with `drop` end them, too.

    Rows are written before a machine is asked for, so one without a row after the look is an orphan.
    """
    question = {"op": "spots", "home": spec["home"], "owner": spec["owner"]}
    terms = context.terms["infra"]
    before = context.ask(question)
    spots = [Spot(one["infra"], one["provider"], one["place"]) for one in before["spots"]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(partial(_looked, terms, context.check), spots))
    known = {*before["known"], *context.ask(question)["known"]}
    orphans = [(one.spot, each) for one in found for each in one.machines if each.instance not in known]
    failed = [one.spot._asdict() | {"message": one.fault} for one in found if one.fault]
    if spec["drop"]:
        failed += _dropped(terms, orphans)
    return {"machines": [_told(spot, each) for spot, each in orphans], "failed": failed}


def _looked(terms: Mapping[str, Any], check: Callable[[], None], spot: Spot) -> Found:
    check()
    try:
        provider = _provider(terms, spot)
        return Found(spot, tuple(call(LOOK, lambda: provider.machines(spot.infra))))
    except ShoalError as error:
        return Found(spot, fault=error.message)


def _dropped(terms: Mapping[str, Any], orphans: Iterable[tuple[Spot, Machine]]) -> list[dict[str, Any]]:
    """End machines, and return what could not be ended."""
    failed = []
    for spot, each in orphans:
        try:
            call(DROP, partial(_provider(terms, spot).drop, spot.infra, each.instance, each.ref))
        except ShoalError as error:
            failed.append(_told(spot, each) | {"message": error.message})
    return failed


def _provider(terms: Mapping[str, Any], spot: Spot) -> Provider:
    return providers(Path(terms["home"]) / spot.infra, terms)(spot.provider, spot.place)


def _told(spot: Spot, machine: Machine) -> dict[str, Any]:
    return {
        "provider": spot.provider,
        "ref": machine.ref,
        "infra": spot.infra,
        "instance": machine.instance,
        "addresses": list(machine.addresses),
    }
