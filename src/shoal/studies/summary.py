"""What a finished study found, as JSON-able values: the one source of every face that shows it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

# Parts that studies of earlier versions lack.
LATER = ("quality", "correlation", "distributions", "components")


class Best(TypedDict):
    """The recommended fit; scores have the study's sign (higher is better), sizes stand by cluster."""

    fit: int
    experiment: int
    k: int
    covariance: str
    bic: float
    aic: float
    icl: float
    log_likelihood: float
    sizes: list[int]


class Rival(TypedDict):
    """The best-scoring other number of clusters, and how far below it scores."""

    k: int
    gap: float


class Cell(TypedDict):
    """Scores of one shape at one k over the repeats; `low` and `high` bound the mean (95% bootstrap)."""

    k: int
    fits: int
    passing: int
    best_bic: float
    bic: float
    bic_low: float
    bic_high: float
    aic: float
    aic_low: float
    aic_high: float
    icl: float


class Stability(TypedDict):
    """Adjusted Rand indices between the clusters of all rows and those of re-sampled rows."""

    mean: float
    low: float
    values: list[float]
    rows: int


class Certainty(TypedDict):
    """How sure each row's cluster is: `histogram` has 20 bins from 0 to 1, `between` counts below .8."""

    mean: float
    between: int
    histogram: list[int]


class Spread(TypedDict):
    """One column over some rows, in the file's units; `gap` is in standard deviations from the whole mean."""

    mean: float
    sd: float
    gap: float


class Profile(TypedDict):
    """One cluster, numbered from 1."""

    cluster: int
    size: int
    share: float
    columns: dict[str, Spread]


class Silhouette(TypedDict):
    """Mean silhouette width (Rousseeuw 1987) of `rows` rows, which are all or a sample, and of each cluster.

    `clusters` stand by cluster, None for one of which no row was sampled.
    """

    mean: float
    clusters: list[float | None]
    rows: int


class Quality(TypedDict):
    """How compact and separate the best fit's clusters are, in the space the study clustered in.

    Calinski and Harabasz 1974 (higher is better), Davies and Bouldin 1979 (lower is better), of all rows.
    """

    silhouette: Silhouette
    calinski_harabasz: float
    davies_bouldin: float


class Correlation(TypedDict):
    """Pearson's correlations of number columns over the rows that have both; None for a constant column."""

    columns: list[str]
    values: list[list[float | None]]
    left_out: int


class Distribution(TypedDict):
    """Rows of each cluster in bins of equal width from `low` to `high`; `beyond` rows lie outside."""

    low: float
    high: float
    counts: list[list[int]]
    beyond: int


class Components(TypedDict):
    """Principal components of rows less `center`, divided by `scale`, and their shares of the variance."""

    columns: list[str]
    center: list[float]
    scale: list[float]
    loadings: list[list[float]]
    shares: list[float]


class Note(TypedDict):
    """Something true about this study that its reader should know; `code` is stable, `text` is for people."""

    code: str
    text: str
    act: NotRequired[str]


class Summary(TypedDict):
    """Everything the faces show of a finished study.

    `rows` counts the rows that were clustered; `unavailable` gives for each shape without a
    recommendation the largest size that a smallest cluster had; `curve` is the best BIC for each k.
    Studies of earlier versions lack what is marked as not required.
    """

    rows: int
    columns: list[str]
    fits: int
    failed: int
    experiments: int
    min_members: int
    best: Best | None
    recommended: dict[str, Best]
    unavailable: dict[str, int]
    wins: dict[str, int]
    rival: Rival | None
    scores: dict[str, list[Cell]]
    curve: list[float | None]
    stability: Stability | None
    certainty: Certainty | None
    whole: dict[str, Spread]
    profiles: list[Profile]
    quality: NotRequired[Quality | None]
    correlation: NotRequired[Correlation]
    distributions: NotRequired[dict[str, Distribution]]
    components: NotRequired[Components | None]
    notes: list[Note]
