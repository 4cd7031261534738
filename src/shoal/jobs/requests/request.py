"""A job as somebody asks for it, and the words for everything that is wrong with a body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from shoal.base.errors import InvalidInput
from shoal.base.pointers import pointer, words
from shoal.jobs.requests.fields import StepRequest, Text
from shoal.jobs.requests.keeping import Fault, unkeepable
from shoal.jobs.requests.values import AfterWish, Array, Moment, Webhook

MOST_STEPS = 100


class JobRequest(StepRequest):
    """Ask for a job: one run, one for each number of an array, or steps that run one after another."""

    steps: list[StepRequest] | None = Field(default=None, min_length=1, max_length=MOST_STEPS)
    array: Array | None = Field(default=None, description='a run for each number: "0-99%5"')
    after: list[AfterWish] = Field(default_factory=list, max_length=10_000)
    not_before: Moment | None = Field(default=None, description="when it may start")
    deadline: Moment | None = Field(default=None, description="when it must have ended")
    webhook: Webhook | None = None
    idempotency_key: Annotated[Text, Field(min_length=1)] | None = None
    draft: bool = False

    @classmethod
    def _faults(cls, given: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super()._faults(given)
        yield from unkeepable(given)
        data = given.get("data")
        if isinstance(data, Mapping) and data.get("type") == "result" and data.get("step") is not None:
            yield Fault(("data", "step"), "Only a step can take the result of another step.")

    @property
    def kind(self) -> str:
        """Return the kind of the job: its runner, or what holds several jobs together."""
        return "steps" if self.steps else "array" if self.array else str(self.runner)

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON that `read` takes, every value in one form."""
        return self.model_dump(mode="json", exclude_unset=True)


def read(body: Any) -> JobRequest:
    """Return the request that a JSON body is.

    Raises:
        InvalidInput: it cannot be done; `errors` names every fault by its JSON pointer.
    """
    try:
        return JobRequest.model_validate(body)
    except ValidationError as error:
        found = [(pointer(each["loc"]), words(each)) for each in error.errors(include_url=False)]
    places = ", ".join(dict.fromkeys(at.lstrip("/") or "the body" for at, _ in found))
    raise InvalidInput(
        f"The request cannot be used: look at {places}.",
        hint=" ".join(f"{at.lstrip('/') or 'body'}: {told}" for at, told in found),
        errors=[{"in": "body", "pointer": at, "message": told} for at, told in found],
    )
