"""Starting a study over a dataset of the house."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import psutil
from sqlalchemy import Connection

from shoal.access import Action, Actor, Resource, require
from shoal.jobs.store.explaining import nobody_for
from shoal.server.api.wishes import StudyWish
from shoal.server.parts import House
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.studies import running
from shoal.studies.kinds import FITS
from shoal.studies.model import Study
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.budget import fit_budget, parse_budget
from shoal.studies.planning.estimate import Estimate, check_memory, estimate
from shoal.studies.planning.intake import Intake, source_of, take_in
from shoal.studies.planning.presets import plan_of


@dataclass(frozen=True, slots=True)
class Settled:
    """Hold a study that could start: its plan and facts, what it takes, and the bytes that are `free`.

    `changed` says what a budget changed, in words.
    """

    dataset: Dataset
    intake: Intake
    cost: Estimate
    changed: str
    free: int


def submit_study(house: House, actor: Actor, wish: StudyWish) -> tuple[Study, str]:
    """Start what is wished for, and say what a budget changed; blocks while the dataset's rows are counted.

    Raises:
        NotFound: there is no such dataset.
        InvalidInput: an option cannot be used, or the rows cannot.
        TooLarge: it needs more memory than is free.
    """
    settled = settle(house, actor, wish)
    intake = settled.intake
    check_memory(settled.cost, settled.free)

    def start(conn: Connection) -> Study:
        # It may have been removed meanwhile.
        source = source_of(_allowed(conn, actor, wish.dataset))
        return running.start(
            conn,
            actor.name,
            source,
            intake.plan,
            intake.facts,
            name=wish.name,
            workers=house.settings.workers,
        )

    started = house.database.write(running.STARTED, start)
    nobody = house.database.read(partial(nobody_for, kind=FITS.name))
    return started, " ".join(filter(None, (settled.changed, nobody)))


def settle(house: House, actor: Actor, wish: StudyWish) -> Settled:
    """Return what a study would be; blocks while the dataset's rows are counted.

    Raises:
        NotFound, InvalidInput: as `submit_study` does.
    """
    plan = plan_of(wish.options)
    dataset = house.database.read(lambda conn: _allowed(conn, actor, wish.dataset))
    intake, changed = _within_budget(house, _taken(house, dataset, plan), wish.budget)
    columns, rows = len(intake.plan.columns or ()), intake.facts["rows"]
    cost = estimate(intake.plan, rows, columns, house.settings.workers)
    return Settled(dataset, intake, cost, changed, psutil.virtual_memory().available)


def _allowed(conn: Connection, actor: Actor, id_: str) -> Dataset:
    dataset = datasets.get(conn, id_)
    require(actor, Action.DATASET_READ, Resource("dataset", id_, dataset.owner))
    return dataset


def _taken(house: House, dataset: Dataset, plan: StudyPlan) -> Intake:
    limits = house.settings.limits
    table = datasets.open_table(house.storage, dataset)
    return take_in(dataset.columns, table, plan, max_k=limits.max_k, max_fits=limits.fits)


def _within_budget(house: House, intake: Intake, budget: str | None) -> tuple[Intake, str]:
    if budget is None:
        return intake, ""
    columns, rows = len(intake.plan.columns or ()), intake.facts["rows"]
    plan, changed = fit_budget(intake.plan, parse_budget(budget), rows, columns, house.settings.workers)
    return replace(intake, plan=plan), changed
