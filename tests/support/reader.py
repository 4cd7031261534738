"""Somebody who reads pages and sends forms, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx

from tests.support.server import Served

PAGE = {"Accept": "text/html,application/xhtml+xml"}
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Reader:
    """A browser of the plainest sort: it keeps cookies, follows redirects, and fills in forms."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params or None)

    def page(self, path: str, **params: Any) -> str:
        """Return the text of a page that is there, as a reader sees it."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return seen(answer.text)

    def send(
        self, page: str, action: str, data: dict[str, str] | None = None, files: Any = None
    ) -> httpx.Response:
        """Send a form that stands on a page, with the token that the page gave."""
        found = _TOKEN.search(self.get(page).text)
        assert found is not None, page
        return self.http.post(action, data={"csrf": found[1], **(data or {})}, files=files)


@contextmanager
def reading(server: Served) -> Iterator[Reader]:
    with server.http(headers=PAGE, follow_redirects=True) as http:
        yield Reader(http)


def seen(html: str) -> str:
    """Return a page's words, one blank between them, without tags and scripts."""
    words = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(words).split())
