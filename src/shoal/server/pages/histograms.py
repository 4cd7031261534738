"""A column's values at a glance: a small histogram as one SVG path, or its most frequent words."""

from __future__ import annotations

from shoal.storage.statistics import Histogram, Statistics
from shoal.studies.wording import counted, measured, percent

WIDTH, HEIGHT = 120, 28


def bars(histogram: Histogram) -> str:
    """Return the bars as the data of one path in a box of 120 by 28; no bar with rows is lower than 1."""
    most, step = max(histogram.counts), WIDTH / len(histogram.counts)
    drawn = []
    for place, count in enumerate(histogram.counts):
        if count:
            height = max(1.0, HEIGHT * count / most)
            drawn.append(f"M{place * step:.4g} {HEIGHT}v-{height:.4g}h{max(step - 1, 1):.4g}v{height:.4g}z")
    return "".join(drawn)


def words(column: Statistics) -> str:
    """Return what the histogram or the frequent words say, in one sentence; empty when there is nothing."""
    if column.histogram is not None:
        counts, edges = column.histogram.counts, column.histogram.edges
        place = counts.index(max(counts))
        low, high = measured(edges[place]), measured(edges[place + 1])
        if len(counts) == 1:
            return f"Every value is {low}."
        share = percent(counts[place] / sum(counts))
        return f"Most values are between {low} and {high}: {counted(counts[place], 'row')}, {share}."
    if column.top:
        shown = ", ".join(f"{value} {count:,}" for value, count in column.top[:3])
        different = column.column.distinct
        if different is None:
            return f"Over 10,000 different: {shown}, ..."
        more = different - min(3, len(column.top))
        return f"{different:,} different: {shown}{f' and {more:,} more' if more > 0 else ''}"
    return ""
