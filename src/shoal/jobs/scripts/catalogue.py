"""Which functions may be run, and by which names."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

from shoal.base.errors import NotFound
from shoal.jobs.sandbox.terms import Terms
from shoal.jobs.scripts import fitting
from shoal.jobs.scripts.described import LOOK_AGAIN, Children, Described
from shoal.jobs.scripts.script import Script
from shoal.jobs.scripts.source import code_hash, entry_point_sources

AT_ONCE = 4


class Catalogue:
    """Find functions by name, from sources in order: what comes first has the name to itself.

    May be used by several threads. A source whose files have changed is described again when it is asked for.

    Args:
        sources: packages, modules, folders; see `source`.
        folder: a folder that is a source as soon as it exists.
        terms: how programs are confined (`sandbox.terms`); None: sources are read in a plain process.
    """

    def __init__(
        self, sources: Sequence[str], folder: Path | None = None, terms: Terms | None = None
    ) -> None:
        self._children = Children(terms)
        self._sources = tuple(sources)
        self._folder = folder
        self._known: dict[str, Described] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._offered: tuple[float, list[str]] = (-LOOK_AGAIN, [])

    def close(self) -> None:
        """End the children that read sources; whoever waits for one learns nothing of its source."""
        self._children.close()

    def scripts(self) -> list[Script]:
        """Return every script, in the order of the sources, each under its own name."""
        return list(_named(self._described()))

    def get(self, name: str) -> Script:
        """Return a script by its name, by `module.name`, or by the module's whole name and its own.

        Raises:
            NotFound: there is none; the hint names near ones, or the source that is broken.
        """
        described = self._described()
        found = list(_named(described))
        if (script := _found(name, found)) is not None:
            return script
        raise NotFound(
            f"There is no script {name[:80]!r}.", hint=_hint(name, found, described), name=name[:80]
        )

    def located(self, name: str) -> dict[str, str]:
        """Return what a job needs of a script: its `source`, `function` and present `code_hash`.

        `NAME[]` calls it for each item of a list; see `calling.call`.
        Starts no child for what is known already, so it may be asked inside a transaction; raises what `get`
        raises.
        """
        known = [self._known[source] for source in self.sources if source in self._known]
        called = fitting.called_name(name)
        script = _found(called, _named(known)) or self.get(called)
        function = script.call_name + name[len(called) :]
        described = self._known[script.source]
        code = script.code_hash if described.is_current else code_hash(described.roots)
        return {"source": script.source, "function": function, "code_hash": code}

    def check(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, has_data: bool) -> None:
        """Pass when a script may be called so; raises what `get` and `fitting.check` raise. Blocks."""
        fitting.check(self.get(fitting.called_name(name)), args, kwargs, has_data=has_data)

    def errors(self) -> list[dict[str, str]]:
        """Return what could not be read: `source`, `module`, `message`, `traceback` of each."""
        return [{"source": one.source} | error for one in self._described() for error in one.errors]

    @property
    def sources(self) -> list[str]:
        """Return the sources that are looked at now."""
        own = [str(self._folder)] if self._folder is not None and self._folder.is_dir() else []
        at, offered = self._offered
        if monotonic() - at > LOOK_AGAIN:
            offered = entry_point_sources()
            self._offered = monotonic(), offered
        return list(dict.fromkeys([*self._sources, *own, *offered]))

    def _described(self) -> list[Described]:
        sources = self.sources
        known = [self._known.get(source) for source in sources]
        if all(one is not None and one.is_current for one in known):
            return [one for one in known if one is not None]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._look, sources))

    def _look(self, source: str) -> Described:
        known = self._known.get(source)
        if known is not None and known.is_current:
            return known
        with self._lock:
            lock = self._locks.setdefault(source, threading.Lock())
        with lock:
            known = self._known.get(source)
            if known is None or not known.is_current:
                known = self._known[source] = self._children.describe(source)
            return known


def _named(described: Sequence[Described]) -> Iterator[Script]:
    """Yield the scripts under names of their own: plain, else `module.name`, else with the whole module."""
    taken: set[str] = set()
    for script in (script for one in described for script in one.scripts):
        names = (script.function, _short(script), script.call_name)
        name = next((one for one in names if one not in taken), None)
        if name is not None:
            taken.add(name)
            yield replace(script, name=name)


def _found(name: str, scripts: Iterable[Script]) -> Script | None:
    """Return the script that has a name, or else the first that may be called so too."""
    listed = list(scripts)
    own = (script for script in listed if script.name == name)
    others = (script for script in listed if name in (_short(script), script.call_name))
    return next(chain(own, others), None)


def _short(script: Script) -> str:
    return f"{script.module.rpartition('.')[2]}.{script.function}"


def _hint(name: str, scripts: Sequence[Script], described: Sequence[Described]) -> str:
    import difflib

    if near := difflib.get_close_matches(name, [script.name for script in scripts], 3):
        return f"There is {' and '.join(near)}."
    broken = [error["module"] for one in described for error in one.errors]
    if broken:
        return f"These could not be read: {', '.join(broken[:5])}. See: shoal script list"
    return "See: shoal script list"
