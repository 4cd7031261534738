"""The job that makes one pass over an infrastructure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shoal.base.clock import steady
from shoal.infra.credentials import credentials_for
from shoal.infra.deciding.patience import Patience
from shoal.infra.passes.around import Around
from shoal.infra.passes.board import Board
from shoal.infra.passes.clouds import Clouds
from shoal.infra.passes.course import Pass
from shoal.infra.passes.health.checks import trouble
from shoal.infra.passes.journal import Journal
from shoal.infra.passes.preparing import Templates
from shoal.infra.passes.records import Records
from shoal.infra.providers.provider import Means, Provider
from shoal.infra.providers.registry import provider_of
from shoal.infra.secrets import Secrets
from shoal.infra.templating.renderer import Renderer
from shoal.jobs.workers.context import Context

_NAP = 0.2  # seconds after which a pass that rests hears that it is to end


def run(spec: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Bring the infrastructure `spec["infra"]` to its wish; see `Pass.run`."""
    infra, terms = str(spec["infra"]), context.terms["infra"]
    folder, secrets = Path(terms["home"]) / infra, Secrets(Path(terms["home"]) / infra)
    records, parallel, clock = Records(folder, secrets), int(terms["parallel"]), steady()
    with (
        Renderer(secrets, commands=bool(terms.get("commands"))) as renderer,
        ThreadPoolExecutor(parallel, thread_name_prefix="infra") as pool,
    ):
        around = Around(
            infra=infra,
            board=Board(Journal(context.ask, infra), secrets.masked, clock),
            clouds=Clouds(providers(folder, terms)),
            prepare=Templates(infra, renderer),
            check=trouble,
            log=records.log,
            clock=clock,
            sleep=napping(context.check),
            patience=Patience(**terms.get("patience", {})),
            publish=records.publish,
        )
        try:
            return Pass(around, pool, parallel, context.check).run()
        finally:
            pool.shutdown(cancel_futures=True)


def providers(folder: Path, terms: Mapping[str, Any]) -> Callable[[str, Mapping[str, Any]], Provider]:
    """Return what makes the providers of an infrastructure, whose folder is given."""
    credentials = Path(terms["credentials"]) if terms.get("credentials") else None

    def made(kind: str, place: Mapping[str, Any]) -> Provider:
        found = credentials_for({**place, "type": kind}, credentials)
        return provider_of(kind, place, Means(str(folder), found, terms.get("engine")))

    return made


def napping(check: Callable[[], None]) -> Callable[[float], None]:
    """Return a sleep that `check` may end by raising."""

    def sleep(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            check()
            time.sleep(min(left, _NAP))

    return sleep
