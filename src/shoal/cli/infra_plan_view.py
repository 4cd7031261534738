"""A plan in the terminal: what comes, what is replaced, what goes, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from shoal.studies.wording import counted, printable

Facts = Mapping[str, Any]
# A sign and a colour for each act; what stays is only counted.
SIGNS = {"create": ("+", "#2E8B57"), "replace": ("~", "#C98500"), "drop": ("-", "#C0392B")}
SHOWN = 12
SHORT = 8


def changes_of(plan: Facts) -> dict[str, int]:
    """Return how many machines a plan creates, replaces, drops and keeps."""
    counts = dict.fromkeys(("create", "replace", "drop", "keep"), 0)
    for step in plan["steps"]:
        counts[step["act"]] += 1
    return counts


def is_empty(plan: Facts) -> bool:
    """Say whether a plan has nothing to do."""
    counts = changes_of(plan)
    return not (counts["create"] or counts["replace"] or counts["drop"])


def page(plan: Facts, look: Any) -> str:
    """Return a plan as text: the machines of each level, the ports to open, the counts and the cost."""
    lines = [_head(plan), ""]
    levels = [list(level) for level in plan["levels"]]
    known = {node for level in levels for node in level}
    left = sorted({step["node"] for step in plan["steps"]} - known)
    for number, level in enumerate(levels, 1):
        lines += _part(f"level {number}: {', '.join(level)}", plan, level, look)
    if left:
        lines += _part("not in the description", plan, left, look)
    return "\n".join([*lines, *_ports(plan), summary(plan)])


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
    return f"{words}{_cost(plan.get('cost'))}"


def price(amount: float | None) -> str:
    """Return what something costs an hour: `0.1200`, or `-` when that is not known."""
    return "-" if amount is None else f"{amount:.4f}".rstrip("0").rstrip(".")


def _head(plan: Facts) -> str:
    what = f"infrastructure {plan['infra']}" if plan.get("infra") else "a new infrastructure"
    return f"{printable(plan['name'])}: {what}"


def _part(title: str, plan: Facts, nodes: Sequence[str], look: Any) -> list[str]:
    steps = [step for step in plan["steps"] if step["node"] in nodes and step["act"] in SIGNS]
    if not steps:
        return []
    return [title, *_lines(steps, look), ""]


def _lines(steps: Sequence[Facts], look: Any) -> Iterator[str]:
    """Yield a line for each step, of many alike only the first."""

    def alike(step: Facts) -> tuple[str, str, str]:
        return step["node"], step["act"], step.get("reason") or ""

    for _, group in groupby(sorted(steps, key=alike), key=alike):
        these = list(group)
        yield from (_line(step, look) for step in these[:SHOWN])
        if len(these) > SHOWN:
            yield f"    and {len(these) - SHOWN} more of {these[0]['node']}"


def _line(step: Facts, look: Any) -> str:
    sign, colour = SIGNS[step["act"]]
    name = f"{step['node']}-{step['number']}" if step.get("number") is not None else step["node"]
    which = f" ({step['instance'][:SHORT]})" if step.get("instance") else ""
    provider = f"  {step['provider']}" if step.get("provider") else ""
    costs = f"  {price(step['price'])}/h" if step.get("price") is not None else ""
    reason = f"  {printable(step['reason'])}" if step.get("reason") else ""
    return f"  {look.paint(sign, colour)} {name}{which}{provider}{costs}{reason}"


def _ports(plan: Facts) -> list[str]:
    named = {node: ports for node, ports in (plan.get("ports") or {}).items() if ports}
    lines = [f"  {node}: {', '.join(map(str, ports))}" for node, ports in named.items()]
    return ["ports to open", *lines, ""] if lines else []


def _cost(cost: Facts | None) -> str:
    if not cost or cost.get("then") is None:
        return ""
    before = f" (now {price(cost['now'])})" if cost.get("now") is not None else ""
    return f" Cost {price(cost['then'])} an hour{before}."
