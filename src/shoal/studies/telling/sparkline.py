"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
DOTS = "_.,-=+*#"
GAP = " "


def sparkline(values: Sequence[float | None], unicode: bool = True, width: int = 80) -> str:
    """Return one mark a value from the lowest to the highest level; a gap where there is no value.

    Levels follow ranks, not heights: a score at k = 1 that is far below would flatten all the others. More
    values than `width` are shown in equal steps.
    """
    marks = BLOCKS if unicode else DOTS
    step = max(1, -(-len(values) // max(1, width)))
    shown = values[::step]
    ranked = sorted({value for value in shown if value is not None})
    top = max(1, len(ranked) - 1)
    level = {value: round(place / top * (len(marks) - 1)) for place, value in enumerate(ranked)}
    if len(ranked) == 1:
        level = {ranked[0]: len(marks) - 1}
    return "".join(GAP if value is None else marks[level[value]] for value in shown)
