"""Style sheets and scripts: each has its hash in its address, so that a browser may keep it for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import shoal.studies.telling
from shoal.studies.bundle import SNIPPET, vega_bundle

OWN = Path(__file__).parent / "assets"
LOOK = Path(shoal.studies.telling.__file__).parent / "look"
VEGA = "vega.js"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file for browsers; `hash` names its content."""

    name: str
    hash: str
    read: Callable[[], bytes]

    @property
    def path(self) -> str:
        """Return where it is served, without the prefix."""
        return f"/app/static/{self.hash}/{self.name}"

    @property
    def media_type(self) -> str:
        """Return what it is."""
        return TYPES[Path(self.name).suffix]


@cache
def assets() -> dict[str, Asset]:
    """Return every asset by its name; files of one name are an error of ours."""
    files = [*_files(LOOK), *_files(OWN)]
    found = {path.name: _of_file(path) for path in files}
    if len(found) != len(files) or VEGA in found:
        raise ValueError(f"two assets share a name: {sorted(path.name for path in files)}")
    return found | {VEGA: _vega()}


def compressed(asset: Asset) -> bytes:
    """Return an asset's content in gzip, compressed once."""
    return _compressed(asset.name, asset.hash)


@cache
def _compressed(name: str, hash_: str) -> bytes:
    return gzip.compress(assets()[name].read(), 9, mtime=0)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in TYPES)


def _vega() -> Asset:
    """Return what draws figures: one version of a package makes it, so it need not be read to be named."""
    made_of = f"vl-convert-python {version('vl-convert-python')} {SNIPPET}"
    return Asset(VEGA, _hash(made_of.encode()), lambda: vega_bundle().read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _of_file(path: Path) -> Asset:
    return Asset(path.name, _hash(path.read_bytes()), path.read_bytes)
