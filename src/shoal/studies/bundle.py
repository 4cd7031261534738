"""The one script that draws figures in a browser: Vega, Vega-Lite and vega-embed, from vl-convert.

It is made once, in a process of its own, and kept beside the compiled kernels. vega-embed brings the
interpreter of expressions with it: under a strict policy, draw by `vegaEmbed(at, spec, {ast: true})`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from shoal.base.errors import Unavailable
from shoal.clustering.kernels.cache import cache_folder

SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega; window.vegaLite = vegaLite;"
PATIENCE = 120.0


def path() -> Path:
    """Return where the script is, or will be."""
    return cache_folder().parents[1] / "vega" / f"vega-{version('vl-convert-python')}.js"


@cache
def vega_bundle() -> Path:
    """Return the script (0.9 MB, UTF-8), made now if it is not there; takes two seconds then.

    Raises:
        Unavailable: it cannot be made.
    """
    place = path()
    if not place.is_file():
        command = [sys.executable, "-m", "shoal.studies.bundle"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable("The script that draws figures cannot be made.", hint=str(error)) from error
        if not place.is_file():
            raise Unavailable("The script that draws figures cannot be made.", hint=done.stderr[-300:])
    return place


def make(place: Path) -> None:
    """Write the script, whole or not at all; whoever is later writes the same again."""
    import vl_convert

    content = vl_convert.javascript_bundle(SNIPPET)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=place.parent, delete=False) as file:
        file.write(content)
    draft = Path(file.name)
    draft.chmod(0o644)
    draft.replace(place)


if __name__ == "__main__" and not path().is_file():
    make(path())
