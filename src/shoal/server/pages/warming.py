"""What the first reader would wait for, done while the server has nothing else to do."""

from __future__ import annotations

from contextlib import suppress

from shoal.base.errors import ShoalError
from shoal.server.pages.assets import assets, compressed
from shoal.server.pages.frame import templates


def warm() -> int:
    """Compile every template and compress every asset; return how many templates there are."""
    environment = templates()
    names = environment.list_templates(extensions=("j2",))
    for name in names:
        environment.get_template(name)
    for asset in assets().values():
        with suppress(ShoalError):  # Whoever asks for it is told.
            compressed(asset)
    return len(names)
