"""Whatever JSON is posted as a job: a refusal in words that points at every fault, or a request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.base.errors import InvalidInput
from shoal.jobs.requests.agreeing import FIELDS
from shoal.jobs.requests.keeping import MAX_DEPTH
from shoal.jobs.requests.request import JobRequest, read

COMMAND = {"runner": "command", "cmd": ["true"]}
DEEP: Any = []
for _ in range(MAX_DEPTH + 1):
    DEEP = [DEEP]
# A body and the places where it is wrong.
MALFORMED: list[tuple[Any, set[str]]] = [
    ([], {""}),
    (None, {""}),
    ("command", {""}),
    ({}, {"/runner"}),
    ({"runner": "shell"}, {"/runner"}),
    ({"runner": ["command"]}, {"/runner"}),
    ({"runner": "command"}, {"/cmd"}),
    ({"runner": "command", "cmd": []}, {"/cmd"}),
    ({"runner": "command", "cmd": "echo hi"}, {"/cmd"}),
    ({"runner": "command", "cmd": ["echo", 1]}, {"/cmd/1"}),
    ({"runner": "command", "cmd": ["a\0b"]}, {"/cmd/0"}),
    ({"runner": "command", "cmd": ["\ud800"]}, {"/cmd/0"}),
    ({"runner": "function"}, {"/script"}),
    ({"runner": "function", "script": ""}, {"/script"}),
    ({"runner": "function", "script": "f", "image": "busybox"}, {"/image"}),
    ({"runner": "container", "image": "UP PER"}, {"/image"}),
    ({"runner": "eval"}, {"/code"}),
    ({"runner": "batch", "cmd": ["x"], "start": 2, "stop": 1}, {"/stop"}),
    ({"runner": "batch", "cmd": ["x"], "start": "1", "stop": 10**9}, {"/start"}),
    ({"runner": "batch", "cmd": ["x"], "start": 1, "stop": 10**9}, {"/stop"}),
    ({"runner": "batch", "cmd": ["x"], "start": 1, "stop": 2, "array": "0-1"}, {"/array"}),
    (COMMAND | {"colour": "red"}, {"/colour"}),
    (COMMAND | {"env": ["A"]}, {"/env"}),
    (COMMAND | {"env": {"A": 1}}, {"/env/A"}),
    (COMMAND | {"env": {"A=B": "1"}}, {"/env"}),
    (COMMAND | {"array": "9-0"}, {"/array"}),
    (COMMAND | {"array": "1..9"}, {"/array"}),
    (COMMAND | {"array": {"stop": 9, "limit": 0}}, {"/array/limit"}),
    (COMMAND | {"array": "0-10000000"}, {"/array"}),
    (COMMAND | {"not_before": "tomorrow"}, {"/not_before"}),
    (COMMAND | {"deadline": -1}, {"/deadline"}),
    (COMMAND | {"timeout": 0}, {"/timeout"}),
    (COMMAND | {"retry": {"max_attempts": 0, "on": ["exit:x"]}}, {"/retry/max_attempts", "/retry/on/0"}),
    (COMMAND | {"limits": {"memory": 1}, "priority": 10**6}, {"/limits/memory", "/priority"}),
    (COMMAND | {"webhook": "ftp://example.org"}, {"/webhook/url"}),
    (COMMAND | {"after": [{"job": 0}, {"condition": "ok"}]}, {"/after/0/job", "/after/1/job"}),
    (COMMAND | {"after": [{"job": 1, "condition": "perhaps"}]}, {"/after/0/condition"}),
    (COMMAND | {"data": {"kind": "datafile"}}, {"/data/type"}),
    (COMMAND | {"data": {"type": "result"}}, {"/data"}),
    (COMMAND | {"data": {"type": "result", "step": "1"}}, {"/data/step"}),
    (COMMAND | {"extra": {"a": float("nan")}}, {"/extra/a"}),
    (COMMAND | {"extra": {"a": 2**64}}, {"/extra/a"}),
    (COMMAND | {"idempotency_key": ""}, {"/idempotency_key"}),
    ({"steps": []}, {"/steps"}),
    ({"steps": [COMMAND], "runner": "command"}, {"/runner"}),
    ({"steps": [COMMAND | {"name": "a"}, COMMAND | {"name": "a"}]}, {"/steps/1/name"}),
    ({"steps": [COMMAND | {"draft": True}]}, {"/steps/0/draft"}),
    ({"steps": [COMMAND, COMMAND | {"data": {"type": "result", "step": "2"}}]}, {"/steps/1/data/step"}),
    ({"steps": [{"steps": [COMMAND]}]}, {"/steps/0/steps"}),
]


@pytest.mark.parametrize(("body", "places"), MALFORMED)
def test_every_fault_is_named_by_its_place(body: Any, places: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(body)
    named = {fault["pointer"] for fault in refused.value.details["errors"]}
    assert named == places
    assert all(fault["message"].endswith(".") for fault in refused.value.details["errors"])


def test_faults_of_fields_and_of_the_whole_are_told_together() -> None:
    body = {"runner": "command", "image": "x", "timeout": -1, "extra": {"a": "\0"}, "nope": 1}
    with pytest.raises(InvalidInput) as refused:
        read(body)
    named = {fault["pointer"] for fault in refused.value.details["errors"]}
    assert named == {"/cmd", "/image", "/timeout", "/extra/a", "/nope"}


def test_a_body_too_deep_to_keep_is_refused() -> None:
    with pytest.raises(InvalidInput, match="extra"):
        read(COMMAND | {"extra": {"a": DEEP}})


@pytest.mark.parametrize(
    ("text", "indexes", "limit"),
    [
        ("0-99%5", range(0, 100), 5),
        ("0-99:2", range(0, 100, 2), None),
        ("3-3", range(3, 4), None),
        ("1-10:3%2", range(1, 11, 3), 2),
        ({"start": 1, "stop": 4}, range(1, 5), None),
        ({"stop": 4, "step": 2, "limit": 1}, range(0, 5, 2), 1),
    ],
)
def test_arrays_are_written_short_or_long(text: Any, indexes: range, limit: int | None) -> None:
    array = read(COMMAND | {"array": text}).array
    assert array is not None
    assert array.indexes == indexes
    assert array.limit == limit


def test_an_environment_is_a_list_or_an_object() -> None:
    assert read(COMMAND | {"env": ["A=1", "B=x=y", "C="]}).env == {"A": "1", "B": "x=y", "C": ""}
    assert read(COMMAND | {"env": {"A": "1"}}).env == {"A": "1"}


def test_a_time_is_a_number_or_a_text() -> None:
    assert read(COMMAND | {"not_before": 17}).not_before == 17
    assert read(COMMAND | {"not_before": "1970-01-01T00:00:01Z"}).not_before == 1_000_000
    assert read(COMMAND | {"not_before": "1970-01-01T01:00:01+01:00"}).not_before == 1_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)
NAMES = sorted(JobRequest.model_fields)
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6) | JSON
RUNNERS = st.sampled_from(sorted(FIELDS))


@given(body=BODIES, runner=st.none() | RUNNERS)
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_request_or_is_refused_in_words(body: Any, runner: str | None) -> None:
    if isinstance(body, dict) and runner is not None:
        body["runner"] = runner
    try:
        request = read(body)
    except InvalidInput as refused:
        assert refused.details["errors"]
        assert all(fault["message"] for fault in refused.details["errors"])
    else:
        assert read(request.as_json()) == request  # What was read can be kept and read again.


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_body_with_what_its_runner_needs_is_a_request(data: st.DataObject) -> None:
    values = {
        "script": "f",
        "cmd": ["x"],
        "start": 1,
        "stop": 3,
        "code": "1",
        "image": "i",
        "steps": [COMMAND],
    }
    runner = data.draw(RUNNERS)
    body = {name: values[name] for name in FIELDS[runner][0]}
    request = read(body if runner == "steps" else body | {"runner": runner})
    assert request.kind == runner
