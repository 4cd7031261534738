"""The service job that looks after attached infrastructures, and asks for a pass where one is needed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

from shoal.base.clock import now
from shoal.infra.deciding.patience import Patience
from shoal.infra.passes.clouds import Clouds
from shoal.infra.passes.journal import Ask, Attached, Lost, attached
from shoal.infra.passes.kept import Kept
from shoal.infra.passes.passing import napping, providers
from shoal.infra.passes.preparing import Templates
from shoal.infra.secrets import Secrets
from shoal.infra.templating.renderer import Renderer
from shoal.jobs.workers.context import Context


def run(spec: Mapping[str, Any], context: Context) -> None:
    """Keep all that is attached, every few seconds, until told to end."""
    terms = context.terms["infra"]
    interval, sleep = float(terms["interval"]), napping(context.check)
    keeper = Keeper(context.ask, terms)
    with ThreadPoolExecutor(int(terms["parallel"]), thread_name_prefix="keeper") as pool:
        try:
            while True:
                begun = monotonic()
                for trouble in keeper.round(pool):
                    context.log(trouble)
                sleep(max(0.0, interval - (monotonic() - begun)))
        finally:
            keeper.close()


class Keeper:
    """Know all that is attached, and look at each in turn."""

    def __init__(self, ask: Ask, terms: Mapping[str, Any]) -> None:
        self._ask = ask
        self._terms = terms
        self._home = Path(terms["home"])
        self._patience = Patience(**terms.get("patience", {}))
        self._kept: dict[str, Kept] = {}
        self._open: dict[str, ExitStack] = {}
        self._number: int | None = None

    def round(self, pool: ThreadPoolExecutor) -> list[str]:
        """Look at everything once; return what kept it from being looked at."""
        self._number, changed, left = attached(self._ask, self._number)
        for id_ in left:
            self._forget(id_)
        for told in changed:
            self._learn(told)
        return [trouble for id_ in list(self._kept) if (trouble := self._look(id_, pool))]

    def close(self) -> None:
        """End what renders templates."""
        for id_ in list(self._kept):
            self._forget(id_)

    def _look(self, id: str, pool: ThreadPoolExecutor) -> str:
        try:
            self._kept[id].keep(pool, float(self._terms["interval"]), self._patience)
        except Lost:
            raise
        except Exception as error:  # One that cannot be looked at keeps nobody else from being.
            return f"{id}: {type(error).__name__}: {error}"
        return ""

    def _learn(self, told: Attached) -> None:
        id_ = told.infrastructure.id
        if id_ not in self._kept:
            folder, stack = self._home / id_, ExitStack()
            renderer = stack.enter_context(Renderer(Secrets(folder)))
            clouds = Clouds(providers(folder, self._terms))
            self._kept[id_] = Kept(self._ask, clouds, Templates(id_, renderer), now)
            self._open[id_] = stack
        self._kept[id_].learn(told)

    def _forget(self, id: str) -> None:
        self._kept.pop(id, None)
        if (stack := self._open.pop(id, None)) is not None:
            stack.close()
