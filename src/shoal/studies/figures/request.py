"""What somebody wants to see: a figure, a format, and options."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from shoal.base.errors import InvalidInput, NotFound
from shoal.clustering.modes import MODE_NAMES
from shoal.studies.figures.catalogue import CATALOGUE, FORMATS, NAMES, Format
from shoal.studies.figures.theme import THEMES, Theme

Criterion = Literal["bic", "aic", "both"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
SCALES = (0.25, 4.0)
MOST_MEMBERS = 2**53


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """Say which figure of a study is wanted; what is wrong with it is found by `check`.

    Args:
        name: one of `catalogue.NAMES`.
        format: json (Vega-Lite with its data), svg, png, pdf, or csv (the figure's table).
        x, y: columns for the axes; empty takes the first two that are clustered by.
        covariance: whose recommended fit `cluster` shows; empty takes the best.
        criterion: what `scores` shows.
        fit: the id of a fit, for `fit`.
        min_members: choose again with this smallest cluster; None is the study's own.
        ticks: write numbers at the axes of the small panels, as the older service could.
        arrows: let `components` show how the columns point.
        theme: light or dark.
        scale: pixels of a PNG for one of the figure's own.
    """

    name: str
    format: Format = "json"
    x: str = ""
    y: str = ""
    covariance: str = ""
    criterion: Criterion = "bic"
    fit: int | None = None
    min_members: int | None = None
    ticks: bool = True
    arrows: bool = False
    theme: Theme = "light"
    scale: float = 1.5

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON-able values; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FigureRequest:
        """Read what `as_json` returned; names that are not known are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in content.items() if name in known})

    def check(self, columns: Sequence[str], covariances: Collection[str], fits: int) -> None:
        """Refuse a wish that a study cannot fulfil.

        Args:
            columns: the number columns of its data.
            covariances: the shapes it tried.
            fits: how many fits it has.

        Raises:
            NotFound: there is no such figure or fit.
            InvalidInput: an option has a value it cannot have.
        """
        if self.name not in NAMES:
            raise NotFound(f"There is no figure {self.name}.", hint=f"There are: {', '.join(NAMES)}.")
        _one_of("format", self.format, FORMATS)
        _one_of("criterion", self.criterion, CRITERIA)
        _one_of("theme", self.theme, THEMES)
        for axis in ("x", "y"):
            _check_column(axis, getattr(self, axis), columns)
        if self.covariance:
            _one_of("covariance", self.covariance, [one for one in MODE_NAMES if one in covariances])
        self._check_numbers(fits)

    def _check_numbers(self, fits: int) -> None:
        if not SCALES[0] <= self.scale <= SCALES[1]:
            raise _wrong("scale", f"The scale is {self.scale:g}; it can be {SCALES[0]:g} to {SCALES[1]:g}.")
        if self.min_members is not None and not 1 <= self.min_members <= MOST_MEMBERS:
            raise _wrong(
                "min_members", f"The smallest cluster is {self.min_members}; it can be 1 row or more."
            )
        if (self.name == "fit") != (self.fit is not None):
            raise _wrong("fit", "The figure `fit`, and no other, needs the id of a fit: ?fit=0")
        if self.fit is not None and not 0 <= self.fit < fits:
            raise NotFound(f"There is no fit {self.fit}.", hint=f"Ids are 0 to {fits - 1}.")

    def plain(self) -> FigureRequest:
        """Return the request without the options that its figure does not take: alike wishes become equal."""
        takes = {"name", "format", "theme", *CATALOGUE[self.name].takes}  # type: ignore[index]
        takes |= {"scale"} if self.format == "png" else set()
        return FigureRequest.from_json(
            {name: value for name, value in self.as_json().items() if name in takes}
        )


def _one_of(field: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise _wrong(field, f"{field} is {value!r}; it can be {', '.join(choices)}.")


def _check_column(axis: str, name: str, columns: Sequence[str]) -> None:
    if name and name not in columns:
        close = get_close_matches(name, columns, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(columns[:30])}."
        raise _wrong(axis, f"There is no number column {name}.", hint)


def _wrong(field: str, message: str, hint: str = "") -> InvalidInput:
    problem = {"in": "query", "pointer": f"/{field}", "message": message}
    return InvalidInput(message, hint=hint, errors=[problem])
