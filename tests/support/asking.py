"""Asking a server, and what its answers have to be."""

from __future__ import annotations

import random
from typing import Any

import httpx

from tests.support.waiting import wait_until

RANDOM = random.Random(1)
ROWS = "x,y\n" + "".join(
    f"{RANDOM.gauss(i % 2 * 20, 1):.3f},{RANDOM.gauss(i % 2 * 20, 1):.3f}\n" for i in range(60)
)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return an answer's problem, which every refusal must be."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["request_id"].startswith("req_")
    assert told["title"]
    assert told["code"]
    return told


def add(http: httpx.Client, rows: str = ROWS, name: str = "rows.csv") -> str:
    answer = http.post("/api/v1/datasets", params={"name": name}, content=rows)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def ended(http: httpx.Client, study: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        view: dict[str, Any] = http.get(f"/api/v1/studies/{study}", params={"wait": 20}).json()
        return view if view["state"] != "running" else None

    found = wait_until(look, timeout=120)
    assert found is not None
    return found
