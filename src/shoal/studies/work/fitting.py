"""Running fits of a study in a worker: scores come back as rows, parameters as one file a job."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Protocol

from shoal.base.errors import ShoalError
from shoal.clustering.gaussians import fitting as engine
from shoal.clustering.modes import mode_named
from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import FitTask
from shoal.studies.results.parameters import Parameters, packed
from shoal.studies.work.rows import StudyRows, rows_at


class Work(Protocol):
    """What a job offers to the fits that run in it."""

    @property
    def files(self) -> Any:
        """Give the local path of a key."""

    def check(self) -> None:
        """Raise when the job should end."""

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how far the job is."""

    def artifact(self, name: str, content: bytes) -> str:
        """Keep a file and return its key."""


def run(spec: dict[str, Any], context: Work) -> dict[str, Any]:
    """Run a job's fits; one that fails is recorded with its error and takes no other with it."""
    plan = StudyPlan.from_json(spec["plan"])
    rows = rows_at(context.files.path(spec["key"]), plan)
    tasks = [FitTask(*task) for task in spec["fits"]]
    done: list[Fit] = []
    parameters: dict[int, Parameters] = {}
    for number, task in enumerate(tasks):
        context.check()
        context.progress(number, len(tasks))
        fit, found = run_fit(rows, plan, task)
        done.append(fit)
        if found is not None:
            parameters[task.id] = parameters_of(rows, plan, found)
    key = context.artifact("parameters.npz", packed(parameters))
    return {"fits": [fit.as_json() | {"params": _key(fit, key)} for fit in done]}


def run_fit(rows: StudyRows, plan: StudyPlan, task: FitTask) -> tuple[Fit, engine.Fit | None]:
    """Return a fit's scores and the fit itself, or why it failed and None."""
    started = perf_counter()
    try:
        found = fit_of(rows, plan, task.experiment, task.k, task.covariance)
    except MemoryError:
        return _failed(task, started, "There was not enough memory."), None
    except ShoalError as error:
        return _failed(task, started, str(error)), None
    except (ArithmeticError, ValueError) as error:
        return _failed(task, started, f"{type(error).__name__}: {error}"), None
    return _scored(task, found, perf_counter() - started), found


def fit_of(rows: StudyRows, plan: StudyPlan, experiment: int, k: int, covariance: str) -> engine.Fit:
    """Run one cell of the grid; the same cell gives the same bits whenever it runs."""
    mode = mode_named(covariance)
    return engine.fit_mode(
        rows.prepared,
        k,
        mode.covariance,
        mode.tied,
        n_init=plan.n_init,
        seed=engine.fit_seed(plan.seed, experiment, k, mode),
        min_members=plan.min_members,
        assignment=plan.assignment,
        score=plan.score,
    )


def parameters_of(rows: StudyRows, plan: StudyPlan, found: engine.Fit) -> Parameters:
    """Return what is kept of a fit, with what brings other rows into its space."""
    prepared = rows.prepared
    return Parameters(
        found.mode,
        found.weights,
        found.means,
        found.covariances,
        prepared.center,
        prepared.scale,
        plan.assignment == "likelihood",
    )


def _scored(task: FitTask, found: engine.Fit, seconds: float) -> Fit:
    return Fit(
        *task,
        bic=found.bic,
        aic=found.aic,
        icl=found.icl,
        log_likelihood=found.log_likelihood,
        sizes=tuple(int(size) for size in found.sizes),
        seconds=seconds,
        degenerate=found.degenerate,
    )


def _failed(task: FitTask, started: float, error: str) -> Fit:
    return Fit(*task, state="failed", seconds=perf_counter() - started, error=error)


def _key(fit: Fit, key: str) -> str:
    return key if fit.state == "succeeded" else ""
