"""The figures there are: their stable names, and what they show."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Name = Literal[
    "scores",
    "wins",
    "counts",
    "clusters",
    "cluster",
    "components",
    "places",
    "profiles",
    "distributions",
    "correlation",
    "certainty",
    "stability",
    "fit",
]
Format = Literal["json", "svg", "png", "pdf", "csv"]
NAMES: tuple[Name, ...] = get_args(Name)
# Those that a study has although it recommends nothing.
WITHOUT_BEST = ("scores", "wins", "counts", "correlation")
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA: dict[Format, str] = {
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
}


class Entry(NamedTuple):
    """One figure: its heading, one sentence on how to read it, and the options that change it."""

    heading: str
    sentence: str
    takes: tuple[str, ...] = ()


CATALOGUE: dict[Name, Entry] = {
    "scores": Entry(
        "Scores for each number of clusters",
        "The mean over the repeats with its 95% interval; the dotted line marks the number recommended for a "
        "shape. A hollow mark has a cluster that is too small.",
        ("criterion", "min_members"),
    ),
    "wins": Entry(
        "How often each number won", "The repeats of the whole analysis that chose it.", ("min_members",)
    ),
    "counts": Entry(
        "Fits that count",
        "The repeats whose smallest cluster is large enough and whose clusters are not degenerate.",
        ("min_members",),
    ),
    "clusters": Entry(
        "Clusters by shape",
        "The recommended fit of each shape. Colours and numbers are those of the best fit's clusters that "
        "overlap most.",
        ("x", "y", "min_members", "ticks"),
    ),
    "cluster": Entry(
        "The clusters",
        "Each mark is a row; numbers stand at the means of the clusters.",
        ("x", "y", "covariance", "min_members", "ticks"),
    ),
    "components": Entry(
        "The clusters from their widest side",
        "The two directions in which the rows spread most (principal components), in equal units.",
        ("arrows",),
    ),
    "places": Entry("Where the clusters are", "Longitude and latitude in degrees, in true proportion."),
    "profiles": Entry(
        "What sets the clusters apart",
        "The mean of each cluster and one standard deviation around it, measured from all rows together.",
    ),
    "distributions": Entry(
        "How the columns are distributed",
        "The wider the shape, the more of the cluster's rows have this value.",
    ),
    "correlation": Entry(
        "How the columns go together",
        "Pearson's correlation of each two number columns, over the rows that have both.",
    ),
    "certainty": Entry(
        "How sure each row's cluster is",
        "Rows by the probability that they belong to their cluster, by the best fit.",
    ),
    "stability": Entry(
        "Would other rows give the same clusters?",
        "Each dot is a re-sampling of the rows, clustered again; 1 means the same clusters.",
    ),
    "fit": Entry(
        "One fit",
        "The clusters of one fit, numbered as the best fit's clusters that overlap most.",
        ("fit", "x", "y", "ticks"),
    ),
}
