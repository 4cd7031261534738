"""Asking a server in GraphQL, by raw requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.waiting import wait_until

PATH = "/v1/graphql"
# The client that JavaScript programs use, as its authors ship it (MIT, see LICENSE.md beside it).
GRAPHQL_WS = Path(__file__).parent / "graphql_ws" / "graphql-ws-5.16.2.min.js"
FRAGMENTS = """
fragment AccessFragment on access {
    id adminToken contributorToken guestToken webhook memberships {
        id follow userId teamId webhook role
    }
}
fragment DataframeFragment on dataframe {
    id columns dim size metadata
    chunks {
        size data
    }
}
fragment DatasetFragment on dataset {
    id name
    dataframe {
        ...DataframeFragment
    }
}
fragment TaskFragment on task {
    id name identifier variables predictions
    algorithm {
        name iter dataPerIter iterPerData iterFreq dataFreq flow mu amp k kInit timeout space innerSpace window numCPU frameSize parallel init
    }
    dataset {
        ...DatasetFragment
    }
    centroids {
        ...DataframeFragment
    }
    labels {
        ...DataframeFragment
    }
}
"""  # noqa: E501
ROWS = [[0, 0], [0, 1], [1, 0], [10, 10], [10, 11], [11, 10]]
KMEANS = {"name": "kmeans", "k": 2}


@dataclass(frozen=True)
class Asker:
    """Ask over HTTP."""

    http: httpx.Client

    def reply(self, query: str, **variables: Any) -> httpx.Response:
        return self.http.post(PATH, json={"query": query, "variables": variables})

    def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer, which has status 200 whatever it says."""
        reply = self.reply(query, **variables)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def data(self, query: str, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the first error of an answer."""
        answer = self.answer(query, **variables)
        assert answer.get("errors"), answer
        found: dict[str, Any] = answer["errors"][0]
        return found

    def code(self, query: str, **variables: Any) -> str:
        """Return the code of an answer's first error."""
        return str(self.error(query, **variables)["extensions"]["code"])

    def play(self, **task: Any) -> str:
        """Play a task of two clear groups, and return its id."""
        frame = {"columns": ["x", "y"], "chunks": [{"data": ROWS}]}
        wanted = {"name": "test", "algorithm": KMEANS, "dataset": {"dataframe": frame}} | task
        query = "mutation ($task: TaskInput!) { play(task: $task) { id } }"
        return str(self.data(query, task=wanted)["play"]["id"])

    def task(self, id: str, fields: str = "status error") -> dict[str, Any]:
        found: dict[str, Any] = self.data(f"query ($id: String!) {{ task(id: $id) {{ {fields} }} }}", id=id)
        return dict(found["task"])

    def act(self, name: str, id: str, fields: str = "status") -> Any:
        """Carry out a mutation that takes an id."""
        return self.data(f"mutation ($id: String!) {{ {name}(id: $id) {{ {fields} }} }}", id=id)[name]

    def centres(self, id: str) -> list[Any]:
        found = self.task(id, "centroids { chunks { data } }")["centroids"]["chunks"][0]["data"]
        return sorted(found)

    def settled(self, id: str, n: int = 2, timeout: float = 120) -> list[Any]:
        """Wait until a task has so many centres, and return them."""
        return wait_until(lambda: found if len(found := self.centres(id)) == n else [], timeout=timeout)
