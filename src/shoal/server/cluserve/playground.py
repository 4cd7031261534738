"""GET /v1/graphql: a page to try queries on, with nothing from anywhere else."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server.cluserve.answers import refused
from shoal.server.cluserve.posting import PATH
from shoal.server.faces import Face
from shoal.server.pages.frame import render
from shoal.server.rules import Rule

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.LIVE_READ))]


class Example(NamedTuple):
    """Something to begin with."""

    title: str
    query: str
    variables: str


_FOUND = "id status centroids { metadata chunks { data } }"
EXAMPLES = (
    Example("All tasks", "query {\n  tasks {\n    id\n    name\n    status\n  }\n}", ""),
    Example(
        "Play a task",
        "mutation Play($task: TaskInput!) {\n  play(task: $task) {\n    id\n    status\n  }\n}",
        '{"task": {"name": "test", "variables": ["x", "y"], "algorithm": {"name": "mcmc"},\n'
        '  "dataset": {"dataframe": {"columns": ["x", "y"], "chunks": [{"data": [[1, 2], [8, 9]]}]}}}}',
    ),
    Example(
        "One task", f"query Task($id: String!) {{\n  task(id: $id) {{\n    {_FOUND}\n  }}\n}}", '{"id": ""}'
    ),
    Example(
        "Push rows",
        "mutation Push($id: String!, $data: [Elemt!]!) {\n  push(id: $id, data: $data) {\n    status\n  }\n}",
        '{"id": "", "data": [[1, 2], [8, 9]]}',
    ),
    Example(
        "Follow a task",
        f"subscription Follow($id: String!) {{\n  task(id: $id) {{\n    {_FOUND}\n  }}\n}}",
        '{"id": ""}',
    ),
)


@router.get(PATH)
async def show_playground(request: Request, actor: Reader) -> Response:
    """Show the playground; no task is looked at before somebody runs something."""
    return render(request, "playground.html.j2", {"examples": EXAMPLES})


PLAYGROUND = Face("playground of Cluserve", router, render=refused)
