"""A task as somebody asks for it, and the wish that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import strawberry

from shoal.base.errors import InvalidInput
from shoal.live.model import Wish
from shoal.live.plain import wish_of
from shoal.server.cluserve.algorithm import AlgorithmInput
from shoal.server.cluserve.frames import DataframeInput, DatasetInput
from shoal.server.cluserve.scalars import JSON, Long

ABOUT = "A task. What only the server tells (status, figures, labels, ...) may be sent back, and is not used."


@strawberry.input(name="TaskInput", description=ABOUT)
class TaskInput:
    """A task; what only the server tells may be sent back as it was received, and is not used."""

    id: str | None = None
    name: str | None = None
    identifier: str | None = None
    variables: list[str] | None = None
    predictions: list[str] | None = None
    algorithm: AlgorithmInput | None = None
    dataset: DatasetInput | None = None
    centroids: DataframeInput | None = strawberry.field(
        default=None, description="centres to begin with, where algorithm.init is `given`"
    )
    labels: DataframeInput | None = None
    shards: Long | None = strawberry.field(default=None, description="over how many hosts it is spread")
    rows: Long | None = None
    status: str | None = None
    error: str | None = None
    figures: JSON | None = None

    @property
    def sent(self) -> DataframeInput | None:
        """Return the rows that are sent along."""
        return self.dataset.dataframe if self.dataset else None

    def settings(self) -> dict[str, Any]:
        """Return what is given, as a wish calls it, without the rows and their columns."""
        algorithm, pace = self.algorithm.plain() if self.algorithm else ({}, {})
        if algorithm.get("init") == "given" and (centres := _rows(self.centroids)):
            algorithm["given"] = centres
        names = ("name", "identifier", "variables", "predictions", "shards")
        given = {name: getattr(self, name) for name in names}
        given = {name: value for name, value in given.items() if value is not None}
        return given | {"algorithm": algorithm, "pace": pace}

    def wish(self, *, dataset: str | None = None) -> Wish:
        """Return the wish; `dataset` is the stored one whose rows go ahead.

        Raises:
            InvalidInput: something cannot be; every fault has a pointer into the task.
        """
        columns = (self.sent and self.sent.columns) or ([] if dataset else self.variables) or []
        return checked({**self.settings(), "columns": columns, "dataset": dataset})


def checked(wanted: Mapping[str, Any]) -> Wish:
    """Return the wish of plain values; raises InvalidInput, whose pointers lead into a TaskInput."""
    try:
        return wish_of(wanted)
    except InvalidInput as error:
        faults = [fault | {"pointer": _pointer(fault["pointer"])} for fault in error.details["errors"]]
        told = " ".join(f"{fault['pointer'] or 'the task'}: {fault['message']}" for fault in faults)
        raise InvalidInput(f"The task cannot be as it is asked for. {told}", errors=faults) from error


def _rows(dataframe: DataframeInput | None) -> list[Any]:
    return [row for piece in dataframe.pieces() for row in piece] if dataframe else []


def _pointer(ours: str) -> str:
    camel = re.sub(r"_([a-z])", lambda found: found[1].upper(), ours)
    return re.sub(r"^/pace", "/algorithm", camel).replace("/numCpu", "/numCPU")
