"""Copies of our blueprints, changed for this machine, and what is built of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.infra.blueprints.catalogue import copy
from tests.support.command import Ran, shoal
from tests.support.server import Served

LONG = 600.0  # seconds that machines may take beside whatever else runs


@dataclass(frozen=True)
class Built:
    """An infrastructure that a server keeps; `within` are words before a command's that run it there."""

    server: Served
    folder: Path
    within: Sequence[str] = ()

    def infra(self, *words: object) -> Ran:
        """Run `shoal infra WORDS` to a good end."""
        given: dict[str, Any] = {"home": self.folder / "home", "cwd": self.folder, "within": self.within}
        ran = shoal("infra", *words, timeout=LONG, SHOAL_SERVER=self.server.url, **given)
        assert ran.code == 0, f"{ran.err}\n{self.logs()}"
        return ran

    def shown(self, *words: object) -> Any:
        """Return what `shoal infra show` says."""
        return self.infra("show", "last", "--output", "json", *words).json

    def addresses(self, node: str) -> list[str]:
        """Return the addresses of a node's machines."""
        return [each["addresses"][0] for each in self.shown()["instances"] if each["node"] == node]

    def logs(self) -> str:
        """Return the ends of what machines have said."""
        files = [
            *self.server.home.glob("infra/*/logs/*.log"),
            *self.server.home.glob("infra/*/machines/*/*.log"),
        ]
        return "\n".join(f"== {file}\n{file.read_text(errors='replace')[-3000:]}" for file in sorted(files))


def changed_copy(name: str, to: Path, instead: Mapping[str, str]) -> Path:
    """Copy a blueprint, put texts in the place of others in its description, and return that."""
    description = copy(name, to)
    text = description.read_text()
    for old, new in instead.items():
        assert old in text, old
        text = text.replace(old, new)
    description.write_text(text)
    return description


def of_processes() -> dict[str, str]:
    """Return what makes a blueprint's machines processes, which find the kernels that tests have compiled."""
    return {
        "type: docker}": "type: process}",
        'cache: ""': f'cache: "{os.environ.get("SHOAL_CACHE_DIR", "")}"',
    }
