"""Requests handed in to a bare store, and their jobs run by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shoal.base.settings import Settings
from shoal.jobs.kinds import registered
from shoal.jobs.model import Job, Lease, Outcome
from shoal.jobs.requests import kinds as head_kinds
from shoal.jobs.requests.gathering import run
from shoal.jobs.requests.means import Means
from shoal.jobs.requests.request import read
from shoal.jobs.requests.submitting import Requests, rerun
from shoal.jobs.runners import kinds as runner_kinds
from shoal.jobs.scripts.catalogue import Catalogue
from shoal.jobs.states import State
from shoal.jobs.store import finishing, reading
from shoal.jobs.workers.context import Failed
from shoal.storage.files import FileStorage
from tests.support.store import Store


class Desk:
    """A store, and what makes jobs of requests in it."""

    def __init__(self, store: Store, folder: Path) -> None:
        runner_kinds.register_kinds()
        head_kinds.register_kinds()
        self.store = store
        settings = Settings(home=folder)
        self.requests = Requests(
            Means(settings, FileStorage(folder / "files"), Catalogue(settings.execution.scripts))
        )

    def submit(self, owner: str = "me", **body: Any) -> list[int]:
        request = read(body)
        return self.store.write(lambda conn: self.requests.submit(conn, owner, request))

    def command(self, *words: str, **more: Any) -> list[int]:
        return self.submit(runner="command", cmd=list(words), **more)

    def release(self, id_: int) -> list[int]:
        return self.store.write(lambda conn: self.requests.release(conn, reading.get(conn, id_)))

    def rerun(self, *ids: int) -> list[int]:
        return self.store.write(lambda conn: rerun(conn, ids))

    def end(self, lease: Lease, result: Any = None, **error: Any) -> None:
        """End an attempt as the dispatcher does: what its kind records is recorded with it."""
        outcome = Outcome(State.FAILED, result, error) if error else Outcome(State.SUCCEEDED, result)
        record = registered()[lease.kind].record
        assert self.store.write(lambda conn: finishing.finish(conn, lease.token, outcome, record))

    def gather(self) -> Job:
        """Run what holds parts together, as a worker would."""
        lease = self.store.lease_one()
        assert lease.kind in ("steps", "array"), lease
        try:
            self.end(lease, run(lease.spec, None))  # type: ignore[arg-type]
        except Failed as failed:
            self.end(lease, failed.result, **failed.error)
        return self.store.job(lease.job_id)


def said(text: str) -> dict[str, Any]:
    """Return the result of a command that wrote a text."""
    return {"exit_code": 0, "stdout": text, "stderr": "", "truncated": False}
