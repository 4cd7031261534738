"""Which faces Occopus' requests have; they are answered on every listener, and want the token elsewhere."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.occopus.info import INFO
from shoal.server.occopus.infrastructures import INFRASTRUCTURES
from shoal.server.occopus.keeping import KEEPING
from shoal.server.occopus.scaling import SCALING


def occopus_faces(_: Settings) -> list[Face]:
    """Return the faces."""
    return [INFRASTRUCTURES, SCALING, KEEPING, INFO]
