"""Laws of changing what is there: drafts, notes, and taking jobs away."""

from __future__ import annotations

import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.jobs.model import Dependency, NewJob, Outcome, Retry, Webhook
from shoal.jobs.states import Reason, State
from shoal.jobs.store import editing, reading, submission
from tests.support.store import Store

HOOK = Webhook("https://example.org/told", ("failed",))


def revise(store: Store, id_: int, new: NewJob) -> None:
    store.write(lambda c: editing.revise(c, id_, new))


def release(store: Store, *ids: int) -> list[int]:
    return store.write(lambda c: submission.release(c, ids))


def remove(store: Store, *ids: int) -> list[int]:
    return store.write(lambda c: editing.remove(c, ids)).jobs


def test_a_draft_takes_other_content_and_stays_itself(store: Store) -> None:
    draft = store.submit_one("a", draft=True, idempotency_key="k", external_ids={"old": "one"})
    first = store.job(draft)
    new = NewJob(
        "b", {"x": 2}, "named", {"note": [1]}, 3, labels=("gpu",), resources={"cpu": 2.0}, timeout=9.0,
        retry=Retry(on=("exit:75",)), group="site", webhook=HOOK, external_ids={"old": "one", "new": "two"},
    )  # fmt: skip
    revise(store, draft, new)
    job = store.job(draft)
    assert (job.state, job.kind, job.spec, job.name, job.extra) == (
        "draft",
        "b",
        {"x": 2},
        "named",
        {"note": [1]},
    )
    assert (job.priority, job.labels, job.resources, job.timeout) == (3, ("gpu",), {"cpu": 2.0}, 9.0)
    assert (job.group, job.webhook, job.retry.on) == ("site", HOOK, ("exit:75",))
    assert (job.id, job.created, job.idempotency_key) == (first.id, first.created, "k")
    assert job.external_ids == {"old": "one", "new": "two"}
    assert release(store, draft) == [draft]
    assert store.lease_one(labels=["gpu"], resources={"cpu": 2}).spec == {"x": 2}


def test_a_revised_draft_waits_for_what_its_new_content_names(store: Store) -> None:
    before, instead = store.submit(NewJob("a"), NewJob("b"))
    draft = store.submit_one(draft=True, after=[Dependency(before)])
    revise(store, draft, NewJob("sum", after=[Dependency(instead)]))
    release(store, draft)
    store.succeed(store.lease_one(kinds=["a"]))
    assert store.job(draft).reason is Reason.DEPENDENCY
    store.succeed(store.lease_one(kinds=["b"]))
    assert store.job(draft).reason is Reason.READY


def test_a_draft_cannot_come_to_wait_for_itself(store: Store) -> None:
    draft = store.submit_one(draft=True)
    (waiting,) = store.submit(NewJob("sum", after=[Dependency(draft)]))
    for upstream in (draft, waiting):
        with pytest.raises(InvalidInput, match="itself"):
            revise(store, draft, NewJob("other", after=[Dependency(upstream)]))
    assert store.job(draft).kind == "sum"


def test_only_a_draft_can_be_revised(store: Store) -> None:
    job = store.submit_one()
    with pytest.raises(Conflict, match="queued"):
        revise(store, job, NewJob("other"))
    with pytest.raises(NotFound):
        revise(store, 999, NewJob("other"))
    with pytest.raises(InvalidInput):
        revise(store, store.submit_one(draft=True), NewJob("other", priority=10**9))


def test_a_note_can_be_put_beside_a_job_in_any_state(store: Store) -> None:
    job = store.submit_one(extra={"old": 1})
    lease = store.lease_one()
    store.write(lambda c: editing.annotate(c, job, {"seen": {"by": "me"}}))
    assert [found.id for found in store.find(extra={"seen": {"by": "me"}})] == [job]
    store.succeed(lease)
    store.write(lambda c: editing.annotate(c, job, {}))
    assert store.job(job).extra == {}
    with pytest.raises(NotFound):
        store.write(lambda c: editing.annotate(c, 999, {}))


def test_ended_jobs_and_drafts_are_removed_with_all_below_them(store: Store) -> None:
    top = store.submit_one()
    (below,) = store.submit(NewJob("sum", parent=top))
    for lease in store.lease(2):
        store.finish(lease, Outcome(State.SUCCEEDED, log=f"log of {lease.job_id}"))
    draft = store.submit_one(draft=True)
    removed = store.write(lambda c: editing.remove(c, [top, draft]))
    assert removed.jobs == [top, below, draft]
    assert sorted(removed.logs) == [f"log of {top}", f"log of {below}"]
    assert store.find() == []
    assert store.database.read(lambda c: reading.attempts_of(c, top)) == []


def test_removing_is_all_or_none(store: Store) -> None:
    ended, running = store.submit(NewJob("a"), NewJob("b"))
    store.succeed(store.lease_one(kinds=["a"]))
    store.start(store.lease_one(kinds=["b"]))
    with pytest.raises(Conflict, match="running"):
        remove(store, ended, running)
    with pytest.raises(NotFound):
        remove(store, ended, 999)
    assert store.state(ended) is State.SUCCEEDED


def test_a_draft_for_which_another_job_waits_is_not_removed(store: Store) -> None:
    draft = store.submit_one(draft=True)
    (waiting,) = store.submit(NewJob("sum", after=[Dependency(draft)]))
    with pytest.raises(Conflict, match=f"Job {waiting} waits"):
        remove(store, draft)
    store.cancel(waiting)
    assert remove(store, draft) == [draft]


@pytest.mark.parametrize(
    ("on", "code", "again"),
    [
        (("exit:75",), 75, True),
        (("exit:75",), 74, False),
        (("exit:10-19",), 19, True),
        (("exit:10-19",), 20, False),
        (("exit",), 3, True),
        (("exit:-9",), -9, True),
        (("error",), 75, False),
    ],
)
def test_exit_codes_decide_on_another_try(store: Store, on: tuple[str, ...], code: int, again: bool) -> None:
    job = store.submit_one(retry=Retry(on=on, backoff=0))
    store.fail(store.lease_one(), kind="exit", exit_code=code)
    assert (store.state(job) is State.RETRYING) == again


@pytest.mark.parametrize("entry", ["exit:", "exit:x", "exit:5-", "exit:9-1", "exit:1,2"])
def test_what_is_no_exit_code_is_refused(store: Store, entry: str) -> None:
    with pytest.raises(InvalidInput, match="exit:N"):
        store.submit_one(retry=Retry(on=(entry,)))


def test_what_a_runner_tells_of_an_attempt_is_kept(store: Store) -> None:
    job = store.submit_one()
    facts = {"artifacts": [{"name": "a.csv"}], "sandbox": "user"}
    store.finish(store.lease_one(), Outcome(State.SUCCEEDED, facts=facts))
    assert store.attempts(job)[0].facts == facts
