"""A server's words about a study, read back into the study that is rendered."""

from __future__ import annotations

from typing import Any

from shoal.studies.model import Study, StudyState
from shoal.studies.plan import StudyPlan


def study_of(facts: dict[str, Any]) -> Study:
    """Return a study from what the server says about it; places in storage are not among that."""
    same = (
        "id",
        "name",
        "owner",
        "dataset",
        "facts",
        "generation",
        "created",
        "started",
        "finished",
        "error",
    )
    return Study(
        **{name: facts[name] for name in same},
        dataset_version=facts["source"]["version"],
        source=facts["source"] | {"key": ""},
        plan=StudyPlan.from_json(facts["plan"]),
        state=StudyState(facts["state"]),
        summary=facts["summary"],
        artifact="",
    )
