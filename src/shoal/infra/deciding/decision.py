"""What is to be done next about an infrastructure, from its rows alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from shoal.infra.deciding import leaving
from shoal.infra.deciding.coming import Coming
from shoal.infra.deciding.cost import prices, spent
from shoal.infra.deciding.following import Following
from shoal.infra.deciding.leaving import Brake
from shoal.infra.deciding.levels import levels
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.review import Wanted, review
from shoal.infra.deciding.scene import Scene, Setbacks
from shoal.infra.deciding.steps import Do, Step, Waiting
from shoal.infra.model import Description, Instance

__all__ = ("Decision", "Do", "Setbacks", "Step", "Waiting", "decide")


@dataclass(frozen=True, slots=True)
class Decision:
    """The steps to do now, and what waits and why.

    `brake` tells for nodes why a person must release the replacement of the instances `held`.
    """

    steps: tuple[Step, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    brake: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()


def decide(
    description: Description,
    targets: Mapping[str, int],
    condemned: Collection[str],
    destroying: bool,
    instances: Sequence[Instance],
    now: int,
    *,
    patience: Patience | None = None,
    setbacks: Setbacks | None = None,
    released: bool = False,
    known: Mapping[tuple[str, int], float] | None = None,
) -> Decision:
    """Return what to do now; the same rows give the same decision, and done steps are not decided again.

    `released`: a person lets many instances be replaced at once. `known` are prices by type and
    implementation, as providers tell them.
    """
    patience, setbacks = patience or Patience(), setbacks or Setbacks()
    wish = Wanted(description, targets, condemned, destroying)
    verdicts = review(wish, instances, now, patience)
    if destroying:
        return Decision(tuple(leaving.torn_down(description, verdicts)))
    scene = Scene(wish, verdicts, now, patience)
    order = [name for level in levels(description) for name in level]
    brakes = {} if released else leaving.brakes(scene, order)
    costs = {**(known or {}), **prices(description, instances)}
    coming = Coming(scene, setbacks, costs, spent(description, instances, costs))
    found = [
        *chain.from_iterable(_about(scene, name, brakes.get(name), setbacks, coming) for name in order),
        *_about_removed(scene, instances, order),
    ]
    return Decision(
        tuple(each for each in found if isinstance(each, Step)),
        tuple(each for each in found if isinstance(each, Waiting)),
        {name: each.reason for name, each in brakes.items()},
        tuple(id_ for each in brakes.values() for id_ in each.held),
    )


def _about(
    scene: Scene, name: str, brake: Brake | None, setbacks: Setbacks, coming: Coming
) -> Iterator[Step | Waiting]:
    """Yield what is done about a node of the description, and what waits."""
    yield from leaving.unwanted(scene.verdicts[name])
    if brake is not None:
        yield Waiting(name, "brake", brake.reason)
    yield from leaving.lost(scene, name, brake)
    yield from leaving.rolling(scene, name, name in setbacks.given_up)
    yield from coming.of(name)


def _about_removed(
    scene: Scene, instances: Sequence[Instance], order: Collection[str]
) -> Iterator[Step | Waiting]:
    """Yield what is done about nodes that are no longer described."""
    following = Following(scene.description)
    for name in [name for name in scene.verdicts if name not in order]:
        yield from leaving.taken_away(scene.verdicts[name], instances, following)
