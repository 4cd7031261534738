"""The API does what its own description says: generated requests, right and wrong, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asking import add, ended
from tests.support.command import PENGUINS, ROOT
from tests.support.infra_store import a_bundle
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SECONDS, EXAMPLES = 12, 8
# The first three have no end, the next is heavy, and the last would take away what the others look at.
LEFT_OUT = (
    *("stream_events", "stream_live_task", "run_live_batch", "back_up"),
    *("delete_study", "delete_dataset", "delete_live_task", "destroy_infrastructure"),
)
# A task without rows that runs is waited for in vain.
DRIVEN = (
    "--exclude-operation-id",
    "play_live_task",
    "--exclude-operation-id",
    "init_live_task",
)
# A JSON schema cannot say that a column has to be there, or that a file is a table.
NOT_TOLD = "positive_data_acceptance"
# `estimate` and `import` lie where ids do, so what is allowed there is what is allowed for a study or task.
CONFIG = """
[[operations]]
include-operation-id = "estimate_study"
checks.unsupported_method.enabled = false

[[operations]]
include-operation-id = "import_live_task"
checks.unsupported_method.enabled = false

# Hosts of live tasks are jobs, too, whose logs do not end.
[[operations]]
include-operation-id = "read_job_log"
parameters = { "query.follow" = false }

# The generated headers that are not declared are no harm.
[[operations]]
include-operation-id = "create_upload"
checks.negative_data_rejection.enabled = false
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = {"max_k": 4, "fits": 50}
    with running_server(tmp_path_factory.mktemp("described") / "home", limits=limits) as served:
        with served.http() as http:  # Until then /readyz answers 503, as it should.
            wait_until(lambda: http.get("/readyz").status_code == 200, timeout=240)
        yield served


@pytest.fixture(scope="module")
def there(server: Served) -> str:
    """Return the settings that fill ids in: of a dataset, a study, a fit, a task, machines."""
    with server.http() as http:
        dataset = add(http, PENGUINS.read_text(), "penguins.csv")
        wish = {"dataset": dataset, "max_k": 2, "n_experiments": 1, "n_init": 1}
        study = ended(http, http.post("/api/v1/studies", json=wish).json()["id"])["id"]
        task = http.post("/api/v1/live", json={"algorithm": {"name": "kmeans"}}).json()["id"]
        # Who asks first about rows starts the hosts, and waits for them.
        http.post(f"/api/v1/live/{task}/rows", json=[[0.0, 1.0]]).raise_for_status()
        http.get(f"/api/v1/live/{task}/points", timeout=240).raise_for_status()
        infra = http.post("/api/v1/infrastructures", json=a_bundle()).json()["id"]
        http.get(f"/api/v1/infrastructures/{infra}", params={"wait": 60}).raise_for_status()
        http.post("/api/v1/node-definitions", json=a_bundle()).raise_for_status()
    ids = {"dataset": dataset, "study": study, "task": task, "infrastructure": infra, "type": "master_node"}
    paths = "".join(f'"path.{name}" = "{value}"\n' for name, value in ids.items())
    return f'\n[parameters]\n{paths}"path.fit" = 3\n'


def examine(server: Served, tmp_path: Path, config: str, *words: str) -> None:
    file = tmp_path / "schemathesis.toml"
    file.write_text(config + CONFIG)
    left_out = [word for name in LEFT_OUT for word in ("--exclude-operation-id", name)]
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(file),
        "run", f"{server.url}/api/v1/openapi.json", *left_out, "--phases", "examples,coverage,fuzzing",
        "--max-time", str(SECONDS), "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color",
        "--request-timeout", "30", *words,
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.support.schema_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | hooks, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "generated" in done.stdout
    assert '"status":500' not in done.stdout
    assert "Traceback" not in server.log()


def test_requests_for_anything_are_answered_as_described(server: Served, tmp_path: Path) -> None:
    examine(server, tmp_path, "", "--exclude-checks", NOT_TOLD)


def test_requests_for_what_is_there_are_answered_as_described(
    server: Served, tmp_path: Path, there: str
) -> None:
    # An id that is filled in cannot be a wrong one.
    examine(server, tmp_path, there, "--exclude-checks", f"{NOT_TOLD},negative_data_rejection", *DRIVEN)
