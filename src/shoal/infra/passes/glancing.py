"""The job that looks at the machines of one infrastructure, and does nothing about them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shoal.base.clock import now
from shoal.base.errors import Unavailable
from shoal.infra.passes.clouds import Clouds
from shoal.infra.passes.journal import Attached, Journal
from shoal.infra.passes.kept import Kept
from shoal.infra.passes.passing import providers
from shoal.infra.passes.preparing import Templates
from shoal.infra.secrets import Secrets
from shoal.infra.templating.renderer import Renderer
from shoal.jobs.workers.context import Context


def run(spec: Mapping[str, Any], context: Context) -> None:
    """Write down how the machines of `spec["infra"]` are now.

    Raises:
        Unavailable: a provider does not answer; what others showed is written.
    """
    infra, terms = str(spec["infra"]), context.terms["infra"]
    folder = Path(terms["home"]) / infra
    found, there = Journal(context.ask, infra).state()
    with (
        Renderer(Secrets(folder)) as renderer,
        ThreadPoolExecutor(int(terms["parallel"]), thread_name_prefix="glance") as pool,
    ):
        kept = Kept(context.ask, Clouds(providers(folder, terms)), Templates(infra, renderer), now)
        kept.learn(Attached(found, tuple(there), working=False))
        if faults := kept.look(pool).faults:
            raise Unavailable("; ".join(f"{kind}: {told}" for (kind, _), told in faults.items()))
