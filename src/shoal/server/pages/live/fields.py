"""The fields of the form for a live task: one description each, from which the form is drawn and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoal.live.model import Wish
from shoal.live.plain import plain
from shoal.server.pages.job.fields import Field

Group = tuple[str, tuple[Field, ...]]
NAME = Field("name", "Name", "How lists call the task.")
COLUMNS = Field(
    "columns",
    "Names of the columns",
    "One a line, in the order in which rows have them. Empty: they are numbered.",
    "area",
)
ALGORITHM = Field(
    "algorithm",
    "How many clusters?",
    "",
    "select",
    "algorithm/name",
    (
        ("mcmc", "Find out, and change it as rows change (MCMC)"),
        ("kmeans", "A number that I give (K-Means)"),
        ("streaming", "A new one for each row far from all others (Streaming)"),
    ),
    "mcmc",
)
K = Field("k", "Number of clusters", "Only for K-Means.", "number", "algorithm/k")
FRAME = Field(
    "frame_size",
    "Rows to remember",
    "Clusters follow the newest so many rows. 0: all rows ever sent.",
    "number",
    "algorithm/frame_size",
    usual="0",
)
MAIN = (NAME, ALGORITHM, K, FRAME)
_SPACES = (
    ("euclid", "straight distance"),
    ("cosinus", "angle between rows"),
    ("complex", "complex numbers"),
    ("series", "time series (DTW)"),
)


def _inner(name: str, label: str, hint: str = "", usual: str = "") -> Field:
    return Field(name, label, hint, "number", f"algorithm/{name}", usual=usual)


def _pace(name: str, label: str, hint: str) -> Field:
    return Field(name, label, hint, "number", f"pace/{name}", usual="0")


def _choice(name: str, label: str, choices: tuple[tuple[str, str], ...], hint: str = "") -> Field:
    return Field(name, label, hint, "select", f"algorithm/{name}", choices, choices[0][0])


ADVANCED: tuple[Group, ...] = (
    (
        "Columns",
        (
            Field("variables", "Columns to cluster", "One a line. Empty: all.", "area"),
            Field("identifier", "Column that names a row", "It is not clustered."),
            Field("predictions", "Columns to foretell", "One a line: their mean in each cluster.", "area"),
        ),
    ),
    (
        "Distance",
        (
            _choice(
                "scale",
                "Scale columns",
                (("none", "no"), ("std", "to standard deviation 1"), ("robust", "by quartiles")),
                "So that a column in large units does not decide alone.",
            ),
            _choice("space", "Rows are compared by", _SPACES),
            _choice("inner_space", "Elements of series by", _SPACES[:2]),
            _inner("window", "Window of series", "How many steps time may bend. 0: any.", "0"),
        ),
    ),
    (
        "Start and forgetting",
        (
            _inner("init_k", "Clusters to start with", "MCMC."),
            _inner("max_k", "Most clusters", "MCMC and Streaming."),
            _choice(
                "init",
                "First centres",
                (
                    ("", "as usual"),
                    ("kmeans_pp", "far apart (k-means++)"),
                    ("random", "random rows"),
                    ("given", "the first rows"),
                ),
            ),
            _inner("half_life", "Half-life", "Rows after which a row counts half. Empty: it never fades."),
            Field(
                "flow",
                "Each row moves a centre once, instead of iterating over what is remembered",
                "",
                "check",
                "algorithm/flow",
            ),
            _inner("random_state", "Seed", "The same seed and rows give the same clusters.", "0"),
        ),
    ),
    (
        "MCMC",
        (
            Field("method", "Method", "Empty: ours. Or textbook, or original.", within="algorithm/method"),
            _inner("amp", "amp", "Larger finds more clusters."),
            _inner("b", "b", "How far centres may lie; larger finds fewer."),
            _inner("min_share", "Smallest share", "Of the rows, from 0 to 1, that a cluster must hold."),
        ),
    ),
    (
        "Streaming",
        (
            _inner("mu", "mu", "How far a row may lie, as a share of the largest distance, usually."),
            _inner("sigma", "sigma", "How much that share varies."),
            _inner("out_ratio", "Outlier ratio", "A row so many times the largest distance away is new."),
            _inner("out_after", "Outliers after", "Rows that go before, at least 2."),
        ),
    ),
    (
        "Pace and end",
        (
            _pace("iter", "Iterations", "After so many the run has reached its goal. 0: it goes on."),
            _pace("iter_per_data", "Iterations for each row", "More of them for each row that was pushed."),
            _pace("data_per_iter", "Play again after rows", "A task that is ready plays after so many."),
            _pace("iter_freq", "Most iterations a second", "0: no limit."),
            _pace("data_freq", "Most rows a second", "0: no limit."),
            _pace("timeout", "Timeout", "Seconds; then the run fails. 0: none."),
            Field(
                "until",
                "End when",
                "Like: iterations >= 100 and settled or rows >= 5000. There is clusters, too.",
                within="pace/until",
            ),
            Field("shards", "Hosts to spread over", "1 to 64.", "number", usual="1"),
        ),
    ),
)
FOLDED = tuple(field for _, fields in ADVANCED for field in fields)
ALL = (*MAIN, COLUMNS, *FOLDED)


def texts_of(wish: Wish) -> dict[str, str]:
    """Return what the fields say for a wish."""
    form = plain(wish)
    return {field.name: _written(_at(form, field.place)) for field in ALL}


def _at(form: Mapping[str, Any], place: str) -> Any:
    above, _, name = place.rpartition("/")
    return (form[above] if above else form)[name]


def _written(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return (
        "\n".join(map(str, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else str(value)
    )
