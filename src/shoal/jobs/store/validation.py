"""Refusing jobs that could never be kept or done."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from shoal.base.errors import InvalidInput
from shoal.jobs.model import DEFAULT_RETRY, NewJob, Retry, Webhook
from shoal.jobs.states import State
from shoal.jobs.store import targets
from shoal.jobs.store.retrying import exit_codes

MAX_PRIORITY = 10_000
_INT64 = 2**63 - 1


def check(jobs: Sequence[NewJob]) -> None:
    """Raise InvalidInput when a job of a submission cannot be kept or done."""
    for position, job in enumerate(jobs):
        if (fault := _fault(job, position)) is not None:
            raise InvalidInput(f"Job {position} of the submission: {fault}.", position=position)


def _fault(job: NewJob, position: int) -> str | None:
    keys = (job.idempotency_key or "", job.cache_key or "", job.group)
    texts = "".join((job.kind, job.name, *keys, *job.labels, *job.resources))
    if not job.kind:
        return "it has no kind"
    if not is_text(texts):
        return "a text in it holds a NUL character or half of a character"
    if not -MAX_PRIORITY <= job.priority <= MAX_PRIORITY:
        return f"its priority is not between -{MAX_PRIORITY} and {MAX_PRIORITY}"
    if job.timeout == 0 or not _is_duration(job.timeout):
        return "its timeout is negative, zero or endless"
    if not (0 <= (job.not_before or 0) <= _INT64 and 0 <= (job.deadline or 0) <= _INT64):
        return "a time in it is not in microseconds since 1970"
    if not 0 <= (job.array_index or 0) < 2**31 or not 0 <= (job.parent or 0) <= _INT64:
        return "its array index or its parent is out of range"
    if job.resources and not all(0 <= amount < inf for amount in job.resources.values()):
        return "an amount of a resource is negative or endless"
    # Most jobs have neither, and jobs come by the thousand.
    fault = None if job.retry is DEFAULT_RETRY else _fault_of_retry(job.retry)
    if job.webhook is not None:
        fault = fault or _fault_of_webhook(job.webhook)
    return fault or (_fault_of_dependencies(job, position) if job.after else None)


def _fault_of_retry(retry: Retry) -> str | None:
    if not (_is_duration(retry.backoff) and _is_duration(retry.max_delay)):
        return "a pause of its retry rule is negative or endless"
    if retry.max_attempts < 1 or retry.factor < 1 or not 0 <= retry.jitter <= 1:
        return "its retry rule needs max_attempts >= 1, factor >= 1 and jitter between 0 and 1"
    wrong = (entry for entry in retry.on if entry.startswith("exit:") and not exit_codes(entry))
    return next((f"{entry!r} of its retry rule is not exit:N or exit:N-M" for entry in wrong), None)


def _fault_of_webhook(webhook: Webhook) -> str | None:
    if unknown := set(webhook.events) - {*State}:
        return f"{min(unknown)!r} is no state that a webhook could tell of"
    if not is_text(webhook.url):
        return "the address of its webhook holds a NUL character or half of a character"
    try:
        targets.check(webhook.url)
    except InvalidInput as error:
        return error.message.removesuffix(".")
    return None


def is_text(text: str) -> bool:
    """Say whether every database can keep a text."""
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


def _is_duration(seconds: float | None) -> bool:
    return seconds is None or 0 <= seconds < 1e12


def _fault_of_dependencies(job: NewJob, position: int) -> str | None:
    for dependency in job.after:
        if (dependency.job is None) == (dependency.batch is None):
            return "a dependency names either a job or a position in the submission"
        if dependency.batch is not None and not 0 <= dependency.batch < position:
            return f"it waits for position {dependency.batch}, which does not come before it"
        if dependency.condition not in ("ok", "not_ok", "any"):
            return f"it waits for {dependency.condition!r}, which is none of ok, not_ok, any"
    return None
