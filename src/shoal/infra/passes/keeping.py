"""The service job that looks after attached infrastructures, and asks for a pass where one is needed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
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

AT_ONCE = 8  # infrastructures that are looked at


def run(spec: Mapping[str, Any], context: Context) -> None:
    """Keep all that is attached, every few seconds, until told to end."""
    terms = context.terms["infra"]
    interval, sleep = float(terms["interval"]), napping(context.check)
    with ThreadPoolExecutor(int(terms["parallel"]), thread_name_prefix="keeper") as pool:
        keeper = Keeper(context.ask, terms, pool)
        try:
            while True:
                begun = monotonic()
                for trouble in keeper.round():
                    context.log(trouble)
                sleep(max(0.0, interval - (monotonic() - begun)))
        finally:
            keeper.close()


class Keeper:
    """Know all that is attached, and look at several at once: one whose provider is slow holds up itself."""

    def __init__(self, ask: Ask, terms: Mapping[str, Any], pool: Executor) -> None:
        """Prepare; what is checked of machines is checked in a pool."""
        self._ask = ask
        self._terms = terms
        self._pool = pool
        self._home = Path(terms["home"])
        self._patience = Patience(**terms.get("patience", {}))
        self._looks = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look")
        self._looking: dict[str, Future[str]] = {}
        self._kept: dict[str, Kept] = {}
        self._open: dict[str, ExitStack] = {}
        self._told: dict[str, Attached | None] = {}  # news of those being looked at; None: kept no longer
        self._number: int | None = None

    def round(self) -> list[str]:
        """Begin to look at everything that is not being looked at; return what kept others from it before."""
        troubles = self._collect()
        self._number, changed, left = attached(self._ask, self._number)
        self._told |= {told.infrastructure.id: told for told in changed} | dict.fromkeys(left)
        for id_ in self._told.keys() - self._looking.keys():
            self._learn(id_, self._told.pop(id_))
        for id_ in self._kept.keys() - self._looking.keys():
            self._looking[id_] = self._looks.submit(self._look, id_)
        return troubles

    def close(self) -> None:
        """End what looks, and what renders templates."""
        self._looks.shutdown(cancel_futures=True)
        for id_ in list(self._kept):
            self._forget(id_)

    def _collect(self) -> list[str]:
        """Return what kept infrastructures from being looked at; raises Lost."""
        done = [id_ for id_, future in self._looking.items() if future.done()]
        return [trouble for id_ in done if (trouble := self._looking.pop(id_).result())]

    def _look(self, id: str) -> str:
        try:
            self._kept[id].keep(self._pool, float(self._terms["interval"]), self._patience)
        except Lost:
            raise
        except Exception as error:  # One that cannot be looked at keeps nobody else from being.
            return f"{id}: {type(error).__name__}: {error}"
        return ""

    def _learn(self, id: str, told: Attached | None) -> None:
        if told is None:
            self._forget(id)
            return
        if id not in self._kept:
            folder, stack = self._home / id, ExitStack()
            renderer = stack.enter_context(Renderer(Secrets(folder)))
            clouds = Clouds(providers(folder, self._terms))
            self._kept[id] = Kept(self._ask, clouds, Templates(id, renderer), now)
            self._open[id] = stack
        self._kept[id].learn(told)

    def _forget(self, id: str) -> None:
        self._kept.pop(id, None)
        if (stack := self._open.pop(id, None)) is not None:
            stack.close()
