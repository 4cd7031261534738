"""What happened in an infrastructure, in words: many machines that did the same are one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from shoal.infra.model import Happening, Instance
from shoal.studies.wording import counted


class Told(NamedTuple):
    """A line: what did something (`machine` is its id, if it is one machine) and what that was."""

    at: int
    what: str
    machine: str | None
    words: str


def told(happenings: Iterable[Happening], standing: Iterable[Instance]) -> list[Told]:
    """Return what happened, in the order given; machines that stand are called by their number."""
    names = {one.id: f"{one.node}-{one.number}" for one in standing}
    return [_line(list(alike), names) for _, alike in groupby(happenings, _alike)]


def _alike(one: Happening) -> tuple[str | None, ...]:
    # Of a machine with a fault somebody wants to see the log.
    apart = one.instance if one.kind in _FAULTS else one.instance and ""
    return one.kind, one.node, _why(one), apart


def _line(alike: Sequence[Happening], names: Mapping[str, str]) -> Told:
    first, many = alike[0], len({one.instance for one in alike})
    one, several = _WORDS.get(first.kind, (first.kind, first.kind))
    why = f": {_why(first)}" if _why(first) else ""
    if first.instance is None:
        return Told(first.at, "", None, f"{one.format(node=first.node)}{why}")
    if many > 1:
        return Told(first.at, f"{counted(many, 'machine')} of {first.node}", None, f" {several}{why}")
    what = names.get(first.instance, f"A machine of {first.node}")
    return Told(first.at, what, first.instance, f" {one}{why}")


def _why(one: Happening) -> str:
    return str(one.detail.get("reason") or one.detail.get("message") or "")


_FAULTS = frozenset({"nodefailed", "nodeailing"})
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "infrastart": ("Building began", ""),
        "infraupdated": ("Something else is wished", ""),
        "infraready": ("Everything is ready", ""),
        "infraheal": ("Mending began", ""),
        "infrascaled": ("Another number of {node} is wanted", ""),
        "passfailed": ("It did not work, and is tried again", ""),
        "infradrop": ("Destroying began", ""),
        "nodecreating": ("is asked for", "are asked for"),
        "nodecreated": ("was made", "were made"),
        "nodeconfigured": ("is set up", "are set up"),
        "nodeready": ("is ready", "are ready"),
        "nodeailing": ("does not answer as it should", "do not answer as they should"),
        "nodefailed": ("failed", "failed"),
        "nodedropping": ("is being removed", "are being removed"),
        "nodedropped": ("is gone", "are gone"),
    }
)
