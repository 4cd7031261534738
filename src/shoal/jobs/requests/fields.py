"""What may be said of one run: what runs, on what, within which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shoal.jobs.model import Retry
from shoal.jobs.requests.agreeing import disagreements
from shoal.jobs.requests.keeping import Fault
from shoal.jobs.requests.values import LATEST, Env, LimitsWish, RetryWish, Wish

PLAIN = r"^[^\x00-\x1f\x7f]*$"
# A worker that died says nothing about the program: without being asked, that alone is tried again.
ON_LOSS = Retry(max_attempts=3, on=("lost",))
Runner = Literal["function", "file", "command", "batch", "eval", "container"]
Text = Annotated[str, Field(max_length=255, pattern=PLAIN)]
Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
Amount = Annotated[float, Field(ge=0, le=1e15)]
Whole = Annotated[int, Field(ge=-LATEST, le=LATEST)]
Extra = Annotated[dict[str, Any], Field(default_factory=dict, description="free JSON that can be searched")]


class StepRequest(Wish):
    """Ask for one run. Which of the fields up to `seed` there may be depends on `runner`."""

    runner: Runner | None = Field(default=None, description="what runs it")
    script: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, max_length=255, description="a function's name, or that of an allowed executable"
    )
    args: list[Any] | None = Field(default=None, max_length=10_000)
    kwargs: dict[str, Any] | None = Field(default=None, description="a function's named arguments")
    data: dict[str, Any] | None = Field(
        default=None, description='what it works on: {"type": "datafile", "name": "a.csv"}'
    )
    cmd: list[str] | None = Field(default=None, max_length=10_000, description="a program and its arguments")
    env: Env | None = None
    start: Whole | None = Field(default=None, description="a batch's first number")
    stop: Whole | None = Field(default=None, description="a batch's last number")
    step: Annotated[int, Field(ge=1, le=LATEST)] | None = None
    fail_fast: bool | None = None
    code: str | None = Field(default=None, min_length=1, max_length=1 << 20, description="Python text")
    image: str | None = Field(default=None, max_length=512, pattern=r"^\w[\w.\-/:@+]*$")
    container_name: str | None = Field(default=None, max_length=128, pattern=r"^([A-Za-z0-9][\w.-]*)?$")
    pull: Literal["missing", "always", "never"] | None = None
    mounts: list[str] | None = Field(default=None, max_length=64)
    network: Text | None = None
    user: Text | None = None
    devices: list[str] | None = Field(default=None, max_length=64)
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    limits: LimitsWish = LimitsWish()
    kill_grace: float = Field(default=10.0, ge=0, le=3600, description="seconds between SIGTERM and SIGKILL")
    timeout: float | None = Field(default=None, gt=0, le=1e9, description="seconds an attempt may take")
    retry: RetryWish | None = None
    cache: bool = Field(default=False, description="take the result of an equal job, if there is one")
    resources: dict[Word, Amount] = Field(default_factory=dict, max_length=64)
    name: Text = ""
    extra: Extra
    labels: list[Word] = Field(default_factory=list, max_length=64, description="what a worker must offer")
    priority: int = Field(default=0, ge=-10_000, le=10_000)
    relaxed: bool = Field(default=False, description="faster; may be forgotten when the machine dies")

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, given: Any, handler: ValidatorFunctionWrapHandler) -> StepRequest:
        """Name what is wrong with the whole together with what is wrong with each field."""
        faults = [*cls._faults(given)] if isinstance(given, Mapping) else []
        try:
            made: StepRequest = handler(given)
        except ValidationError as error:
            raise _joined(error, faults) from None
        if faults:
            raise _joined(None, faults)
        return made

    @classmethod
    def _faults(cls, given: Mapping[str, Any]) -> Iterator[Fault]:
        yield from disagreements(given)

    @property
    def repeats(self) -> Retry:
        """Return when it is tried again."""
        return ON_LOSS if self.retry is None else Retry(**dict(self.retry))


def _joined(error: ValidationError | None, faults: list[Fault]) -> ValidationError:
    found = error.errors(include_url=False) if error else []
    lines = [_line(each["type"], each["msg"], each["loc"]) for each in found]
    lines += [_line("value_error", told, place) for place, told in faults]
    return ValidationError.from_exception_data("request", lines)


def _line(kind: str, told: str, place: tuple[str | int, ...]) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError(kind, "{told}", {"told": told}),
        loc=place,
        input=None,
    )
