"""The file to try things with, shipped inside the package."""

from __future__ import annotations

from pathlib import Path

PENGUINS = Path(__file__).parent / "examples" / "penguins.csv"
