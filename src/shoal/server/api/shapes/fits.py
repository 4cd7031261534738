"""The bodies that tell of fits."""

from __future__ import annotations

from typing import Any, Literal

from shoal.server.api.shapes.bodies import Page, Shape


class FitShape(Shape):
    """One fit that has ended."""

    fit: int
    experiment: int
    k: int
    covariance: str
    state: str
    bic: float | None
    aic: float | None
    icl: float | None
    log_likelihood: float | None
    sizes: list[int]
    seconds: float
    error: str


class FitLine(FitShape):
    """One fit in a list over studies."""

    study: str
    study_name: str


class FitPage(Page):
    """The newest run of fits that have ended."""

    fits: list[FitLine]


class ParametersShape(Shape):
    """A fit's clusters in the file's units, the largest first.

    Of the form `full` a covariance is a matrix, of `diag` its diagonal; `tied` clusters share one.
    """

    columns: list[str]
    weights: list[float]
    centers: list[list[float]]
    form: Literal["full", "diag"]
    tied: bool
    covariances: list[Any]


class FitDetail(FitLine):
    """One fit with its parameters; null when it failed."""

    parameters: ParametersShape | None


class FitList(Shape):
    """The fits of a study that have ended, by id."""

    fits: list[FitShape]
