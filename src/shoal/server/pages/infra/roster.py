"""The faces of infrastructures' pages; the form of a new one stands before the page of one."""

from __future__ import annotations

from shoal.server.faces import Face
from shoal.server.pages.infra.acts import INFRA_BUTTONS
from shoal.server.pages.infra.destroying import DESTROYING
from shoal.server.pages.infra.listing import INFRA_LIST
from shoal.server.pages.infra.machine import MACHINE
from shoal.server.pages.infra.new import NEW_INFRA
from shoal.server.pages.infra.page import INFRA_PAGE
from shoal.server.pages.infra.planning import PLANNING


def infra_faces() -> list[Face]:
    """Return the faces of infrastructures' pages."""
    return [INFRA_LIST, NEW_INFRA, DESTROYING, PLANNING, MACHINE, INFRA_BUTTONS, INFRA_PAGE]
