"""Requests in a house: who may have them, and what they do to the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import orjson
from sqlalchemy import Connection, select, text

from shoal.access import Actor
from shoal.base.errors import Conflict, InvalidInput
from shoal.base.transaction import is_postgres
from shoal.jobs.model import Dependency, Job, NewJob
from shoal.jobs.requests import passing, permitting
from shoal.jobs.requests.fields import StepRequest
from shoal.jobs.requests.means import Means
from shoal.jobs.requests.planning import Planner
from shoal.jobs.requests.request import JobRequest, read
from shoal.jobs.states import State
from shoal.jobs.store import editing, limits, reading, rerunning, submission
from shoal.jobs.store.tables import jobs

# Held until the commit: what was looked up stays true.
_LOCK = text("SELECT pg_advisory_xact_lock(1785686386, hashtext(:owner))")


class Requests:
    """Plan requests and hand them in, all inside transactions of the caller."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def allow(self, actor: Actor, request: JobRequest) -> None:
        """Pass when an actor may have this run here; raises Forbidden."""
        permitting.allow(actor, request, self._means.settings)

    def prepare(self, actor: Actor, request: JobRequest) -> None:
        """Do what `allow` does, and look functions up before a transaction has to wait for that; blocks.

        Raises:
            Forbidden: the actor may not have this run here.
            NotFound: there is no such function.
            InvalidInput: it cannot be called with these arguments.
        """
        self.allow(actor, request)
        # A draft may lack something yet; an array's arguments are known when its numbers are put in.
        whole = not request.draft and request.array is None
        for place, each in enumerate(request.steps or [request]):
            if each.runner == "function" and whole:
                # A step that names no data takes the result of the one before.
                self._check(
                    each, f"/steps/{place}" if request.steps else "", each.data is not None or place > 0
                )
            elif each.runner == "function":
                self._means.catalogue.located(str(each.script))

    def _check(self, run: StepRequest, at: str, has_data: bool) -> None:
        args, kwargs = run.args or [], run.kwargs or {}
        try:
            self._means.catalogue.check(str(run.script), args, kwargs, has_data=has_data)
        except InvalidInput as error:
            for problem in error.details.get("errors", ()):
                problem["pointer"] = at + problem["pointer"]
            raise

    def plan(self, conn: Connection, owner: str, request: JobRequest) -> list[NewJob]:
        """Return the jobs that a request becomes; raises what `Planner.plan` raises."""
        return Planner(self._means, conn, owner).plan(request)

    def submit(self, conn: Connection, owner: str, request: JobRequest) -> list[int]:
        """Submit a request and return its job's id, and those of its parts after it.

        A request whose idempotency key was used before by the owner is not done again.

        Raises:
            InvalidInput, NotFound, Forbidden, TooLarge: it cannot be done.
            Conflict: the idempotency key stands for another request.
            TooManyRequests: the owner's quota is used up.
        """
        if request.idempotency_key and (known := _known(conn, owner, request)) is not None:
            return known
        head, *parts = self.plan(conn, owner, request)
        if request.idempotency_key:
            head = replace(head, spec={**head.spec, "request": _digest(request)})
        if parts:
            (id_,) = submission.submit(conn, owner, [replace(head, draft=True)])
            return [id_, *_fill(conn, owner, id_, head, parts)]
        ids = submission.submit(conn, owner, [head])
        passing.await_results(conn, [head])
        return ids

    def release(self, conn: Connection, draft: Job) -> list[int]:
        """Queue a draft and return its id, and those of its parts after it; raises what `submit` raises."""
        if draft.state is not State.DRAFT or (wish := draft.spec.get("wish")) is None:
            return submission.release(conn, [draft.id])
        head, *parts = self.plan(conn, draft.owner, read({**wish, "draft": False}))
        return [draft.id, *_fill(conn, draft.owner, draft.id, _keyed(head, draft), parts)]

    def revise(self, conn: Connection, draft: Job, request: JobRequest) -> None:
        """Give a draft the content of another request.

        Raises:
            Conflict: the job is no draft any more.
            InvalidInput, NotFound, Forbidden, TooLarge: the request cannot be done.
        """
        (head,) = self.plan(conn, draft.owner, request.model_copy(update={"draft": True}))
        editing.revise(conn, draft.id, _keyed(head, draft))
        passing.await_results(conn, [head])


def rerun(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Run ended jobs again and return them; of several parts those that did not succeed, else all.

    Raises:
        NotFound: one is not there.
        Conflict: one has not ended, or waits for a job that ended otherwise than it needs.
    """
    wanted = dict.fromkeys(ids)
    for job in reading.get_many(conn, ids).values():
        if job.kind in passing.HEADS:
            wanted |= dict.fromkeys(_to_repeat(conn, job.id))
            passing.begin_again(conn, job)
    return rerunning.rerun(conn, list(wanted))


def _fill(conn: Connection, owner: str, id_: int, head: NewJob, parts: Sequence[NewJob]) -> list[int]:
    """Submit the parts of a draft that holds jobs together, and let it wait for them."""
    limit = head.spec.get("limit")
    group = passing.group_of(id_) if limit else ""
    if limit:
        limits.set_limit(conn, group=group, n=limit)
    parts = [replace(part, parent=id_, group=group) for part in parts]
    ids = submission.submit(conn, owner, parts)
    passing.await_results(conn, parts)
    if head.kind == "steps":
        after = [Dependency(job=ids[-1])]
    else:
        after = [Dependency(job=part, condition="any") for part in ids]
    editing.revise(conn, id_, replace(head, draft=True, after=after))
    passing.catch_up(conn, ids)
    submission.release(conn, [id_])
    return ids


def _to_repeat(conn: Connection, head: int) -> list[int]:
    rows = conn.execute(select(jobs.c.id, jobs.c.state).where(jobs.c.parent == head)).all()
    return [id_ for id_, state in rows if state != State.SUCCEEDED] or [id_ for id_, _ in rows]


def _known(conn: Connection, owner: str, request: JobRequest) -> list[int] | None:
    """Return what the owner has submitted under the key before; raises Conflict when that was another."""
    if is_postgres(conn):
        conn.execute(_LOCK, {"owner": owner})
    key = request.idempotency_key
    query = select(jobs.c.id, jobs.c.spec).where(jobs.c.owner == owner, jobs.c.idempotency_key == key)
    if (row := conn.execute(query).first()) is None:
        return None
    if row.spec.get("request") != _digest(request):
        raise Conflict(
            f"The idempotency key {key!r} stands for another job.",
            hint="Send the same request again, or choose another key.",
            idempotency_key=key,
            job=row.id,
        )
    parts = select(jobs.c.id).where(jobs.c.parent == row.id).order_by(jobs.c.id)
    return [row.id, *conn.execute(parts).scalars()]


def _keyed(head: NewJob, draft: Job) -> NewJob:
    """Return new content for a draft that still knows under which request it was first handed in."""
    request = draft.spec.get("request")
    return head if request is None else replace(head, spec={**head.spec, "request": request})


def _digest(request: JobRequest) -> str:
    told = {name: value for name, value in request.as_json().items() if name != "idempotency_key"}
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
