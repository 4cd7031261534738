"""Who goes now: who was chosen, who is too many, who is lost, and in turn who would be made otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shoal.infra.deciding.following import Following
from shoal.infra.deciding.levels import needs
from shoal.infra.deciding.review import Fate, Verdict
from shoal.infra.deciding.scene import Scene
from shoal.infra.deciding.steps import Step, Waiting, retired
from shoal.infra.model import Description, Instance
from shoal.infra.states import LEAVING, State

_OLD = frozenset({Fate.OUTDATED, Fate.STALE})
_STAYING = _OLD | {Fate.KEEP}


class Brake(NamedTuple):
    """Why the failing instances `held` of a node are not replaced before a person says so."""

    reason: str
    held: tuple[str, ...]


def torn_down(description: Description, verdicts: Mapping[str, Sequence[Verdict]]) -> Iterator[Step]:
    """Yield who goes when all go: nobody before all who need it have at least been drained."""
    busy = {name for name, all_ in verdicts.items() if any(not _is_dropping(each) for each in all_)}
    used = {needed for name, all_ in needs(description).items() if name in busy for needed in all_}
    for name, all_ in verdicts.items():
        if name not in used:
            yield from (retired(each) for each in all_ if each.fate is Fate.REMOVED)


def unwanted(verdicts: Sequence[Verdict]) -> Iterator[Step]:
    """Yield who was chosen to go, and who is too many."""
    return (retired(each) for each in verdicts if each.fate in (Fate.CONDEMNED, Fate.SURPLUS))


def lost(scene: Scene, name: str, brake: Brake | None) -> Iterator[Step]:
    """Yield who of a node is lost, but for those that a brake holds back."""
    held = brake.held if brake is not None else ()
    found = (each for each in scene.verdicts[name] if each.fate is Fate.LOST)
    return (retired(each) for each in found if each.instance.id not in held)


def brakes(scene: Scene, names: Iterable[str]) -> dict[str, Brake]:
    """Return what holds back the replacement of lost instances, by node: too many of it fail at once."""
    return {name: found for name in names if (found := _brake(scene, name)) is not None}


def rolling(scene: Scene, name: str, is_given_up: bool) -> Iterator[Step | Waiting]:
    """Yield who of a node goes because it would be made otherwise today, so few as the policy says.

    Who has never served anybody goes at once. Who has is missed when it goes, also when it is unwell just
    now: one answer that shows no machine of a node makes all of them so.
    """
    old = [each for each in scene.verdicts[name] if each.fate in _OLD]
    if not old:
        return
    if not scene.is_settled_below(name):
        yield Waiting(name, "order", f"{name} is replaced after what it needs")
        return
    fresh = [each for each in old if each.instance.ready is None]
    going = fresh if is_given_up else [*fresh, *_in_turn(scene, name)]
    yield from (retired(each) for each in going)
    if len(going) < len(old):
        yield Waiting(name, "rolling", f"{len(old)} of {name} are replaced in turn")


def _in_turn(scene: Scene, name: str) -> list[Verdict]:
    """Return who of those that have served goes next: the unwell first, then the oldest."""
    there = [each for each in scene.verdicts[name] if each.fate in _STAYING and each.instance.ready]
    unwell = [each for each in there if each.instance.state is not State.READY]
    places = max(0, scene.policy.unavailable - (scene.number(name) - len(there)))
    first = [each for each in unwell if each.fate in _OLD][:places]
    ready = [each for each in there if each.fate in _OLD and each.instance.state is State.READY]
    spare = max(0, places - len(unwell))
    return first + sorted(ready, key=lambda each: each.instance.created)[:spare]


def taken_away(
    verdicts: Sequence[Verdict], instances: Sequence[Instance], following: Following
) -> Iterator[Step | Waiting]:
    """Yield the instances of a node that was removed, once nobody follows them any more."""
    there = (each for each in instances if each.state not in (*LEAVING, State.DROPPED))
    followed = {id_ for each in there for _, ids in following.of(each) for id_ in ids}
    for each in verdicts:
        if each.fate is Fate.REMOVED and each.instance.id in followed:
            name = each.instance.node
            yield Waiting(name, "order", f"{name} goes after those that use it")
        elif each.fate is Fate.REMOVED:
            yield retired(each)


def _brake(scene: Scene, name: str) -> Brake | None:
    verdicts, number = scene.verdicts[name], scene.number(name)
    served = [each for each in verdicts if each.fate is Fate.LOST and each.instance.ready is not None]
    unwell = [each for each in verdicts if _is_unwell(each)]
    if not served or len(unwell) <= max(1.0, scene.policy.brake * number):
        return None
    reason = f"{len(unwell)} of {number} instances of {name} fail: too many to replace them unasked"
    return Brake(reason, tuple(each.instance.id for each in served))


def _is_dropping(verdict: Verdict) -> bool:
    return verdict.instance.state is State.DROPPING


def _is_unwell(verdict: Verdict) -> bool:
    instance = verdict.instance
    failing = verdict.fate is Fate.LOST or instance.state in (State.AILING, State.FAILED)
    return failing and verdict.fate in (Fate.LOST, *_STAYING) and instance.ready is not None
