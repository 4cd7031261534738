"""From a request to jobs: what it runs is looked up, its data bound, its limits filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import file_digest
from typing import Any

from sqlalchemy import Connection, select

from shoal.access.decisions import missing
from shoal.base.errors import Conflict
from shoal.jobs import executables
from shoal.jobs.containers import permitted
from shoal.jobs.data import binding
from shoal.jobs.model import ENDINGS, Dependency, NewJob, Webhook
from shoal.jobs.requests.contents import cache_key, content_of
from shoal.jobs.requests.fields import StepRequest
from shoal.jobs.requests.grouping import elements_of, head_of, steps_of
from shoal.jobs.requests.means import Means
from shoal.jobs.requests.passing import handed_on, is_open
from shoal.jobs.requests.request import JobRequest
from shoal.jobs.sandbox import environment
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading
from shoal.jobs.store.tables import jobs


class Planner:
    """Plan the requests of an owner inside one transaction."""

    def __init__(self, means: Means, conn: Connection, owner: str) -> None:
        self._means = means
        self._conn = conn
        self._owner = owner

    def plan(self, request: JobRequest) -> list[NewJob]:
        """Return the job that a request becomes; of several parts first what holds them together.

        Raises:
            InvalidInput, NotFound, Forbidden: what it names cannot be used, or is not there.
            Conflict: it takes the result of a job that has none.
            TooLarge: it would take too much room.
        """
        if request.draft and request.kind in ("steps", "array"):
            return [head_of(request, {"wish": request.as_json()})]
        if request.kind == "steps":
            steps = steps_of(request, self.run)
            return [head_of(request, {"steps": [one.spec["step_name"] for one in steps]}), *steps]
        if request.array is not None:
            elements = elements_of(request, self.run)
            spec = {"elements": len(elements), "failed": 0, "limit": request.array.limit}
            return [head_of(request, spec), *elements]
        return [replace(self.run(request), idempotency_key=request.idempotency_key, draft=request.draft)]

    def run(self, request: StepRequest) -> NewJob:
        """Return one run; raises what `plan` raises."""
        spec = content_of(request, self._means.settings)
        if request.runner == "container":
            spec |= permitted.check(spec, self._means.settings.containers)
        else:
            environment.checked(spec["env"])
        if request.runner == "file":
            spec |= self._executable(request)
        if request.runner == "function":
            spec |= self._means.catalogue.located(str(request.script))
        after = []
        if request.data is not None:
            spec["data"] = self._bound(request.data)
            after = [Dependency(job=spec["data"]["job"])] if is_open(spec["data"]) else []
        run = NewJob(
            str(request.runner),
            spec,
            request.name,
            extra=request.extra,
            priority=request.priority,
            labels=[*request.labels, *binding.labels_for(spec.get("data"))],
            resources=request.resources,
            timeout=request.timeout,
            retry=request.repeats,
            relaxed=request.relaxed,
            after=after,
            cache_key=cache_key(str(request.runner), spec) if request.cache else None,
        )
        return self._timed(run, request) if isinstance(request, JobRequest) else run

    def _executable(self, request: StepRequest) -> dict[str, str]:
        """Look whether a file may be run; only who wants an equal run's result needs its hash now."""
        path = executables.allowed(str(request.script), self._means.settings.execution.files)
        if not request.cache:
            return {}
        with path.open("rb") as file:
            return {"code_hash": file_digest(file, "sha256").hexdigest()}

    def _bound(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("type") == "result":
            return dict(given) if "step" in given else self._result_of(given["job"])
        return binding.bind(self._conn, self._means.storage, self._owner, given)

    def _timed(self, run: NewJob, request: JobRequest) -> NewJob:
        hook = request.webhook
        known = reading.get_many(self._conn, [each.job for each in request.after])
        for each in request.after:
            if each.job not in known or known[each.job].owner != self._owner:
                raise missing("job", each.job)
        after = [Dependency(job=each.job, condition=each.condition) for each in request.after]
        return replace(
            run,
            not_before=request.not_before,
            deadline=request.deadline,
            after=[*run.after, *after],
            webhook=Webhook(hook.url, hook.events or ENDINGS) if hook else None,
        )

    def _result_of(self, id_: int) -> dict[str, Any]:
        """Return the result of a job as data; of one that has not ended, what `passing` completes."""
        # Until the commit it cannot end unseen.
        self._conn.execute(select(jobs.c.id).where(jobs.c.id == id_).with_for_update())
        job = reading.get(self._conn, id_)
        if job.owner != self._owner:
            raise missing("job", id_)
        data = {"type": "result", "job": id_}
        if job.state not in ENDS:
            return data
        if job.state is not State.SUCCEEDED:
            raise Conflict(f"Job {id_} has no result: it {job.state}.", hint="Run it again first.", job=id_)
        return data | handed_on(self._conn, job, job.result)
