"""What the end of an attempt means: from a worker's answer, or from its death."""

from __future__ import annotations

import signal
from typing import Any

from shoal.jobs.model import Outcome
from shoal.jobs.states import State
from shoal.jobs.workers.member import Held, Member, Verdict
from shoal.jobs.workers.protocol import Finish

_TIME_IS_UP: dict[Verdict, str] = {
    "timeout": "The attempt took longer than its timeout of {timeout:g} s.",
    "deadline": "The job's deadline has passed.",
}


def of_finish(held: Held, finish: Finish) -> Outcome:
    """Return the outcome that a worker's answer means."""
    state = State(finish.state)
    if state is State.CANCELLED and held.stop in _TIME_IS_UP:
        told = _time_is_up(held, held.stop, finish.peak_memory, finish.exit_code)
        return told._replace(facts=finish.facts)
    code = finish.exit_code or 0
    return Outcome(state, finish.result, finish.error, code, finish.peak_memory, held.log_key, finish.facts)


def of_death(member: Member, held: Held) -> Outcome:
    """Return the outcome of the attempt during which a worker died, or was killed by us for a reason."""
    code = member.exited.code if member.exited is not None else None
    peak = member.exited.peak_memory if member.exited is not None else None
    if member.verdict in _TIME_IS_UP:
        return _time_is_up(held, member.verdict, peak, code)
    if member.verdict == "cancelled":
        return Outcome(State.CANCELLED, None, None, code, peak, held.log_key)
    error = {"kind": "lost", "type": "WorkerDied", "message": _obituary(member, code)}
    return Outcome(State.LOST, None, error, code, peak, held.log_key)


def of_order(held: Held) -> Outcome:
    """Return the outcome of a lease that was ordered to stop before it was begun."""
    return Outcome(State.CANCELLED, log=held.log_key)


def of_missing_input(error: BaseException) -> Outcome:
    """Return the outcome of an attempt whose inputs could not be brought to its worker."""
    message = f"What the job reads could not be brought here: {error}"
    return Outcome(State.FAILED, None, {"kind": "error", "type": type(error).__name__, "message": message})


def of_failed_record(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of a job that ended well but whose result could not be recorded."""
    told: dict[str, Any] = {
        "kind": "error",
        "type": type(error).__name__,
        "message": f"The result could not be recorded: {error}",
    }
    return Outcome(State.FAILED, None, told, outcome.exit_code, outcome.peak_memory, outcome.log)


def _time_is_up(held: Held, verdict: Verdict, peak: int | None, code: int | None = 0) -> Outcome:
    message = _TIME_IS_UP[verdict].format(timeout=held.lease.timeout or 0.0)
    error = {"kind": verdict, "type": "TimeoutError", "message": message}
    return Outcome(State.FAILED, None, error, code, peak, held.log_key)


def _obituary(member: Member, code: int | None) -> str:
    if member.verdict == "hung":
        return "The worker gave no sign of life and was killed."
    if code is None:
        return "The worker died."
    if code >= 0:
        return f"The worker ended with exit code {code}."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    hint = " Perhaps the machine ran out of memory." if code == -signal.SIGKILL else ""
    return f"The worker was killed by {name}.{hint}"
