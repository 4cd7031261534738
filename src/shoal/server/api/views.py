"""How datasets, studies and jobs look in replies."""

from __future__ import annotations

from typing import Any

from shoal.jobs.model import Attempt, Generation, Job
from shoal.server.api.submitting import Settled
from shoal.storage.datasets import Dataset
from shoal.studies.model import Progress, Study
from shoal.studies.planning.estimate import estimate
from shoal.studies.telling.answer import answer
from shoal.studies.telling.notes import Grounds, notes

View = dict[str, Any]


def dataset_view(dataset: Dataset) -> View:
    """Return a dataset without its places in storage."""
    names = ("id", "version", "name", "owner", "rows", "sha256", "size", "created")
    shown = {name: getattr(dataset, name) for name in names}
    return shown | {
        "columns": [column.as_json() for column in dataset.columns],
        "notes": list(dataset.notes),
        "format": dataset.origin.format,
    }


def study_line(study: Study) -> View:
    """Return what a list shows of a study."""
    best = study.summary["best"] if study.summary else None
    return {
        "id": study.id,
        "name": study.name,
        "owner": study.owner,
        "dataset": study.dataset,
        "state": study.state,
        "generation": study.generation,
        "created": study.created,
        "started": study.started,
        "finished": study.finished,
        "seconds": study.seconds,
        "error": study.error,
        "best": best and {name: best[name] for name in ("k", "covariance", "bic")},
    }


def study_view(study: Study, progress: Progress, seq: int, workers: int) -> View:
    """Return everything about a study but its fits; `seq` is where a reader goes on watching."""
    cost = estimate(study.plan, study.facts["rows"], len(study.plan.columns or ()), workers)
    return study_line(study) | {
        "estimate": cost.sentence(),
        "plan": study.plan.as_json(),
        "facts": study.facts,
        "source": {name: value for name, value in study.source.items() if name != "key"},
        "progress": {"total": progress.total, "done": progress.done, "failed": progress.failed},
        "answer": answer(study.summary).text if study.summary else "",
        "summary": study.summary,
        "seq": seq,
    }


def estimate_view(settled: Settled) -> View:
    """Return what a study would be and cost, in numbers and in words."""
    cost, intake = settled.cost, settled.intake
    return {
        "fits": cost.fits,
        "workers": cost.workers,
        "seconds": cost.seconds,
        "bytes": cost.memory,
        "free": settled.free,
        "fits_in_memory": cost.memory <= settled.free,
        "sentence": cost.sentence(),
        "columns": list(intake.choice.used),
        "left_out": [{"column": name, "why": why} for name, why in intake.choice.left],
        "plan": intake.plan.as_json(),
        "facts": intake.facts,
        "changed": settled.changed,
        "notes": notes(Grounds(intake.plan, intake.facts, (), cost.fits)),
    }


def job_view(job: Job) -> View:
    """Return a job, every column."""
    progress = None if job.progress is None else job.progress._asdict()
    return job._asdict() | {"progress": progress}


def attempt_view(attempt: Attempt) -> View:
    """Return an attempt; its log is told of only by whether there is one."""
    return attempt._asdict() | {"log": attempt.log is not None}


def generation_view(generation: Generation) -> View:
    """Return how an earlier generation of a job ended."""
    return generation._asdict()
