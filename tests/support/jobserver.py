"""Jobserver's requests as its users' scripts send them, and functions for its jobs."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.curl import Answer, curl
from tests.support.waiting import wait_until

FUNCTIONS = '''
"""Functions of the tests."""


def seen(data=None, *args, **kwargs):
    """Say what came.

    Args:
        data: Anything.
    """
    names = list(getattr(data, "columns", []))
    told = data if isinstance(data, (str, int, float, list, dict, type(None))) else str(type(data).__name__)
    return {"type": type(data).__name__, "columns": names, "data": told, "args": list(args), "kwargs": kwargs}


def seven():
    """Return a number."""
    return 7.0


def frame(data):
    """Return a data frame."""
    import pandas

    return pandas.DataFrame({"a": [1, 2], "b": [0.5, None]})


def failing(data=None):
    """Fail."""
    raise ValueError("no numbers")


def slow(seconds):
    """Wait."""
    import time

    time.sleep(seconds)
'''


def timeseries(rows: int = 12_000) -> str:
    """Return a series of the guide's shape: dates, and values drawn from a gamma distribution."""
    draw = random.Random(42)
    days = (date(2000, 1, 1) + timedelta(days=n) for n in range(rows))
    return "\n".join(["date,value", *(f"{day} 00:00:00,{draw.gammavariate(10, 4)!r}" for day in days), ""])


class Jobserver:
    """Send documented requests to a server by curl."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, method: str, path: str, body: Any = None, *more: str) -> Answer:
        """Send a request; a body that is no text is written as JSON, with no content type of its own."""
        text = body if isinstance(body, str) else json.dumps(body)
        return curl(f"-X{method}", *(() if body is None else ("-d", text)), *more, self.url + path)

    def told(self, method: str, path: str, body: Any = None, *, status: int = 200) -> dict[str, Any]:
        """Return the object of an answer that has a status."""
        answer = self.send(method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.text)
        assert answer.headers["content-type"] == "application/json"
        told: dict[str, Any] = json.loads(answer.text)
        return told

    def refused(self, method: str, path: str, body: Any = None, *, status: int) -> str:
        """Return the message of a refusal, which has its status in the body too."""
        told = self.told(method, path, body, status=status)
        assert told["status"] == status
        assert told["message"]
        return str(told["message"])

    def upload(self, name: str, file: Path, *more: str, method: str = "PUT") -> Answer:
        """Send a form with a file."""
        return curl(f"-X{method}", "-F", f"file=@{file}", *more, f"{self.url}/datafile/{name}")

    def ended(self, id_: str) -> dict[str, Any]:
        """Return a job's document once it has ended."""

        def look() -> dict[str, Any]:
            told = self.told("GET", f"/job/{id_}")
            return told if told["finished"] != "None" else {}

        return wait_until(look, timeout=60, on_timeout=lambda: self.send("GET", f"/job/{id_}").text)

    def ran(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create a job, run it, and return its document once it has ended."""
        id_ = self.told("PUT", "/job", body, status=201)["_id"]
        self.told("GET", f"/job/{id_}/run", status=202)
        return self.ended(id_)
