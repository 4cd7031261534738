"""A study's report as its page shows it."""

from __future__ import annotations

from typing import Any

from shoal.server.parts import House
from shoal.studies.model import Study
from shoal.studies.telling.answer import answer


async def report_of(house: House, study: Study) -> dict[str, Any]:
    """Return what the template of the report needs."""
    return {"told": answer(study.summary)} if study.summary else {}
