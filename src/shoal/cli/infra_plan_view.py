"""A plan in the terminal: what comes, what is replaced, what goes, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoal.studies.wording import counted, printable

Facts = Mapping[str, Any]
# A sign and a colour for each act; what stays is only counted.
SIGNS = {"create": ("+", "#2E8B57"), "replace": ("~", "#C98500"), "drop": ("-", "#C0392B")}
MOST = 10  # more of one node are not listed
SHORT = 8


def changes_of(plan: Facts) -> dict[str, int]:
    """Return how many machines a plan creates, replaces, drops and keeps."""
    counts = dict.fromkeys((*SIGNS, "keep"), 0)
    for step in plan["steps"]:
        counts[step["act"]] += 1
    return counts


def is_empty(plan: Facts) -> bool:
    """Say whether a plan has nothing to do."""
    return not any(step["act"] in SIGNS for step in plan["steps"])


def page(plan: Facts, look: Any) -> str:
    """Return a plan as text: the machines of each level, the ports to open, the counts and the cost."""
    what = f"infrastructure {plan['infra']}" if plan.get("infra") else "a new infrastructure"
    parts = [[f"{printable(plan['name'])}: {what}"], *_levels(plan, look), _ports(plan), _warnings(plan)]
    return "\n\n".join("\n".join(part) for part in [*parts, [summary(plan)]] if part)


def summary(plan: Facts) -> str:
    """Return a plan's counts, and what its machines cost."""
    counts = changes_of(plan)
    if is_empty(plan):
        words = f"Nothing to do: {counted(counts['keep'], 'machine')} as wished."
    else:
        words = (
            f"Plan: {counts['create']} to create, {counts['replace']} to replace, {counts['drop']} to drop, "
            f"{counts['keep']} unchanged."
        )
    return "\n".join(part for part in (words, _cost(plan)) if part)


def price(amount: float | None) -> str:
    """Return what something costs an hour: `0.12`, or `-` when that is not known."""
    return "-" if amount is None else f"{amount:.4f}".rstrip("0").rstrip(".")


def _levels(plan: Facts, look: Any) -> Iterator[list[str]]:
    for number, level in enumerate(plan["levels"]):
        lines = [line for node in level for line in _node(plan, node, look)]
        yield [f"level {number + 1}: {', '.join(level)}", *lines] if lines else []
    known = {node for level in plan["levels"] for node in level}
    left = dict.fromkeys(step["node"] for step in plan["steps"] if step["node"] not in known)
    lines = [line for node in left for line in _node(plan, node, look)]
    yield ["no longer described", *lines] if lines else []


def _node(plan: Facts, node: str, look: Any) -> Iterator[str]:
    steps = [step for step in plan["steps"] if step["node"] == node]
    yield from _created([step for step in steps if step["act"] == "create"], look)
    for act in ("replace", "drop"):
        these = [step for step in steps if step["act"] == act]
        yield from (_changed(step, look) for step in these[:MOST])
        if len(these) > MOST:
            yield f"    and {len(these) - MOST} more of {node}"


def _created(steps: Sequence[Facts], look: Any) -> Iterator[str]:
    """Yield one line for all machines of a node that come: they are alike."""
    if steps:
        step = steps[0]
        costs = f"  {price(step['price'])} an hour each" if step.get("price") is not None else ""
        yield f"{_sign('create', look)} {step['node']}  {counted(len(steps), 'machine')}{costs}"


def _changed(step: Facts, look: Any) -> str:
    known = step.get("name") or (step.get("instance") or "")[:SHORT]
    address = f" ({step['addresses'][0]})" if step.get("addresses") else ""
    reason = f": {printable(step['reason'])}" if step.get("reason") else ""
    return f"{_sign(step['act'], look)} {step['node']}  {known}{address}{reason}"


def _sign(act: str, look: Any) -> str:
    sign, colour = SIGNS[act]
    return f"  {look.paint(sign, colour)}"


def _ports(plan: Facts) -> list[str]:
    lines = [f"  {node}: {', '.join(map(str, ports))}" for node, ports in plan["ports"].items() if ports]
    return ["ports to be reached", *lines] if lines else []


def _warnings(plan: Facts) -> list[str]:
    return [f"warning: {printable(text)}" for text in plan["warnings"]]


def _cost(plan: Facts) -> str:
    now, then = plan["cost"]["now"], plan["cost"]["then"]
    if not now and not then:
        return ""
    before = f" (now {price(now)})" if now != then else ""
    return f"Cost {price(then)} an hour{before}, as far as prices are known."
