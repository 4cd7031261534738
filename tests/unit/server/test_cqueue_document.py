"""Laws of how a posted task becomes a job request."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from shoal.base.errors import ShoalError
from shoal.jobs.requests import request as requests
from shoal.jobs.states import State
from shoal.server.cqueue.document import FIELDS, InvalidTask, read, request_of
from shoal.server.cqueue.status import STATUSES, states_of, status_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def asked(**document: Any) -> dict[str, Any]:
    return request_of(document, lambda id_: int(id_))


def test_the_documented_tasks_mean_what_they_say() -> None:
    assert asked(image="ubuntu", cmd=["echo", "test msg"])["runner"] == "container"
    assert asked(type="local", cmd=["echo", "test msg"])["runner"] == "command"
    batch = asked(type="batch", start="1", stop="10", cmd=["echo", "run {{.}}.cfg"])
    assert (batch["runner"], batch["start"], batch["stop"]) == ("batch", 1, 10)


def test_a_batch_asks_for_a_worker_that_does_batches() -> None:
    batch = asked(type="batch", start=1, stop=2, cmd=["true"], labels=["gpu"])
    assert batch["labels"] == ["gpu", "batch"]
    assert "labels" not in asked(type="local", cmd=["true"])


def test_a_task_is_done_three_times_at_most_unless_it_says_otherwise() -> None:
    retry = asked(type="local", cmd=["true"])["retry"]
    assert (retry["max_attempts"], set(retry["on"])) == (3, {"error", "exit", "timeout", "lost", "memory"})
    told = asked(type="local", cmd=["true"], retries=7, backoff={"base": 2, "max": 60})["retry"]
    assert (told["max_attempts"], told["backoff"], told["max_delay"]) == (8, 2, 60)


def test_the_extended_fields_become_the_request_s() -> None:
    document = {
        "image": "ubuntu", "volumes": ["/a:/a"], "expires": "2100-01-01", "priority": 3,
        "resources": {"cpu": 2, "memory": 1 << 30}, "depends_on": ["7", {"id": "8", "condition": "any"}],
    }  # fmt: skip
    wanted = requests.read(asked(**document))
    assert (wanted.mounts, wanted.priority, wanted.limits.memory) == (["/a:/a"], 3, 1 << 30)
    assert (wanted.resources, wanted.deadline is not None) == ({"cpu": 2.0}, True)
    assert [(each.job, each.condition) for each in wanted.after] == [(7, "ok"), (8, "any")]


@given(document=st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES, max_size=6))
def test_whatever_is_posted_is_a_request_or_refused(document: dict[str, Any]) -> None:
    def job_of(id_: str) -> int:
        raise InvalidTask(f"no task {id_}")

    try:
        requests.read(request_of(read(orjson.dumps(document)), job_of))
    except ShoalError as refused:
        assert refused.status in (400, 422)


def test_every_state_has_a_word_and_every_word_a_state() -> None:
    assert set(STATUSES) == {"PENDING", "RECEIVED", "STARTED", "RETRY", "SUCCESS", "FAILURE", "CANCELED"}
    assert all(status_of(state) in STATUSES for state in State)
    assert {state for word in STATUSES for state in states_of(word)} == set(State)
