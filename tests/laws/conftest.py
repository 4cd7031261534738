"""What the laws of several rooms begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shoal.infra.templating.renderer import Renderer


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """Give who fills in templates, one for all tests of a file: its child takes a while to start."""
    with Renderer() as renderer:
        yield renderer
