"""A real browser: what its console says, what it asks for, whether everyone can read what it shows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path(os.environ.get("SHOAL_TEST_CHROMIUM", "/usr/bin/chromium"))
INSTALL = "no browser for these tests; install one: sudo apt-get install chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
SERIOUS = ("serious", "critical")
DESK, PHONE = (1280, 900), (360, 740)
_WIDEST = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@dataclass
class Window:
    """One window; `errors` is what its console complained of, `asked` are the addresses it asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, address: str | Path) -> Window:
        """Go to an address or a file."""
        self.page.goto(address.as_uri() if isinstance(address, Path) else address)
        return self

    def asked_of_others(self, own: str) -> list[str]:
        """Return what was asked of anybody but the server at `own`."""
        inner = (own, "data:", "blob:", "about:")
        return [address for address in self.asked if not address.startswith(inner)]

    def check_everyone_can_read(self) -> None:
        """Fail on what axe finds serious or critical."""
        found = Axe().run(self.page).response["violations"]
        worst = [one for one in found if one["impact"] in SERIOUS]
        told = [
            f"{one['id']}: {node['target']} {node['html'][:200]}" for one in worst for node in one["nodes"]
        ]
        assert not told, "\n".join(told)

    def check_no_sideways_scroll(self, width: int = PHONE[0]) -> None:
        """Fail if the page is wider than a window of this width."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": PHONE[1]})
        wide, window = self.page.evaluate(_WIDEST)
        if before is not None:
            self.page.set_viewport_size(before)
        assert wide <= window, f"{wide} px of page in {window} px of window"


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run Chromium; without it, skip the test, or fail where CI is set."""
    if not CHROMIUM.is_file():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened_window(
    browser: Browser, *, size: tuple[int, int] = DESK, theme: Any = "light", **options: Any
) -> Iterator[Window]:
    """Open a window that nothing is known in; `options` are those of Playwright's contexts."""
    view = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=view, color_scheme=theme, **options)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    try:
        window = Window(context.new_page())
        window.page.on("console", lambda said: _note(window, said.type, said.text))
        window.page.on("pageerror", lambda error: window.errors.append(str(error)))
        window.page.on("request", lambda request: window.asked.append(request.url))
        yield window
    finally:
        context.close()


def _note(window: Window, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        window.errors.append(text)
