"""A job as the promise of its value, in the manner of `concurrent.futures`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shoal.base.extras import require
from shoal.client.calls import Call
from shoal.client.job import AsyncJob, Job, _Job
from shoal.client.methods import operation
from shoal.client.patience import ENDS, waited
from shoal.client.results import JobFailed, failure_of, value_of


class _Promised(_Job):
    @operation
    def frame(self, timeout: float | None = None) -> Call[Any]:
        """Wait for the job and return its value, a table, as a pandas data frame.

        Raises:
            JobFailed, TimeoutError: as `result` does.
            MissingExtra: pandas is not installed.
        """
        pandas = require("pandas", "pandas")
        yield from self._ended(timeout)
        return pandas.DataFrame((yield from self._value()))

    @operation
    def exception(self, timeout: float | None = None) -> Call[JobFailed | None]:
        """Wait for the job and return why it has no value; None when it has one. Raises TimeoutError."""
        yield from self._ended(timeout)
        return None if self.state == "succeeded" else failure_of(self.facts)

    @operation
    def done(self) -> Call[bool]:
        """Say whether the job has ended, without waiting for it."""
        yield from self._look()
        return self.state in ENDS

    @operation
    def cancelled(self) -> Call[bool]:
        """Say whether the job was stopped."""
        yield from self._look()
        return self.state == "cancelled"

    def _look(self) -> Call[None]:
        if self.state not in ENDS:
            self.facts = yield from self._json("")

    def _ended(self, timeout: float | None) -> Call[None]:
        yield from waited(self.path, self.facts, timeout, partial(setattr, self, "facts"))

    def _value(self) -> Call[Any]:
        if self.state != "succeeded":
            raise failure_of(self.facts)
        return (yield from value_of(self.path, self.facts["result"]))


class JobFuture(_Promised, Job):
    """The value of a job to come."""


class AsyncJobFuture(_Promised, AsyncJob):
    """The value of a job to come."""
