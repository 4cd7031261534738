"""The fields of forms that ask for jobs: one description each, from which forms are drawn and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Widget = Literal["text", "number", "area", "check", "select"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `within` is its place in a request, `choices` are the values and words of a select."""

    name: str
    label: str
    hint: str = ""
    widget: Widget = "text"
    within: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    usual: str = ""
    options: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Return the pointer to what it says in a request, without the first slash."""
        return self.within or self.name


CMD = Field(
    "cmd",
    "Command",
    "The program and its arguments, quoted as in a shell. No shell runs: pipes, * and $NAME mean nothing.",
)
ENV = Field("env", "Environment", "NAME=value, one a line.", "area")
RUNNERS: Mapping[str, tuple[Field, ...]] = {
    "command": (CMD, ENV),
    "batch": (
        Field("cmd", "Command", "{{.}} stands for the number of the run, as in: echo item {{.}}"),
        Field("start", "First number", "", "number", usual="1"),
        Field("stop", "Last number", "It runs too.", "number", usual="10"),
        Field("step", "Step", "", "number", usual="1"),
        Field("fail_fast", "Stop at the first run that fails", "", "check"),
        ENV,
    ),
    "container": (
        Field("image", "Image", "Like ubuntu:24.04."),
        Field("cmd", "Command", "Quoted as in a shell. Empty: what the image says."),
        ENV,
        Field("container_name", "Name of the container", "Empty: one is made up."),
        Field(
            "pull",
            "Fetch the image",
            "",
            "select",
            choices=(("missing", "when it is not there"), ("always", "always"), ("never", "never")),
            usual="missing",
        ),
        Field("mounts", "Mounts", "HOST:INSIDE, one a line; only what this server allows.", "area"),
        Field("network", "Network", "Empty: the engine's own."),
        Field("user", "User", "Empty: the image's."),
        Field("devices", "Devices", "One a line.", "area"),
    ),
    "file": (
        Field("script", "Program", "The name of a program that this server allows."),
        Field("args", "Arguments", "Quoted as in a shell."),
        ENV,
    ),
    "eval": (Field("code", "Python text", "The value of the last line is the result.", "area"), ENV),
}
NAME = Field("name", "Name", "How lists call the job. May be empty.")
ADVANCED = (
    Field("timeout", "Timeout", "Seconds that one attempt may take. Empty: no limit.", "number"),
    Field(
        "attempts",
        "Attempts",
        "1 to 1,000.",
        "number",
        "retry/max_attempts",
    ),
    Field(
        "retry_on",
        "Try again after",
        "error, timeout, lost, memory, exit, exit:75 or the name of an exception; commas between.",
        within="retry/on",
    ),
    Field("array", "Array", "A job for each number: 0-99; five at once: 0-99%5. {{.}} is the number."),
    Field("labels", "Worker labels", "What the worker must offer; commas between."),
    Field("resources", "Needs", "Like cpu=2, gpu=1."),
    Field("priority", "Priority", "Higher goes first. 0 is usual.", "number", usual="0"),
    Field("memory", "Memory limit", "MB. Empty: what this server allows.", "number", "limits/memory"),
    Field("after", "Runs after", "Ids of jobs that must succeed first; commas between."),
    Field("not_before", "Not before", "UTC, like 2030-01-31T12:00."),
    Field("webhook", "Tell an address when it ends", "An http or https address."),
    Field("cache", "Take the result of an equal job, if there is one", "", "check"),
)
SCHEDULE = (
    Field("cron", "Repeat by a schedule", "Minute, hour, day, month, weekday: 30 6 * * 1-5."),
    Field("timezone", "Time zone", "Like Europe/Berlin.", usual="UTC"),
)


def usual_texts(fields: tuple[Field, ...]) -> dict[str, str]:
    """Return what fields say before anybody changes them."""
    return {field.name: field.usual for field in fields}


FOLDED = (*ADVANCED, *SCHEDULE)


def is_unfolded(values: Mapping[str, str], errors: Mapping[str, str]) -> bool:
    """Say whether something that is folded away is not as usual, or wrong."""
    return any(values.get(one.name, one.usual) != one.usual or one.name in errors for one in FOLDED)
